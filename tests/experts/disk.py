"""Small models on a real disk, banks of plain bytes to read their experts into, and a disk that fails on command."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from engine.checkpoint.folder import Checkpoint
from engine.checkpoint.layout import ExpertTensor, MoELayer, layout
from engine.experts.loader import Loader
from engine.experts.reading import OpenFiles, Policy, View
from engine.experts.slots import NONE, SlotTable
from tests.checkpoint import writing

READERS = 2
SHORT = 5000  # bytes a read gives at most: an expert's 24 KiB take several
FRESH = 0xAA  # what a slot holds before anything was read into it


class ByteBank:
    """What the loader needs of a bank, without MLX."""

    def __init__(self, layer: MoELayer, slots: int) -> None:
        self.layer = layer
        self.table = SlotTable(layer.experts, slots)
        self._rows = {t: np.full((slots, t.row_bytes), FRESH, np.uint8) for t in layer.tensors}

    def row(self, tensor: ExpertTensor, slot: int) -> View:
        row: View = self._rows[tensor][slot]
        return row

    def resize(self, slots: int) -> None:
        raise NotImplementedError


@dataclass
class Model:
    """Two files of random bytes with one MoE layer each, `bytes_of` straight from the files."""

    checkpoint: Checkpoint
    layers: tuple[MoELayer, ...]
    numbers: dict[str, int]

    def loader(
        self, preadv: Callable[..., int] | None = None, policy: Policy = Policy.BUFFERED, readers: int = READERS
    ):
        files = OpenFiles(self.checkpoint.files, policy, preadv)
        return Loader(files, self.numbers, readers), files

    @property
    def path(self) -> Path:
        return self.layers[0].tensors[0].tensor.file


def write_model(folder: Path, experts: int = 6) -> Model:
    """`experts` experts of 3 x 8 KiB in each layer, at odd offsets, each layer in a file of its own."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(f'{{"model_type": "qwen3_moe", "num_experts": {experts}}}')
    weight_map: dict[str, str] = {}
    for number in (1, 2):
        tensors = writing.experts(f"model.layers.{number}.mlp.switch_mlp", experts)
        name = f"model-{number:05d}-of-00002.safetensors"
        path = writing.safetensors(folder / name, tensors)
        content = bytearray(path.read_bytes())
        body = 8 + int.from_bytes(content[:8], "little")
        content[body:] = np.random.default_rng(number).bytes(len(content) - body)
        path.write_bytes(content)
        weight_map |= dict.fromkeys(tensors, name)
    index = str({"metadata": {}, "weight_map": weight_map}).replace("'", '"')
    (folder / "model.safetensors.index.json").write_text(index)
    checkpoint = Checkpoint.open(folder)
    numbers = {str(file.path): number for number, file in enumerate(checkpoint.files)}
    return Model(checkpoint, layout(checkpoint).layers, numbers)


def on_disk(bank: ByteBank, expert: int) -> bytes:
    """The expert's bytes, by an ordinary read."""
    parts = []
    for tensor in bank.layer.tensors:
        path, offset, length = tensor.row(expert)
        parts.append(path.read_bytes()[offset : offset + length])
    return b"".join(parts)


def in_bank(bank: ByteBank, expert: int) -> bytes:
    slot = int(bank.table.slot_of[expert])
    assert slot != NONE
    return b"".join(bank.row(tensor, slot).tobytes() for tensor in bank.layer.tensors)


def assert_right(bank: Any, resident: Collection[int]) -> None:
    """Exactly these experts, each with its own bytes, and every other slot free."""
    assert bank.table.resident().tolist() == sorted(resident)
    assert bank.table.free == bank.table.slots - len(resident)
    for expert in resident:
        assert in_bank(bank, expert) == on_disk(bank, expert)


@dataclass
class FaultyDisk:
    """A preadv that reads `most` bytes at once, as after a signal, and does something else at the `at`-th call."""

    most: int | None = None
    at: int | None = None
    fault: Callable[[], int] = field(default=lambda: 0)
    calls: int = 0

    def __call__(self, handle: int, views: Sequence[View], offset: int) -> int:
        self.calls += 1
        if self.calls == self.at:
            return self.fault()
        if self.most is None:
            return os.preadv(handle, views, offset)  # type: ignore[arg-type]
        return os.preadv(handle, [views[0][: self.most]], offset)  # type: ignore[list-item]


class GatedDisk:
    """A preadv that waits for a permit before each call, so that a test decides how far a load has come."""

    def __init__(self) -> None:
        self._permits = threading.Semaphore(0)
        self._open = False

    def let_one(self) -> None:
        self._permits.release()

    def open(self) -> None:
        self._open = True
        for _ in range(READERS):
            self._permits.release()

    def __call__(self, handle: int, views: Sequence[View], offset: int) -> int:
        if not self._open:
            self._permits.acquire()
        return os.preadv(handle, [views[0][:SHORT]], offset)  # type: ignore[list-item]


def failing(code: int) -> Callable[[], int]:
    def fault() -> int:
        raise OSError(code, os.strerror(code))

    return fault


def truncated() -> int:
    """What preadv says past the end of a file."""
    return 0


FAULTS = {"EIO": failing(errno.EIO), "ESTALE": failing(errno.ESTALE), "truncated": truncated}
