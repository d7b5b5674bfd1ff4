"""Which models see through Cadre, told without importing mlx-vlm: that would start MLX."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec

from engine.checkpoint.folder import Checkpoint
from engine.checkpoint.layout import Layout

SIGHTED = frozenset({"gemma4", "qwen3_5_moe", "qwen3_vl_moe"})
"""Model types whose pictures are checked against mlx-vlm (docs/pictures.md)."""


def sees(checkpoint: Checkpoint, plan: Layout) -> bool:
    """Whether this checkpoint takes pictures here: its type, its encoder, and the extra that runs it."""
    return checkpoint.model_type in SIGHTED and plan.encoder_bytes > 0 and _installed()


def why_blind(checkpoint: Checkpoint, plan: Layout) -> tuple[str, str]:
    """(sentence's reason, next step) for a picture given to a model that takes none here."""
    if plan.encoder_bytes == 0:
        return "it reads text only", f"Choose a model that sees ({', '.join(sorted(SIGHTED))}), or ask in words."
    if checkpoint.model_type not in SIGHTED:
        return (
            "Cadre cannot show pictures to this kind of model yet",
            "Ask in words, or choose one that sees here (docs/pictures.md).",
        )
    return "the vision extra is not installed", "Install it: pip install 'cadre[vision]'."


@cache
def _installed() -> bool:
    return find_spec("mlx_vlm") is not None and find_spec("PIL") is not None
