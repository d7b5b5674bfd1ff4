"""What holds for the whole window: names for who cannot see, keys, contrast, sizes, translation, imports at start."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QColor
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QStyle,
    QTextBrowser,
    QWidget,
)

from app.cli import screen
from app.window import motion, tab_order, theme
from app.window.models import Models
from engine.models.catalogue import InstalledModel
from engine.models.folders import BUILTIN, Source
from tests.store.talking import said
from tests.window.conftest import PATIENCE

ROOT = Path(__file__).parents[2]
CONTROLS = (QAbstractButton, QComboBox, QLineEdit, QPlainTextEdit, QTextBrowser)


def test_every_control_has_a_name(window, store):
    chat, _ = said(store, "Why?", "Because.\n\n```\ncode\n```\n")
    window.open_chat(chat.id)

    nameless = [
        f"{type(child).__name__} in {type(child.parent()).__name__}"
        for child in window.findChildren(QWidget)
        if isinstance(child, CONTROLS) and not (child.accessibleName() or getattr(child, "text", str)())
        and not child.objectName().startswith("qt_") and child.isVisible()
        and not isinstance(child.parent(), QLineEdit)
    ]  # fmt: skip

    assert nameless == []


def test_nothing_that_has_the_keyboard_is_nameless(desktop):
    """Also what stands inside a control and takes the keyboard for it."""
    desktop.window.toggle_monitor()
    desktop.show_settings()
    assert desktop.settings is not None

    nameless = [
        f"{type(child).__name__} in {type(child.parent()).__name__}"
        for top in (desktop.window, desktop.settings)
        for child in top.findChildren(QWidget)
        if child.isVisible()
        and child.focusPolicy() & Qt.FocusPolicy.TabFocus
        and child.focusProxy() is None
        and not child.accessibleName()
        and not getattr(child, "text", str)()
    ]

    assert nameless == []


def test_tab_goes_where_the_eye_goes(window, store):
    """Though the first two messages of four were made after the last two, and the header's parts in any order."""
    chat, _ = said(store, "Why?", "Because.", "And then?", "Nothing.")
    window.open_chat(chat.id)
    texts = [text for view in window.pane.transcript.views() for text in view.texts()]
    header, composer = window.pane.header, window.pane.composer
    wanted = [
        window.sidebar.search, window.sidebar.list, header.sidebar, header.monitor, *texts,
        composer.attach, composer.field, composer.mic,
    ]  # fmt: skip

    tab_order.follow_layouts(window)

    chain, at = [], window.sidebar.search
    for _ in range(500):
        chain.append(at)
        at = at.nextInFocusChain()
    assert sorted(wanted, key=chain.index) == wanted


def test_escape_goes_back_to_the_message(qtbot, window, store):
    said(store, "Why?", "Because.")
    window.sidebar.refresh()
    search, field = window.sidebar.search, window.pane.composer.field
    search.setFocus()
    search.setText("why")
    qtbot.keyClick(search, Qt.Key.Key_Escape)
    assert search.hasFocus()
    assert search.text() == ""
    qtbot.keyClick(search, Qt.Key.Key_Escape)
    assert field.hasFocus()
    window.sidebar.list.setFocus()
    qtbot.keyClick(window.sidebar.list, Qt.Key.Key_Escape)
    assert field.hasFocus()


def test_what_stands_in_a_search_field_grows_with_its_text(desktop):
    field, metric = desktop.window.sidebar.search, QStyle.PixelMetric.PM_LineEditIconSize
    before = field.style().pixelMetric(metric, None, field)

    desktop.preferences.set(text_size=200)
    after = field.style().pixelMetric(metric, None, field)
    desktop.preferences.set(text_size=100)

    assert after > before


def test_the_first_page_fits_a_narrow_window(qtbot, window):
    window.resize(430, 600)
    page = window.pane.empty
    page.see.click()
    qtbot.waitUntil(lambda: page.width() <= 430, timeout=PATIENCE)

    shown = [part for part in page.findChildren(QWidget) if part.isVisible() and part.parent() is page]

    assert [part.geometry() for part in shown if not page.rect().contains(part.geometry())] == []


def test_a_chat_is_pinned_from_the_menu_bar(window, store):
    chat, _ = said(store, "Why?", "Because.")
    window.open_chat(chat.id)
    acts = {action.text(): action for action in window.findChildren(QAction)}

    acts["Pin or Unpin"].trigger()

    assert store.chats.get(chat.id).pinned


def test_no_key_means_two_things(window):
    keys = Counter(
        key.toString()
        for action in window.findChildren(QAction)
        for key in action.shortcuts()
        if action.text() and not key.isEmpty()
    )

    assert [key for key, count in keys.items() if count > 1] == []


def test_no_key_of_a_menu_is_one_that_edits_text_on_a_mac(window):
    """The menu would take it from the message that is being written."""
    keys = {action.shortcut().toString() for action in window.findChildren(QAction) if action.text()}

    assert not keys & {
        f"{modifier}+{key}" for modifier in ("Ctrl", "Ctrl+Shift")
        for key in ("Backspace", "Del", "Left", "Right", "Up", "Down", "Home", "End")
    }  # fmt: skip


def luminance(colour: QColor) -> float:
    def part(value: float) -> float:
        return value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4

    return 0.2126 * part(colour.redF()) + 0.7152 * part(colour.greenF()) + 0.0722 * part(colour.blueF())


def contrast(one: QColor, other: QColor) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("dark", [False, True])
def test_text_can_be_read(qapp, dark):
    look = theme.colours_of(theme._palette(dark=dark))

    for text in (look.text, look.secondary, look.link, look.red):
        for ground in (look.window, look.sidebar, look.fill):
            if ground is look.fill and text is look.link:
                continue
            assert contrast(text, ground) >= 4.5, (text.name(), ground.name())


def test_both_themes_dress_a_full_window(qtbot, window, store):
    chat, _ = said(store, "Why?", "Because.\n\n```python\nx = 1\n```\n")
    window.open_chat(chat.id)

    for dark in (True, False):
        theme.dress(dark=dark)
        qtbot.waitUntil(lambda: True)
        assert not window.grab().isNull()


def test_the_usual_keys_do_what_they_do_on_a_mac(window):
    """As one expects them, and in the menus, where a Mac shows them."""
    usual = {
        "Undo": "Ctrl+Z", "Redo": "Ctrl+Shift+Z", "Cut": "Ctrl+X", "Copy": "Ctrl+C", "Paste": "Ctrl+V",
        "Select All": "Ctrl+A", "New Chat": "Ctrl+N", "Close Window": "Ctrl+W", "Quit Cadre": "Ctrl+Q",
        "Settings…": "Ctrl+,", "Find in Chat": "Ctrl+F", "Minimize": "Ctrl+M", "Stop": "Ctrl+.",
        "Larger Text": "Ctrl++", "Smaller Text": "Ctrl+-", "Normal Text": "Ctrl+0",
    }  # fmt: skip
    keys = {action.text(): [key.toString() for key in action.shortcuts()] for action in window.findChildren(QAction)}

    assert {words: key for words, key in usual.items() if key not in keys.get(words, [])} == {}


def test_the_edit_menu_works_on_whatever_has_the_keyboard(qtbot, window):
    field = window.pane.composer.field
    field.setPlainText("some words")
    field.setFocus()
    qtbot.waitUntil(field.hasFocus, timeout=PATIENCE)
    acts = {action.text(): action for action in window.findChildren(QAction)}

    acts["Select All"].trigger()
    acts["Cut"].trigger()
    assert field.toPlainText() == ""
    acts["Paste"].trigger()
    assert field.toPlainText() == "some words"
    acts["Undo"].trigger()
    assert field.toPlainText() == ""


def test_text_grows_by_key(desktop):
    acts = {action.text(): action for action in desktop.window.findChildren(QAction)}
    before = theme.body().pointSizeF()
    acts["Larger Text"].trigger()
    assert theme.body().pointSizeF() > before
    acts["Smaller Text"].trigger()
    acts["Smaller Text"].trigger()
    assert theme.body().pointSizeF() < before
    for _ in range(20):
        acts["Smaller Text"].trigger()
    acts["Normal Text"].trigger()
    assert theme.body().pointSizeF() == before


def test_less_motion_is_the_systems_word(qapp, monkeypatch):
    for forced, reduced in (("1", True), ("0", False)):
        monkeypatch.setenv("CADRE_REDUCED_MOTION", forced)
        assert motion.is_reduced() is reduced
    monkeypatch.delenv("CADRE_REDUCED_MOTION")
    monkeypatch.setattr(sys, "platform", "linux")
    for milliseconds, reduced in ((0, True), (200, False)):
        monkeypatch.setattr(QApplication, "style", lambda ms=milliseconds: Style(ms))
        assert motion.is_reduced() is reduced


class Style:
    def __init__(self, milliseconds: int) -> None:
        self._milliseconds = milliseconds

    def styleHint(self, _which: object) -> int:  # noqa: N802 -- Qt's name
        return self._milliseconds


def test_a_narrow_window_gives_the_chat_all_room(qtbot, window):
    window.resize(500, 500)
    qtbot.waitUntil(lambda: not window.sidebar.isVisible(), timeout=PATIENCE)

    window.resize(1100, 700)
    qtbot.waitUntil(window.sidebar.isVisible, timeout=PATIENCE)


def test_of_list_and_monitor_the_one_asked_for_last_stays_where_both_have_no_room(qtbot, window):
    window.resize(760, 500)
    qtbot.waitUntil(window.sidebar.isVisible, timeout=PATIENCE)

    window.toggle_monitor()
    assert (window.sidebar.isVisible(), window.monitor.isVisible()) == (False, True)
    window.toggle_sidebar()
    assert (window.sidebar.isVisible(), window.monitor.isVisible()) == (True, False)
    window.resize(1300, 500)
    window.toggle_monitor()
    assert (window.sidebar.isVisible(), window.monitor.isVisible()) == (True, True)


def test_a_long_name_of_a_model_leaves_room_for_the_title_and_the_switches(qtbot, window):
    window.resize(440, 500)
    header = window.pane.header
    header.show_chat("A rather long title of a chat", "Qwen3-30B-A3B-Instruct-2507-4bit")
    qtbot.waitUntil(lambda: header.width() <= 440, timeout=PATIENCE)

    places = [part.geometry() for part in (header.sidebar, header._title, header._model, header.monitor)]

    assert all(one.right() < other.left() for one, other in pairwise(places)), places
    assert header.rect().contains(places[-1])


def test_every_word_on_screen_goes_through_translation():
    """Calls that show words get them from tr, or from a value; never from a literal with letters."""
    shows = {
        "setText", "setToolTip", "setPlaceholderText", "setAccessibleName", "setAccessibleDescription",
        "setWindowTitle", "addMenu", "addAction", "addItem", "QLabel", "QPushButton", "QCheckBox",
        "word_button", "Group", "Section",
    }  # fmt: skip
    found = []
    for file in sorted((ROOT / "app" / "window").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _name(node.func) in shows and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str) and first.value.strip("…▾▸ "):
                    found.append(f"{file.name}:{node.lineno} {first.value!r}")

    assert found == []


def test_no_machine_is_called_a_mac_that_may_be_none():
    """What is shown says machine, disk, or nothing; only what macOS alone shows may name it."""
    found = [
        f"{file.name}:{node.lineno} {node.args[0].value!r}"
        for file in sorted((ROOT / "app" / "window").rglob("*.py"))
        if re.search(r"\bMacs?\b", text := file.read_text(encoding="utf-8"))
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and _name(node.func) == "tr" and node.args
        and isinstance(node.args[0], ast.Constant) and re.search(r"\bMacs?\b", str(node.args[0].value))
    ]  # fmt: skip

    assert found == []


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def test_the_command_line_loads_no_qt():
    code = """import sys; from app.cli.main import main; main(['--help'])
print([n for n in sys.modules if n.startswith(('PySide6', 'shiboken'))])"""

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert "doctor" in done.stdout  # every command was loaded to tell of it
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_window_loads_nothing_heavy_at_the_start():
    heavy = ("mlx", "mlx_lm", "pygments", "pypdf", "ziamath", "charset_normalizer", "rich", "ssl")
    code = f"""import sys; from app.cli import main; main._parser("app"); import app.window.start
print([n for n in {heavy} if n in sys.modules])"""

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("environment", "there"),
    [
        ({}, False),
        ({"DISPLAY": ":0"}, True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, True),
        ({"DISPLAY": ":0", "CADRE_SCREEN": "0"}, False),
    ],
)
def test_a_screen_on_linux(monkeypatch, environment, there):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "CADRE_SCREEN"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", "linux")

    assert screen.is_there() is there


# --- models -----------------------------------------------------------------------------------------------


def installed(name: str, problem: str | None = None) -> InstalledModel:
    return InstalledModel(name, Path("/models") / name, 1, Source.CADRE, "qwen3_moe", problem)


def looked(qtbot, *models: InstalledModel, chosen: str = "") -> Models:
    found = Models(chosen, look=lambda: list(models))
    with qtbot.waitSignal(found.changed, timeout=PATIENCE):
        found.refresh()
    found.close()
    return found


def test_the_demonstration_is_the_last_resort(qtbot):
    assert looked(qtbot).default == BUILTIN
    assert looked(qtbot, installed("builtin"), installed("org/real")).default == "/models/org/real"
    assert looked(qtbot, installed("org/broken", "Half of it is missing.")).default == BUILTIN


def test_what_was_chosen_is_asked_while_it_is_there(qtbot):
    found = looked(qtbot, installed("a"), installed("b"), chosen="/models/b")

    assert found.default == "/models/b"
    assert found.name("/models/b") == "b"
