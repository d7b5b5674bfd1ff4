"""The whole app in a process of its own, offscreen: a second start asks the first and is done."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CADRE = "import sys; from app.cli.main import main; sys.exit(main(sys.argv[1:]))"
WATCHED = """
import sys
from app.window.quick.prompt import QuickPrompt
from app.window.quick.resident import Resident
for kind, name in ((QuickPrompt, "open"), (Resident, "show_window")):
    def told(self, real=getattr(kind, name), name=name):
        real(self)
        print(name, flush=True)
    setattr(kind, name, told)
from app.window import listening
start = listening.Listening.start
def started(self):
    print("listens", start(self), flush=True)
listening.Listening.start = started
"""


@pytest.fixture
def surroundings(tmp_path):
    here = {"CADRE_HOME": str(tmp_path / "cadre"), "HOME": str(tmp_path), "DISPLAY": ":99"}
    return {name: value for name, value in os.environ.items() if name != "CADRE_SCREEN"} | here


def start(surroundings, code, *words) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, *words]
    return subprocess.Popen(command, cwd=ROOT, env=surroundings, stdout=subprocess.PIPE, text=True)


def test_a_second_start_asks_the_first(surroundings):
    first = start(surroundings, WATCHED + CADRE)
    assert first.stdout is not None
    try:
        assert first.stdout.readline() == "listens True\n"
        for words, does in ((["quick"], "open\n"), ([], "show_window\n")):
            second = start(surroundings, CADRE, *words)
            second.communicate()
            assert second.returncode == 0
            assert first.stdout.readline() == does
        first.send_signal(signal.SIGTERM)
        assert first.wait() == 0
    finally:
        first.kill()
        first.wait()
        first.stdout.close()


def test_the_prompt_starts_cadre_and_without_a_menu_bar_ends_with_it(surroundings):
    code = WATCHED + "\nfrom PySide6.QtCore import QTimer\nopen_ = QuickPrompt.open\n"
    code += "def and_go(self):\n    open_(self)\n    QTimer.singleShot(0, self.dismiss)\nQuickPrompt.open = and_go\n"
    alone = start(surroundings, code + CADRE, "quick")
    said, _ = alone.communicate()

    assert "open" in said
    assert alone.returncode == 0
