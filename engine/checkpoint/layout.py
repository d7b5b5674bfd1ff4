"""Where the experts lie: for every MoE layer the byte range of every expert's row in every tensor. Pure, no MLX.

mlx-community checkpoints are stacked: a projection's tensor holds all experts, [E, out, in], so an expert is a
contiguous row of it. A container of experts is any path that holds gate_proj, up_proj and down_proj, or fc1 and
fc2, with three-dimensional weights (notes of mlx-lm's switch_layers: SwitchGLU, SwitchMLP).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.checkpoint.folder import Checkpoint
from engine.checkpoint.quantization import FLOATS, Packing, packing
from engine.checkpoint.safetensors import TensorInfo, shown
from engine.errors import KnownError
from engine.routing.families import EXPERT_COUNTS

Group = Mapping[tuple[str, str], TensorInfo]
"""The tensors of one container by projection and kind."""

# For each projection the one whose outputs are as many as its inputs: it fixes how a row is packed.
_FED_BY = {
    "gate_proj": "down_proj",
    "up_proj": "down_proj",
    "down_proj": "up_proj",
    "fc1": "fc2",
    "fc2": "fc1",
}
_GLU, _MLP = {"gate_proj", "up_proj", "down_proj"}, {"fc1", "fc2"}
_KINDS = ("weight", "scales", "biases", "bias", "global_scale")
_EXPERT_TENSOR = re.compile(rf"(?P<path>.+)\.(?P<projection>{'|'.join(_FED_BY)})\.(?P<kind>{'|'.join(_KINDS)})")
_DROPPED = re.compile(r"(^|\.)mtp\w*\.")  # heads for speculative decoding, which mlx-lm does not load
_SPEAKING = re.compile(r"(talker|code2wav|token2wav)\.")  # parts of models that speak: Cadre never loads them
_ENCODERS = re.compile(
    r"(^|\.)((?P<sight>vision_tower|vision_model|visual|embed_vision|multi_modal_projector|resampler_model)"
    r"|(?P<hearing>audio_tower|audio_model|embed_audio))\."
)


@dataclass(frozen=True)
class ExpertTensor:
    """One stacked tensor; expert e's row is `row_bytes` bytes at e * row_bytes of it."""

    tensor: TensorInfo
    projection: str
    kind: str
    row_bytes: int

    def row(self, expert: int) -> tuple[Path, int, int]:
        """(file, absolute offset, length) of one expert's bytes."""
        return self.tensor.file, self.tensor.offset + expert * self.row_bytes, self.row_bytes


@dataclass(frozen=True)
class MoELayer:
    """The routed experts of one layer; `path` is the switch module's path in the model.

    index counts MoE layers only. packings: one per projection that differs; None where a weight is not quantised.
    expert_parameters: of one expert, packed words counted as the weights in them.
    """

    index: int
    path: str
    experts: int
    tensors: tuple[ExpertTensor, ...]
    packings: tuple[Packing | None, ...]
    expert_parameters: int

    @property
    def expert_bytes(self) -> int:
        return sum(t.row_bytes for t in self.tensors)


@dataclass(frozen=True)
class Layout:
    """A checkpoint split in routed experts and all the rest. encoder_bytes are part of dense_bytes."""

    layers: tuple[MoELayer, ...]
    dense_bytes: int
    routed_bytes: int
    dense_parameters: int
    routed_parameters: int
    encoder_bytes: int

    @property
    def experts(self) -> int:
        """Experts per MoE layer; 0 for a dense model."""
        return max((layer.experts for layer in self.layers), default=0)

    @property
    def slot_bytes(self) -> int:
        """What one more resident expert in every MoE layer costs."""
        return sum(layer.expert_bytes for layer in self.layers)

    @property
    def slot_parameters(self) -> int:
        return sum(layer.expert_parameters for layer in self.layers)


def layout(checkpoint: Checkpoint) -> Layout:
    """Finds the experts by name and shape and checks them against config and quantisation.

    Raises:
        KnownError: experts that are not stacked, do not agree with one another or with the config.
    """
    stacked = _stacked(checkpoint)
    paths = sorted(stacked, key=_natural)
    layers = tuple(_layer(checkpoint, index, path, stacked[path]) for index, path in enumerate(paths))
    if not layers:
        _refuse_unstacked(checkpoint)
    routed = {t.tensor.name for layer in layers for t in layer.tensors}
    dense = {n: t for n, t in checkpoint.tensors.items() if n not in routed and not _SPEAKING.match(n)}
    return Layout(
        layers=layers,
        dense_bytes=sum(t.nbytes for t in dense.values()),
        routed_bytes=sum(layer.experts * layer.expert_bytes for layer in layers),
        dense_parameters=sum(_parameters(checkpoint, dense)),
        routed_parameters=sum(layer.experts * layer.expert_parameters for layer in layers),
        encoder_bytes=sum(t.nbytes for t in dense.values() if encoder_of(t.name)),
    )


def encoder_of(name: str) -> str | None:
    """The sense whose encoder has this tensor or parameter, "sight" or "hearing"; None: it is of the language part."""
    found = _ENCODERS.search(name)
    return None if found is None else "sight" if found["sight"] else "hearing"


def _stacked(checkpoint: Checkpoint) -> dict[str, Group]:
    """Containers by path. A shared expert has the same names but two-dimensional weights."""
    groups: dict[str, dict[tuple[str, str], TensorInfo]] = defaultdict(dict)
    for name, tensor in checkpoint.tensors.items():
        match = _EXPERT_TENSOR.fullmatch(name)
        if match and not _DROPPED.search(name) and not _SPEAKING.match(name):
            groups[match["path"]][match["projection"], match["kind"]] = tensor
    return {path: group for path, group in groups.items() if _is_container(path, group)}


def _is_container(path: str, group: Group) -> bool:
    stacked = {p for (p, kind), t in group.items() if kind == "weight" and len(t.shape) == 3}
    if len(stacked) < 2:
        return False
    if stacked not in (_GLU, _MLP) or {projection for projection, _ in group} != stacked:
        raise KnownError(f"The experts at {shown(path)} are not whole.", "Download the model again.")
    return True


def _layer(checkpoint: Checkpoint, index: int, path: str, group: Group) -> MoELayer:
    weights = {projection: t for (projection, kind), t in group.items() if kind == "weight"}
    experts = next(iter(weights.values())).shape[0]
    _check_count(checkpoint, path, experts)
    _check_width(checkpoint, path, weights["down_proj" if "down_proj" in weights else "fc2"].shape[1])
    parameters = 0
    packings: dict[Packing | None, None] = {}
    for projection in sorted(weights):
        found = {kind: t for (p, kind), t in group.items() if p == projection}
        inputs = weights[_FED_BY[projection]].shape[1]
        packings[_projection(checkpoint, f"{path}.{projection}", found, experts, inputs)] = None
        outputs = weights[projection].shape[1]
        parameters += outputs * inputs + (outputs if "bias" in found else 0)
    if "gate_proj" in weights and weights["gate_proj"].shape[1] != weights["up_proj"].shape[1]:
        raise _wrong(weights["gate_proj"], "it has not as many outputs as up_proj")
    tensors = tuple(
        ExpertTensor(tensor, projection, kind, tensor.nbytes // experts)
        for (projection, kind), tensor in sorted(group.items())
    )
    return MoELayer(index, path, experts, tensors, tuple(packings), parameters)


def _projection(
    checkpoint: Checkpoint, path: str, tensors: Mapping[str, TensorInfo], experts: int, inputs: int
) -> Packing | None:
    """How the weight is packed; types and shapes of all that belongs to it are checked."""
    weight = tensors["weight"]
    for tensor in tensors.values():
        if not tensor.shape or tensor.shape[0] != experts or tensor.size == 0:
            raise _wrong(tensor, f"it should hold {experts} experts")
    for kind in ("bias", "global_scale", "biases"):
        if kind in tensors and tensors[kind].dtype not in FLOATS:
            raise _wrong(tensors[kind], f"its type is {tensors[kind].dtype}")
    if "bias" in tensors and tensors["bias"].shape != weight.shape[:2]:
        raise _wrong(tensors["bias"], "its shape does not fit the weight")
    found = packing(path, checkpoint.config, weight, tensors["scales"], inputs) if "scales" in tensors else None
    _check_companions(tensors, found, experts)
    width = tensors["scales"].shape[-1] * found.group_size if found else weight.shape[-1]
    if width != inputs:
        raise _wrong(weight, f"it takes {width} numbers and its neighbour gives {inputs}")
    return found


def _check_companions(tensors: Mapping[str, TensorInfo], found: Packing | None, experts: int) -> None:
    weight, biases, global_scale = tensors["weight"], tensors.get("biases"), tensors.get("global_scale")
    if found is None and weight.dtype not in FLOATS:
        raise _wrong(weight, f"its type is {weight.dtype} and it has no scales")
    if (biases is not None) != (found is not None and found.has_biases):
        raise _wrong(weight, "its biases are missing, or there are some where there should be none")
    if biases is not None and (biases.shape, biases.dtype) != (tensors["scales"].shape, tensors["scales"].dtype):
        raise _wrong(biases, "it does not match the scales")
    if global_scale is not None and (found is None or found.mode != "nvfp4" or global_scale.shape != (experts,)):
        raise _wrong(global_scale, "only nvfp4 has one, a number for each expert")


def _check_count(checkpoint: Checkpoint, path: str, experts: int) -> None:
    """The config may give one number, or one per layer; ours must be among them."""
    counts = _counts(checkpoint)
    if experts == 0 or (counts and experts not in counts):
        said = " or ".join(map(str, sorted(counts))) or "nothing about it"
        raise KnownError(
            f"{shown(path)} holds {experts} experts but config.json says {said}.", "Download the model again."
        )


def _check_width(checkpoint: Checkpoint, path: str, width: int) -> None:
    """Experts are as wide as the model, or as a narrower space between two projections: config.json names both."""
    hidden = checkpoint.text_config.get("hidden_size")
    if type(hidden) is int and width not in [v for v in checkpoint.text_config.values() if type(v) is int]:
        raise KnownError(
            f"The experts at {shown(path)} are {width} wide but config.json says {hidden}.", "Download the model again."
        )


def _counts(checkpoint: Checkpoint) -> set[int]:
    """How many experts config.json says there are; zero and null stand for none."""
    given = [checkpoint.text_config.get(key) for key in EXPERT_COUNTS]
    counts = [n for value in given for n in (value if isinstance(value, list) else [value]) if n is not None]
    for count in counts:
        if type(count) is not int or not 0 <= count < 1 << 31:
            raise KnownError(
                f"config.json in {checkpoint.path} gives an impossible number of experts.", "Download the model again."
            )
    return {count for count in counts if count}


def _refuse_unstacked(checkpoint: Checkpoint) -> None:
    """A model with experts that we did not find must not pass for a dense one: it would be read whole."""
    unstacked = next((name for name in checkpoint.tensors if ".experts." in name), None)
    if unstacked is not None or max(_counts(checkpoint), default=0) > 1:
        example = f" ({shown(unstacked)})" if unstacked else ""
        raise KnownError(
            f"The experts in {checkpoint.path.name} are not stacked as MLX stores them{example}.",
            "Convert the model with mlx_lm.convert, or get it from mlx-community.",
        )


def _parameters(checkpoint: Checkpoint, tensors: Mapping[str, TensorInfo]) -> Iterator[int]:
    """Of each tensor: packed words count as the weights in them, scales and biases not at all."""
    for name, tensor in tensors.items():
        path, _, kind = name.rpartition(".")
        weight, scales = tensors.get(f"{path}.weight"), tensors.get(f"{path}.scales")
        if weight is None or scales is None or weight.dtype != "U32":
            yield tensor.size
        elif kind == "weight":
            yield tensor.size * 32 // packing(path, checkpoint.config, tensor, scales).bits
        elif kind not in ("scales", "biases", "global_scale"):
            yield tensor.size


def _natural(path: str) -> tuple[tuple[int, str], ...]:
    """Layer 10 after layer 9."""
    return tuple((len(part), part) if part.isdecimal() else (0, part) for part in path.split("."))


def _wrong(tensor: TensorInfo, why: str) -> KnownError:
    return KnownError(f"The tensor {shown(tensor.name)} is wrong: {why}.", "Download the model again.")
