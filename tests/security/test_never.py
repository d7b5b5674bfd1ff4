"""What Cadre never does, read from its sources: docs/security.md promises each of these.

A new line that breaks one fails here, whatever it was meant for.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# What may reach a network, and the one door to it. The others are sockets of this machine and addresses as text.
DOOR = {"engine/models/download/hub.py", "engine/models/download/stopping.py", "engine/models/download/refusals.py"}
NETWORK = {"httpx2", "httpx", "requests", "urllib3", "aiohttp", "huggingface_hub", "ftplib", "smtplib", "telnetlib"}


@cache
def trees() -> dict[str, ast.Module]:
    files = [file for side in ("app", "engine") for file in sorted((ROOT / side).rglob("*.py"))]
    return {file.relative_to(ROOT).as_posix(): ast.parse(file.read_text(encoding="utf-8")) for file in files}


@cache
def imports() -> list[tuple[str, str]]:
    return list(_imports())


@cache
def calls() -> list[tuple[str, str, ast.Call]]:
    return list(_calls())


def _imports() -> Iterator[tuple[str, str]]:
    """(file, dotted name), late imports too."""
    for file, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                yield from ((file, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield from ((file, f"{node.module}.{alias.name}") for alias in node.names)


def _calls() -> Iterator[tuple[str, str, ast.Call]]:
    """(file, what is called, the call)."""
    for file, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                yield file, ast.unparse(node.func), node


def keyword(call: ast.Call, name: str) -> object:
    return next((ast.literal_eval(one.value) for one in call.keywords if one.arg == name), None)


@pytest.mark.parametrize("library", ["pickle", "dill", "cloudpickle", "shelve", "marshal", "joblib", "torch"])
def test_no_file_is_unpickled(library):
    assert [file for file, name in imports() if name.partition(".")[0] == library] == []


def test_numpy_files_are_read_without_objects():
    assert [file for file, _, call in calls() if keyword_is_true(call, "allow_pickle")] == []


def keyword_is_true(call: ast.Call, name: str) -> bool:
    """Anything but a plain False or None counts."""
    values = [one.value for one in call.keywords if one.arg == name]
    return any(not (isinstance(value, ast.Constant) and not value.value) for value in values)


def test_no_text_becomes_a_program():
    assert [(file, name) for file, name, _ in calls() if name in {"eval", "exec", "compile", "__import__"}] == []


def test_no_program_of_a_model_is_trusted():
    assert [(file, name) for file, name, call in calls() if keyword_is_true(call, "trust_remote_code")] == []
    readers = [(file, call) for file, name, call in calls() if name.endswith(".from_pretrained")]
    assert readers
    assert [file for file, call in readers if keyword(call, "trust_remote_code") is not False] == []


def test_no_shell_reads_what_others_wrote():
    assert [file for file, name, _ in calls() if name in {"os.system", "os.popen", "subprocess.getoutput"}] == []
    assert [file for file, _, call in calls() if keyword_is_true(call, "shell")] == []


@pytest.mark.parametrize("library", ["zipfile", "tarfile", "py7zr", "rarfile", "lzma", "bz2"])
def test_no_archive_is_opened(library):
    """So nothing in one can leave its folder."""
    assert [file for file, name in imports() if name.partition(".")[0] == library] == []
    assert [file for file, name, _ in calls() if name.endswith(("unpack_archive", ".extractall"))] == []


def test_there_is_one_door_to_the_network():
    using = {file for file, name in imports() if name.partition(".")[0] in NETWORK or name.startswith("urllib.request")}

    assert using
    assert using <= DOOR


def test_certificates_are_never_left_unchecked():
    """What tests/models/download/test_tls.py shows of one client, of the whole tree."""
    told = [(file, one.arg, one.value) for file, _, call in calls() for one in call.keywords]
    assert [file for file, name, value in told if name == "verify" and isinstance(value, ast.Constant)] == []
    text = "\n".join(ast.unparse(tree) for tree in trees().values())
    assert re.findall(r"CERT_NONE|_create_unverified_context|check_hostname\s*=\s*False", text) == []


def test_qt_fetches_nothing():
    asking = ("QNetworkAccessManager", "QNetworkRequest", "QWebEngine", "QTcpSocket", "QSslSocket", "QMediaPlayer")

    assert [(file, name) for file, name in imports() if name.rpartition(".")[2].startswith(asking)] == []


def test_links_are_opened_in_one_place_and_folders_in_two():
    opening = {(file, ast.unparse(call.args[0])) for file, name, call in calls() if name.endswith("openUrl")}

    others = {file for file, what in opening if not what.startswith("QUrl.fromLocalFile")}
    assert others <= {"app/window/transcript/text_view.py", "app/desktop/microphone.py"}
    assert [file for file, name, _ in calls() if name.endswith("setOpenExternalLinks")] == []


# --- logs -------------------------------------------------------------------------------------------------

PRIVATE = {
    "answer", "attached", "clip", "content", "draft", "heard", "message", "messages", "prompt", "question", "said",
    "selected", "spoken", "system", "text", "texts", "title", "token", "transcript", "turn", "turns", "utterance",
    "words",
}  # fmt: skip


def test_no_log_line_is_given_what_a_person_wrote():
    """By the names of what is passed to it: prompts, answers, drafts, titles, words that were heard, the token."""
    levels = {"debug", "info", "warning", "error", "exception", "critical", "log"}
    lines = [
        (file, call)
        for file, name, call in calls()
        if name.rpartition(".")[2] in levels and re.fullmatch(r"_?log(ger|ging)?", name.partition(".")[0])
    ]
    assert len(lines) > 15
    given = [
        (file, node.id if isinstance(node, ast.Name) else node.attr)
        for file, call in lines
        for argument in [*call.args[1:], *(one.value for one in call.keywords if one.arg == "extra")]
        for node in ast.walk(argument)
        if isinstance(node, ast.Name | ast.Attribute)
    ]
    assert [one for one in given if one[1] in PRIVATE] == []
    said = [(file, call.args[1 if ast.unparse(call.func).endswith(".log") else 0]) for file, call in lines]
    assert [file for file, words in said if not isinstance(words, ast.Constant)] == []
