"""What others of this machine, and what comes from outside, get to see or to run: by doing it."""

from __future__ import annotations

import builtins
import json
import logging
import os
import stat
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from app.cli.main import main
from app.window.header import Header
from app.window.notice import Notice
from engine import atomic, logs, private
from engine.errors import KnownError
from engine.generation.text import open_tokenizer
from engine.lab.tiny import make_checkpoint

ROOT = Path(__file__).parents[2]
SECRET = "xylophone-marmalade-4711"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return make_checkpoint(tmp_path_factory.mktemp("model"), "qwen3_moe")


@pytest.fixture(scope="module")
def used(tmp_path_factory, model):
    """A home after an answer and a failure with the secret in both, everything logged that can be."""
    home = tmp_path_factory.mktemp("home") / "new" / "cadre"
    root, umask = logging.getLogger(), os.umask(0o022)  # what most systems have, whatever runs the tests
    level = root.level
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CADRE_HOME", str(home))
        patch.setattr(logs, "start", lambda *_name: None)  # would take the handlers of the whole test run
        handler = logs._handler(logs.path())
        root.addHandler(handler)
        root.setLevel(logging.DEBUG)
        try:
            answered = main(
                ["ask", f"What is {SECRET}?", "--model", str(model), "--system", SECRET, "--max-tokens", "2"]
            )
            failed = main(["ask", SECRET, "--model", SECRET])
        finally:
            root.setLevel(level)
            root.removeHandler(handler)
            handler.close()
            os.umask(umask)
    assert (answered, failed) == (0, 1)
    return home


def test_the_log_of_everything_holds_nothing_of_a_prompt(used):
    files = [file for file in used.rglob("*") if file.is_file()]

    assert "cadre.log" in {file.name for file in files}
    assert [file for file in files if SECRET.encode() in file.read_bytes()] == []


def test_all_of_a_new_home_is_the_owners_alone(used):
    assert {mode(folder) for folder in [used, *used.rglob("*")] if folder.is_dir()} == {0o700}
    assert {mode(file) for file in (used / "logs").iterdir()} == {0o600}


def test_an_older_home_is_closed(tmp_path, monkeypatch):
    monkeypatch.setenv("CADRE_HOME", str(tmp_path / "home"))
    (tmp_path / "home" / "logs").mkdir(parents=True)
    (tmp_path / "home").chmod(0o755)
    old = tmp_path / "home" / "logs" / "cadre.log"
    old.write_text("an old line\n")
    old.chmod(0o644)

    handler = logs._handler(old)
    handler.emit(logging.makeLogRecord({"msg": "a new line"}))
    handler.close()

    assert (mode(tmp_path / "home"), mode(old)) == (0o700, 0o600)
    assert "a new line" in old.read_text()


def test_each_log_of_the_rotation_is_closed(tmp_path, monkeypatch):
    monkeypatch.setenv("CADRE_HOME", str(tmp_path))
    monkeypatch.setattr(logs, "_BYTES", 200)
    handler = logs._handler(tmp_path / "logs" / "cadre.log")
    for number in range(20):
        handler.emit(logging.makeLogRecord({"msg": f"line {number} of many that fill a file"}))
    handler.close()

    files = list((tmp_path / "logs").iterdir())
    assert len(files) == 1 + logs._KEPT
    assert {mode(file) for file in files} == {0o600}


def test_folders_above_a_private_file_are_private_and_others_stay(tmp_path):
    tmp_path.chmod(0o755)

    atomic.write(tmp_path / "a" / "b" / "settings.json", "{}")

    assert [mode(tmp_path / name) for name in ("a", "a/b", "a/b/settings.json")] == [0o700, 0o700, 0o600]
    assert mode(tmp_path) == 0o755


def test_a_home_that_is_anothers_is_used_as_it_is(tmp_path, monkeypatch):
    monkeypatch.setenv("CADRE_HOME", str(tmp_path))
    tmp_path.chmod(0o755)

    def refuse(*_args, **_options):
        raise PermissionError

    monkeypatch.setattr(Path, "chmod", refuse)

    assert private.home() == tmp_path


# --- a hostile checkpoint ---------------------------------------------------------------------------------

EVIL = "from pathlib import Path\nPath(__file__).with_name('it-ran').touch()\nclass Evil: ...\n"


def test_a_tokenizer_that_names_a_program_neither_runs_it_nor_asks(tmp_path, monkeypatch):
    """transformers would ask at the terminal, and run it for a `y`."""
    folder = make_checkpoint(tmp_path / "evil", "qwen3_moe")
    about = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    about |= {"tokenizer_class": "Evil", "auto_map": {"AutoTokenizer": ["evil.Evil", "evil.Evil"]}}
    (folder / "tokenizer_config.json").write_text(json.dumps(about), encoding="utf-8")
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config |= {"auto_map": {"AutoConfig": "evil.Evil", "AutoTokenizer": "evil.Evil"}}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    (folder / "evil.py").write_text(EVIL, encoding="utf-8")

    asked: list[object] = []
    monkeypatch.setattr(builtins, "input", asked.append)

    with suppress(KnownError):  # whether its tokens can be had without the program is transformers' affair
        open_tokenizer(folder, None)

    assert asked == []
    assert not (folder / "it-ran").exists()
    assert "evil" not in " ".join(sys.modules)


# --- a hostile page ---------------------------------------------------------------------------------------


def test_a_page_in_a_title_or_a_notice_is_text(qtbot):
    """Else Qt would take it for HTML and read the picture from the disk."""
    header, notice = Header(), Notice()
    for widget in (header, notice):
        qtbot.addWidget(widget)

    labels = [label for widget in (header, notice) for label in widget.findChildren(QLabel)]

    assert len(labels) >= 2
    assert {label.textFormat() for label in labels} == {Qt.TextFormat.PlainText}


OURS = {
    "app/window/chat_settings.py", "app/window/composer.py", "app/window/empty_page.py", "app/window/find_bar.py",
    "app/window/dictation/history.py", "app/window/models_page/section.py", "app/window/monitor/pane.py",
    "app/window/settings/group.py",
    "app/window/settings/page.py", "app/window/transcript/message_view.py",
}  # fmt: skip
"""Their labels say only Cadre's own words and numbers."""


def test_a_label_that_may_show_what_others_wrote_shows_it_as_text():
    files = {file.relative_to(ROOT).as_posix(): file.read_text("utf-8") for file in (ROOT / "app").rglob("*.py")}
    with_labels = {name for name, text in files.items() if "QLabel(" in text}

    assert with_labels >= OURS, "the list names a file that has none"
    assert {name for name in with_labels - OURS if "TextFormat.PlainText" not in files[name]} == set()
