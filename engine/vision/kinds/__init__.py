"""The table of kinds by model type; `families.py` names the same types without MLX. Engine thread."""

from __future__ import annotations

from collections.abc import Mapping

from engine.vision.kinds.gemma4 import GEMMA4
from engine.vision.kinds.glm import GLM4V_MOE
from engine.vision.kinds.kimi import KIMI_VL
from engine.vision.kinds.kind import Kind
from engine.vision.kinds.llama4 import LLAMA4
from engine.vision.kinds.qwen import QWEN3_OMNI, QWEN3_VL

KINDS: Mapping[str, Kind] = {
    "gemma4": GEMMA4,
    "glm4v_moe": GLM4V_MOE,
    "kimi_vl": KIMI_VL,
    "llama4": LLAMA4,
    "qwen3_5": QWEN3_VL,
    "qwen3_5_moe": QWEN3_VL,
    "qwen3_omni_moe": QWEN3_OMNI,
    "qwen3_vl": QWEN3_VL,
    "qwen3_vl_moe": QWEN3_VL,
}
