"""The table of model families that can route among resident experts only. Plain data, no MLX.

For each: where the router sits beside the switch module, how it turns logits into choice and weights, and
which of its vectors have one entry per expert. Families that are not here run exact only. Read from mlx-lm
0.32.2's model files; tests/routing checks each against the stock model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from engine.errors import KnownError


class RouterKind(StrEnum):
    """How the stock block reaches its router's logits."""

    LINEAR = "linear"  # an nn.Linear whose output the block (or a gate around it) goes on with
    GROUP_SELECT = "group_select"  # a gate with a bare weight, and the module's group_expert_select
    SOFTMAX_GROUPS = "softmax_groups"  # deepseek_v2's gate: softmax over all, then groups


@dataclass(frozen=True)
class Family:
    """One router shape.

    router: path of the Linear or gate from the module that owns the switch's attribute.
    activation: softmax or sigmoid: a wanted expert's weight is this of its logit, up to a factor.
    bias: per-expert vector added for choosing only. scale: per-expert vector on the weights.
    mass: weights are softmax over all experts and not renormalised, so that a choice among residents must be
        scaled by the residents' share of the softmax (notes: never renormalise over survivors).
    normalise: a config key; when its value is true, `mass` does not apply.
    """

    router: str
    kind: RouterKind = RouterKind.LINEAR
    activation: str = "softmax"
    bias: str | None = None
    scale: str | None = None
    mass: bool = False
    normalise: str | None = None
    owner: int = 1  # how many steps above the switch module the owner is


_LINEAR_GATE = Family("gate")
_GROUPED = Family("gate", RouterKind.GROUP_SELECT, activation="sigmoid", bias="gate.e_score_correction_bias")
_SOFTMAX_MAYBE = Family("gate", mass=True, normalise="norm_topk_prob")
_GRANITE = Family("router.layer")
_LLAMA4 = Family("router", activation="sigmoid")  # weighs what goes into the one expert, not what comes out
_GEMMA4 = Family("router.proj", scale="router.per_expert_scale", owner=2)

FAMILIES: Mapping[str, Family] = {
    "deepseek_v2": Family("gate", RouterKind.SOFTMAX_GROUPS),
    "deepseek_v3": _GROUPED,
    "deepseek_v32": _GROUPED,
    "dots1": _GROUPED,
    "ernie4_5_moe": _LINEAR_GATE,
    "gemma4": _GEMMA4,
    "gemma4_text": _GEMMA4,
    "glm4_moe": _GROUPED,
    "glm4_moe_lite": _GROUPED,
    "glm_moe_dsa": _GROUPED,
    "gpt_oss": Family("router"),
    "glm4v_moe": _GROUPED,
    "granitemoe": _GRANITE,
    "granitemoehybrid": _GRANITE,
    "joyai_llm_flash": _GROUPED,
    "kimi_k2": _GROUPED,
    "kimi_vl": _GROUPED,
    "lfm2_moe": Family("gate", activation="sigmoid", bias="expert_bias"),
    "llama4": _LLAMA4,
    "mixtral": _LINEAR_GATE,
    "olmoe": _SOFTMAX_MAYBE,
    "qwen2_moe": Family("gate", mass=True),
    "qwen3_5": _SOFTMAX_MAYBE,
    "qwen3_5_moe": _SOFTMAX_MAYBE,
    "qwen3_moe": _SOFTMAX_MAYBE,
    "qwen3_next": _SOFTMAX_MAYBE,
    "qwen3_omni_moe": _SOFTMAX_MAYBE,
    "qwen3_vl_moe": _SOFTMAX_MAYBE,
}

SUPPORTED = frozenset(FAMILIES)

_TOP_K = (
    "num_experts_per_tok",
    "num_experts_per_token",
    "top_k_experts",
    "moe_k",
    "moe_topk",
    "moe_top_k",
    "num_selected_experts",
)
EXPERT_COUNTS = (
    "num_experts",
    "num_local_experts",
    "n_routed_experts",
    "moe_num_experts",
    "num_routed_experts",
)
_GROUPS = ("n_group", "num_expert_group")
_KEPT_GROUPS = ("topk_group", "limited_groups", "num_limited_groups")


@dataclass(frozen=True)
class RouterShape:
    """What the config says of one model's routers. groups, kept_groups: 1 when routing has no groups."""

    experts_per_token: int
    groups: int = 1
    kept_groups: int = 1
    family: Family | None = field(default=None)

    @property
    def least(self) -> int:
        """The fewest resident experts per layer the routing works with: k, and with groups equally many in
        each, at least the two whose scores rank the group, and k within the groups that stay.
        """
        if self.groups == 1:
            return self.experts_per_token
        per_group = max(2, -(-self.experts_per_token // self.kept_groups))
        return self.groups * per_group

    def legal(self, count: int, experts: int) -> int:
        """The largest legal number of residents that is at most `count`, but never below the least."""
        count = min(max(count, self.least), experts)
        return count - count % self.groups


def router_shape(model_type: str, config: Mapping[str, Any]) -> RouterShape:
    """Shape of a model's routers; `config` is the language model's part of config.json.

    Raises:
        KnownError: the config gives numbers that no router can have.
    """
    k = _first(config, _TOP_K)
    family = FAMILIES.get(model_type)
    groups, kept = _first(config, _GROUPS), _first(config, _KEPT_GROUPS)
    ungrouped = family is not None and (
        family.kind is RouterKind.LINEAR
        or (family.kind is RouterKind.SOFTMAX_GROUPS and config.get("topk_method") != "group_limited_greedy")
    )
    if ungrouped or groups <= 1:
        return RouterShape(max(k, 1), family=family)
    experts = _first(config, EXPERT_COUNTS)
    if not 1 <= kept <= groups or (experts and experts % groups):
        raise KnownError(
            f"config.json puts {experts} experts in {groups} groups and keeps {kept}, which cannot be.",
            "Download the model again.",
        )
    return RouterShape(max(k, 1), groups, kept, family)


def _first(config: Mapping[str, Any], keys: tuple[str, ...]) -> int:
    """The first key's number; of a list, one per layer, the largest; 0 when there is none."""
    for key in keys:
        value = config.get(key)
        values = value if isinstance(value, list) else [value]
        if value is None or not values:
            continue
        if not all(type(v) is int and 0 <= v < 1 << 31 for v in values):
            raise KnownError(f"config.json gives {key} as {str(value)[:40]}.", "Download the model again.")
        return int(max(values))
    return 0
