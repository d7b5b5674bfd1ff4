"""What plain mlx-vlm answers: the reference that exact mode must equal. Knows nothing of Cadre's engine."""

from __future__ import annotations

import importlib
import io
import json
import warnings
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
import numpy.typing as npt
from PIL import Image

_QWEN = ("qwen3_vl.processing_qwen3_vl", "Qwen3VLProcessor")
PROCESSORS = {
    "gemma4": ("gemma4.processing_gemma4", "Gemma4Processor"),
    "glm4v_moe": ("glm4v_moe.processing", "Glm46VMoEProcessor"),
    "kimi_vl": ("kimi_vl.processing_kimi_vl", "KimiVLProcessor"),
    "llama4": ("llama4.processing_llama4", "Llama4Processor"),
    "qwen3_5": _QWEN,
    "qwen3_5_moe": _QWEN,
    "qwen3_omni_moe": ("qwen3_omni_moe.processing_qwen3_omni_moe", "Qwen3OmniMoeProcessor"),
    "qwen3_vl": _QWEN,
    "qwen3_vl_moe": _QWEN,
}
Sound = npt.NDArray[np.float32]


@lru_cache(maxsize=8)
def load(path: Path) -> tuple[Any, Any]:
    """(model, processor), every expert in memory."""
    utils: Any = importlib.import_module("mlx_vlm.utils")
    model = utils.load_model(path)
    module, name = PROCESSORS[json.loads((path / "config.json").read_text())["model_type"]]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = getattr(importlib.import_module(f"mlx_vlm.models.{module}"), name)
        processor = made.from_pretrained(path, trust_remote_code=False)
    if name == "Llama4Processor":
        _with_the_whole(processor.image_processor)
    return model, processor


def _with_the_whole(image_processor: Any) -> None:
    """mlx-vlm's leaves out the last tile that its own prompt has a place for: the whole picture, shrunk."""
    split = image_processor._split_into_tiles

    def tiles(image: Image.Image, ratio: tuple[int, int]) -> list[Image.Image]:
        side = image_processor.size
        whole = [] if ratio == (1, 1) else [image.resize((side, side), Image.Resampling.BICUBIC)]
        return [*split(image, ratio), *whole]

    image_processor._split_into_tiles = tiles


def end(path: Path) -> int:
    """The token an answer ends with, as config.json says."""
    config = json.loads((path / "config.json").read_text())
    return int(config["eos_token_id"])


def greedy(path: Path, text: str, pictures: Sequence[bytes], n: int, sounds: Sequence[Sound] = ()) -> list[int]:
    """The n tokens that mlx-vlm's greedy search puts after a user's message with these before its text."""
    model, processor = load(path)
    ar: Any = importlib.import_module("mlx_vlm.generate.ar")
    media = [{"type": "image"} for _ in pictures] + [{"type": "audio"} for _ in sounds]
    messages = [{"role": "user", "content": [*media, {"type": "text", "text": text}]}]
    prompt = processor.tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    images = [Image.open(io.BytesIO(picture)) for picture in pictures]
    heard = {"audio": list(sounds), "padding": True, "sampling_rate": 16_000} if sounds else {}
    if "Glm" in type(processor).__name__:
        heard["return_tensors"] = "mlx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's about a call of mlx-vlm's
        inputs = dict(processor(text=[prompt], images=images or None, add_special_tokens=False, **heard))
    inputs = {name: value if isinstance(value, list | int) else mx.array(value) for name, value in inputs.items()}
    ids, pixels, _ = (inputs.pop(name, None) for name in ("input_ids", "pixel_values", "attention_mask"))
    model.language_model._position_ids = model.language_model._rope_deltas = None
    return [
        int(token) for token, _ in ar.generate_step(ids, model, pixels, None, max_tokens=n, temperature=0, **inputs)
    ]
