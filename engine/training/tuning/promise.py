"""What a tuning will hold, computed before it begins. Pure; the activations are an estimate.

A layer's insides are computed anew for the gradients (layers.py), so that at any time there are one layer's, with
their gradients, and the input of every layer. The factors were fitted to MLX's peak on the CPU (docs/tuning.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from engine.budget.activations import FIXED, ITEM, per_token
from engine.budget.plan import Plan, Terms, Wish, plan
from engine.budget.points import Shape
from engine.errors import KnownError
from engine.messages import Memory, Mode

LEAST_LONGEST = 64
"""Tokens: sequences are not cut shorter for memory."""
_BACKWARD = 4
"""A layer's activations while its gradients are computed, beside those of a forward alone."""
_LOGITS = 5
"""As they come, as float32, their softmax, and the gradients."""
_STATE = 6
"""What is learnt, the gradients of a sequence and their sum, the optimiser's two moments, and what passes."""


@dataclass(frozen=True)
class Promise:
    """plan: for `count` residents; fits: the most that memory holds. longest: tokens of a sequence."""

    plan: Plan
    fits: int
    longest: int

    @property
    def memory(self) -> Memory:
        return self.plan.memory


def learnt_parameters(config: Mapping[str, Any], shape: Shape, layers: int, rank: int) -> int:
    """How many numbers are learnt, before anything is opened; at least as many as there will be."""
    hidden = int(config.get("hidden_size") or 4096)
    wide = max(hidden, int(config.get("intermediate_size") or 0), int(config.get("num_attention_heads") or 1) * 128)
    decoder = int(config.get("num_hidden_layers") or layers)
    predictor = hidden * 69 + 17 * layers * shape.experts
    return decoder * 8 * rank * (hidden + wide) + layers * shape.experts * hidden + predictor


def activations(config: Mapping[str, Any], tokens: int) -> int:
    """Bytes of the activations and gradients of one sequence."""
    hidden, layers = int(config.get("hidden_size") or 4096), int(config.get("num_hidden_layers") or 32)
    vocabulary = int(config.get("vocab_size") or 262_144)
    each = _BACKWARD * per_token(config, tokens) + ITEM * (3 * layers * hidden + _LOGITS * vocabulary)
    return FIXED + tokens * each


def promise(
    config: Mapping[str, Any], shape: Shape, terms: Terms, learnt: int, experts: float, longest: int
) -> Promise:
    """terms: base, dense and limit. Sequences become shorter before a tuning is refused.

    Raises:
        KnownError: not even short sequences fit, or the model cannot have so many residents.
    """
    terms = replace(terms, kv=_STATE * ITEM * learnt)
    while True:
        terms = replace(terms, activations=activations(config, longest))
        try:
            planned = plan(shape, terms, Wish(Mode.FAST, experts=experts))
        except KnownError:
            if longest <= LEAST_LONGEST or (isinstance(experts, int) and not shape.least <= experts <= shape.experts):
                raise
            planned = None
        if planned is not None and not planned.notes:
            break
        if longest <= LEAST_LONGEST:
            assert planned is not None
            raise _too_little(shape, terms, planned, experts)
        longest = max(longest // 2, LEAST_LONGEST)
    most = plan(shape, terms, Wish(Mode.FAST, experts=shape.experts))
    return Promise(planned, most.resident, longest)


def _too_little(shape: Shape, terms: Terms, planned: Plan, experts: float) -> KnownError:
    wanted = experts if isinstance(experts, int) else round(experts * shape.experts)
    need = terms.fixed + min(wanted + 2, shape.experts) * shape.slot_bytes
    enough = f"{-(-need // 100_000_000) / 10:.1f}"
    return KnownError(
        f"Tuning for {wanted} experts per layer needs {enough} GB of memory; {terms.limit / 1e9:.1f} GB may be used.",
        f"Allow more (--memory {enough}GB), or tune for fewer (--experts {planned.resident}).",
    )
