"""What plain mlx-vlm answers: the reference that exact mode must equal. Knows nothing of Cadre's engine."""

from __future__ import annotations

import importlib
import io
import warnings
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import mlx.core as mx
from PIL import Image

PROCESSORS = {
    "gemma4": ("mlx_vlm.models.gemma4.processing_gemma4", "Gemma4Processor"),
    "qwen3_5_moe": ("mlx_vlm.models.qwen3_vl.processing_qwen3_vl", "Qwen3VLProcessor"),
    "qwen3_vl_moe": ("mlx_vlm.models.qwen3_vl.processing_qwen3_vl", "Qwen3VLProcessor"),
}


@lru_cache(maxsize=4)
def load(path: Path) -> tuple[Any, Any]:
    """(model, processor), every expert in memory."""
    utils: Any = importlib.import_module("mlx_vlm.utils")
    model = utils.load_model(path)
    module, name = PROCESSORS[model.config.model_type]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        processor = getattr(importlib.import_module(module), name).from_pretrained(path, trust_remote_code=False)
    return model, processor


def greedy(path: Path, text: str, pictures: Sequence[bytes], n: int) -> list[int]:
    """The n tokens that mlx-vlm's greedy search puts after a user's message with these pictures before its text."""
    model, processor = load(path)
    ar: Any = importlib.import_module("mlx_vlm.generate.ar")
    content = [*({"type": "image"} for _ in pictures), {"type": "text", "text": text}]
    messages = [{"role": "user", "content": content}]
    prompt = processor.tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    images = [Image.open(io.BytesIO(picture)) for picture in pictures]
    inputs = dict(processor(text=[prompt], images=images or None, add_special_tokens=False))
    inputs = {name: value if isinstance(value, list) else mx.array(value) for name, value in inputs.items()}
    ids, pixels, _ = (inputs.pop(name, None) for name in ("input_ids", "pixel_values", "attention_mask"))
    model.language_model._position_ids = model.language_model._rope_deltas = None
    return [
        int(token) for token, _ in ar.generate_step(ids, model, pixels, None, max_tokens=n, temperature=0, **inputs)
    ]
