"""Which model types mlx-lm or mlx-vlm can build here, told without importing them: that would start MLX."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from engine.vision.families import FAMILIES

# Types that mlx-lm 0.32.2 builds with another type's classes (utils.MODEL_REMAPPING).
ALIASES = frozenset({
    "mistral", "llava", "phi-msft", "falcon_mamba", "joyai_llm_flash", "kimi_k2", "qwen2_5_vl", "minimax_m2",
    "iquestcoder", "xverse", "gemma4_unified", "deepseek_v41_text",
})  # fmt: skip
_NO_MODELS = frozenset({
    "__init__", "activations", "base", "bitlinear_layers", "cache", "gated_delta", "mla", "pipeline", "rope_utils",
    "ssm", "switch_layers",
    "olmo",  # ends the process when a package that Cadre does not bring is missing
})  # fmt: skip


def is_supported(model_type: str) -> bool:
    return model_type in FAMILIES or mlx_lm_builds(model_type)


def mlx_lm_builds(model_type: str) -> bool:
    return model_type in ALIASES or model_type in _model_files()


@cache
def _model_files() -> frozenset[str]:
    """One file for each type; a new mlx-lm needs a new process."""
    found = find_spec("mlx_lm")
    places = found.submodule_search_locations if found else None
    files = (file.stem for place in places or () for file in Path(place, "models").glob("*.py"))
    return frozenset(files) - _NO_MODELS
