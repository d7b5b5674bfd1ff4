"""What a model's routers wanted over a day of requests, token by token: recorded once, replayed often.

Every token gets the experts it wants while this is recorded, with all of them in memory: so the traces say what was
wanted, whatever set a replay tries. Holds ids and weights, no text. Engine thread only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import mlx.core as mx
import numpy as np
import numpy.typing as npt
from mlx_lm.models.cache import make_prompt_cache

from engine.experts.loader import wait_all
from engine.generation.conversation import Conversation
from engine.generation.opened import Opened, open_model
from engine.generation.text import encode
from engine.lab.day.requests import Request
from engine.lab.evaluation.ways import Passing, wanted_of
from engine.messages import Turn
from engine.routing.block import MoEBlock
from engine.routing.exact import Exact

Ids = npt.NDArray[np.int16]
Weights = npt.NDArray[np.float16]


@dataclass(frozen=True)
class Trace:
    """Of one request: ids and weights [T, L, k] of what was wanted; the first `prompt` tokens are its prompt's."""

    ids: Ids
    weights: Weights
    prompt: int


@dataclass(frozen=True)
class Traces:
    """experts: per layer."""

    experts: int
    requests: tuple[Trace, ...]

    def write(self, file: Path) -> None:
        arrays = {f"{name}{i}": getattr(t, name) for i, t in enumerate(self.requests) for name in ("ids", "weights")}
        np.savez_compressed(file, experts=self.experts, prompts=[t.prompt for t in self.requests], **arrays)

    @classmethod
    def read(cls, file: Path) -> Traces:
        with np.load(file, allow_pickle=False) as stored:
            each = [
                Trace(stored[f"ids{i}"], stored[f"weights{i}"], int(prompt))
                for i, prompt in enumerate(stored["prompts"])
            ]
            return cls(int(stored["experts"]), tuple(each))


def record(model: Path, requests: Sequence[Request], tokens: int, pulse: Callable[[int], None]) -> Traces:
    """Answers every request greedily with at most `tokens` tokens. pulse: called with the requests done so far."""
    opened = open_model(model, lambda _done, _of: None)
    try:
        opened.resize(opened.layout.experts)
        everything = range(opened.layout.experts)
        wait_all((opened.residency.fetch(b.index, everything) for b in opened.blocks), lambda batch: batch.wait())
        if opened.resident is not None:
            opened.resident.leave()
        chats: dict[str, tuple[list[Turn], Conversation]] = {}
        found = []
        for done, request in enumerate(requests):
            pulse(done)
            turns, kept = chats.get(request.chat, ([], Conversation(make_prompt_cache(opened.model))))
            asked = [*turns, Turn("user", request.text)]
            trace, answer = _answered(opened, asked, kept, tokens)
            found.append(trace)
            if request.chat:
                chats = {request.chat: ([*asked, Turn("assistant", answer)], kept)}
        return Traces(opened.layout.experts, tuple(found))
    finally:
        opened.close()


def _answered(opened: Opened, turns: Sequence[Turn], kept: Conversation, tokens: int) -> tuple[Trace, str]:
    prompt = encode(opened.tokenizer, tuple(turns))
    kept.rewind(kept.usable(prompt, 1.0))
    fed = prompt[len(kept.tokens) :]
    recording = _Recording(Exact(opened.residency, opened.layout.experts, lambda: None, lambda batch: batch.wait()))
    first, answer = len(fed), list[int]()
    while len(answer) < tokens:
        with opened.through(recording):
            logits = opened.model(mx.array(fed)[None], cache=kept.caches)[0, -1]
            token = int(np.array(mx.argmax(logits)))
        kept.extend(fed, 1.0)
        recording.gather()
        answer.append(token)
        if token in opened.tokenizer.eos_token_ids:
            break
        fed = [token]
    return Trace(*recording.rows(), prompt=first), opened.tokenizer.decode(answer)


class _Recording(Passing):
    """The exact way, and what the routers wanted."""

    def __init__(self, within: Exact) -> None:
        super().__init__(within)
        self._now: list[tuple[mx.array, mx.array]] = []
        self._ids: list[np.ndarray] = []
        self._weights: list[np.ndarray] = []

    def see(self, block: MoEBlock, x: mx.array, logits: mx.array) -> None:
        self._now.append(wanted_of(block, logits))
        super().see(block, x, logits)

    def gather(self) -> None:
        """A forward was evaluated."""
        self._ids.append(np.stack([np.array(ids) for ids, _ in self._now], axis=1).astype(np.int16))
        self._weights.append(np.stack([np.array(weights) for _, weights in self._now], axis=1).astype(np.float16))
        self._now.clear()

    def rows(self) -> tuple[Ids, Weights]:
        return np.concatenate(self._ids), np.concatenate(self._weights)
