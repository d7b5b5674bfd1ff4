"""What a model folder holds and what it needs, as plain data for people and scripts. No MLX; any thread.

The one module here that looks upwards, to routing and budget: a report says what those would make of the folder.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engine.budget import points, profile_store
from engine.budget.points import Shape
from engine.budget.profile import Profile
from engine.checkpoint.folder import Checkpoint, read_json
from engine.checkpoint.layout import Layout, layout
from engine.checkpoint.parts import packing_by_part
from engine.models.places import model_name
from engine.models.supported import is_supported
from engine.routing.families import router_shape

_SHARED = ("n_shared_experts", "num_shared_experts", "moe_num_shared_experts", "num_shared_expert")
_SHARED_WIDTHS = ("shared_expert_intermediate_size", "shared_intermediate_size", "share_expert_dim")
_CONTEXT = ("max_position_embeddings", "max_sequence_length", "seq_length", "n_positions", "model_max_length")
_TOKENIZERS = ("tokenizer.json", "tokenizer.model", "tiktoken.model")
_TEMPLATES = ("chat_template.jinja", "chat_template.json")


@dataclass(frozen=True)
class Point:
    """One size of the resident set, the same in every MoE layer.

    share: residents of all experts. parameters: dense and resident; active_parameters: what one token is multiplied by,
    k of the residents and all that is dense. memory: bytes of dense weights and banks with their spare slots; what a
    prompt needs besides is not in it. fits: within the limit that was given, if one was. tiers: that mean this point.
    loss, coverage: by mode, what was measured here; empty where nothing was.
    """

    experts: int
    share: float
    k: int
    parameters: int
    active_parameters: int
    memory: int
    fits: bool | None
    tiers: tuple[str, ...]
    loss: dict[str, float]
    coverage: dict[str, float]


@dataclass(frozen=True)
class Report:
    """Sizes in bytes, parameters in weights (packed ones counted singly, scales and biases not at all).

    dense_bytes and dense_parameters are all that is not a routed expert, encoder_bytes of pictures and sound among
    them: text alone does not load those. active_parameters: what one token is multiplied by.
    layers: MoE layers. experts: of each layer; 0 in a dense model, which has no points. least: the fewest residents.
    expert_bytes: one expert of the largest layer; slot_bytes: one expert of every layer.
    shared_experts, context: None where config.json does not say.
    packing: by part of the model, in words. supported: whether mlx-lm can build the type. resident_routing: whether
    the family runs in fast and balanced too. measured: on what the profile was measured, None without one;
    profile_note: why one that is there does not serve.
    """

    path: Path
    name: str
    model_type: str
    architecture: str | None
    files: int
    bytes: int
    parameters: int
    dense_bytes: int
    dense_parameters: int
    routed_bytes: int
    routed_parameters: int
    encoder_bytes: int
    active_parameters: int
    layers: int
    experts: int
    experts_per_token: int
    least: int
    groups: int
    shared_experts: int | None
    expert_bytes: int
    slot_bytes: int
    packing: dict[str, str]
    context: int | None
    tokenizer: bool
    chat_template: bool
    supported: bool
    resident_routing: bool
    limit: int | None
    points: tuple[Point, ...]
    measured: str | None
    profile_note: str

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"path": str(self.path)}


def inspect(path: Path, limit: int | None = None) -> Report:
    """Reads config and headers of a model folder.

    Args:
        limit: bytes of memory that may be used, to say which points fit.

    Raises:
        KnownError: the folder holds no model Cadre can read; the sentence says what is wrong.
    """
    checkpoint = Checkpoint.open(path)
    found = layout(checkpoint)
    router = router_shape(checkpoint.model_type, checkpoint.text_config)
    k = min(router.experts_per_token, found.experts)
    shape = Shape(found.experts, router, found.slot_bytes, found.slot_parameters, found.dense_parameters)
    stored = profile_store.read(checkpoint, found.experts) if found.layers else profile_store.Stored()
    return Report(
        path=path,
        name=model_name(path),
        model_type=checkpoint.model_type,
        architecture=_architecture(checkpoint),
        files=len(checkpoint.files),
        bytes=sum(file.size for file in checkpoint.files),
        parameters=found.dense_parameters + found.routed_parameters,
        dense_bytes=found.dense_bytes,
        dense_parameters=found.dense_parameters,
        routed_bytes=found.routed_bytes,
        routed_parameters=found.routed_parameters,
        encoder_bytes=found.encoder_bytes,
        active_parameters=found.dense_parameters + k * found.slot_parameters,
        layers=len(found.layers),
        experts=found.experts,
        experts_per_token=k,
        least=min(router.least, found.experts),
        groups=router.groups,
        shared_experts=_shared_experts(checkpoint) if found.layers else None,
        expert_bytes=max((layer.expert_bytes for layer in found.layers), default=0),
        slot_bytes=found.slot_bytes,
        packing=packing_by_part(checkpoint, found),
        context=_first_number(checkpoint, _CONTEXT),
        tokenizer=any((path / name).exists() for name in _TOKENIZERS),
        chat_template=_has_template(path),
        supported=is_supported(checkpoint.model_type),
        resident_routing=router.family is not None and bool(found.layers),
        limit=limit,
        points=tuple(_point(found, at, limit, stored.profile) for at in reversed(points.points(shape))),
        measured=stored.profile.text if stored.profile else None,
        profile_note=stored.note,
    )


def _point(found: Layout, at: points.Point, limit: int | None, profile: Profile | None) -> Point:
    memory = found.dense_bytes - found.encoder_bytes + at.bytes
    lines = profile.at_exactly(at.residents) if profile else {}
    return Point(
        experts=at.residents,
        share=at.share,
        k=at.k,
        parameters=at.held_parameters,
        active_parameters=at.active_parameters,
        memory=memory,
        fits=None if limit is None else memory <= limit,
        tiers=at.tiers,
        loss={str(mode): line.loss for mode, line in lines.items()},
        coverage={str(mode): line.coverage for mode, line in lines.items()},
    )


def _architecture(checkpoint: Checkpoint) -> str | None:
    given = checkpoint.config.get("architectures")
    first = given[0] if isinstance(given, list) and given else given
    return first if isinstance(first, str) else None


def _shared_experts(checkpoint: Checkpoint) -> int | None:
    """Some configs count shared experts; others give the width of the one there is."""
    count = _first_number(checkpoint, _SHARED)
    if count is not None:
        return count
    width = _first_number(checkpoint, _SHARED_WIDTHS)
    return None if width is None else min(width, 1)


def _first_number(checkpoint: Checkpoint, keys: tuple[str, ...]) -> int | None:
    """Of a list, one number per layer, the largest."""
    for key in keys:
        value = checkpoint.text_config.get(key)
        numbers = [n for n in (value if isinstance(value, list) else [value]) if type(n) is int and n >= 0]
        if numbers:
            return max(numbers)
    return None


def _has_template(path: Path) -> bool:
    if any((path / name).exists() for name in _TEMPLATES):
        return True
    settings = path / "tokenizer_config.json"
    content = read_json(settings) if settings.exists() else None
    return isinstance(content, dict) and bool(content.get("chat_template"))
