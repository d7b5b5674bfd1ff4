"""Soprano through mlx-audio: an English voice of 80 million parameters, without a phonemiser.

A language model whose last hidden states become sound, all of a sentence at once when its last token is there.
Loads safetensors and JSON. Engine thread: owns MLX arrays.
"""

from __future__ import annotations

import warnings
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from engine.checkpoint.safetensors import read_header
from engine.errors import KnownError
from engine.models.places import model_name
from engine.speech.chance import by_itself
from engine.speech.loading import install, tokenizer
from engine.speech.sound import Samples
from engine.speech.speech_folder import SOPRANO, read_config, voice_kind

_TOKENS = 512
"""mlx-audio's most for a sentence, half a minute."""
_TEMPERATURE, _TOP_P = 0.3, 0.95
"""mlx-audio's."""
_PROMPT = 256
_CACHE = 64 << 20
_NOTHING: Samples = np.zeros(0, np.float32)


class Soprano:
    def __init__(self, folder: Path) -> None:
        """Raises KnownError: no Soprano, or not a whole one."""
        self._model = _load(folder)
        self.name = f"Soprano ({model_name(folder)})"
        self.rate = int(self._model.sample_rate)

    def speak(self, sentence: str) -> Generator[Samples, None, None]:
        from mlx_audio.tts.models.soprano import clean_text

        if not any(letter.isalnum() for letter in clean_text(sentence)):
            raise KnownError(
                "Soprano reads only Latin letters and digits, and this sentence has none.",
                "Choose another voice for it: the system's reads every language that it knows.",
            )
        return by_itself(self._steps(" ".join(sentence.split())))

    def _steps(self, sentence: str) -> Iterator[Samples]:
        """As mlx-audio's `generate` does it, a token at a time."""
        import mlx.core as mx

        model = self._model
        for prompt, _, _ in model._preprocess_text([sentence]):
            hidden = []
            tokens = model._tokenize(prompt)
            for _, state in model.stream_generate(tokens, _TOKENS, temperature=_TEMPERATURE, top_p=_TOP_P):
                hidden.append(state)
                yield _NOTHING
            sound = model.decoder(mx.concatenate(hidden, axis=1))[0]
            length = (len(hidden) - 1) * model.config.decoder_config.token_size
            yield np.array(sound[-length:] if length else sound, np.float32)

    def close(self) -> None:
        import mlx.core as mx

        self._model = None
        mx.clear_cache()


def work_space(config: dict[str, Any]) -> int:
    """Bytes beside the weights for the longest sentence: its cache, then the decoder's widest layer and the spectra. An
    upper bound.
    """
    positions = _TOKENS + _PROMPT
    heads = config["num_key_value_heads"] * config["head_dim"]
    cache = 4 * 2 * config["num_hidden_layers"] * heads * (positions + 256)
    frames = 4 * (_TOKENS + 1)
    wide, n_fft = 2304, 2048  # the larger of the published decoders
    decoder = 4 * frames * (6 * wide + 12 * n_fft)
    return int(cache + 4 * positions * config["vocab_size"] + decoder) + _CACHE


def _load(folder: Path) -> Any:
    """Not by mlx-audio's `load_model`, which tells the two published decoders apart by the folder's name."""
    name = model_name(folder)
    if voice_kind(folder) != SOPRANO:
        raise KnownError(f"{name} is no Soprano model.", "Give the folder of one.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _loaded(folder, read_config(folder))
    except (OSError, KeyError, RuntimeError, TypeError, ValueError, AttributeError) as error:
        raise KnownError(f"{name} is not a whole Soprano model: {error}.", "Download it again.") from error


def _loaded(folder: Path, config: dict[str, Any]) -> Any:
    from mlx_audio.tts.models.soprano import Model, ModelConfig

    made = ModelConfig.from_dict({key: value for key, value in config.items() if key != "decoder_config"})
    made.decoder_config = _decoder(folder)
    model: Any = Model(made)
    install(model, config, folder)
    model.tokenizer = tokenizer(folder)
    return model.post_load_hook(folder)


def _decoder(folder: Path) -> Any:
    """By the shapes of its weights. The first convolution is [width, kernel, channels], or torch's [.., .., kernel]."""
    from mlx_audio.tts.models.soprano import DecoderConfig

    shapes = {
        name: info.shape for file in folder.glob("model*.safetensors") for name, info in read_header(file).items()
    }
    width, kernel, _ = shapes["decoder.decoder.embed.weight"]
    layers = {name.split(".")[3] for name in shapes if name.startswith("decoder.decoder.convnext.")}
    inner = shapes["decoder.decoder.convnext.0.pwconv1.bias"][0]
    return DecoderConfig(
        decoder_num_layers=len(layers), decoder_dim=width, decoder_intermediate_dim=inner, input_kernel=kernel
    )
