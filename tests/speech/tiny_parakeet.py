"""A Parakeet (TDT) of the true published layout, made by mlx-audio's own classes, tiny and random. Test support."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
from mlx.utils import tree_flatten
from mlx_audio.stt.models.parakeet.parakeet import Model, ModelConfig

_ENGLISH, _EUROPEAN = 1_024, 8_192  # pieces of parakeet-tdt-0.6b-v2 and -v3

_SIZE = 5.0
_BLANK = 12.0
"""How much the blank is wanted everywhere, and how little that time stands still."""


def config(pieces: int) -> dict[str, Any]:
    """As NeMo writes it, with what mlx-audio reads; sizes are tiny."""
    vocabulary = ["<unk>", *(f"\u2581w{n}" if n % 3 else f"x{n}" for n in range(pieces - 3)), ".", "\u2581"]
    return {
        "target": "nemo.collections.asr.models.rnnt_bpe_models.EncDecRNNTBPEModel",
        "model_defaults": {"enc_hidden": 32, "pred_hidden": 32, "joint_hidden": 32, "tdt_durations": [0, 1, 2, 3, 4]},
        "sample_rate": 16_000,
        "preprocessor": {
            "sample_rate": 16_000,
            "normalize": "per_feature",
            "window_size": 0.025,
            "window_stride": 0.01,
            "window": "hann",
            "features": 128,
            "n_fft": 512,
            "dither": 1e-05,
            "pad_to": 0,
            "pad_value": 0.0,
        },
        "encoder": {
            "feat_in": 128,
            "n_layers": 2,
            "d_model": 32,
            "n_heads": 2,
            "ff_expansion_factor": 4,
            "subsampling": "dw_striding",
            "subsampling_factor": 8,
            "subsampling_conv_channels": 16,
            "causal_downsampling": False,
            "self_attention_model": "rel_pos",
            "pos_emb_max_len": 5_000,
            "conv_kernel_size": 9,
            "use_bias": False,
            "xscaling": False,
        },
        "decoder": {
            "blank_as_pad": True,
            "vocab_size": pieces,
            "prednet": {"pred_hidden": 32, "pred_rnn_layers": 2},
        },
        "joint": {
            "num_classes": pieces,
            "num_extra_outputs": 5,
            "vocabulary": vocabulary,
            "jointnet": {"joint_hidden": 32, "activation": "relu", "encoder_hidden": 32, "pred_hidden": 32},
        },
        "decoding": {"model_type": "tdt", "durations": [0, 1, 2, 3, 4], "greedy": {"max_symbols": 10}},
    }


def make_parakeet(folder: Path, *, european: bool = False, seed: int = 0) -> Path:
    folder.mkdir(parents=True)
    made = config(_EUROPEAN if european else _ENGLISH)
    (folder / "config.json").write_text(json.dumps(made))
    mx.save_safetensors(str(folder / "model.safetensors"), _weights(made, seed))
    return folder


def _weights(made: dict[str, Any], seed: int) -> dict[str, mx.array]:
    """Of such sizes that what is said depends on what is heard, and much of the sound says nothing."""
    rng = np.random.default_rng(seed)
    model: Any = Model(ModelConfig.from_dict(made))
    shapes: Any = tree_flatten(model.parameters())

    def drawn(name: str, like: mx.array) -> mx.array:
        if "norm" in name or name.endswith("running_var"):
            value = np.ones(like.shape) if name.endswith(("weight", "var")) else np.zeros(like.shape)
        elif len(like.shape) == 1:
            value = np.zeros(like.shape)
        else:
            value = rng.standard_normal(like.shape) * _SIZE / np.sqrt(np.prod(like.shape[1:]))
        return mx.array(value.astype(np.float32))

    weights = {name: drawn(name, value) for name, value in shapes}
    bias = np.zeros(weights["joint.joint_net.2.bias"].shape, np.float32)
    bias[made["joint"]["num_classes"]] = _BLANK
    bias[made["joint"]["num_classes"] + 1] = -_BLANK  # a duration of nothing
    weights["joint.joint_net.2.bias"] = mx.array(bias)
    return weights
