"""Tiny configurations of every MoE model family of mlx-lm 0.32.2, for tests without a download.

A table and nothing else: `tiny.py` makes the folders. The values are chosen so that each family shows what is
hard about it: grouped routers have groups, windows are shorter than a test's text, recurrent families have
recurrent layers, norm flags appear both ways (`olmoe`, `olmoe+norm`). Widths are multiples of 64, so that any
quantisation group fits. Knows nothing of MLX.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Config = dict[str, Any]

VOCABULARY = 512
EXPERTS = 16
TOP_K = 4
WINDOW = 16  # tokens; shorter than any test's text, so that rotating caches rotate

_PLAIN: Mapping[str, Any] = {
    "vocab_size": VOCABULARY,
    "hidden_size": 64,
    "intermediate_size": 128,
    "moe_intermediate_size": 64,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "num_experts_per_tok": TOP_K,
    "rms_norm_eps": 1e-5,
    "rope_theta": 10000.0,
    "max_position_embeddings": 4096,
    "attention_bias": False,
    "tie_word_embeddings": False,
    "norm_topk_prob": True,
}
_LATENT: Mapping[str, Any] = {  # multi-head latent attention
    "num_key_value_heads": 4,
    "q_lora_rank": 64,
    "kv_lora_rank": 64,
    "qk_rope_head_dim": 16,
    "qk_nope_head_dim": 64,
    "v_head_dim": 64,
}
_GROUPED: Mapping[str, Any] = {
    "n_routed_experts": EXPERTS,
    "n_group": 4,
    "topk_group": 2,
    "n_shared_experts": 1,
    "first_k_dense_replace": 1,
    "routed_scaling_factor": 1.5,
    "scoring_func": "sigmoid",
    "topk_method": "noaux_tc",
}
_YARN: Mapping[str, Any] = {
    "type": "yarn",
    "factor": 4.0,
    "original_max_position_embeddings": 1024,
    "beta_fast": 32,
    "beta_slow": 1,
    "mscale": 1.0,
    "mscale_all_dim": 1.0,
}
_ALTERNATING = ["sliding_attention", "full_attention", "sliding_attention", "full_attention"]


def _config(model_type: str, *parts: Mapping[str, Any], **own: Any) -> Config:
    """The plain configuration, then `parts` in order, then `own`; the last one to name a key wins."""
    merged: Config = dict(_PLAIN)
    for part in parts:
        merged.update(part)
    return {**merged, **own, "model_type": model_type}


def _wrapped(model_type: str, text: Mapping[str, Any], **own: Any) -> Config:
    """A configuration with its language model under `text_config`, as multimodal families publish it."""
    return {"model_type": model_type, "text_config": dict(text), "vocab_size": VOCABULARY, **own}


_BAILING = {
    "num_experts": EXPERTS,
    "num_shared_experts": 1,
    "first_k_dense_replace": 1,
    "n_group": 4,
    "topk_group": 2,
    "routed_scaling_factor": 1.5,
    "score_function": "sigmoid",
    "use_qk_norm": True,
    "moe_router_enable_expert_bias": True,
    "layer_group_size": 2,
    "group_norm_size": 2,
}
_RECURRENT = {  # gated delta net
    "num_hidden_layers": 4,
    "linear_num_value_heads": 4,
    "linear_num_key_heads": 2,
    "linear_key_head_dim": 32,
    "linear_value_head_dim": 32,
    "linear_conv_kernel_dim": 4,
    "full_attention_interval": 2,
    "partial_rotary_factor": 0.5,
    "num_experts": EXPERTS,
    "decoder_sparse_step": 1,
    "mlp_only_layers": [],
    "shared_expert_intermediate_size": 64,
    "rope_parameters": {"type": "default", "rope_theta": 10000.0, "partial_rotary_factor": 0.5},
}
_DELTA = {  # Kimi delta attention
    "linear_attn_config": {
        "num_heads": 4,
        "head_dim": 32,
        "kda_layers": [1, 3],
        "full_attn_layers": [2, 4],
        "short_conv_kernel_size": 4,
        "gate_lower_bound": -5.0,
    },
    "num_hidden_layers": 4,
    "model_max_length": 4096,
    "num_experts": EXPERTS,
    "num_experts_per_token": TOP_K,
    "num_shared_experts": 1,
    "num_expert_group": 4,
    "topk_group": 2,
    "first_k_dense_replace": 1,
    "routed_scaling_factor": 1.5,
    "mla_use_nope": True,
}
_DEEPSEEK = _config("deepseek_v3", _LATENT, _GROUPED)
_SPARSE_ATTENTION = {"index_head_dim": 32, "index_n_heads": 2, "index_topk": 24, "num_hidden_layers": 3}
_QWEN3 = _config("qwen3_moe", num_experts=EXPERTS, decoder_sparse_step=1, mlp_only_layers=[])
_GEMMA4 = _config(
    "gemma4_text",
    num_hidden_layers=4,
    num_key_value_heads=1,
    global_head_dim=32,
    num_experts=EXPERTS,
    top_k_experts=TOP_K,
    enable_moe_block=True,
    num_kv_shared_layers=0,
    hidden_size_per_layer_input=0,
    use_double_wide_mlp=False,
    sliding_window=WINDOW,
    layer_types=_ALTERNATING,
    final_logit_softcapping=30.0,
    tie_word_embeddings=True,
)
_GRANITE = {
    "num_local_experts": EXPERTS,
    "logits_scaling": 0.5,
    "attention_multiplier": 0.25,
    "embedding_multiplier": 1.5,
    "residual_multiplier": 0.8,
}
_LONGCAT = _config(
    "longcat_flash",
    _LATENT,
    attention_method="MLA",
    zero_expert_type="identity",
    zero_expert_num=4,
    n_routed_experts=EXPERTS,
    moe_topk=TOP_K,
    ffn_hidden_size=128,
    expert_ffn_hidden_size=64,
    num_layers=2,
    num_hidden_layers=2,
    routed_scaling_factor=1.5,
    mla_scale_q_lora=True,
    mla_scale_kv_lora=True,
)
_LAGUNA = _config(
    "laguna",
    num_hidden_layers=4,
    num_experts=EXPERTS,
    shared_expert_intermediate_size=64,
    sliding_window=WINDOW,
    layer_types=_ALTERNATING,
    moe_routed_scaling_factor=1.5,
    moe_router_logit_softcapping=3.0,
    rope_parameters={
        "full_attention": {"rope_type": "default", "rope_theta": 10000.0, "partial_rotary_factor": 0.5},
        "sliding_attention": {"rope_type": "default", "rope_theta": 10000.0, "partial_rotary_factor": 1.0},
    },
)
_OLMOE = _config("olmoe", num_experts=EXPERTS)
_NEMOTRON = _config(
    "nemotron_h",
    _GROUPED,
    hybrid_override_pattern=["M", "E", "*", "E"],
    num_hidden_layers=4,
    mamba_num_heads=4,
    mamba_head_dim=32,
    mamba_proj_bias=False,
    ssm_state_size=32,
    conv_kernel=4,
    n_groups=2,
    mlp_bias=False,
    use_bias=False,
    use_conv_bias=True,
    layer_norm_epsilon=1e-5,
    moe_shared_expert_intermediate_size=64,
)

FAMILIES: dict[str, Config] = {
    "Klear": _config("Klear", num_experts=EXPERTS, n_shared_experts=1, decoder_sparse_step=1, mlp_only_layers=[0]),
    "afmoe": _config(
        "afmoe",
        num_hidden_layers=4,
        layer_types=_ALTERNATING,
        sliding_window=WINDOW,
        num_experts=EXPERTS,
        num_shared_experts=1,
        num_dense_layers=1,
        n_group=4,
        topk_group=2,
        route_scale=1.5,
    ),
    "bailing_hybrid": _config("bailing_hybrid", _LATENT, _BAILING, num_hidden_layers=4),
    "bailing_moe": _config("bailing_moe", _BAILING, use_qkv_bias=True),
    "bailing_moe+softmax": _config(
        "bailing_moe",
        _BAILING,
        score_function="softmax",
        norm_topk_prob=False,
        moe_router_enable_expert_bias=False,
        n_group=1,
        topk_group=1,
    ),
    "bailing_moe_linear": _config("bailing_moe_linear", _BAILING, num_hidden_layers=4, num_key_value_heads=4),
    "bailing_moe_v3": _config(
        "bailing_hybrid",
        _LATENT,
        _BAILING,
        architectures=["BailingMoeV3ForCausalLM"],  # by which mlx-lm tells it from bailing_hybrid
        num_hidden_layers=4,
        head_dim=32,
        moe_shared_expert_intermediate_size=64,
        short_conv_kernel_size=4,
    ),
    "dbrx": _config(
        "dbrx",
        d_model=64,
        n_layers=2,
        n_heads=4,
        ffn_config={"ffn_hidden_size": 64, "moe_num_experts": 8, "moe_top_k": 2},
        attn_config={"kv_n_heads": 2, "clip_qkv": 8.0, "rope_theta": 10000.0},
    ),
    "deepseek": _config("deepseek", _GROUPED, num_key_value_heads=4),
    "deepseek_v2": _config("deepseek_v2", _LATENT, _GROUPED, topk_method="greedy", rope_scaling=dict(_YARN)),
    "deepseek_v2+groups": _config(
        "deepseek_v2",
        _LATENT,
        _GROUPED,
        topk_method="group_limited_greedy",
        q_lora_rank=None,
        rope_scaling=dict(_YARN),
    ),
    "deepseek_v3": {**_DEEPSEEK, "rope_scaling": dict(_YARN)},
    "deepseek_v3+nonorm": {**_DEEPSEEK, "norm_topk_prob": False, "n_group": 1, "topk_group": 1},
    "deepseek_v32": {**_DEEPSEEK, **_SPARSE_ATTENTION, "model_type": "deepseek_v32"},
    "deepseek_v41": _config(
        "deepseek_v41",
        _LATENT,
        num_hidden_layers=4,
        head_dim=64,
        n_routed_experts=EXPERTS,
        o_groups=2,
        o_lora_rank=64,
        sliding_window=WINDOW,
        compress_ratios=[0, 4, 4, 4],
        kv_source_layer_ids=[1],
        index_source_layer_ids=[1, 3],
        index_n_heads=2,
        index_head_dim=32,
        index_topk=8,
        hc_mult=2,
        rms_norm_eps=1e-6,
    ),
    "dots1": _config("dots1", _GROUPED),
    "ernie4_5_moe": _config(
        "ernie4_5_moe",
        use_bias=False,
        moe_num_experts=EXPERTS,
        moe_k=TOP_K,
        moe_layer_start_index=1,
        moe_num_shared_experts=1,
    ),
    "ernie4_5_moe+sigmoid": _config(
        "ernie4_5_moe", use_bias=False, moe_num_experts=EXPERTS, moe_k=TOP_K, moe_gate_act="sigmoid"
    ),
    "exaone_moe": _config(
        "exaone_moe",
        num_hidden_layers=4,
        num_experts=EXPERTS,
        num_shared_experts=1,
        n_group=4,
        topk_group=2,
        routed_scaling_factor=1.5,
        sliding_window=WINDOW,
        layer_types=_ALTERNATING,
        is_moe_layer=[False, True, True, True],
    ),
    "gemma4": _wrapped("gemma4", {**_GEMMA4, "attention_k_eq_v": True, "num_global_key_value_heads": 1}),
    "gemma4_text": _GEMMA4,
    "glm4_moe": _config("glm4_moe", _GROUPED, partial_rotary_factor=0.5, rope_scaling=None, use_qk_norm=True),
    "glm4_moe_lite": _config("glm4_moe_lite", _LATENT, _GROUPED, n_group=1, topk_group=1),
    "glm_moe_dsa": _config(
        "glm_moe_dsa",
        _LATENT,
        _GROUPED,
        _SPARSE_ATTENTION,
        moe_layer_freq=1,
        rope_parameters={"rope_theta": 10000.0, "rope_type": "default"},
    ),
    "gpt_oss": _config(
        "gpt_oss",
        num_hidden_layers=4,
        num_local_experts=EXPERTS,
        intermediate_size=64,
        sliding_window=WINDOW,
        layer_types=_ALTERNATING,
    ),
    "granitemoe": _config("granitemoe", _GRANITE, intermediate_size=64),
    "granitemoehybrid": _config(
        "granitemoehybrid",
        _GRANITE,
        num_hidden_layers=4,
        intermediate_size=64,
        shared_intermediate_size=64,
        layer_types=["mamba", "attention", "mamba", "attention"],
        position_embedding_type="nope",
        mamba_n_heads=4,
        mamba_d_head=32,
        mamba_d_state=32,
        mamba_d_conv=4,
        mamba_n_groups=1,
        mamba_conv_bias=True,
        mamba_proj_bias=False,
    ),
    "hunyuan": _config(
        "hunyuan",
        num_experts=EXPERTS,
        moe_topk=[2, 4, 3],  # differs per layer
        num_shared_expert=1,
        use_mixed_mlp_moe=True,
        use_qk_norm=True,
        use_cla=True,
        cla_share_factor=2,
        rope_scaling={"type": "dynamic", "factor": 1.0, "alpha": 2.0},
    ),
    "jamba": _config(
        "jamba",
        num_hidden_layers=4,
        num_experts=EXPERTS,
        attn_layer_offset=1,
        attn_layer_period=2,
        expert_layer_offset=1,
        expert_layer_period=2,
        mamba_d_conv=4,
        mamba_d_state=16,
        mamba_expand=2,
        intermediate_size=64,
    ),
    "kimi_k25": _wrapped("kimi_k25", _DEEPSEEK),
    "kimi_k3": _wrapped(
        "kimi_k3",
        _config(
            "kimi_linear",
            _LATENT,
            _DELTA,
            hidden_act="situ",
            activation_situ_beta=1.5,
            attn_res_block_size=2,
            mla_use_output_gate=True,
            routed_expert_hidden_size=64,
            latent_moe_use_norm=True,
        ),
    ),
    "kimi_linear": _config("kimi_linear", _LATENT, _DELTA),
    "kimi_linear+softmax": _config(
        "kimi_linear",
        _LATENT,
        _DELTA,
        moe_router_activation_func="softmax",
        moe_renormalize=False,
        num_expert_group=1,
        topk_group=1,
    ),
    "kimi_vl": _wrapped("kimi_vl", _DEEPSEEK),
    "laguna": _LAGUNA,
    "laguna+sqrtsoftplus": {
        **_LAGUNA,
        "moe_router_score_func": "sqrtsoftplus",
        "moe_router_logit_softcapping": 0.0,
    },
    "lfm2_moe": _config(
        "lfm2_moe",
        num_hidden_layers=4,
        num_experts=EXPERTS,
        use_expert_bias=True,
        num_dense_layers=1,
        norm_eps=1e-5,
        conv_bias=False,
        conv_L_cache=3,
        layer_types=["conv", "full_attention", "conv", "full_attention"],
    ),
    "llama4": _wrapped(
        "llama4",
        _config(
            "llama4_text",
            num_hidden_layers=4,
            attention_chunk_size=WINDOW,
            interleave_moe_layer_step=2,
            intermediate_size=64,
            intermediate_size_mlp=128,
            num_experts_per_tok=1,
            num_local_experts=EXPERTS,
            rope_scaling=None,
            use_qk_norm=True,
        ),
    ),
    "longcat_flash": _LONGCAT,
    "longcat_flash+norm": {**_LONGCAT, "norm_topk_prob": True, "router_bias": True},
    "longcat_flash_ngram": {
        **_LONGCAT,
        "model_type": "longcat_flash_ngram",
        "ngram_vocab_size_ratio": 2,
        "emb_neighbor_num": 3,
        "emb_split_num": 2,
    },
    "mellum": _config(
        "mellum",
        num_hidden_layers=4,
        num_experts=EXPERTS,
        sliding_window=WINDOW,
        layer_types=_ALTERNATING,
        rope_parameters={
            "full_attention": {"rope_type": "default", "rope_theta": 10000.0},
            "sliding_attention": {"rope_type": "default", "rope_theta": 10000.0},
        },
    ),
    "mimo_v2_flash": _config(
        "mimo_v2_flash",
        _GROUPED,
        num_hidden_layers=4,
        hybrid_layer_pattern=[0, 1, 0, 1],
        moe_layer_freq=[0, 1, 1, 1],
        add_swa_attention_sink_bias=True,
        add_full_attention_sink_bias=False,
        sliding_window_size=WINDOW,
        layernorm_epsilon=1e-5,
        swa_rope_theta=10000.0,
        swa_num_attention_heads=4,
        swa_num_key_value_heads=2,
        head_dim=32,
        v_head_dim=16,
        swa_head_dim=32,
        swa_v_head_dim=16,
        partial_rotary_factor=0.5,
    ),
    "minimax": _config(
        "minimax", intermediate_size=64, num_local_experts=EXPERTS, shared_intermediate_size=0, rotary_dim=8
    ),
    "minimax_m3_vl": _wrapped(
        "minimax_m3_vl",
        _config(
            "minimax_m3",
            num_hidden_layers=3,
            intermediate_size=64,
            dense_intermediate_size=128,
            shared_intermediate_size=64,
            num_local_experts=EXPERTS,
            routed_scaling_factor=1.5,
            mlp_layer_types=["dense", "sparse", "sparse"],
            layer_types=["full_attention", "minimax_m3_sparse", "minimax_m3_sparse"],
            index_n_heads=2,
            index_head_dim=16,
            index_block_size=8,
            index_topk_blocks=2,
        ),
    ),
    "mistral4": _config(
        "mistral4",
        _LATENT,
        _GROUPED,
        rope_parameters={"rope_theta": 10000.0, "rope_type": "default", "llama_4_scaling_beta": 0.1}
        | {"original_max_position_embeddings": 1024},
    ),
    "mixtral": _config("mixtral", num_local_experts=8, num_experts_per_tok=2, intermediate_size=64),
    "nemotron_h": _NEMOTRON,
    "nemotron_h+latent": {**_NEMOTRON, "moe_latent_size": 64, "norm_topk_prob": False},
    "olmoe": {**_OLMOE, "norm_topk_prob": False},
    "olmoe+norm": _OLMOE,
    "phimoe": _config(
        "phimoe",
        num_local_experts=EXPERTS,
        num_experts_per_tok=2,
        intermediate_size=64,
        rope_scaling={
            "type": "longrope",
            "short_factor": [1.0] * 8,
            "long_factor": [2.0] * 8,
            "short_mscale": 1.0,
            "long_mscale": 1.0,
        },
    ),
    "phixtral": _config(
        "phixtral",
        num_vocab=VOCABULARY,
        model_dim=64,
        num_heads=4,
        num_layers=3,
        rotary_dim=8,
        num_local_experts=8,
        num_experts_per_tok=2,
    ),
    "qwen2_moe": _config("qwen2_moe", num_experts=EXPERTS, shared_expert_intermediate_size=128),
    "qwen3_5": _config("qwen3_5", _RECURRENT),
    "qwen3_5_moe": _wrapped("qwen3_5_moe", _config("qwen3_5_moe_text", _RECURRENT)),
    "qwen3_moe": _QWEN3,
    "qwen3_moe+nonorm": {**_QWEN3, "norm_topk_prob": False, "mlp_only_layers": [0]},
    "qwen3_next": _config("qwen3_next", _RECURRENT),
    "qwen3_next+nonorm": _config("qwen3_next", _RECURRENT, norm_topk_prob=False),
    "qwen3_vl_moe": _wrapped("qwen3_vl_moe", _QWEN3),
    "solar_open": _config("solar_open", _GROUPED, n_group=1, topk_group=1, partial_rotary_factor=1.0),
    "step3p5": _config(
        "step3p5",
        num_hidden_layers=4,
        num_attention_groups=2,
        sliding_window=WINDOW,
        layer_types=_ALTERNATING,
        moe_num_experts=EXPERTS,
        moe_top_k=TOP_K,
        share_expert_dim=64,
        moe_router_scaling_factor=1.5,
        moe_layers_enum="1,2,3",
        swiglu_limits=[0.0, 0.0, 2.0, 0.0],
    ),
}

# Families whose experts are a list of separate MLPs: no stacked tensor, so no row to read by byte range.
UNSTACKED = frozenset({"dbrx"})

# Families that cannot run on a CPU, and why.
UNTESTABLE: dict[str, str] = {
    "muse_spark": "its router is a Metal kernel (mlx_lm/kernels/expert_routing.py): it needs a GPU",
}

# Spread of the bias that takes part in the choice of experts; small where it is added to a softmax.
SELECTION_BIAS = 0.1
SELECTION_BIAS_OF: dict[str, float] = {
    "kimi_linear+softmax": 0.02,
    "longcat_flash": 0.02,
    "longcat_flash+norm": 0.02,
    "longcat_flash_ngram": 0.02,
}
