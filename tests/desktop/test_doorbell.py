"""A second start rings at the first: real sockets, real processes, and whoever sends nonsense."""

from __future__ import annotations

import argparse
import contextlib
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from app.cli import quick, screen
from app.cli.main import main
from app.desktop import doorbell
from app.window.listening import Listening
from engine.errors import KnownError

ROOT = Path(__file__).parents[2]
PATIENCE = 20_000


@pytest.fixture(autouse=True)
def _own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("CADRE_HOME", str(tmp_path))


@pytest.fixture
def listening(qapp):
    found = Listening()
    assert found.start()
    yield found
    found.close()


def sent(words: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX) as line, contextlib.suppress(OSError):
        line.settimeout(PATIENCE / 1000)
        line.connect(str(doorbell.address()))
        line.sendall(words)
        return line.recv(100)
    return b""


def test_nobody_is_there():
    assert not doorbell.ring(doorbell.QUICK)


def test_another_process_rings(qtbot, listening):
    code = "from app.cli.main import main; import sys; sys.exit(main(['quick']))"
    with qtbot.waitSignal(listening.rang, timeout=PATIENCE) as rung:
        caller = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=os.environ | {"CADRE_SCREEN": "0"})
    assert rung.args == [doorbell.QUICK]
    qtbot.waitUntil(lambda: caller.poll() is not None, timeout=PATIENCE)
    assert caller.returncode == 0


def test_ringing_loads_no_qt():
    code = "import app.cli.quick, sys; print([name for name in sys.modules if name.startswith('PySide6')])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("words", [b"open the door\n", b"x" * 10_000, b"\xff\xfe\n", b"quick\0\n", b"\n"])
def test_nonsense_does_nothing(qtbot, listening, words):
    rung: list[str] = []
    listening.rang.connect(rung.append)
    answers: list[bytes] = []
    caller = threading.Thread(target=lambda: answers.append(sent(words)))
    caller.start()
    qtbot.waitUntil(lambda: not caller.is_alive(), timeout=PATIENCE)

    assert rung == []
    assert answers[0] in {b"no\n", b""}


def test_what_a_crash_left_is_no_hindrance(qapp):
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(doorbell.address()))
    assert doorbell.address().exists()

    again = Listening()
    assert again.start()
    again.close()


def test_only_the_same_person_may_ring(listening):
    assert doorbell.address().stat().st_mode & 0o077 == 0


def test_a_home_with_a_long_name_has_a_bell_too(qapp, monkeypatch, tmp_path):
    monkeypatch.setenv("CADRE_HOME", str(tmp_path / ("long" * 40)))

    found = Listening()
    assert found.start()
    assert len(str(doorbell.address())) < 108
    found.close()


def test_without_a_screen_and_without_cadre_it_says_so(monkeypatch, capsys):
    monkeypatch.setattr(screen, "is_there", lambda: False)

    with pytest.raises(KnownError, match="needs a screen"):
        quick.run(argparse.Namespace())
    assert main(["quick"]) == 1
    assert "cadre ask" in capsys.readouterr().err


def test_without_cadre_it_is_started_with_the_prompt(monkeypatch):
    started: list[dict[str, bool]] = []
    monkeypatch.setattr(screen, "is_there", lambda: True)

    def run_window(model, **how):
        started.append(how)
        return 0

    monkeypatch.setattr(screen, "run_window", run_window)

    assert main(["quick"]) == 0
    assert started == [{"quick": True, "background": True}]
