"""Which models see and hear through Cadre, told without importing mlx-vlm: that would start MLX."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cache
from importlib.util import find_spec

from engine.checkpoint.folder import Checkpoint
from engine.checkpoint.layout import Layout
from engine.messages import Turn


class Sense(StrEnum):
    """What a model takes beside words."""

    SIGHT = "sight"
    HEARING = "hearing"


_SIGHT = frozenset({Sense.SIGHT})
_BOTH = frozenset(Sense)

FAMILIES: Mapping[str, frozenset[Sense]] = {
    "gemma4": _SIGHT,
    "glm4v_moe": _SIGHT,
    "kimi_vl": _SIGHT,
    "llama4": _SIGHT,
    "qwen3_5": _SIGHT,
    "qwen3_5_moe": _SIGHT,
    "qwen3_omni_moe": _BOTH,
    "qwen3_vl": _SIGHT,
    "qwen3_vl_moe": _SIGHT,
}
"""Model types checked against mlx-vlm, and with which senses (docs/pictures.md)."""

WORDS_BY_MLX_VLM = frozenset({"glm4v_moe", "kimi_vl", "qwen3_omni_moe"})
"""Of these, those whose whole checkpoints mlx-lm cannot open: words alone go through mlx-vlm's classes, too."""

REFUSED: Mapping[str, str] = {
    "ernie4_5_moe_vl": "mlx-vlm lets the experts for words answer for pictures, so there is nothing right to equal",
}
"""Model types that are not run, and why (docs/pictures.md)."""

_NEEDED = {Sense.SIGHT: ("mlx_vlm", "PIL"), Sense.HEARING: ("mlx_vlm", "soundfile")}
_CANNOT = {Sense.SIGHT: "see pictures", Sense.HEARING: "hear sounds"}
_WHAT = {Sense.SIGHT: "pictures", Sense.HEARING: "sounds"}
_WHO = {Sense.SIGHT: "sees", Sense.HEARING: "hears"}


def senses(checkpoint: Checkpoint, plan: Layout) -> frozenset[Sense]:
    """What this checkpoint takes beside words here: its type, its encoders, and the extra that runs them."""
    if plan.encoder_bytes == 0:
        return frozenset()
    given = FAMILIES.get(checkpoint.model_type, frozenset())
    return frozenset(sense for sense in given if _installed(sense))


def media(turns: Sequence[Turn]) -> frozenset[Sense]:
    """The senses that these turns speak to."""
    seen = {Sense.SIGHT} if any(turn.images for turn in turns) else set()
    return frozenset(seen | ({Sense.HEARING} if any(turn.audio for turn in turns) else set()))


def sees(checkpoint: Checkpoint, plan: Layout) -> bool:
    return Sense.SIGHT in senses(checkpoint, plan)


def hears(checkpoint: Checkpoint, plan: Layout) -> bool:
    return Sense.HEARING in senses(checkpoint, plan)


def refusal(checkpoint: Checkpoint, plan: Layout, sense: Sense) -> tuple[str, str]:
    """(sentence, next step) for a picture or a sound given to a model that does not take it here."""
    reason, remedy = why_not(checkpoint, plan, sense)
    return f"{checkpoint.path.name} cannot {_CANNOT[sense]}: {reason}.", remedy


def why_blind(checkpoint: Checkpoint, plan: Layout) -> tuple[str, str]:
    return why_not(checkpoint, plan, Sense.SIGHT)


def why_not(checkpoint: Checkpoint, plan: Layout, sense: Sense) -> tuple[str, str]:
    """(the sentence's reason, next step)."""
    those = ", ".join(sorted(kind for kind, given in FAMILIES.items() if sense in given))
    another = f"Choose a model that {_WHO[sense]} ({those}), or ask in words."
    if plan.encoder_bytes == 0:
        return "it reads text only", another
    if checkpoint.model_type not in FAMILIES:
        return f"Cadre cannot give {_WHAT[sense]} to this kind of model yet", another
    if sense not in FAMILIES[checkpoint.model_type]:
        return f"this kind of model takes no {_WHAT[sense]} here", another
    return "the vision extra is not installed", "Install it: pip install 'cadre[vision]'."


@cache
def _installed(sense: Sense) -> bool:
    return all(find_spec(package) is not None for package in _NEEDED[sense])
