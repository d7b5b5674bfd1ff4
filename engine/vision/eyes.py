"""What a model sees with: the checkpoint's processor, its encoder, and the pictures encoded lately. Engine thread.

In a prompt's tokens each of a picture's tokens is the picture's fingerprint, a negative number. So whoever
compares prompts, counts them or cuts them into pieces need not know of pictures; only here they turn into rows.
"""

from __future__ import annotations

import importlib
import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import mlx.core as mx
import numpy as np
from mlx.utils import tree_flatten

from engine.checkpoint.folder import Checkpoint
from engine.errors import KnownError
from engine.generation.text import has_template
from engine.messages import Turn
from engine.vision.kinds import KINDS, Encoded, Pixels
from engine.vision.model import ENCODERS, Placed
from engine.vision.picture import Picture, open_picture

KEPT_BYTES = 64 << 20
"""Of encoded pictures, the last used; one of 280 tokens takes 3 MB at a width of 2816 in bfloat16."""
MOST_PICTURES = 32
"""In one conversation; each is held decoded while a prompt is read."""

Check = Callable[[], None]
"""Called where nothing is in flight; may raise Cancelled."""


@dataclass(frozen=True)
class Look:
    """A prompt with pictures: its tokens, and by fingerprint what the encoder takes of each picture."""

    tokens: list[int]
    pixels: Mapping[int, Pixels] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Seen:
    """A prompt's pictures, encoded, by fingerprint. positions: [3, 1, T] of all its tokens, or None: they count."""

    encoded: Mapping[int, Encoded] = field(default_factory=dict, repr=False)
    positions: mx.array | None = field(default=None, repr=False)


class Eyes:
    """Of one opened model."""

    def __init__(self, checkpoint: Checkpoint, model: Any, encoder_bytes: int) -> None:
        self.encoder_bytes = encoder_bytes
        self._checkpoint = checkpoint
        self._model = model
        self._kind = KINDS[checkpoint.model_type]
        self._image_token = int(model.config.image_token_id)
        self._kept: OrderedDict[int, Encoded] = OrderedDict()
        self._processor: Any = None
        self._encoders: dict[str, mx.array] = {}

    # --- the prompt ---------------------------------------------------------------------------------------

    def read(self, turns: Sequence[Turn]) -> Look:
        """The turns as a prompt, through the checkpoint's own template and processor.

        Raises:
            KnownError: a picture is no use, or the model's template and the pictures do not fit.
        """
        if (count := sum(len(turn.images) for turn in turns)) > MOST_PICTURES:
            raise KnownError(f"{count} pictures are too many for one conversation.", f"Show at most {MOST_PICTURES}.")
        pictures = [open_picture(source) for turn in turns for source in turn.images]
        processor = self._opened_processor()
        text = _templated(processor.tokenizer, turns)
        try:
            images = [picture.image for picture in pictures] or None
            inputs = processor(text=[text], images=images, add_special_tokens=False)
        except (ValueError, StopIteration, RuntimeError, IndexError) as error:
            raise _mismatch() from error
        tokens = [int(t) for t in np.array(inputs["input_ids"])[0]]
        pixels = self._kind.pixels(inputs, self._model) if pictures else []
        by_picture = {p.fingerprint: one for p, one in zip(pictures, pixels, strict=True)}
        return Look(self._marked(tokens, pictures), by_picture)

    def _marked(self, tokens: Sequence[int], pictures: Sequence[Picture]) -> list[int]:
        marked: list[int] = []
        coming = iter(pictures)
        for is_picture, run in groupby(tokens, lambda token: token == self._image_token):
            if not is_picture:
                marked += run
                continue
            picture = next(coming, None)
            if picture is None:
                raise _mismatch()
            marked += [picture.fingerprint] * len(list(run))
        if next(coming, None) is not None or marked[-1] < 0:
            raise _mismatch()
        return marked

    def _opened_processor(self) -> Any:
        if self._processor is None:
            module, name = self._kind.processor
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about sound, which is not asked for
                try:
                    processor: Any = getattr(importlib.import_module(module), name)
                    self._processor = processor.from_pretrained(self._checkpoint.path, trust_remote_code=False)
                except Exception as error:  # transformers raises many kinds here
                    raise KnownError(
                        f"What prepares pictures for {self._checkpoint.path.name} could not be opened.",
                        "Download the model again: processor_config.json or the tokenizer is missing or broken.",
                    ) from error
        return self._processor

    # --- the encoder --------------------------------------------------------------------------------------

    def unseen(self, tokens: Iterable[int]) -> list[int]:
        """Fingerprints in these tokens that are still to be encoded, in order."""
        return [f for f in dict.fromkeys(t for t in tokens if t < 0) if f not in self._kept]

    def encoding_bytes(self, look: Look) -> int:
        """What the largest of these takes on its way through the encoder, and all of them as rows.

        Scores of all patches with all are counted 1.5 times in each head, as a CPU holds them (docs/pictures.md).
        """
        fingerprints = self.unseen(look.tokens)
        if not fingerprints:
            return 0
        vision = self._model.config.vision_config
        patches = max(look.pixels[f].patches for f in fingerprints)
        widths = 8 * vision.hidden_size + 3 * vision.intermediate_size
        scores = 1.5 * int(getattr(vision, self._kind.heads)) * patches
        width = int(self._model.config.text_config.hidden_size)
        return int(4 * (patches * (widths + scores) + len(fingerprints) * patches * width))

    def encode(self, look: Look, new: Sequence[int], check: Check) -> Seen:
        """Every picture among the new tokens, through the encoder when it is not kept; the encoder's weights are read
        for it and given back.
        """
        encoded = {token: self._kept[token] for token in new if token in self._kept}
        if unseen := self.unseen(new):
            check()  # not within: who runs there may look at pictures too
            with self._reading():
                for fingerprint in unseen:
                    encoded[fingerprint] = self._kind.encode(self._model, look.pixels[fingerprint])
                    mx.eval(encoded[fingerprint])
        for fingerprint, rows in encoded.items():
            self._kept[fingerprint] = rows
            self._kept.move_to_end(fingerprint)
        while len(self._kept) > 1 and sum(a.nbytes for rows in self._kept.values() for a in rows) > KEPT_BYTES:
            self._kept.popitem(last=False)
        return Seen(encoded, self._positions(look))

    def _positions(self, look: Look) -> mx.array | None:
        grids = [look.pixels[token].grid for token, _ in groupby(look.tokens) if token < 0]
        return self._kind.positions(self._model, self.ids(look.tokens), [g for g in grids if g is not None])

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """The encoder's weights are in memory inside, and only lazy promises of them outside."""
        parameters = dict(tree_flatten({k: v for k, v in self._model.parameters().items() if k in ENCODERS}))
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

    def beside(self, part: Sequence[int], at: int, seen: Seen) -> dict[str, Any]:
        """What the model's call takes beside the ids of `part`, which begins at token `at` of the prompt and in which
        a picture is whole or not at all.
        """
        placed = {} if seen.positions is None else {"position_ids": seen.positions[..., at : at + len(part)]}
        return placed if min(part) >= 0 else placed | self._embedded(part, seen)

    def _embedded(self, part: Sequence[int], seen: Seen) -> dict[str, Any]:
        given = self._model.get_input_embeddings(self.ids(part))
        rows, at = given.inputs_embeds, 0
        shown = []
        for token, run in groupby(part, lambda token: min(token, 0)):
            length = len(list(run))
            if token < 0:
                shown.append(seen.encoded[token])
                rows[:, at : at + length] = seen.encoded[token][0].astype(rows.dtype)
            at += length
        where = mx.array([[int(token < 0) for token in part]])
        return {"inputs_embeds": rows} | self._kind.beside(given, where, shown)

    def place(self, caches: Sequence[Any], seen: Seen, tokens: int) -> None:
        """From the prompt's end on, positions count from here. Belongs to the caches: so requests can nest."""
        last = tokens - 1 if seen.positions is None else int(np.array(seen.positions).max())
        for cache in caches:
            if isinstance(cache, Placed):
                cache.shift = last + 1 - tokens

    def ids(self, part: Sequence[int]) -> mx.array:
        """int32 [1, T]: the tokens as the model knows them."""
        return mx.array([[self._image_token if token < 0 else token for token in part]], mx.int32)


def pieces(tokens: Sequence[int], most: int) -> list[Sequence[int]]:
    """Cut in pieces of at most `most` tokens, never within a picture; a picture longer than that is a piece."""
    cut: list[Sequence[int]] = []
    begin = 0
    while begin < len(tokens):
        end = min(begin + most, len(tokens))
        first = end
        while begin < first < len(tokens) and tokens[first] < 0 and tokens[first] == tokens[first - 1]:
            first -= 1
        if first == begin:  # a picture begins here and goes on past `most`
            while end < len(tokens) and tokens[end] < 0 and tokens[end] == tokens[end - 1]:
                end += 1
            first = end
        cut.append(tokens[begin:first])
        begin = first
    return cut


def longest_picture(tokens: Sequence[int]) -> int:
    """Tokens of the longest picture: the least that one piece must take; 0 without pictures."""
    return max((len(list(run)) for token, run in groupby(tokens, lambda token: min(token, 0)) if token < 0), default=0)


def _templated(tokenizer: Any, turns: Sequence[Turn]) -> str:
    if not any(turn.content.strip() or turn.images for turn in turns):
        raise KnownError("The prompt is empty.", "Write something to answer.")
    if not has_template(tokenizer) and getattr(tokenizer, "chat_template", None) is None:
        raise KnownError("The model has no chat template to show pictures with.", "Download the model again.")
    try:
        text: str = tokenizer.apply_chat_template(
            [_message(turn) for turn in turns], add_generation_prompt=True, tokenize=False
        )
    except Exception as error:  # Jinja's errors, and the template's own raise_exception
        raise KnownError(
            "The model's chat template refuses this conversation.",
            "Leave out the system text, or show the pictures with a user message.",
        ) from error
    return text


def _message(turn: Turn) -> dict[str, Any]:
    if not turn.images:
        return {"role": turn.role, "content": turn.content}
    parts: list[dict[str, str]] = [{"type": "image"} for _ in turn.images]
    return {"role": turn.role, "content": [*parts, {"type": "text", "text": turn.content}]}


def _mismatch() -> KnownError:
    return KnownError(
        "The pictures and the model's marks for them in the text do not fit.",
        "Leave out of the text what looks like the model's own marks, such as <|image|>.",
    )
