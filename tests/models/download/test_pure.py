"""What decides and knows no network: names, listings, pauses, pace, tokens."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import keyring.errors
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import Cancelled, KnownError
from engine.models.download import names, token
from engine.models.download.listing import listing
from engine.models.download.pace import Pace
from engine.models.download.patiently import patiently
from engine.models.download.progress import Progress, Pulled, Stage
from engine.models.download.pulling import check_config
from engine.models.download.refusals import retry_after
from engine.models.download.retrying import LIMIT, LONGEST, Interrupted, pause
from engine.models.download.stopping import Stop
from tests.models.download.hub_server import COMMIT, sibling


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("mlx-community/Qwen3-30B-A3B-4bit", "mlx-community/Qwen3-30B-A3B-4bit"),
        (" org/a_b.c-1 ", "org/a_b.c-1"),
        ("https://huggingface.co/org/name", "org/name"),
        ("https://huggingface.co/org/name/tree/main?x=1", "org/name"),
    ],
)
def test_repositories(text, name):
    assert names.repository(text) == name


@pytest.mark.parametrize(
    "text",
    ["", "name", "../x", "org/..", "org/.hidden", "org/a/b", "org/a--b", "/org/a", "org/a\0", "org/a\nb", "~/a",
     "org\\a/b", "org/" + "a" * 97, "https://huggingface.co/", "org/é"],
)  # fmt: skip
def test_what_is_no_repository(text):
    with pytest.raises(KnownError, match="no name of a repository") as caught:
        names.repository(text)
    assert caught.value.sentence.isprintable()


@given(st.text(max_size=30))
def test_a_name_that_passes_is_one_folder_below(text):
    try:
        name = names.repository(text)
    except KnownError:
        return
    assert name.count("/") == 1
    assert not any(part in ("", ".", "..") or part.startswith(".") for part in name.split("/"))


@pytest.mark.parametrize(
    "file", ["../model.safetensors", "/etc/model.json", "a/../../x", "a\\b.json", "~/x", "x\0.json"]
)
def test_a_file_that_would_leave_its_folder_refuses_the_whole(file):
    content = {"id": "org/name", "sha": COMMIT, "siblings": [sibling("model.safetensors", b"x"), sibling(file, b"x")]}
    with pytest.raises(KnownError, match="would leave its folder"):
        listing(content)


@pytest.mark.parametrize(
    ("file", "wanted"),
    [("config.json", True), ("model-00001-of-00002.safetensors", True), ("chat_template.jinja", True),
     ("tokenizer.model", True), ("LICENSE", True), ("model.py", False), ("pytorch_model.bin", False),
     ("model.pkl", False), ("original/model.safetensors", False), ("adapters.safetensors", False),
     ("speech_tokenizer/model.safetensors", True), ("speech_tokenizer/config.json", True), ("voices/a.py", False),
     ("embeddings/alba.safetensors", True), ("default-voice.safetensors", True), ("voices/b/a.safetensors", False),
     ("onnx/model.safetensors", False), ("speech_tokenizer/.safetensors", False),
     (".gitattributes", False), ("model.gguf", False), ("-rf.json", False)],
)  # fmt: skip
def test_files(file, wanted):
    assert names.is_wanted(file) == wanted


WEIGHTS = sibling("model.safetensors", b"x")


@pytest.mark.parametrize(
    "answer",
    [None, [], {}, {"id": 3}, {"id": "org/name", "sha": "main", "siblings": [WEIGHTS]},
     {"id": "org/name", "sha": COMMIT, "siblings": {}}, {"id": "org/name", "sha": COMMIT, "siblings": [3]},
     {"id": "org/name", "sha": COMMIT, "siblings": [WEIGHTS, WEIGHTS]},
     {"id": "org/name", "sha": COMMIT, "siblings": [WEIGHTS | {"lfs": {"sha256": "../../x", "size": 3}}]},
     {"id": "org/name", "sha": COMMIT, "siblings": [WEIGHTS | {"lfs": {"sha256": "0" * 64, "size": -3}}]},
     {"id": "org/name", "sha": COMMIT, "siblings": [WEIGHTS | {"lfs": {"sha256": "0" * 64, "size": True}}]},
     {"id": "../..", "sha": COMMIT, "siblings": [WEIGHTS]}],
)  # fmt: skip
def test_strange_answers(answer):
    with pytest.raises(KnownError):
        listing(answer)


@pytest.mark.parametrize(("file", "words"), [("model.gguf", "only GGUF"), ("x.bin", "no model")])
def test_no_weights(file, words):
    with pytest.raises(KnownError, match=words):
        listing({"id": "org/name", "sha": COMMIT, "siblings": [sibling(file, b"x")]})


def test_weights_come_last_and_the_config_first():
    files = ["model.safetensors", "a.json", "config.json"]
    listed = listing({"id": "org/name", "sha": COMMIT, "siblings": [sibling(file, b"x") for file in files]})
    assert [file.name for file in listed.files] == ["config.json", "a.json", "model.safetensors"]


# --- pauses ---------------------------------------------------------------------------------------------------


@given(st.integers(1, 200), st.none() | st.floats(0, 1e9))
def test_pauses(failures, asked):
    seconds = pause(failures, asked)
    if failures > LIMIT:
        assert seconds is None
        return
    assert seconds is not None
    assert 1 <= seconds <= 900
    assert asked is None or seconds >= min(asked, 900)
    assert asked is not None or seconds <= LONGEST


def test_pauses_grow():
    assert [pause(n) for n in (1, 2, 3, 7, LIMIT)] == [1, 2, 4, 60, 60]


NOW = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("7", 7), ("Sat, 21 Nov 2026 00:01:00 GMT", 60), ("Sat, 21 Nov 2026 00:01:00 -0000", 60),
     ("Wed, 21 Oct 2015 07:28:00 GMT", 0), ("", None), ("soon", None), ("-3", None)],
)  # fmt: skip
def test_retry_after(text, seconds):
    assert retry_after(text, NOW) == seconds


class Impatient(Stop):
    """Waits for nothing, and remembers for how long it would have."""

    def __init__(self):
        super().__init__()
        self.waited = []

    def wait(self, seconds):
        self.check()
        self.waited.append(seconds)


def attempts(*outcomes):
    waiting = list(outcomes)

    def attempt(tell):
        outcome = waiting.pop(0)
        if isinstance(outcome, int):
            tell(Progress(Stage.LOADING, "x", outcome, 100, outcome))
            outcome = Interrupted("The line broke.")
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return attempt


def nothing(*_):
    pass


def test_bytes_between_failures_make_patience_new():
    stop = Impatient()
    broken = Interrupted("The line broke.")
    here = Pulled("org/a", Path(), "", 0, 0, 0)
    assert patiently(attempts(broken, broken, 7, broken, here), stop, nothing, nothing) is here
    assert stop.waited == [1, 2, 1, 2]


def test_patience_ends():
    stop = Impatient()
    with pytest.raises(KnownError, match="The line broke"):
        patiently(attempts(*[Interrupted("The line broke.")] * (LIMIT + 1)), stop, nothing, nothing)
    assert len(stop.waited) == LIMIT


def test_stopped_while_it_waits():
    stop = Impatient()
    with pytest.raises(Cancelled):
        patiently(attempts(Interrupted("The line broke.")), stop, nothing, lambda *_: stop.set())


def test_pace():
    pace = Pace()
    assert (pace.bytes_per_second, pace.seconds_left(10)) == (0, None)
    for second in range(60):
        pace.add(float(second), second * 100)
    assert pace.bytes_per_second == 100
    assert pace.seconds_left(1000) == 10
    pace.add(61.0, 0)
    assert pace.bytes_per_second == 0


# --- tokens ---------------------------------------------------------------------------------------------------


class FakeVault:
    def __init__(self, secret=None):
        self.secret = secret

    def read(self):
        return self.secret

    def write(self, secret):
        self.secret = secret

    def delete(self):
        self.secret = None


def test_the_environment_comes_before_the_keychain(monkeypatch):
    assert token.token(FakeVault("hf_kept")) == "hf_kept"
    monkeypatch.setenv("HF_TOKEN", " hf_given ")
    assert token.token(FakeVault("hf_kept")) == "hf_given"


def test_a_token_is_kept_without_its_line_end():
    vault = FakeVault()
    token.keep("hf_abcdefgh\n", vault)
    assert vault.secret == "hf_abcdefgh"


@pytest.mark.parametrize("text", ["", "hf", "two words here", "hf_abc\r\nX: injected", "é" * 20])
def test_what_is_no_token(text):
    with pytest.raises(KnownError, match="does not look like a token"):
        token.keep(text, FakeVault())


def test_a_keychain_that_does_not_open(monkeypatch):
    def refuse(*_):
        raise keyring.errors.KeyringLocked

    for name in ("get_password", "set_password", "delete_password"):
        monkeypatch.setattr(keyring, name, refuse)
    vault = token.Keychain()
    assert vault.read() is None
    with pytest.raises(KnownError, match="would not take"):
        vault.write("hf_secret")
    with pytest.raises(KnownError, match="would not open"):
        vault.delete()


def test_the_keychain_keeps_one_secret(monkeypatch):
    kept: dict[object, str] = {}
    monkeypatch.setattr(keyring, "get_password", lambda *of: kept.get(of))
    monkeypatch.setattr(
        keyring, "set_password", lambda service, account, secret: kept.update({(service, account): secret})
    )
    monkeypatch.setattr(keyring, "delete_password", lambda *of: kept.pop(of))
    vault = token.Keychain()
    vault.write("hf_secret")
    assert vault.read() == "hf_secret"
    vault.delete()
    assert kept == {}


@pytest.mark.parametrize(
    "config",
    [
        {"model_type": "qwen3_moe"},
        {"model_type": "whisper"},
        {"target": "nemo.collections.asr.models.rnnt_bpe_models.EncDecRNNTBPEModel"},
        {"model_type": "pocket_tts"},
        {"model_type": "qwen3_tts", "tts_model_type": "custom_voice"},
        {"model_type": "soprano"},
    ],
)
def test_what_answers_listens_or_speaks_is_loaded(tmp_path, config):
    (tmp_path / "config.json").write_text(json.dumps(config))
    check_config(tmp_path / "config.json", "org/name")


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"model_type": "bert"}, "does not know models of the type bert"),
        ({"model_type": "qwen3_tts", "tts_model_type": "base"}, "does not know models of the type qwen3_tts"),
        ({}, "names no model type"),
        ([], "names no model type"),
        ({"model_type": "whisper", "model_file": "run.py"}, "program code of its own"),
    ],
)
def test_what_does_not_is_refused_before_it_is_loaded(tmp_path, config, said):
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(KnownError, match=said):
        check_config(tmp_path / "config.json", "org/name")
