"""Attention of the encoders, some patches at a time, so that the scores of a large picture are never all there.

Every patch of a picture attends to every other. Where no kernel fuses that, as on a CPU, the scores of 16,000 patches
in 16 heads would take 17 GB, and of 65,000, which Qwen3-VL's processor lets pass, 275 GB. A patch's row of scores
needs no other row, so rows can be computed a few at a time. What is no wider than a fused kernel takes is padded for it
on a GPU, as mlx-vlm does in some of its families. Knows nothing of models. Engine thread.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import mlx.core as mx

MOST_SCORES = 64 << 20
"""Bytes of scores, in float32 and of all heads, that are held at once."""
_FUSED = (64, 80, 128)
"""Head widths that Metal's kernel for many queries takes."""
_CALLED = ("mlx_vlm.models.base", "mlx_vlm.models.qwen3_vl.vision", "mlx_vlm.models.qwen3_vl_moe.vision")
"""Where mlx-vlm's encoders find `ensure_fused_sdpa`; it is compiled, so it would keep what it called first."""

_stock = mx.fast.scaled_dot_product_attention


@contextmanager
def in_parts() -> Iterator[None]:
    """Inside, mlx-vlm's encoders attend by `attend`. Only this thread runs MLX, and nothing else runs inside."""
    fast: Any = mx.fast
    modules: list[Any] = [importlib.import_module(name) for name in _CALLED]
    before = [module.ensure_fused_sdpa for module in modules]
    fast.scaled_dot_product_attention = attend
    for module in modules:
        module.ensure_fused_sdpa = attend
    try:
        yield
    finally:
        fast.scaled_dot_product_attention = _stock
        for module, own in zip(modules, before, strict=True):
            module.ensure_fused_sdpa = own


def attend(q: mx.array, k: mx.array, v: mx.array, scale: float, mask: mx.array | None = None) -> mx.array:
    """[B, H, T, D] each; mask: added to the scores, or bool, of a shape that broadcasts to [B, H, T, T]."""
    width = q.shape[-1]
    target = next((one for one in _FUSED if width <= one), 0)
    if target and mx.default_device().type == mx.DeviceType.gpu:
        padding = [(0, 0)] * (q.ndim - 1) + [(0, target - width)]
        q, k, v = (mx.pad(one, padding) for one in (q, k, v))
        return _stock(q, k, v, scale=scale, mask=mask)[..., :width]
    rows = rows_at_once(q.shape[0] * q.shape[1], k.shape[-2])
    if q.shape[-2] <= rows:
        return _stock(q, k, v, scale=scale, mask=mask)
    parts = []
    for begin in range(0, q.shape[-2], rows):
        mine = mask if mask is None or mask.shape[-2] == 1 else mask[..., begin : begin + rows, :]
        part = _stock(q[..., begin : begin + rows, :], k, v, scale=scale, mask=mine)
        mx.eval(part)  # else the scores of many parts are there at once
        parts.append(part)
    return mx.concatenate(parts, axis=-2)


def rows_at_once(heads: int, keys: int) -> int:
    return max(1, MOST_SCORES // (4 * heads * max(keys, 1)))


def scores_bytes(heads: int, size: int) -> int:
    """What is held of scores when `size` patches attend to all of them: before softmax and after it."""
    return 2 * 4 * heads * size * min(size, rows_at_once(heads, size))
