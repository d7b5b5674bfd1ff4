"""How a weight is packed: from the config and, where it is silent, from the tensors. Pure.

The rules are mlx-lm's (`utils.load_model`, `utils.infer_quant_config`): a per-path entry of
config["quantization"] wins, else shape and type of weight and scales tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.checkpoint.safetensors import TensorInfo, shown
from engine.errors import KnownError

FLOATS = ("F32", "F16", "BF16")
_FIXED = {("mxfp4", 4, 32), ("mxfp8", 8, 32), ("nvfp4", 4, 16)}
_AFFINE_BITS = (1, 2, 3, 4, 5, 6, 8)
_AFFINE_GROUPS = (32, 64, 128)


@dataclass(frozen=True)
class Packing:
    """mode affine | mxfp4 | mxfp8 | nvfp4; `group_size` weights share a scale; `bits` per weight."""

    mode: str
    bits: int
    group_size: int

    def __str__(self) -> str:
        return f"{self.bits}-bit {self.mode}, groups of {self.group_size}"

    @property
    def has_biases(self) -> bool:
        return self.mode == "affine"

    @property
    def known(self) -> bool:
        """Whether MLX has it."""
        affine = self.mode == "affine" and self.bits in _AFFINE_BITS and self.group_size in _AFFINE_GROUPS
        return affine or (self.mode, self.bits, self.group_size) in _FIXED


def packing(
    path: str, config: Mapping[str, Any], weight: TensorInfo, scales: TensorInfo, inputs: int | None = None
) -> Packing:
    """The packing of the module at `path`.

    inputs: how many numbers the module takes, where the caller knows. Without it, weight and scales alone leave
      open a common factor of bits and group size; the config's general entry then decides.

    Raises:
        KnownError: the tensors contradict each other or the config.
    """
    if not weight.shape or not scales.shape or 0 in (*weight.shape, *scales.shape):
        raise _contradiction(path, "one of them is empty")
    section = config.get("quantization") or config.get("quantization_config")
    section = section if isinstance(section, dict) else {}
    found = _given(section.get(path)) or _inferred(section, weight, scales, inputs)
    if found is None or not found.known:
        raise _contradiction(path, str(found or "no packing of MLX has these sizes"))
    if weight.dtype != "U32" or (scales.dtype not in FLOATS if found.has_biases else scales.dtype != "U8"):
        raise _contradiction(path, f"{found}, but the types are {weight.dtype} and {scales.dtype}")
    packed = (*scales.shape[:-1], scales.shape[-1] * found.group_size * found.bits)
    if packed != (*weight.shape[:-1], weight.shape[-1] * 32):
        raise _contradiction(path, str(found))
    return found


def _given(entry: Any) -> Packing | None:
    """What the config says of one module."""
    if not isinstance(entry, dict):
        return None
    mode, bits, group_size = entry.get("mode", "affine"), entry.get("bits"), entry.get("group_size")
    if not isinstance(mode, str) or type(bits) is not int or type(group_size) is not int:
        return None
    return Packing(mode, bits, group_size)


def _inferred(section: Mapping[str, Any], weight: TensorInfo, scales: TensorInfo, inputs: int | None) -> Packing | None:
    bits_in_row, groups = weight.shape[-1] * 32, scales.shape[-1]
    if inputs:
        sizes = [inputs // groups]
    elif scales.dtype == "U8":
        sizes = [16, 32]
    else:
        sizes = sorted(_AFFINE_GROUPS, key=lambda size: (size != section.get("group_size"), size != 64))
    modes = ("nvfp4", "mxfp4", "mxfp8") if scales.dtype == "U8" else ("affine",)
    candidates = [Packing(mode, bits_in_row // (size * groups), size) for size in sizes if size for mode in modes]
    return next((c for c in candidates if c.known and c.bits * c.group_size * groups == bits_in_row), None)


def _contradiction(path: str, why: str) -> KnownError:
    return KnownError(
        f"The quantised tensor {shown(path)}.weight does not fit its scales or the config ({shown(why)}).",
        "Download the model again, or convert it anew with mlx_lm.convert.",
    )
