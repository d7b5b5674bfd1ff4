"""The window of settings: everything holds at once, survives a restart, and what does not work here says why."""

from __future__ import annotations

import ast
import errno
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QDesktopServices, QGuiApplication, QKeySequence
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QKeySequenceEdit, QLabel, QLineEdit, QWidget

from app import settings
from app.settings import Settings
from app.window import theme
from engine import atomic
from engine.models import places
from engine.models.download.address import PUBLIC
from tests.window.acting import answering
from tests.window.driving import asked, idle, write

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("CADRE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    yield
    QGuiApplication.styleHints().setColorScheme(Qt.ColorScheme.Unknown)
    theme.dress(dark=False)


@pytest.fixture
def page(desktop):
    desktop.window.settings_wanted.emit()
    return desktop.settings


def choose(box: QComboBox, value) -> None:
    """As a person does: the signal of a choice comes only so."""
    box.setCurrentIndex(box.findData(value))
    box.activated.emit(box.currentIndex())


def test_appearance_holds_at_once_and_stays(page):
    choose(page.appearance, "dark")
    assert theme.colours().dark
    assert settings.load().appearance == "dark"

    choose(page.appearance, "light")
    assert not theme.colours().dark


def test_text_grows_and_comes_back(page, window):
    before, own = theme.body().pointSizeF(), window.pane.header._title.font().pointSizeF()

    choose(page.text_size, 200)
    assert theme.body().pointSizeF() == pytest.approx(2 * before)
    assert window.pane.composer.field.font().pointSizeF() == pytest.approx(2 * before)
    assert window.pane.header._title.font().pointSizeF() == pytest.approx(2 * own)

    choose(page.text_size, 100)
    assert theme.body().pointSizeF() == pytest.approx(before)
    assert window.pane.header._title.font().pointSizeF() == pytest.approx(own)


def test_the_memory_limit_goes_with_the_next_question(qtbot, page, window, engine):
    engine.script = answering("Yes.")
    write(qtbot, window, "With all?")
    assert asked(qtbot, engine).memory is None
    idle(qtbot, window)

    choose(page.memory, 2 * 10**9)
    write(qtbot, window, "With two?")

    assert asked(qtbot, engine, 2).memory == 2 * 10**9
    idle(qtbot, window)


def test_the_network_switch_is_the_one_of_the_window_of_models(page, desktop):
    page.never.click()
    assert not settings.network_allowed()
    assert desktop.models_page.bottom.never.isChecked()

    page.never.click()
    assert settings.network_allowed()
    assert not desktop.models_page.bottom.never.isChecked()


def test_what_another_program_set_is_shown_when_the_window_is_opened(page, desktop):
    page.close()
    settings.save(Settings(network=False))

    desktop.show_settings()

    assert desktop.settings.never.isChecked()


def test_every_contact_is_listed(page):
    """Every address in the sources is the Hub's, and the Hub's stands in the window."""
    found = set()
    for file in [*(ROOT / "app").rglob("*.py"), *(ROOT / "engine").rglob("*.py")]:
        text = file.read_text(encoding="utf-8")
        if "://" not in text:
            continue
        tree = ast.parse(text)
        docs = {id(n.body[0].value) for n in ast.walk(tree)
                if isinstance(n, ast.Module | ast.ClassDef | ast.FunctionDef)
                and n.body and isinstance(n.body[0], ast.Expr)}  # fmt: skip
        found |= {
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs
            and node.value.startswith(("https://", "http://")) and len(node.value) > len("https://")
        }  # fmt: skip

    assert found == {PUBLIC}
    assert PUBLIC in page.contacts.text()


def test_a_mirror_is_named_as_the_contact_it_is(desktop, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "https://mirror.example")

    desktop.show_settings()

    assert "https://mirror.example" in desktop.settings.contacts.text()


def test_starting_at_login_is_the_systems_own_state(page, tmp_path):
    file = tmp_path / "config" / "autostart" / "cadre.desktop"
    page.login.click()
    assert file.exists()

    file.unlink()  # in the desktop's own settings
    page.close()
    page.show()
    assert not page.login.isChecked()


def test_what_cannot_be_written_is_told_and_shown_as_it_is(page, monkeypatch):
    def full(path, content):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(atomic, "write", full)

    choose(page.appearance, "dark")

    assert "could not be written" in page._words.text()
    assert page._words.isVisible()
    assert page.appearance.currentData() == "system"


def test_without_a_place_for_a_sign_the_box_says_so(page):
    assert not page.stays.isEnabled()
    assert any("no place for such signs" in label.text() for label in page.findChildren(QLabel))


def test_without_keys_for_programs_the_field_says_what_to_do(page):
    assert not page.keys.isEnabled()
    assert "cadre quick" in page.hotkey.about


def test_the_folder_and_the_log_are_shown(page, monkeypatch):
    shown: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: shown.append(url.toLocalFile()))

    next(b for b in page.findChildren(QAbstractButton) if b.text() == "Show Log").click()
    next(b for b in page.findChildren(QAbstractButton) if b.text() == "Show in Folder").click()

    assert shown == [str(places.home() / "logs"), str(places.home())]


def test_every_control_has_a_name_and_says_what_it_means(page):
    kinds = (QAbstractButton, QComboBox, QKeySequenceEdit)
    controls = [child for child in page.findChildren(QWidget) if isinstance(child, kinds)]
    nameless = [
        child for child in controls
        if not child.accessibleName() and not (isinstance(child, QAbstractButton) and child.text())
        and not isinstance(child.parent(), QLineEdit | QComboBox | QKeySequenceEdit)
    ]  # fmt: skip

    assert len(controls) >= 8
    assert nameless == []


def test_its_own_key_opens_it_once(qtbot, desktop):
    action = next(a for a in desktop.window.findChildren(type(desktop.window.menuBar().actions()[0]))
                  if a.shortcut() == QKeySequence("Ctrl+,"))  # fmt: skip
    action.trigger()
    first = desktop.settings
    action.trigger()

    assert desktop.settings is first
    assert first.isVisible()
    assert QApplication.topLevelWidgets().count(first) == 1
