"""The model that is measured, opened within the memory plan, and the steps every row is made of. Engine thread only.

Experts of a small model are read from mapped files, so that a set costs a copy in memory; the banks, tables, routers
and evictions are the engine's own at every size.
"""

from __future__ import annotations

import mmap
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
from mlx_lm.models.cache import make_prompt_cache

from engine.budget.activations import activations, piece_size
from engine.budget.footprint import footprint, room
from engine.budget.plan import Terms, Wish, plan
from engine.checkpoint.folder import Checkpoint, ShardFile
from engine.checkpoint.layout import layout
from engine.errors import KnownError
from engine.experts.loader import Batch, wait_all
from engine.experts.reading import Files, Policy, Range
from engine.experts.residency import Floats, Use
from engine.generation.opened import Opened, open_model
from engine.generation.prefill import prefill
from engine.lab.evaluation.scores import Scores
from engine.messages import Mode
from engine.routing.block import Way
from engine.routing.exact import Exact

PIECE = 256
"""Tokens of one forward at most."""
LOGITS_BYTES = 128 << 20
"""What a piece's logits may take, twice: as they come and as float32."""
IN_MEMORY = 0.25
"""Share of the memory up to which a model's experts are read through mapped files."""
ROOM_FOR_PIECE = 0.15

Pulse = Callable[[], None]
"""Called often, nothing in flight; may raise Cancelled."""


class Stage:
    """fits: the most experts per layer that memory holds. piece: tokens of one forward."""

    def __init__(self, opened: Opened, fits: int, piece: int, pulse: Pulse) -> None:
        self.opened = opened
        self.fits = fits
        self.piece = piece
        self.pulse = pulse

    @property
    def layers(self) -> int:
        return len(self.opened.blocks)

    @property
    def experts(self) -> int:
        return self.opened.layout.experts

    # --- a document ---------------------------------------------------------------------------------------

    def begin(self, count: int, prior: Floats | None = None) -> list[Any]:
        """New caches, banks for `count` residents, nothing wanted yet. prior: [L, E] wishes of other documents."""
        opened, residency = self.opened, self.opened.residency
        opened.resize(count)
        residency.prior[:] = 0 if prior is None else prior
        residency.use = Use(np.zeros_like(residency.prior), residency.prior.copy())
        self.route_by_all()
        return list(make_prompt_cache(opened.model))

    def route_by_all(self) -> None:
        if self.opened.resident is not None:
            self.opened.resident.leave()

    def exact(self, count: int) -> Exact:
        return Exact(self.opened.residency, count, self.pulse, self.wait)

    def install(self, selection: Sequence[Sequence[int]]) -> None:
        """Exactly these experts resident, and the routers told."""
        residency, resident = self.opened.residency, self.opened.resident
        assert resident is not None
        wait_all((residency.fetch(layer, ids) for layer, ids in enumerate(selection)), self.wait)
        for layer, ids in enumerate(selection):
            residency.keep_only(layer, list(ids))
        resident.refresh_all()

    def prefill(self, caches: list[Any], tokens: Sequence[int], way: Way) -> None:
        prefill(self.opened, caches, tokens, way, self.piece, lambda _done: self.pulse())

    def forward(self, caches: list[Any], tokens: Sequence[int], way: Way) -> mx.array:
        """Logits [T, V] of tokens after what is in the caches, not evaluated."""
        with self.opened.through(way):
            logits: mx.array = self.opened.model(mx.array(list(tokens))[None], cache=caches)[0]
        return logits

    def wait(self, batch: Batch) -> None:
        batch.wait()


def score(logits: mx.array, targets: Sequence[int], into: Scores, at: int) -> None:
    """The nll and the likeliest token of logits [T, V] into places at ... at + T. Evaluates."""
    logits = logits.astype(mx.float32)
    wanted = mx.take_along_axis(logits, mx.array(list(targets))[:, None], axis=-1)[:, 0]
    nll, greedy = mx.logsumexp(logits, axis=-1) - wanted, mx.argmax(logits, axis=-1)
    mx.eval(nll, greedy)
    into.nll[at : at + len(targets)] = np.array(nll)
    into.greedy[at : at + len(targets)] = np.array(greedy)


def open_stage(folder: Path, longest: int, memory: int | None, pulse: Pulse) -> Stage:
    """longest: tokens of the longest document.

    Raises:
        KnownError: the model cannot be opened, has no experts, or does not fit.
    """
    base, limit = footprint(), memory if memory is not None else room()
    plan_of_files = layout(Checkpoint.open(folder))
    if not plan_of_files.layers:
        raise KnownError(f"{folder.name} has no experts to choose from.", "Choose a mixture-of-experts model.")
    mapped = plan_of_files.routed_bytes <= IN_MEMORY * limit
    opened = open_model(
        folder, lambda _done, _of: pulse(), open_files=MappedFiles if mapped else _open_files, media=False
    )
    try:
        config = opened.checkpoint.text_config
        vocabulary = int(config.get("vocab_size") or 262_144)
        piece = min(PIECE, piece_size(config, longest, int(limit * ROOM_FOR_PIECE)), LOGITS_BYTES // (8 * vocabulary))
        piece = max(piece, 1)
        terms = Terms(
            base=base,
            dense=plan_of_files.dense_bytes,
            kv=opened.kv_bytes(longest),
            activations=activations(config, piece, longest) + 8 * vocabulary * piece,
            limit=limit,
        )
        fits = plan(opened.shape, terms, Wish(Mode.EXACT, experts=plan_of_files.experts)).resident
    except BaseException:
        opened.close()
        raise
    return Stage(opened, fits, piece, pulse)


def _open_files(files: Sequence[ShardFile]) -> Files:
    from engine.experts.reading import OpenFiles

    return OpenFiles(files, Policy.DIRECT)


class MappedFiles:
    """The shards mapped into memory: what was read once comes from the page cache."""

    def __init__(self, files: Sequence[ShardFile]) -> None:
        self._maps = [_mapped(file) for file in files]

    def read(self, wanted: Range) -> None:
        data, at = self._maps[wanted.file], wanted.offset
        for view in wanted.views:
            view[:] = data[at : at + view.nbytes]
            at += view.nbytes

    def check(self) -> None:
        """A mapped file keeps what it held."""

    def close(self) -> None:
        self._maps.clear()


def _mapped(file: ShardFile) -> np.ndarray:
    try:
        with file.path.open("rb") as source:
            return np.frombuffer(mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ), np.uint8)
    except (OSError, ValueError) as error:
        raise KnownError(f"{file.path.name} could not be opened ({error}).", "Download the model again.") from error
