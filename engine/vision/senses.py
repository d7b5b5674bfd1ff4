"""What a model sees and hears with: its encoders, and what they put out lately. Engine thread.

How media become marks in a prompt is in `reader.py`; here the marks become rows of the language part.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import mlx.core as mx
import numpy as np
from mlx.utils import tree_flatten

from engine.checkpoint.folder import Checkpoint
from engine.checkpoint.layout import encoder_of
from engine.messages import Turn
from engine.vision.attention import in_parts
from engine.vision.families import Sense
from engine.vision.kinds.kind import Encoded, inner
from engine.vision.marks import longest, pieces, rows, stretches
from engine.vision.model import Placed
from engine.vision.reader import Look, Reader

KEPT_BYTES = 64 << 20
"""Of encoded media, the last used; one of 280 tokens takes 3 MB at a width of 2816 in bfloat16."""

Check = Callable[[], None]
"""Called where nothing is in flight; may raise Cancelled."""


@dataclass(frozen=True)
class Seen:
    """A prompt's media, encoded, by fingerprint. positions: [3, 1, T] of all its tokens, or None: they count.
    rows: for each token, which row of its medium it is.
    """

    encoded: Mapping[int, tuple[Sense, Encoded]] = field(default_factory=dict, repr=False)
    positions: mx.array | None = field(default=None, repr=False)
    rows: Sequence[int] = field(default=(), repr=False)


class Senses:
    """Of one opened model."""

    def __init__(self, checkpoint: Checkpoint, model: Any, given: frozenset[Sense]) -> None:
        self.given = given
        self.reader = Reader(checkpoint, model.config)
        self._kind = self.reader.kind
        self._checkpoint = checkpoint
        self._model = model
        self._kept: OrderedDict[int, tuple[Sense, Encoded]] = OrderedDict()

    def read(self, turns: Sequence[Turn]) -> Look:
        """The turns as a prompt. Raises KnownError as `Reader.read` does."""
        return self.reader.read(turns)

    def ids(self, part: Sequence[int], parts: Mapping[int, Sense]) -> mx.array:
        """int32 [1, T]: the tokens as the model knows them."""
        return mx.array([[self.reader.tokens[parts[t]] if t < 0 else t for t in part]], mx.int32)

    # --- pieces -------------------------------------------------------------------------------------------

    def pieces(self, tokens: Sequence[int], most: int) -> list[Sequence[int]]:
        return pieces(tokens, most, whole=self._kind.whole)

    def longest(self, tokens: Sequence[int]) -> int:
        """The least that one piece must take."""
        return longest(tokens) if self._kind.whole else 0

    # --- the encoders -------------------------------------------------------------------------------------

    def unseen(self, tokens: Iterable[int]) -> list[int]:
        """Fingerprints in these tokens that are still to be encoded, in order."""
        return [f for f in dict.fromkeys(t for t in tokens if t < 0) if f not in self._kept]

    def passing_bytes(self, look: Look) -> int:
        """What is there only while this prompt's media are encoded, one sense after the other: an encoder's weights,
        and what the largest of its media takes on its way. 0 when all were encoded before.
        """
        costs: dict[Sense, int] = {}
        for sense, part in (look.parts[f] for f in self.unseen(look.tokens)):
            costs[sense] = max(costs.get(sense, 0), self._kind.cost(self._model.config, sense, part))
        return max((self._weights(sense) + cost for sense, cost in costs.items()), default=0)

    def staying_bytes(self, look: Look) -> int:
        """What is there as long as the request: the numbers that the processor made of its media, what was kept of
        media before it, and the rows that its own become.
        """
        unseen = set(self.unseen(look.tokens))
        vision = inner(self._model.config).vision_config
        later = len(getattr(vision, "deepstack_visual_indexes", None) or ())
        row = 4 * int(self._checkpoint.text_config["hidden_size"])
        rows = sum(
            length * (1 + later if look.parts[token][0] is Sense.SIGHT else 1)
            for token, _, length in stretches(look.tokens)
            if token in unseen
        )
        return sum(part.values.nbytes for _, part in look.parts.values()) + self._kept_bytes() + row * rows

    def encode(self, look: Look, new: Sequence[int], check: Check) -> Seen:
        """Every medium among the new tokens, through its encoder when it is not kept; the encoder's weights are read
        for it and given back.
        """
        encoded = {token: self._kept[token] for token in new if token in self._kept}
        unseen = self.unseen(new)
        for sense in Sense:
            mine = [f for f in unseen if look.parts[f][0] is sense]
            if mine:
                check()  # not within: who runs there may look at pictures too
                with self._reading(sense), in_parts():
                    for f in mine:
                        made = self._kind.encode(self._model, sense, look.parts[f][1])
                        mx.eval(made)
                        encoded[f] = (sense, made)
        self._keep(encoded)
        return Seen(encoded, self._positions(look), rows(look.tokens))

    def _keep(self, encoded: Mapping[int, tuple[Sense, Encoded]]) -> None:
        for f, made in encoded.items():
            self._kept[f] = made
            self._kept.move_to_end(f)
        while len(self._kept) > 1 and self._kept_bytes() > KEPT_BYTES:
            self._kept.popitem(last=False)

    def _kept_bytes(self) -> int:
        return sum(rows.nbytes for _, made in self._kept.values() for rows in made)

    def _positions(self, look: Look) -> mx.array | None:
        if self._kind.positions is None:
            return None
        grids = [look.parts[f][1].grid for f, _, _ in stretches(look.tokens)]
        ids = self.ids(look.tokens, {f: sense for f, (sense, _) in look.parts.items()})
        return self._kind.positions(self._model, ids, [g for g in grids if g is not None])

    def _encoder(self, sense: Sense) -> dict[str, mx.array]:
        return {n: a for n, a in dict(tree_flatten(self._model.parameters())).items() if encoder_of(n) == sense}

    def _weights(self, sense: Sense) -> int:
        return sum(a.nbytes for a in self._encoder(sense).values())

    @contextmanager
    def _reading(self, sense: Sense) -> Iterator[None]:
        """This encoder's weights are in memory inside, and only lazy promises of them outside."""
        parameters = self._encoder(sense)
        try:
            mx.eval(list(parameters.values()))
            yield
        finally:
            self._give_back(parameters)

    def _give_back(self, parameters: Mapping[str, mx.array]) -> None:
        """What lies in the files as the model takes it is read again next time; the rest stays."""
        files = {str(self._checkpoint.tensors[name].file) for name in parameters if name in self._checkpoint.tensors}
        lazy: dict[str, mx.array] = {}
        for file in files:
            with suppress(RuntimeError):  # a file that went away: what was read of it stays
                lazy |= mx.load(file)  # type: ignore[arg-type]
        fresh = [(n, lazy[n]) for n, a in parameters.items() if n in lazy and lazy[n].shape == a.shape]
        self._model.load_weights(fresh, strict=False)
        mx.clear_cache()

    # --- the way into the language part -------------------------------------------------------------------

    def taken(self, part: Sequence[int], at: int, seen: Seen) -> tuple[mx.array, dict[str, Any]]:
        """What the model's call takes for `part`, which begins at token `at` of the prompt: ids and the rest."""
        ids = self.ids(part, {f: sense for f, (sense, _) in seen.encoded.items()})
        beside: dict[str, Any] = {}
        if seen.positions is not None:
            beside["position_ids"] = self._kind.laid(seen.positions[..., at : at + len(part)])
        return ids, beside if min(part) >= 0 else beside | self._embedded(ids, part, at, seen)

    def _embedded(self, ids: mx.array, part: Sequence[int], at: int, seen: Seen) -> dict[str, Any]:
        given = self._model.get_input_embeddings(ids)
        embedded = given.inputs_embeds
        pictures: list[Encoded] = []
        shown = np.zeros((1, len(part)), np.int32)
        for token, begin, length in stretches(part):
            sense, made = seen.encoded[token]
            first = seen.rows[at + begin]
            mine = tuple(one[first : first + length] for one in made)
            embedded[:, begin : begin + length] = mine[0].astype(embedded.dtype)
            if sense is Sense.SIGHT:
                pictures.append(mine)
                shown[:, begin : begin + length] = 1
        beside = self._kind.beside(self._model, given, mx.array(shown), pictures) if pictures else {}
        return {"inputs_embeds": embedded} | beside

    def place(self, caches: Sequence[Any], seen: Seen, tokens: int) -> None:
        """From the prompt's end on, positions count from here. Belongs to the caches: so requests can nest."""
        last = tokens - 1 if seen.positions is None else int(np.array(seen.positions).max())
        for cache in caches:
            if isinstance(cache, Placed):
                cache.shift = last + 1 - tokens
