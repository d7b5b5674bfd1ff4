"""What every part of the desktop does, whoever it is: on the fakes, on plain Qt, and on a Mac on the Mac's own.

The last run only there, and only where nothing of the person's is touched: no key is posted, no text is read.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QMimeData, QSize, QUrl
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QWidget

from app.desktop.chord import Chord
from app.desktop.login import Autostart, LoginItem
from app.desktop.parts import (
    Allowed,
    Awake,
    Dock,
    Front,
    Hotkey,
    Keys,
    Microphone,
    Panels,
    Parts,
    Pasteboard,
    Selection,
)  # fmt: skip
from engine.errors import KnownError
from tests.desktop.fakes import FakePasteboard, fake_parts

CHORD = Chord.of("Ctrl+Alt+Shift+F19")
ON_A_MAC = pytest.mark.skipif(sys.platform != "darwin", reason="the Mac's own parts need a Mac")


def plain() -> Parts:
    from app.desktop.plain import parts

    return parts()


def mac() -> Parts:
    from app.macos.parts import parts

    return parts()


@pytest.fixture(params=[fake_parts, plain, pytest.param(mac, marks=ON_A_MAC)])
def parts(request, qapp, tmp_path, monkeypatch) -> Parts:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    make: Callable[[], Parts] = request.param
    return make()


def test_they_keep_the_protocols(parts):
    """Checked by mypy too; here each member is really there."""
    of = {
        Hotkey: parts.hotkey, Front: parts.front, Selection: parts.selection, Keys: parts.keys,
        Pasteboard: parts.pasteboard, Microphone: parts.microphone,
        Panels: parts.panels, Dock: parts.dock, Awake: parts.awake, LoginItem: parts.login,
    }  # fmt: skip
    for protocol, part in of.items():
        members = [name for name in vars(protocol) if not name.startswith("_")]
        assert members
        assert [name for name in members if not hasattr(part, name)] == []


def test_a_key_is_taken_and_given_back(parts):
    if parts.hotkey.why_not:
        with pytest.raises(KnownError):
            parts.hotkey.listen(CHORD, print, print)
        return
    for _ in range(2):
        end = parts.hotkey.listen(CHORD, print, print)
        end()
        end()  # twice does no harm


def test_what_does_not_work_says_why_in_a_sentence(parts):
    for part in (parts.hotkey, parts.selection, parts.keys):
        assert part.why_not == "" or (part.why_not[0].isupper() and " " in part.why_not)


def test_without_a_remembered_program_nothing_is_back(parts):
    parts.front.give_back()

    assert not parts.front.is_back()


def test_what_may_not_be_read_is_empty(parts):
    if parts.selection.why_not:
        assert parts.selection.text() == ""


def test_nothing_is_held_by_nobody(parts):
    assert parts.keys.held() is False


def test_cadre_is_let_nap_again(parts):
    for end in [parts.awake.hold("one"), parts.awake.hold("two")]:
        end()


def test_a_panel_is_raised(parts, qtbot):
    panel = QWidget()
    qtbot.addWidget(panel)
    panel.show()
    parts.panels.raise_over_all(int(panel.winId()))

    assert panel.isVisible()


def test_in_the_dock_and_out(parts):
    for shown in (False, True, True):
        parts.dock.show(shown=shown)


# --- the clipboard: on a Mac run by hand, since it is the person's (docs/macos.md) ------------------------


@pytest.fixture(params=[fake_parts, plain])
def board(request, qapp) -> Pasteboard:
    make: Callable[[], Parts] = request.param
    made = make().pasteboard
    made.copy("before")
    return made


def read(board: Pasteboard) -> str:
    """As another program does."""
    if isinstance(board, FakePasteboard):
        return str(board.read())
    return QGuiApplication.clipboard().text()


def test_what_is_lent_is_there_and_each_read_may_be_told(board):
    receipts: list[str] = []
    loan = board.lend("lent", lambda: receipts.append("read"))

    assert loan.is_ours()
    assert receipts == []
    assert read(board) == "lent"
    assert bool(receipts) is loan.receipts


def test_the_clipboard_comes_back(board):
    loan = board.lend("lent", lambda: None)
    loan.give_back()
    loan.give_back()

    assert read(board) == "before"
    assert not loan.is_ours()


def test_what_somebody_wrote_since_stays(board):
    loan = board.lend("lent", lambda: None)
    board.copy("newer")
    loan.give_back()

    assert not loan.is_ours()
    assert read(board) == "newer"


def test_two_loans_know_whose_it_is(board):
    first = board.lend("one", lambda: None)
    second = board.lend("two", lambda: None)

    assert not first.is_ours()
    assert second.is_ours()


def test_pictures_and_files_come_back_too(qapp):
    clipboard, data = QGuiApplication.clipboard(), QMimeData()
    data.setUrls([QUrl.fromLocalFile("/a/b.txt")])
    data.setHtml("<b>bold</b>")
    data.setImageData(QImage(3, 2, QImage.Format.Format_RGB32))
    data.setData("application/x-of-its-own", b"123")
    clipboard.setMimeData(data)

    plain().pasteboard.lend("lent", lambda: None).give_back()

    kept = clipboard.mimeData()
    assert kept.urls() == [QUrl.fromLocalFile("/a/b.txt")]
    assert kept.html() == "<b>bold</b>"
    assert kept.imageData().size() == QSize(3, 2)
    assert bytes(kept.data("application/x-of-its-own").data()) == b"123"


def test_who_may_listen_is_known_after_asking(parts):
    answers: list[Allowed] = []
    if sys.platform != "darwin":  # there it would ask the person
        parts.microphone.ask(lambda: answers.append(parts.microphone.allowed()))
        QCoreApplication.processEvents()

    assert parts.microphone.allowed() in Allowed
    assert Allowed.UNASKED not in answers


# --- launch at login --------------------------------------------------------------------------------------

COMMAND = ["/opt/a folder/$cadre", "app", "--background"]


def autostart(folder: Path) -> Autostart:
    return Autostart(folder, COMMAND)


def agent(folder: Path) -> LoginItem:
    from app.macos.login import LaunchAgent

    return LaunchAgent(folder, COMMAND)


def fake(_folder: Path) -> LoginItem:
    return fake_parts().login


@pytest.fixture(params=[fake, autostart, agent])
def login(request, tmp_path) -> LoginItem:
    make: Callable[[Path], LoginItem] = request.param
    return make(tmp_path)


def test_launch_at_login_is_off_until_it_is_turned_on(login):
    assert not login.is_on()
    login.turn(on=True)
    login.turn(on=True)
    assert login.is_on()
    login.turn(on=False)
    login.turn(on=False)
    assert not login.is_on()


@pytest.mark.parametrize("make", [autostart, agent])
def test_a_folder_that_cannot_be_written_is_told(make, tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(KnownError, match="could not be changed"):
        make(tmp_path / "file").turn(on=True)


def test_the_launch_agent_starts_this_cadre(tmp_path):
    import plistlib

    agent(tmp_path).turn(on=True)

    told = plistlib.loads((tmp_path / "org.cadre.app.plist").read_bytes())
    assert told["ProgramArguments"] == COMMAND
    assert told["RunAtLoad"] is True


def test_the_autostart_entry_quotes_as_the_specification_says(tmp_path):
    item = autostart(tmp_path)
    item.turn(on=True)

    assert 'Exec="/opt/a folder/\\\\$cadre" app --background' in item.file.read_text().splitlines()
    item.file.write_text(item.file.read_text() + "Hidden=true\n")  # as a desktop's own settings turn it off
    assert not item.is_on()
