"""What is kept of a conversation between turns: its tokens' KV, and how each span of it was made.

Exact spans serve any request; others only requests that ask for no more (design: engine rule 11). Engine thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import mlx.core as mx
from mlx_lm.models import cache as stock
from mlx_lm.models.cache import trim_prompt_cache

from engine.generation.undo import Undo, snapshot


@dataclass(frozen=True)
class Span:
    """Tokens up to `end` (from where the span before ends) were made with this coverage; 1 is exact."""

    end: int
    coverage: float


@dataclass
class Conversation:
    """tokens[i] went through the caches at position i. Snapshots are places to come back to.

    hidden: what a predictor looked at, states [1, T, D] by the number of tokens there were after them.
    """

    caches: list[Any]
    tokens: list[int] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    snapshots: list[tuple[int, Undo]] = field(default_factory=list)
    hidden: list[tuple[int, mx.array]] = field(default_factory=list)

    def extend(self, tokens: Sequence[int], coverage: float) -> None:
        self.tokens += tokens
        if self.spans and self.spans[-1].coverage == coverage:
            self.spans.pop()
        self.spans.append(Span(len(self.tokens), coverage))

    def keep_place(self) -> None:
        """Remember this place: the next turn usually shares everything up to here. The last place only."""
        self.snapshots = [(len(self.tokens), snapshot(self.caches))]

    def usable(self, prompt: Sequence[int], least: float) -> int:
        """How many leading tokens of the prompt are here and were made with at least this coverage."""
        common = 0
        for mine, theirs in zip(self.tokens, prompt[:-1], strict=False):
            if mine != theirs:
                break
            common += 1
        return min(common, self._good(least))

    def rewind(self, length: int) -> int:
        """Bring the caches back to at most `length` tokens; returns how many are left, 0 when they are no use."""
        if length < len(self.tokens):
            surplus = len(self.tokens) - length
            if all(_keeps_all(cache) for cache in self.caches):
                trim_prompt_cache(self.caches, surplus)
            else:
                length = self._come_back(length)
        self.tokens = self.tokens[:length]
        self.spans = [Span(min(s.end, length), s.coverage) for i, s in enumerate(self.spans) if self._begin(i) < length]
        self.snapshots = [(at, undo) for at, undo in self.snapshots if at <= length]
        self.hidden = [(at, states) for at, states in self.hidden if at <= length]
        return length

    def _come_back(self, length: int) -> int:
        for at, undo in reversed(self.snapshots):
            if at <= length:
                undo()
                return at
        return 0

    def _good(self, least: float) -> int:
        for i, span in enumerate(self.spans):
            if span.coverage < least:
                return self._begin(i)
        return len(self.tokens)

    def _begin(self, index: int) -> int:
        return self.spans[index - 1].end if index else 0


def _keeps_all(cache: Any) -> bool:
    """Whether a cache still holds every row it was given, so that it can be cut anywhere.

    Stricter than mlx-lm's `is_trimmable`, which is true for a chunked cache that has already dropped its front.
    """
    if isinstance(cache, stock.CacheList):
        return all(_keeps_all(one) for one in cache.caches)
    if isinstance(cache, stock.ChunkedKVCache):
        return bool(cache.start_position == 0)
    return isinstance(cache, stock.KVCache | stock.QuantizedKVCache | stock.RotatingKVCache) and cache.is_trimmable()
