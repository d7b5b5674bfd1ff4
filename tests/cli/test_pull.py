"""`cadre pull` and what `cadre models` does to a model, against a Hub of the test's own."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app import settings
from app.cli.main import main
from engine.models import places
from engine.models.catalogue import installed
from engine.models.download import token
from tests.checkpoint.writing import experts, model
from tests.models.download import hub_server as serving
from tests.models.download.conftest import NAME, home, server
from tests.models.download.test_http import WEIGHTS, assert_here
from tests.models.download.test_pure import FakeVault

__all__ = ["home", "server"]  # fixtures, used by name
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def vault(monkeypatch):
    """No test touches the keychain of whoever runs it."""
    vault = FakeVault()
    monkeypatch.setattr(token, "Keychain", lambda: vault)
    return vault


def failure(capsys, *arguments: str) -> str:
    assert main(list(arguments)) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "Traceback" not in said.err
    return str(said.err)


def test_pull(server, capsys):
    assert main(["pull", NAME]) == 0
    assert "org/tiny is here" in capsys.readouterr().out
    assert_here(server)


def test_pull_prints_one_object(server, capsys):
    assert main(["pull", NAME, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    total = sum(map(len, server.repositories[NAME].values()))
    assert (told["name"], told["bytes"], told["bytes_loaded"], told["files"]) == (NAME, total, total, 3)
    assert Path(told["path"]).is_dir()


def test_a_model_that_arrives_whole_and_cannot_be_used_is_told(server, capsys):
    server.repositories[NAME]["config.json"] = (
        b'{"model_type": "qwen3_moe", "num_experts": 5, "num_experts_per_tok": 2}'
    )
    told = failure(capsys, "pull", NAME)
    assert "cannot be used: " in told
    assert "`cadre models --delete org/tiny`" in told


def test_pull_again_loads_nothing(server, capsys):
    main(["pull", NAME])
    main(["pull", NAME])
    assert "nothing had to be loaded" in capsys.readouterr().out


def test_pull_tries_again_by_itself_and_says_so(server, capsys):
    server.behave(WEIGHTS, serving.cut_after(1000))
    assert main(["pull", NAME, "--json"]) == 0
    said = capsys.readouterr()
    assert "broke off. Trying again in 1 s." in said.err
    assert json.loads(said.out)["bytes_loaded"] == sum(map(len, server.repositories[NAME].values()))
    assert_here(server)


def test_what_does_not_work_is_one_sentence(server, capsys):
    assert "is no name of a repository" in failure(capsys, "pull", "nonsense")
    assert "is not on the Hub" in failure(capsys, "pull", "org/nothing")
    assert "Which model?" in failure(capsys, "pull")


def test_control_c_keeps_what_came_and_says_how_to_go_on(server, home):
    server.behave(WEIGHTS, serving.stall_after(1000))
    code = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "  # which a background run ignores
    code += "from app.cli.main import main; import sys; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "pull", NAME]
    running = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert server.arrived.wait(60)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)

    assert (running.returncode, out) == (130, "")
    assert f"`cadre pull {NAME}` " in err
    assert "Traceback" not in err
    server.released.set()
    assert main(["pull", NAME]) == 0
    assert_here(server)


def test_the_switch_is_kept_and_obeyed(server, capsys):
    assert main(["pull", "--network", "off"]) == 0
    assert not settings.load().network
    assert "never to use the network" in failure(capsys, "pull", NAME)[-200:]
    assert server.requests == []
    assert main(["pull", NAME, "--network", "on"]) == 0
    assert_here(server)


def test_a_token_opens_a_gated_model_and_is_shown_nowhere(server, capsys, monkeypatch, vault, home):
    server.gated[NAME] = "hf_secret_secret"
    assert "asks for your agreement" in failure(capsys, "pull", NAME)
    monkeypatch.setattr(sys, "stdin", io.StringIO("hf_secret_secret\n"))
    assert main(["pull", NAME, "--token"]) == 0

    said = capsys.readouterr()
    assert vault.secret == "hf_secret_secret"
    assert "hf_secret" not in said.out + said.err
    everything = b"".join(f.read_bytes() for f in home.rglob("*") if f.is_file())
    assert b"hf_secret" not in everything
    assert main(["pull", "--forget-token"]) == 0
    assert vault.secret is None


# --- cadre models ---------------------------------------------------------------------------------------------


def test_verify(server, capsys):
    main(["pull", NAME])
    assert main(["models", "--verify", "tiny"]) == 0
    assert "every byte of its 3 files" in capsys.readouterr().out


def test_verify_tells_what_is_damaged_and_how_to_mend_it(server, capsys):
    main(["pull", NAME])
    (file,) = places.hugging_face().glob(f"*/snapshots/*/{WEIGHTS}")
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.resolve().write_bytes(content)
    capsys.readouterr()
    told = failure(capsys, "models", "--verify", "tiny")
    assert "model.safetensors of org/tiny is damaged" in told
    assert "`cadre pull org/tiny`" in told
    assert main(["pull", NAME]) == 0
    assert main(["models", "--verify", NAME, "--json"]) == 0


def test_verify_says_what_it_cannot_know(capsys, home):
    model(places.models() / "mine", experts("mlp"))
    assert main(["models", "--verify", "mine"]) == 0
    assert "cannot be said" in capsys.readouterr().out


def test_delete_asks(server, capsys, monkeypatch):
    main(["pull", NAME])
    capsys.readouterr()
    assert "Add --yes" in failure(capsys, "models", "--delete", NAME)
    monkeypatch.setattr(sys, "stdin", Terminal("n\n"))
    assert main(["models", "--delete", NAME]) == 130
    assert len(installed()) == 1
    monkeypatch.setattr(sys, "stdin", Terminal("y\n"))
    assert main(["models", "--delete", NAME]) == 0
    assert installed() == []


class Terminal(io.StringIO):
    def isatty(self):
        return True

    def fileno(self):
        return os.open(os.devnull, os.O_RDONLY)


def test_delete_without_asking(server, capsys):
    main(["pull", NAME])
    capsys.readouterr()
    assert main(["models", "--delete", NAME, "--yes", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["deleted"]
    assert installed() == []


def test_delete_of_what_is_not_there(capsys, home):
    assert "No model called" in failure(capsys, "models", "--delete", "nothing", "--yes")


def test_add(capsys, home):
    model(home / "Mine", experts("mlp"))
    assert main(["models", "--add", str(home / "Mine")]) == 0
    assert [found.name for found in installed()] == ["Mine"]
