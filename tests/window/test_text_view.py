"""Markdown on screen: what streams looks like what is there at once; nothing is fetched, links open by click."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication, QTextDocument

from app.window import theme
from app.window.transcript import reflow
from app.window.transcript.formats import Formats
from app.window.transcript.markdown_view import MarkdownView
from app.window.transcript.reflow import Reflow
from app.window.transcript.text_view import open_link
from tests.markdown.test_stream import PIECES
from tests.window.conftest import PATIENCE
from tests.window.driving import named

CODE = "```python\ndef f(x):\n    return x + 1\n```\n"


@pytest.fixture
def made(qtbot):
    """Views on screen, 500 wide."""

    def make() -> MarkdownView:
        view = MarkdownView(Formats(theme.colours()))
        view.resize(500, 10)
        qtbot.addWidget(view)
        view.show()
        return view

    return make


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(PIECES), max_size=12), st.integers(1, 9))
def test_streamed_looks_like_whole(qapp, pieces, step):
    text = "".join(pieces)
    streamed, whole = MarkdownView(Formats(theme.colours())), MarkdownView(Formats(theme.colours()))

    for at in range(0, len(text), step):
        streamed.add(text[at : at + step])
    whole.add(text)

    assert streamed.document().toHtml() == whole.document().toHtml()
    assert streamed.toPlainText() == whole.toPlainText()
    for view in (streamed, whole):
        view.deleteLater()


def test_long_code_streams_as_it_looks_whole(made):
    code = "```python\n" + "".join(f"x{n} = '''{n}😀'''  # comment\n" for n in range(40)) + "```\n"
    streamed, whole = made(), made()

    for at in range(0, len(code), 7):
        streamed.add(code[at : at + 7])
    whole.add(code)

    assert streamed.document().toHtml() == whole.document().toHtml()


def test_much_code_at_once_gets_its_colours_later_and_looks_the_same(made, qtbot):
    codes = [f"```python\n# comment {n}\n" + "".join(f"x{i} = '{i}' + f(😀)\n" for i in range(40)) + "```\n\n"
             for n in range(4)]  # fmt: skip
    at_once, one_by_one = made(), made()
    at_once.add("".join(codes))
    assert not at_once._writer.is_coloured
    size = at_once.document().size()

    qtbot.waitUntil(lambda: at_once._writer.is_coloured, timeout=PATIENCE)
    for code in codes:
        one_by_one.add(code)

    assert one_by_one._writer.is_coloured
    assert at_once.document().toHtml() == one_by_one.document().toHtml()
    assert at_once.document().size() == size


def test_adding_at_the_end_leaves_what_stands_before_alone(made):
    view = made()
    view.add("".join(f"Paragraph {n}.\n\n" for n in range(50)) + "The last")
    changes: list[int] = []
    view.document().contentsChange.connect(lambda at, _gone, _new: changes.append(at))

    view.add(" one grows.")

    assert min(changes) >= view.toPlainText().index("Paragraph 49.")


def test_code_has_a_button_that_copies_only_the_code(made):
    view = made()
    view.add("Look:\n\n" + CODE + "\nDone.")

    button = named(view, "Copy code")
    button.click()

    assert QGuiApplication.clipboard().text() == "def f(x):\n    return x + 1"


def test_the_height_is_that_of_the_text(made, qtbot):
    view = made()
    view.add("One line.")
    low = view.height()

    view.add("\n\n" + "Many words. " * 100)

    assert view.height() > 4 * low
    assert view.height() == round(view.document().size().height() + 0.49)


@pytest.mark.parametrize("address", ["https://a.example/x.png", "file:///etc/hostname", "qrc:/x"])
def test_nothing_is_loaded(made, address):
    view = made()

    assert view.loadResource(QTextDocument.ResourceType.ImageResource.value, QUrl(address)) is None
    view.add(f"![picture]({address})")
    assert "<img" not in view.document().toHtml()


@pytest.mark.parametrize(
    ("address", "opens"),
    [
        ("https://a.example", True),
        ("mailto:a@b.example", True),
        ("file:///etc/passwd", False),
        ("javascript:alert(1)", False),
        ("x-apple.systempreferences:", False),
    ],
)
def test_links_open_only_what_is_harmless(monkeypatch, address, opens):
    opened = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toString()))

    open_link(QUrl(address))

    assert bool(opened) is opens


def test_another_look_keeps_the_text(made):
    view = made()
    view.add("# Title\n\n" + CODE)
    theme.dress(dark=True)

    view.dress(Formats(theme.colours()))

    assert view.toPlainText().startswith("Title")
    assert view.markdown == "# Title\n\n" + CODE
    theme.dress(dark=False)


# --- pulling at the window's edge -------------------------------------------------------------------------


class Layouts:
    """What a text's layout takes is told, and the time between."""

    def __init__(self, qtbot, takes: float) -> None:
        self.now, self.worked, self.takes, self.count = 100.0, 0.0, takes, 0
        self.owner = QObject()
        self.reflow = Reflow(self._lay_out, self.owner, lambda: self.now, lambda: self.worked)

    def _lay_out(self) -> None:
        self.worked += self.takes
        self.count += 1


def test_a_short_text_follows_every_width(qtbot):
    text = Layouts(qtbot, 0.001)
    for _ in range(10):
        text.reflow.wanted()
    assert text.count == 10


def test_a_long_text_leaves_the_thread_alone_between_widths(qtbot):
    text = Layouts(qtbot, 0.04)
    for frame in range(100):
        text.now = 100.0 + frame * 0.016
        text.reflow.wanted()
    text.reflow._soon.stop()
    assert 100 * 0.016 / (3 * 0.04 + 0.016) <= text.count <= 100 * 0.016 / (3 * 0.04) + 1


def test_the_last_width_is_laid_out(qtbot):
    text = Layouts(qtbot, 0.01)
    text.reflow.wanted()
    text.reflow.wanted()
    assert text.count == 1
    qtbot.waitUntil(lambda: text.count == 2, timeout=PATIENCE)


def test_a_text_pulled_narrow_and_wide_again_stands_as_one_that_was_not(qtbot, made, monkeypatch):
    monkeypatch.setattr(reflow, "QUICK", 0.0)
    pulled, still = made(), made()
    for view in (pulled, still):
        view.add("Words that fill some lines. " * 40 + CODE)
    wide = pulled.height()
    for width in (450, 400, 350, 300):
        pulled.resize(width, pulled.height())
    still.resize(300, still.height())
    for view in (pulled, still):
        qtbot.waitUntil(lambda view=view: not view._reflow._soon.isActive(), timeout=PATIENCE)

    assert pulled.height() == still.height() > wide
    assert pulled._areas == still._areas
