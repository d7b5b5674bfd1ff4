"""Qwen3-TTS with voices of its own (CustomVoice) through mlx-audio: ten languages, without a phonemiser.

Sound comes a frame at a time, 80 ms. The kinds that imitate a recording or a description have no voice to choose and
are refused. Loads safetensors and JSON, and of the codec only what makes sound. Engine thread: owns MLX arrays.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import KnownError
from engine.models.places import model_name
from engine.speech.chance import by_itself
from engine.speech.loading import install, tokenizer, weights
from engine.speech.sound import Samples
from engine.speech.speech_folder import QWEN, read_config, voice_kind

_FIRST = ("ryan", "aiden")
"""Who speaks: the published ones whose first language is English; else the first of the config."""
_FRAME = 0.08
_FRAMES = 512
"""The most for a sentence, 41 seconds: one that never ends would take mlx-audio's 164."""
_PROMPT = 512
_CACHE = 64 << 20
_CODEC = "speech_tokenizer"


class QwenVoice:
    def __init__(self, folder: Path) -> None:
        """Raises KnownError: no Qwen3-TTS, not a whole one, or one without voices."""
        self._model = _load(folder)
        speakers = self._model.supported_speakers
        self._person = next((name for name in _FIRST if name in speakers), speakers[0])
        self.name = f"Qwen3-TTS ({model_name(folder)})"
        self.rate = int(self._model.sample_rate)

    def speak(self, sentence: str) -> Generator[Samples, None, None]:
        return by_itself(self._steps(sentence))

    def _steps(self, sentence: str) -> Iterator[Samples]:
        for made in self._model.generate(
            sentence, voice=self._person, max_tokens=_FRAMES, stream=True, streaming_interval=_FRAME
        ):
            yield np.array(made.audio, np.float32)

    def close(self) -> None:
        import mlx.core as mx

        self._model = None
        mx.clear_cache()


def work_space(config: dict[str, Any]) -> int:
    """Bytes beside the weights: the caches of the longest sentence, what is asked at once, and the codec's windows. An
    upper bound for the published codec.
    """
    talker = config["talker_config"]
    heads = talker["num_key_value_heads"] * talker["head_dim"]
    positions = _FRAMES + _PROMPT + 256
    cache = 4 * 2 * talker["num_hidden_layers"] * heads * positions
    prompt = 4 * _PROMPT * (4 * talker["text_hidden_size"] + 8 * talker["intermediate_size"] + talker["vocab_size"])
    codec = 4 * 2 * 8 * 1024 * (_FRAMES + 256) + 4 * 16 * 1536 * 1920
    return int(cache + prompt + codec) + _CACHE


def _load(folder: Path) -> Any:
    name = model_name(folder)
    if voice_kind(folder) != QWEN:
        raise KnownError(f"{name} is no Qwen3-TTS model.", "Give the folder of one.")
    if not (folder / _CODEC / "model.safetensors").is_file():
        raise KnownError(f"{name} comes without its codec, the folder {_CODEC}.", "Download it again.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _loaded(folder, read_config(folder))
    except (OSError, KeyError, IndexError, RuntimeError, TypeError, ValueError, AttributeError) as error:
        raise KnownError(f"{name} is not a whole Qwen3-TTS model: {error}.", "Download it again.") from error


def _loaded(folder: Path, config: dict[str, Any]) -> Any:
    """Not by mlx-audio's `load_model`, which prints, and goes on where a part is missing."""
    from mlx_audio.tts.models.qwen3_tts import Model, ModelConfig

    if (bars := sys.modules.get("tqdm")) is not None:  # mlx-audio's
        bars.tqdm.monitor_interval = 0  # else a thread watches bars that nobody shows, for good
    model: Any = Model(ModelConfig.from_dict(config))
    install(model, config, folder)
    model.tokenizer = tokenizer(folder)
    model.load_speech_tokenizer(_codec(folder / _CODEC))
    if (folder / "generation_config.json").is_file():
        model.load_generate_config(json.loads((folder / "generation_config.json").read_text(encoding="utf-8")))
    if not model.supported_speakers:
        raise ValueError("its config names no voice")
    return model


def _codec(folder: Path) -> Any:
    """What turns codes into sound. What hears a voice to imitate it is left on disk."""
    import mlx.core as mx
    from mlx_audio.tts.models.qwen3_tts.config import Qwen3TTSTokenizerConfig, filter_dict_for_dataclass
    from mlx_audio.tts.models.qwen3_tts.speech_tokenizer import Qwen3TTSSpeechTokenizer

    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    known = filter_dict_for_dataclass(Qwen3TTSTokenizerConfig, config) | {"encoder_config": None}
    codec: Any = Qwen3TTSSpeechTokenizer(Qwen3TTSTokenizerConfig(**known))
    decoding = {name: value for name, value in weights(folder).items() if name.startswith("decoder.")}
    codec.load_weights(list(codec.sanitize(decoding).items()), strict=True)
    mx.eval(codec.parameters())
    codec.eval()
    return codec
