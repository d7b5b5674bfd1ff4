"""A Whisper of the true published layout (vocabulary, special tokens, windows, names of weights), tiny and random."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
from mlx.utils import tree_flatten
from mlx_audio.stt.models.whisper.tokenizer import LANGUAGES
from mlx_audio.stt.models.whisper.whisper import Model, ModelDimensions
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

TEXT = 50_257  # tokens of text before the special ones, as in GPT-2
VOCABULARY = 51_865
DIMENSIONS = {
    "n_mels": 80,
    "n_audio_ctx": 1500,
    "n_audio_state": 32,
    "n_audio_head": 2,
    "n_audio_layer": 1,
    "n_vocab": VOCABULARY,
    "n_text_ctx": 448,
    "n_text_state": 32,
    "n_text_head": 2,
    "n_text_layer": 2,
}
_SIZES = {"token_embedding": 2.0, "decoder": 4.0, "query": 2.0, "value": 3.0, "out": 3.0}
_ENDING = 9.5
"""How much the end of text is wanted everywhere."""
_TIMES = 6.0
"""How little times are."""


def make_whisper(folder: Path, seed: int = 0) -> Path:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"model_type": "whisper", **DIMENSIONS}))
    mx.save_safetensors(str(folder / "model.safetensors"), _weights(seed))
    _write_tokenizer(folder)
    return folder


def _weights(seed: int) -> dict[str, mx.array]:
    """Of such sizes that what is said depends on what is heard and on what was said before, and ends at some point."""
    rng = np.random.default_rng(seed)
    model = Model(ModelDimensions(**DIMENSIONS))
    shapes: Any = tree_flatten(model.parameters())

    def drawn(name: str, like: mx.array) -> mx.array:
        if name.endswith("ln.weight") or "ln" in name.split(".")[-2]:
            return mx.ones(like.shape, mx.float16) if name.endswith("weight") else mx.zeros(like.shape, mx.float16)
        size = _SIZES.get(name.rsplit(".", 2)[-2], 1.5) / np.sqrt(like.shape[-1])
        return mx.array((rng.standard_normal(like.shape) * size).astype(np.float16))

    made = {name: drawn(name, value) for name, value in shapes if not name.startswith(("encoder._", "decoder._"))}
    # The first number of the decoder's end is always one: it speaks for the end of text, and against times, which are
    # so many that their sum would win.
    at_the_end = np.eye(DIMENSIONS["n_text_state"])[0]
    made["decoder.ln.bias"] = mx.array(at_the_end.astype(np.float16))
    made["decoder.ln.weight"] = mx.array((1 - at_the_end).astype(np.float16))
    tokens = np.array(made["decoder.token_embedding.weight"], np.float32)
    tokens[:, 0] = 0
    tokens[TEXT, 0], tokens[VOCABULARY - 1501 :, 0] = _ENDING, -_TIMES
    made["decoder.token_embedding.weight"] = mx.array(tokens.astype(np.float16))
    return made


def _write_tokenizer(folder: Path) -> None:
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = [*letters, *(f"\u0120w{n}" for n in range(TEXT - len(letters)))]
    special = [
        "<|endoftext|>",
        "<|startoftranscript|>",
        *(f"<|{code}|>" for code in list(LANGUAGES)[:99]),
        "<|translate|>",
        "<|transcribe|>",
        "<|startoflm|>",
        "<|startofprev|>",
        "<|nospeech|>",
        "<|notimestamps|>",
        *(f"<|{n * 0.02:.2f}|>" for n in range(1501)),
    ]
    assert len(words) + len(special) == VOCABULARY
    tokenizer = Tokenizer(models.BPE(vocab={word: n for n, word in enumerate([*words, *special])}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(special[:106])
    tokenizer.add_tokens(special[106:])
    tokenizer.save(str(folder / "tokenizer.json"))
    of = {"eos_token": special[0], "bos_token": special[0], "unk_token": special[0], "pad_token": special[0]}
    kind = {"tokenizer_class": "WhisperTokenizer", "processor_class": "WhisperProcessor", **of}
    (folder / "tokenizer_config.json").write_text(json.dumps(kind))
    (folder / "preprocessor_config.json").write_text(
        json.dumps({"feature_extractor_type": "WhisperFeatureExtractor", "feature_size": 80})
    )
