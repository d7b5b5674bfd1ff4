"""One MoE layer's array of slots in MLX memory, and the bytes under it. Engine thread only, but for the views.

The stock switch layer keeps its class and its code; only its arrays become the bank's, with as many rows as
there are slots instead of experts. Rows are filled through NumPy views of the same memory (mlx docs,
usage/numpy: the buffer protocol shares memory), so nothing is copied twice and no expert tensor is ever
materialised. Whoever writes a slot makes sure that no evaluation in flight reads it.
"""

from __future__ import annotations

from typing import Any

import mlx.core as mx
import numpy as np
import numpy.typing as npt

from engine.checkpoint.layout import ExpertTensor, MoELayer
from engine.errors import KnownError
from engine.experts.slots import SlotTable

Row = npt.NDArray[np.uint8]

DTYPES: dict[str, mx.Dtype] = {
    "F32": mx.float32,
    "F16": mx.float16,
    "BF16": mx.bfloat16,
    "U32": mx.uint32,
    "U8": mx.uint8,
}


class Bank:
    """Slots for `layer`'s experts inside `switch`, a SwitchGLU or SwitchMLP whose arrays it replaces."""

    def __init__(self, layer: MoELayer, switch: Any, slots: int) -> None:
        self.layer = layer
        self.table = SlotTable(layer.experts, slots)
        self._switch = switch
        self._rows: dict[ExpertTensor, npt.NDArray[np.uint8]] = {}
        for tensor in layer.tensors:
            self._install(tensor, slots)

    @property
    def slots(self) -> int:
        return self.table.slots

    @property
    def nbytes(self) -> int:
        return self.slots * self.layer.expert_bytes

    def row(self, tensor: ExpertTensor, slot: int) -> Row:
        """Writable uint8 [row_bytes] of one slot."""
        row: Row = self._rows[tensor][slot]
        return row

    def resize(self, slots: int) -> None:
        """Change the number of slots; residents that no longer fit must have been dropped before.

        One tensor at a time, so that the passing extra memory is one array. Nothing may be in flight.
        """
        if slots == self.slots:
            return
        resident = self.table.resident()
        assert len(resident) <= slots, "drop experts before shrinking a bank"
        old = self.table
        table = SlotTable(self.layer.experts, slots)
        moves = []
        for expert in resident:
            slot = table.take()
            table.publish(int(expert), slot)
            moves.append((int(old.slot_of[expert]), slot))
        for tensor in self.layer.tensors:
            kept = self._rows[tensor]
            self._install(tensor, slots)
            for source, target in moves:
                self._rows[tensor][target] = kept[source]
        self.table = table

    def _install(self, tensor: ExpertTensor, slots: int) -> None:
        info = tensor.tensor
        try:
            array = mx.zeros((slots, *info.shape[1:]), DTYPES[info.dtype])
            mx.eval(array)
        except (MemoryError, RuntimeError) as error:
            raise KnownError(
                f"There is not enough memory for {slots} experts per layer ({error}).",
                "Close other apps or ask for fewer experts.",
            ) from error
        self._switch[tensor.projection][tensor.kind] = array
        self._rows[tensor] = np.frombuffer(array, np.uint8).reshape(slots, tensor.row_bytes)  # type: ignore[call-overload]
