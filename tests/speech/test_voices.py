"""Voices of mlx-audio on tiny random ones of the true layout: always the samples of one direct call."""

from __future__ import annotations

import json
from typing import Any

import mlx.core as mx
import numpy as np
import pytest

from engine.errors import KnownError
from engine.models import care
from engine.models.catalogue import installed
from engine.speech import pocket, soprano
from engine.speech.qwen_voice import QwenVoice
from engine.speech.speech_folder import POCKET, QWEN, SOPRANO
from engine.speech.voices import bytes_needed, open_voice
from tests.speech.tiny_parakeet import make_parakeet
from tests.speech.tiny_pocket import make_pocket
from tests.speech.tiny_qwen_voice import make_qwen_voice
from tests.speech.tiny_soprano import make_soprano

SENTENCES = ["Hello there, this is a test.", "In 1984 it cost $5.", "Yes."]
LONG = "Good morning. How are you doing today?"
"""The tiny Soprano speaks on to its limit."""


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    where = tmp_path_factory.mktemp("models")
    return {
        "soprano": make_soprano(where / "first"),  # told by its weights, not by its name
        "soprano-1.1": make_soprano(where / "second", kernel=1),
        "pocket": make_pocket(where / "third"),
        "qwen": make_qwen_voice(where / "fourth"),
    }


@pytest.fixture(scope="module")
def opened(folders):
    voices = {name: open_voice(str(folder)) for name, folder in folders.items()}
    yield voices
    for voice in voices.values():
        voice.close()


@pytest.fixture(params=["soprano", "soprano-1.1", "pocket", "qwen"])
def voice(request, opened):
    return opened[request.param]


def direct(voice, sentence):
    """mlx-audio alone; the one that streams, streamed a frame at a time."""
    mx.random.seed(0)
    streamed = {"voice": "ryan", "max_tokens": 512, "stream": True, "streaming_interval": 0.08}
    options = streamed if isinstance(voice, QwenVoice) else {}
    return np.concatenate([np.array(made.audio) for made in voice._model.generate(sentence, **options)])


def spoken(voice, sentence):
    return np.concatenate(list(voice.speak(sentence)))


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_sentence_is_one_direct_call(voice, sentence):
    sound = spoken(voice, sentence)
    assert np.array_equal(sound, direct(voice, sentence))
    assert np.abs(sound).max() > 0.01
    assert sound.dtype == np.float32


def test_whatever_else_draws_random_numbers_in_between(voice):
    """And it takes none of theirs."""
    mx.random.seed(7)
    alone = np.array(mx.random.normal((40,)))
    mx.random.seed(7)
    theirs, pieces = list[np.ndarray](), list[np.ndarray]()
    for piece in voice.speak(SENTENCES[0]):
        pieces.append(piece)
        if len(theirs) < 4:
            theirs.append(np.array(mx.random.normal((10,))))

    mx.random.seed(7)
    assert np.array_equal(theirs[0], np.array(mx.random.normal((10,))))
    assert len(alone) == 40
    assert np.array_equal(np.concatenate(pieces), direct(voice, SENTENCES[0]))


def test_one_that_is_left_off_leaves_no_trace(voice):
    whole = spoken(voice, SENTENCES[0])
    steps = voice.speak(SENTENCES[1])
    next(steps)
    next(steps)
    steps.close()
    assert np.array_equal(spoken(voice, SENTENCES[0]), whole)


def test_a_sentence_of_soprano_that_never_ends_is_ended(opened, monkeypatch):
    monkeypatch.setattr(soprano, "_TOKENS", 40)  # of 512, half a minute
    sound = spoken(opened["soprano"], LONG)
    assert len(sound) == 40 * 2048
    mx.random.seed(0)
    assert np.array_equal(sound, np.array(next(iter(opened["soprano"]._model.generate(LONG, max_tokens=40))).audio))


def test_soprano_refuses_what_has_no_letter_that_it_knows(opened):
    with pytest.raises(KnownError, match="only Latin letters"):
        opened["soprano"].speak("\u4f60\u597d\u3002")


def test_qwens_codec_is_loaded_as_mlx_audio_loads_it(folders, opened, capsys):
    """By its own loader, and decoded at once instead of frame by frame."""
    from mlx_audio.tts.utils import load_model

    model = load_model(folders["qwen"], model_type="qwen3_tts", strict=True)
    mx.random.seed(0)
    whole = np.array(next(iter(model.generate(SENTENCES[0], voice="ryan", max_tokens=512))).audio)
    sound = spoken(opened["qwen"], SENTENCES[0])
    assert np.abs(whole - sound[: len(whole)]).max() < 1e-5
    assert "Loaded speech tokenizer" in capsys.readouterr().out  # which ours does not print


@pytest.mark.parametrize("name", ["soprano", "pocket", "qwen"])
def test_a_folder_says_what_it_needs(folders, name):
    voice = open_voice(str(folders[name]))
    mx.clear_cache()
    mx.reset_peak_memory()
    before = mx.get_active_memory()
    spoken(voice, SENTENCES[0] if name == "qwen" else LONG)
    weights = sum(file.stat().st_size for file in folders[name].rglob("*.safetensors"))
    assert mx.get_peak_memory() - before < bytes_needed(str(folders[name])) - weights
    voice.close()


def test_the_first_of_several_people_is_the_one_that_mlx_audio_takes(folders, tmp_path):
    alba = make_pocket(tmp_path / "a", voices=("alba",))
    both = np.concatenate(list(open_voice(str(folders["pocket"])).speak(SENTENCES[0])))
    assert np.array_equal(both, np.concatenate(list(open_voice(str(alba)).speak(SENTENCES[0]))))


def test_the_catalogue_tells_voices_from_models_that_answer(folders, home):
    models = home / "models"
    models.mkdir()
    for name, folder in folders.items():
        (models / name).symlink_to(folder)
    make_parakeet(models / "listener")
    found = {model.name: model for model in installed() if model.name != "builtin"}

    assert {name: model.voice for name, model in found.items()} == {
        "soprano": SOPRANO,
        "soprano-1.1": SOPRANO,
        "pocket": POCKET,
        "qwen": QWEN,
        "listener": "",
    }
    assert found["listener"].speech == "parakeet"
    assert all(model.unasked and not model.problem for model in found.values())
    assert all(care.verify(model).problem is None for model in found.values())


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("CADRE_HOME", str(tmp_path))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path


def copied(folder, to):
    for file in folder.rglob("*"):
        if file.is_file():
            target = to / file.relative_to(folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read_bytes())
    return to


def without_a_weight(folder):
    weights: Any = mx.load(str(folder / "model.safetensors"))
    mx.save_safetensors(str(folder / "model.safetensors"), {name: weights[name] for name in sorted(weights)[1:]})


def edited(key):
    def edit(folder):
        config = json.loads((folder / "config.json").read_text())
        del config[key]
        (folder / "config.json").write_text(json.dumps(config))

    return edit


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("soprano", without_a_weight, "not a whole Soprano"),
        ("soprano", edited("hidden_size"), "not a whole Soprano"),
        ("soprano", lambda folder: (folder / "tokenizer.json").unlink(), "not a whole Soprano"),
        ("soprano", lambda folder: (folder / "model.safetensors").unlink(), "no voice that Cadre can speak with"),
        ("qwen", without_a_weight, "not a whole Qwen3-TTS"),
        ("qwen", lambda folder: without_a_weight(folder / "speech_tokenizer"), "not a whole Qwen3-TTS"),
        ("qwen", lambda folder: (folder / "speech_tokenizer" / "model.safetensors").unlink(), "without its codec"),
        ("qwen", edited("tts_model_type"), "has no voice of its own"),
        ("pocket", without_a_weight, "not a whole Pocket TTS"),
        ("pocket", edited("mimi"), "not a whole Pocket TTS"),
        ("pocket", lambda folder: (folder / "tokenizer.json").unlink(), "without its tokenizer"),
        ("pocket", lambda folder: [f.unlink() for f in folder.glob("embeddings/*")], "without anybody's voice"),
        ("pocket", lambda folder: (folder / "config.json").write_text("{}"), "no voice that Cadre can speak with"),
        ("pocket", lambda folder: (folder / "config.json").write_text("["), "no readable config.json"),
    ],
)
def test_what_is_no_whole_voice_is_one_sentence(folders, tmp_path, monkeypatch, name, change, said):
    monkeypatch.setattr("mlx_audio.tts.models.pocket_tts.utils.hf_hub_download", no_network)
    folder = copied(folders[name], tmp_path / "copy")
    change(folder)
    with pytest.raises(KnownError, match=said) as refused:
        open_voice(str(folder))
    assert refused.value.next_step


def no_network(*_args, **_kwargs):
    raise AssertionError("asked the network")


def test_a_config_of_another_is_one_sentence_also_when_only_its_size_is_asked(folders, tmp_path):
    folder = copied(folders["pocket"], tmp_path / "copy")
    edited("mimi")(folder)
    with pytest.raises(KnownError, match="not that of a voice"):
        bytes_needed(str(folder))


def test_a_published_pocket_tts_needs_under_half_a_gigabyte_of_work_space():
    """100 million parameters: 1024 wide, 6 layers; frames of 1,920 samples."""
    needs = pocket.work_space({
        "flow_lm": {"transformer": {"d_model": 1024, "num_heads": 16, "num_layers": 6}},
        "mimi": {"sample_rate": 24_000, "frame_rate": 12.5, "seanet": {"n_filters": 64}},
    })  # fmt: skip
    assert needs < 500_000_000
