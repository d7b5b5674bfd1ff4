"""The commands as a person and a script run them, on the built-in model with a real engine."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.cli import models
from app.cli.chat import SAMPLE
from app.cli.main import main
from engine import logs
from engine.lab.tiny import QUANTIZATIONS, make_checkpoint

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def endless(tmp_path_factory):
    """Options for an answer that does not end by itself: random weights find no end."""
    shape = {"hidden_size": 128, "moe_intermediate_size": 128, "num_experts": 32, "num_hidden_layers": 4}
    overrides = shape | {"num_experts_per_tok": 4, "head_dim": 32}
    folder = make_checkpoint(
        tmp_path_factory.mktemp("endless"), "qwen3_moe", quantization=QUANTIZATIONS["affine4"], overrides=overrides
    )
    return "--model", str(folder), "--max-tokens", "200000", "--mode", "fast", "--experts", "25%"


@pytest.fixture(autouse=True)
def _home(home, monkeypatch):
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("CADRE_HOME", str(home / "cadre"))
    monkeypatch.setenv("HF_HUB_CACHE", str(home / "hub"))
    monkeypatch.delenv("CADRE_ENGINE", raising=False)
    monkeypatch.setattr(logs, "start", lambda: None)  # would take the handlers of the whole test run


def start(*words: str, **options: Any) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", "import sys; from app.cli.main import main; sys.exit(main())", *words]
    pipes: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, cwd=ROOT, **(pipes | options))


# --- ask --------------------------------------------------------------------------------------------------


def test_the_json_of_an_answer(capsys):
    code = main(
        ["ask", "hello", "--json", "--max-tokens", "4", "--experts", "25%", "--mode", "fast", "--system", "Hm."]
    )

    record = json.loads(capsys.readouterr().out)
    assert code == 0
    assert set(record) >= {"text", "tokens", "model", "difficulty", "budget", "mode", "experts", "seconds"}
    assert set(record) >= {"tokens_per_second", "memory", "selection"}
    assert set(record["tokens"]) >= {"prompt", "generated"}
    assert set(record["budget"]) >= {"name", "active_parameters", "k"}
    assert set(record["experts"]) >= {"layers", "total", "resident_per_layer", "bytes_read", "bytes_kept"}
    assert set(record["experts"]) >= {"coverage", "coverage_min", "reselections", "replays"}
    assert set(record["seconds"]) >= {"load", "select", "prefill", "first_token", "total"}
    terms = {"base", "dense", "banks", "kv", "activations", "peak", "promised", "limit"}
    assert set(record["memory"]) >= terms
    assert (record["mode"], record["tokens"]["generated"]) == ("fast", 4)
    assert record["difficulty"]["use_case"] == "small talk"
    assert set(record["difficulty"]) == {"score", "use_case", "reason"}
    assert record["experts"]["resident_per_layer"] * 4 == record["experts"]["total"]
    assert [len(ids) for ids in record["selection"]] == [8] * record["experts"]["layers"]


def test_the_same_seed_gives_the_same_answer_and_the_pipe_gets_only_text(capsys, monkeypatch):
    asked = ["ask", "hello", "--max-tokens", "8", "--temperature", "0.9", "--seed", "7", "--mode", "exact"]
    main([*asked, "--json"])
    text = json.loads(capsys.readouterr().out)["text"]

    assert main(asked) == 0

    streamed = capsys.readouterr()
    assert streamed.out == f"{text}\n"
    assert "experts per layer" in streamed.err


def test_the_prompt_from_standard_input():
    done = start("ask", "-", "--max-tokens", "2", "--json", stdin=subprocess.PIPE)
    out, err = done.communicate(b"hello \xff there")
    assert (done.returncode, err) == (0, b"")
    assert json.loads(out)["tokens"]["generated"] == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["x", "--model", "no/such-model"], "no/such-model"),
        (["", "--max-tokens", "2"], "The prompt is empty."),
        (["x", "--experts", "33"], "33 experts"),
        (["x", "--memory", "2MB"], "dense weights"),
        (["x", "--image", "cat.png"], "builtin cannot see pictures: it reads text only."),
        (["x", "--audio", "cat.wav"], "builtin cannot hear sounds: it reads text only."),
    ],
)
def test_a_known_failure_is_one_sentence_and_a_next_step(capsys, words, said):
    assert main(["ask", *words]) == 1
    out, err = capsys.readouterr()
    assert out.strip() == ""
    assert said in err
    assert "Traceback" not in err


def test_an_engine_that_does_not_exist(capsys, monkeypatch):
    monkeypatch.setenv("CADRE_ENGINE", "steam")
    assert main(["ask", "x"]) == 1
    assert "CADRE_ENGINE" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["ask"],
        ["ask", "x", "--experts", "0"],
        ["ask", "x", "--memory", "much"],
        ["ask", "x", "--mode", "warp"],
        ["fly"],
    ],
)
def test_wrong_usage(capsys, words):
    assert main(words) == 2
    assert "usage: cadre" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["ask", "--help"], ["app", "--help"]])
def test_help(capsys, words):
    assert main(words) == 0
    assert "cadre" in capsys.readouterr().out


def test_a_bug_says_so_and_where_the_log_is(capsys, monkeypatch, home):
    def broken():
        raise ZeroDivisionError

    monkeypatch.setattr(models, "installed", broken)
    assert main(["models"]) == 1
    err = capsys.readouterr().err
    assert "this is a bug" in err
    assert str(home / "cadre" / "logs") in err
    assert "Traceback" not in err


# --- stopping ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["thread", "process"])
def test_ctrl_c_while_it_streams(kind, endless):
    asked = start("ask", "hello", *endless, env=os.environ | {"CADRE_ENGINE": kind})
    assert asked.stdout is not None
    asked.stdout.read(20)
    asked.send_signal(signal.SIGINT)
    _, err = asked.communicate(timeout=60)
    assert asked.returncode == 130
    assert b"Traceback" not in err
    assert b"stopped, 8 of 32 experts per layer" in err


def test_a_reader_that_goes_away(endless):
    asked = start("ask", "hello", *endless)
    assert asked.stdout is not None
    assert asked.stderr is not None
    asked.stdout.read(20)
    asked.stdout.close()
    with asked.stderr:
        err = asked.stderr.read()
    assert asked.wait(60) == 130
    assert b"Traceback" not in err
    assert b"Exception ignored" not in err


# --- a terminal -------------------------------------------------------------------------------------------


class Terminal:
    """The other end of a pseudo-terminal, 24 x 80."""

    def __init__(self, *words: str, **environment: str) -> None:
        self.end, theirs = pty.openpty()
        size = {"COLUMNS": "80", "LINES": "24", "TERM": "xterm-256color"}
        everything = os.environ | size | environment
        self.process = start(*words, stdin=theirs, stdout=theirs, stderr=theirs, env=everything, start_new_session=True)
        os.close(theirs)
        self.seen = ""

    def until(self, words: str) -> str:
        """Everything up to and with these words; the rest stays for the next call."""
        while words not in self.seen:
            data = self._read()
            assert data, f"{words!r} never came after {self.seen[-500:]!r}"
            self.seen += data
        before, _, self.seen = self.seen.partition(words)
        return before + words

    def some(self) -> None:
        """Anything at all."""
        self.seen = self.seen or self._read()

    def rest(self) -> str:
        while data := self._read():
            self.seen += data
        return self.seen

    def type(self, text: str) -> None:
        os.write(self.end, text.encode())

    def _read(self) -> str:
        try:
            return os.read(self.end, 65536).decode("utf-8", "replace")
        except OSError:  # Linux says EIO when the last one has closed the other end
            return ""


@pytest.fixture
def terminal():
    opened: list[Terminal] = []

    def begin(*words: str, **environment: str) -> Terminal:
        opened.append(Terminal(*words, **environment))
        return opened[-1]

    yield begin
    for one in opened:
        one.process.kill()
        one.process.wait()
        os.close(one.end)


def test_a_terminal_gets_the_panel_and_keeps_the_answer(terminal, endless):
    asked = terminal("ask", "hello", *endless, "--max-tokens", "300")
    asked.until("Answering")
    asked.until("of what the model asked for")
    assert "cut at 300 tokens" in asked.rest()
    assert asked.process.wait(60) == 0


def test_ctrl_c_in_a_terminal_leaves_it_clean(terminal, endless):
    asked = terminal("ask", "hello", *endless, NO_COLOR="1")
    assert "38;5" not in asked.until("Answering")
    asked.process.send_signal(signal.SIGINT)
    last = asked.rest()
    assert asked.process.wait(60) == 130
    assert "Traceback" not in last
    assert "stopped, " in last
    assert last.rfind("\x1b[?25h") > last.rfind("\x1b[?25l")  # the cursor is back


def test_a_chat(terminal):
    chat = terminal("app", "--max-tokens", "200000", "--mode", "fast", TERM="dumb")
    chat.until("you> ")
    chat.type("/experts 25%\n")
    chat.until("Experts in memory per layer: 25%.")
    chat.until("you> ")
    chat.type("hello\n")
    chat.until("hello\r\n")
    chat.some()  # of the answer
    chat.process.send_signal(signal.SIGINT)
    chat.until("stopped, 8 of 32 experts per layer")
    chat.until("you> ")
    chat.type("/mode warp\n")
    chat.until("'warp' is no mode")
    chat.until("you> ")
    chat.type("\x04")
    assert "sky" not in chat.rest()
    assert chat.process.wait(60) == 0


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ([KeyboardInterrupt, KeyboardInterrupt], 130),
        ([KeyboardInterrupt, "", KeyboardInterrupt, "/quit"], 0),
        (["/help", KeyboardInterrupt, KeyboardInterrupt], 130),
    ],
)
def test_ctrl_c_twice_in_a_row_leaves_a_chat(monkeypatch, capsys, typed, code):
    lines = iter(typed)

    def read(_prompt):
        line = next(lines)
        if line is KeyboardInterrupt:
            raise KeyboardInterrupt
        return line

    monkeypatch.setattr("builtins.input", read)
    assert main([]) == code
    assert "Ctrl-C again leaves." in capsys.readouterr().out


# --- a chat without one -----------------------------------------------------------------------------------


def test_at_once_at_the_end_of_input_a_sample_is_answered():
    done = start()
    out, err = done.communicate(timeout=60)
    assert done.returncode == 0
    assert "small demonstration" in out.decode()
    assert f"you> {SAMPLE}" in out.decode()
    assert "experts per layer" in out.decode()
    assert b"Traceback" not in err


def test_a_piped_chat_answers_every_line_and_keeps_what_it_read():
    lines = b"hello\n/new\n/nothing\n/model no/such\n/help\nhello\nand then\n/quit\n"
    done = start("app", "--max-tokens", "4", "--mode", "fast", stdin=subprocess.PIPE)
    out = done.communicate(lines, timeout=60)[0].decode()
    assert done.returncode == 0
    assert out.count("experts per layer, ") == 3
    assert "A new conversation." in out
    assert "There is no /nothing" in out
    assert "no/such" in out
    assert SAMPLE not in out


def test_a_piped_chat_that_could_not_answer_fails():
    done = start("app", "--experts", "33", stdin=subprocess.PIPE)
    _, err = done.communicate(b"hello\n", timeout=60)
    assert done.returncode == 1
    assert b"33 experts" in err
