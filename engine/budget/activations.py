"""How much memory a prefill piece takes while it passes, from the model's config. Pure; an estimate.

Per token: the hidden state a few times, the widest of attention, and in the MoE layer k rows as wide as an
expert and three as wide as the hidden state (gathered, put out, put back in order). Attention's scores count as
the CPU materialises them. The factors were fitted to MLX's peak on three shapes, 64 to 512 tokens, all experts
resident (docs/memory.md); a prefill in groups takes less.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ITEM = 4
"""Bytes per element: float32, the widest that activations come in."""
FIXED = 160 << 20
"""MLX's buffer cache, readers' aligned buffers, Python's own."""
MOST_PIECE = 8192
LEAST_PIECE = 32


def per_token(config: Mapping[str, Any], context: int) -> int:
    """Bytes one token of a piece needs when `context` tokens are attended to."""
    hidden = _number(config, "hidden_size", 4096)
    k = _number(config, "num_experts_per_tok", _number(config, "top_k_experts", 8))
    width = _number(config, "moe_intermediate_size", _number(config, "intermediate_size", 4 * hidden))
    dense_width = _number(config, "intermediate_size", width)
    heads = _number(config, "num_attention_heads", 32)
    attention = 4 * heads * _number(config, "head_dim", max(1, hidden // heads))
    moe = k * (width + 3 * hidden)
    scores = int(_score_copies(config) * heads * context)
    return ITEM * (6 * hidden + attention + max(moe, 2 * dense_width) + scores)


def activations(config: Mapping[str, Any], piece: int, context: int) -> int:
    """Bytes for a piece of `piece` tokens and for the logits of the last one."""
    return FIXED + piece * per_token(config, context) + 4 * ITEM * _number(config, "vocab_size", 262_144)


def piece_size(config: Mapping[str, Any], tokens: int, room: int) -> int:
    """The longest piece whose activations stay within `room` bytes."""
    fits = max(0, room - FIXED) // max(per_token(config, tokens), 1)
    return max(LEAST_PIECE, min(tokens, fits, MOST_PIECE))


def _score_copies(config: Mapping[str, Any]) -> float:
    """How often attention holds all its scores at once, as on the CPU: sinks and added positions copy them."""
    if config.get("model_type") == "gpt_oss":
        return 3.5
    return 2.5 if config.get("kv_lora_rank") else 1.5


def _number(config: Mapping[str, Any], key: str, otherwise: int) -> int:
    value = config.get(key)
    if isinstance(value, list) and value:
        value = value[0]
    return value if isinstance(value, int) and value > 0 else otherwise
