"""Pocket TTS (Kyutai) and its kin Phonon (Gradium) through mlx-audio: small voices without a phonemiser.

Sound comes a frame at a time, some 80 ms. How somebody sounds is a file of its own in the folder, which mlx-audio would
otherwise fetch from the network: here it is refused. Loads safetensors, JSON and a SentencePiece tokenizer.
Engine thread: owns MLX arrays.
"""

from __future__ import annotations

import warnings
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import KnownError
from engine.models.places import model_name
from engine.speech.chance import by_itself
from engine.speech.sound import Samples
from engine.speech.speech_folder import POCKET, read_config, voice_kind

_FIRST = ("default", "alba")
"""Which of several voices speaks, as mlx-audio chooses."""
_POSITIONS = 2_048
_CACHE = 64 << 20


class Pocket:
    def __init__(self, folder: Path) -> None:
        """Raises KnownError: no Pocket TTS, not a whole one, or one without a voice."""
        self._person = _person(folder)
        self._model = _load(folder)
        self.name = f"Pocket TTS ({model_name(folder)})"
        self.rate = int(self._model.sample_rate)

    def speak(self, sentence: str) -> Generator[Samples, None, None]:
        return by_itself(self._steps(sentence))

    def _steps(self, sentence: str) -> Iterator[Samples]:
        model = self._model
        state = model.get_state_for_audio_prompt(self._person)
        for frame in model.generate_audio_stream(state, sentence):
            yield np.array(frame, np.float32)

    def close(self) -> None:
        import mlx.core as mx

        self._model = None
        mx.clear_cache()


def work_space(config: dict[str, Any]) -> int:
    """Bytes beside the weights: the cache of a sentence and who says it, the first frames' attention, one frame of the
    codec. An upper bound.
    """
    speaking, codec = config["flow_lm"], config["mimi"]
    speaking = {**speaking, **speaking.get("transformer", {})}
    codec = {**codec, **codec.get("seanet", {})}
    cache = 4 * 2 * speaking["num_layers"] * speaking["d_model"] * _POSITIONS
    attention = 4 * 3 * speaking["num_heads"] * (_POSITIONS // 2) ** 2
    frame = 4 * 64 * codec["n_filters"] * int(codec["sample_rate"] / codec["frame_rate"])
    return int(cache + attention + frame) + _CACHE


def _person(folder: Path) -> Path:
    voices = {
        file.stem.casefold(): file
        for place in (folder / "voices", folder / "embeddings")
        for file in sorted(place.glob("*.safetensors"))
    }
    default = folder / "default-voice.safetensors"
    if default.is_file():
        voices.setdefault("default", default)
    if not voices:
        raise KnownError(
            f"{model_name(folder)} comes without anybody's voice.",
            "Put one into its folder as embeddings/alba.safetensors: kyutai/pocket-tts-without-voice-cloning has some.",
        )
    return next((voices[name] for name in _FIRST if name in voices), next(iter(voices.values())))


def _load(folder: Path) -> Any:
    name = model_name(folder)
    if voice_kind(folder) != POCKET:
        raise KnownError(f"{name} is no Pocket TTS model.", "Give the folder of one.")
    if not any((folder / file).is_file() for file in _tokenizers(read_config(folder))):
        raise KnownError(f"{name} comes without its tokenizer.", "Download it again.")
    from mlx_audio.tts.utils import load_model

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return load_model(folder, model_type="pocket_tts", strict=True)
    except (OSError, KeyError, RuntimeError, TypeError, ValueError, AttributeError) as error:
        raise KnownError(f"{name} is not a whole Pocket TTS model: {error}.", "Download it again.") from error


def _tokenizers(config: dict[str, Any]) -> list[str]:
    """Names of files in the folder; without any of them mlx-audio would ask the network."""
    named = config.get("tokenizer_name")
    return ["tokenizer.model", "tokenizer.json", *([named] if isinstance(named, str) else [])]
