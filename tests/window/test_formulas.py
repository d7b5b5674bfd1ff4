"""Formulas on screen, drawn by the real typesetter in its process."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtGui import QColor, QTextCursor

from app.window import theme
from app.window.transcript import typesetter as typesetting
from app.window.transcript.formats import Formats
from app.window.transcript.formula_object import OBJECT
from app.window.transcript.markdown_view import MarkdownView
from app.window.transcript.typesetter import Drawing, Pending, Typesetter
from tests.window.conftest import PATIENCE

INTEGRAL = r"\int_0^1 x\,dx"


@pytest.fixture
def setter(qapp):
    setter = Typesetter()
    yield setter
    setter.close()
    qapp.processEvents()


@pytest.fixture
def made(qtbot, setter):
    def make(text: str) -> MarkdownView:
        view = MarkdownView(Formats(theme.colours(), setter))
        view.resize(500, 10)
        qtbot.addWidget(view)
        view.show()
        view.add(text)
        return view

    return make


def settled(qtbot, setter) -> None:
    qtbot.waitUntil(lambda: Pending.PENDING not in setter._drawings.values(), timeout=PATIENCE)


def drawn(qtbot, setter, text: str) -> Drawing | None:
    setter.drawing(text, display=False)
    settled(qtbot, setter)
    found: Drawing | Pending | None = setter.drawing(text, display=False)
    assert not isinstance(found, Pending)
    return found


def test_the_source_stands_there_until_the_drawing_does(qtbot, setter, made):
    view = made(f"So ${INTEGRAL}$ it is.\n\n$$\nx^2\n$$\n\nThe end")
    assert INTEGRAL in view.toPlainText()

    settled(qtbot, setter)

    assert view.toPlainText() == f"So {OBJECT} it is.\n{OBJECT}\nThe end"
    view.add(" grows.\n\nAnd more.")
    assert view.toPlainText() == f"So {OBJECT} it is.\n{OBJECT}\nThe end grows.\nAnd more."


def test_what_is_known_is_drawn_at_once(qtbot, setter, made):
    drawn(qtbot, setter, INTEGRAL)

    assert made(f"So ${INTEGRAL}$.").toPlainText() == f"So {OBJECT}."


def test_streamed_is_drawn_as_whole(qtbot, setter, made):
    text = f"One ${INTEGRAL}$ and\n\n\\[\nx^2\n- b\n\\]\n\n- item $x^2$\n\n| a | b |\n|---|---|\n| $x^2$ | 2 |\n\nEnd."
    made(text)
    settled(qtbot, setter)
    streamed = made("")

    for at in range(0, len(text), 5):
        streamed.add(text[at : at + 5])
    settled(qtbot, setter)

    whole = made(text)
    assert streamed.toPlainText() == whole.toPlainText()
    assert streamed.document().size() == whole.document().size()


def test_it_is_copied_as_its_source(qtbot, setter, made):
    view = made(f"😀 So ${INTEGRAL}$ is.\n\n$$\nx^2\n$$")
    settled(qtbot, setter)

    view.selectAll()

    assert view.createMimeDataFromSelection().text() == f"😀 So ${INTEGRAL}$ is.\n$$\nx^2\n$$"


@pytest.mark.parametrize("text", [r"\frac{1}{", r"\nosuchthing{x}", r"\begin{nowhere} x", "{" * 400 + "}" * 400])
def test_what_is_broken_stays_source(qtbot, setter, made, text):
    view = made(f"So ${text}$ is.")
    settled(qtbot, setter)

    assert view.toPlainText() == f"So ${text}$ is."


def test_a_formula_that_takes_too_long_is_given_up_and_the_next_is_drawn(qtbot, setter, made, monkeypatch):
    monkeypatch.setattr(typesetting, "SECONDS", 0.0)
    slow = r"\left(" * 8 + "x" + r"\right)" * 8
    assert drawn(qtbot, setter, slow) is None

    setter._worker._seconds = 60.0
    assert isinstance(drawn(qtbot, setter, "x^2"), Drawing)


def inked(view: MarkdownView) -> list[tuple[int, int, QColor]]:
    image = view.grab().toImage()
    every = ((x, y, image.pixelColor(x, y)) for y in range(image.height()) for x in range(image.width()))
    return [(x, y, colour) for x, y, colour in every if colour.lightnessF() < 0.5]


@pytest.mark.parametrize("text", ["x", "x, z", "x + y", "x_1", r"x + \frac{a}{b}", r"x + \frac{1}{\frac{a}{b}}"])
def test_letters_stand_on_the_baseline(qtbot, setter, made, text):
    """Its first letter does, however far the rest goes down."""
    drawn(qtbot, setter, text)
    view = made(f"${text}$")
    line = view.document().firstBlock().layout().lineAt(0)
    ink = inked(view)
    left = min(x for x, _, _ in ink)

    bottom = max(y for x, y, _ in ink if x < left + 4) + 1

    assert abs(bottom - (line.y() + line.ascent())) <= 1.5


def test_a_formula_has_the_colour_of_text_and_changes_with_it(qtbot, setter, made):
    drawn(qtbot, setter, "x")
    view = made("$x$")
    red = replace(theme.colours(), text=QColor("#c00000"))
    assert not any(colour.red() > 150 for _, _, colour in inked(view))

    view.dress(Formats(red, setter))

    assert any(colour.red() > 150 and colour.green() < 90 for _, _, colour in inked(view))


def test_one_that_is_too_wide_is_drawn_smaller(qtbot, setter, made):
    wide = " + ".join(f"a_{{{n}}}" for n in range(60))
    view = made(f"$$\n{wide}\n$$")
    settled(qtbot, setter)

    assert view.document().idealWidth() <= 500


def test_a_selection_without_formulas_is_copied_as_before(qtbot, setter, made):
    view = made("Some **bold** text")
    cursor = view.textCursor()
    cursor.select(QTextCursor.SelectionType.Document)
    view.setTextCursor(cursor)

    assert view.createMimeDataFromSelection().hasHtml()
