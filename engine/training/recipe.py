"""What a training run is: the model's shape, how it routes, the steps. Plain data, no MLX."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class Routing(StrEnum):
    """How the experts of a token are found in training."""

    DENSE = "dense"  # there are none
    TOKEN = "token"  # the router chooses among all, for each token; loads are kept even by a bias
    FROZEN = "frozen"  # the predictor picks a set per prompt; the router chooses among the set


@dataclass(frozen=True)
class Shape:
    """Of a stock dots1 model (mlx_lm.models.dots1): first layers dense, then MoE layers with shared experts."""

    vocabulary: int = 3072
    hidden: int = 288
    layers: int = 5
    dense_layers: int = 1
    dense_width: int = 864
    heads: int = 4
    kv_heads: int = 2
    head: int = 72
    experts: int = 32
    experts_per_token: int = 2
    expert_width: int = 96
    shared_experts: int = 1
    context: int = 1024

    def config(self) -> dict[str, Any]:
        """As config.json has it."""
        return {
            "architectures": ["Dots1ForCausalLM"],
            "model_type": "dots1",
            "vocab_size": self.vocabulary,
            "hidden_size": self.hidden,
            "num_hidden_layers": self.layers,
            "first_k_dense_replace": self.dense_layers,
            "intermediate_size": self.dense_width,
            "num_attention_heads": self.heads,
            "num_key_value_heads": self.kv_heads,
            "head_dim": self.head,
            "n_routed_experts": self.experts,
            "num_experts_per_tok": self.experts_per_token,
            "moe_intermediate_size": self.expert_width,
            "n_shared_experts": self.shared_experts,
            "n_group": 1,
            "topk_group": 1,
            "norm_topk_prob": True,
            "routed_scaling_factor": 1.0,
            "scoring_func": "noaux_tc",
            "rms_norm_eps": 1e-6,
            "rope_theta": 10000.0,
            "max_position_embeddings": self.context,
            "tie_word_embeddings": True,
        }

    @property
    def moe_layers(self) -> int:
        return self.layers - self.dense_layers


@dataclass(frozen=True)
class Recipe:
    """counts: set sizes and how often a sequence is given each. home: the size a router should want to stay within.

    copying, copying_layers: see engine.training.copying; the weight falls to 0 over the run.
    kinds, whole, shared: see engine.training.variants; for `whole` steps one expert of each kind learns for all, from
    then on experts share so much of what they learn with their kind. whole 0: variants are what they were at the start.
    0 kinds: experts are on their own. prompts: whether prompts are learnt as well while kinds are whole, when nothing
    was chosen by them.

    consistency: of the routers' wishes outside the set. heeded: so much of its gradient goes on into what the model
    makes of the text. The more, the better a set covers what is wished for, and the less the model learns else.

    The predictor learns far more slowly than the model: sets that change faster than routers can follow mean nothing.
    """

    shape: Shape = field(default_factory=Shape)
    routing: Routing = Routing.FROZEN
    steps: int = 3500
    batch_tokens: int = 1536
    longest: int = 320
    rate: float = 2e-3
    predictor_rate: float = 2e-4
    warm_up: int = 50
    decay: float = 0.1
    clip: float = 1.0
    seed: int = 0
    counts: tuple[tuple[int, float], ...] = ((4, 0.15), (8, 0.6), (16, 0.15), (32, 0.1))
    home: int = 8
    consistency: float = 0.5
    heeded: float = 0.0
    distillation: float = 0.1
    contrast: float = 0.3
    copying: float = 0.4
    copying_layers: tuple[int, int] = (0, 2)
    kinds: int = 8
    whole: int = 2000
    prompts: bool = False
    shared: float = 0.75
    noise: float = 0.1
    balance_step: float = 0.002
    reselected: float = 0.5
    shortest_prompt: int = 8
    longest_prompt: int = 96

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)
