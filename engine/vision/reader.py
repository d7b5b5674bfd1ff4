"""A conversation with pictures and sounds as a prompt, by the checkpoint's own template and processor. Engine thread.

Needs none of the model's weights, so it also tells beforehand how many tokens a picture will take.
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from engine.checkpoint.folder import Checkpoint
from engine.errors import KnownError
from engine.generation.text import has_template
from engine.messages import Turn
from engine.vision.clip import open_clip
from engine.vision.families import Sense
from engine.vision.kinds import KINDS
from engine.vision.kinds.kind import Part, Parts
from engine.vision.model import quiet
from engine.vision.picture import Source, open_picture

MOST_PICTURES = 32
"""In one conversation; each is held decoded while a prompt is read."""
MOST_TOGETHER = 100_000_000
"""Pixels of a conversation's pictures, each shrunk as the model wants it: 2.4 GB of numbers in Qwen's families."""
MOST_SOUNDS = 8
MOST_SECONDS = 300.0
"""Of one sound, where the model's own limit is not lower: 4,000 tokens of Qwen3-Omni's."""


@dataclass(frozen=True)
class Look:
    """A prompt with media: its tokens, and by fingerprint what the encoders take, and for which sense."""

    tokens: list[int]
    parts: Mapping[int, tuple[Sense, Part]] = field(default_factory=dict, repr=False)

    def count(self, sense: Sense) -> int:
        """Tokens of this sense's media."""
        mine = {token for token, (which, _) in self.parts.items() if which is sense}
        return sum(token in mine for token in self.tokens)


class Reader:
    """Of one checkpoint. Raises KnownError where its configuration is not one that mlx-vlm knows."""

    def __init__(self, checkpoint: Checkpoint, config: Any = None) -> None:
        """config: the model's, of mlx-vlm; None: read it."""
        self._checkpoint = checkpoint
        self.kind = KINDS[checkpoint.model_type]
        self.config = _config(checkpoint) if config is None else config
        self.tokens = self.kind.tokens(self.config)
        self._processor: Any = None

    def read(self, turns: Sequence[Turn]) -> Look:
        """The turns as a prompt.

        Raises:
            KnownError: a picture or sound is no use, or the model's template and the media do not fit.
        """
        images = [path for turn in turns for path in turn.images]
        audio = [path for turn in turns for path in turn.audio]
        _check_number(len(images), MOST_PICTURES, "pictures")
        _check_number(len(audio), MOST_SOUNDS, "sounds")
        processor = self._opened_processor()
        pictures = self._pictures(images, processor)
        clips = [open_clip(path, self._most_seconds(processor)) for path in audio]
        text = _templated(processor.tokenizer, turns)
        if self.kind.mark and text.count(self.kind.mark) != len(pictures):
            raise _mismatch()
        inputs = _processed(processor, text, pictures, clips)
        tokens = [int(t) for t in np.array(inputs["input_ids"])[0]]
        return self._marked(tokens, self.kind.parts(inputs, self.config) if pictures or clips else {})

    def count(self, turn: Turn) -> int:
        """The tokens that this turn's media take, with the marks around them. Raises KnownError as `read` does."""
        words = Turn(turn.role, turn.content or "-")
        beside = Turn(turn.role, words.content, turn.images, turn.audio)
        return len(self.read([beside]).tokens) - len(self.read([words]).tokens)

    def _pictures(self, sources: Sequence[Source], processor: Any) -> list[Any]:
        """Images of Pillow's. One after another, so that what is too much together is not all decoded first."""
        opened, pixels = [], 0
        for source in sources:
            image = open_picture(source).image
            pixels += min(image.width * image.height, self.kind.most_pixels(processor.image_processor))
            if pixels > MOST_TOGETHER:
                raise KnownError(
                    f"The pictures here are too large together: over {MOST_TOGETHER // 10**6} megapixels.",
                    "Give fewer, shrink them, or begin a new conversation.",
                )
            opened.append(image)
        return opened

    def _marked(self, tokens: list[int], parts: Parts) -> Look:
        """Every stretch of the tokens that stand for media becomes its part's fingerprint."""
        by_token = {token: sense for sense, token in self.tokens.items()}
        coming = {sense: iter(parts.get(sense, ())) for sense in self.tokens}
        marked: list[int] = []
        taken: dict[int, tuple[Sense, Part]] = {}
        before: Sense | None = None
        for token in tokens:
            sense = by_token.get(token)
            if sense is None:
                marked.append(token)
            elif sense is before:
                marked.append(marked[-1])
            elif (part := next(coming[sense], None)) is None:
                raise _mismatch()
            else:
                mark = part.fingerprint()
                taken[mark] = (sense, part)
                marked.append(mark)
            before = sense
        if marked[-1] < 0 or any(next(rest, None) is not None for rest in coming.values()):
            raise _mismatch()
        return Look(marked, taken)

    def _most_seconds(self, processor: Any) -> float:
        hearing = getattr(processor, "feature_extractor", None)
        return min(MOST_SECONDS, float(getattr(hearing, "chunk_length", MOST_SECONDS)))

    def _opened_processor(self) -> Any:
        if self._processor is None:
            module, name = self.kind.processor
            with quiet(), warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about what is not asked for
                try:
                    importlib.import_module("transformers").utils.logging.set_verbosity_error()
                    processor: Any = getattr(importlib.import_module(module), name)
                    self._processor = processor.from_pretrained(self._checkpoint.path, trust_remote_code=False)
                    self.kind.mend_processor(self._processor)
                except Exception as error:  # transformers raises many kinds here
                    raise KnownError(
                        f"What prepares pictures for {self._checkpoint.path.name} could not be opened.",
                        "Download the model again: processor_config.json or the tokenizer is missing or broken.",
                    ) from error
        return self._processor


def _config(checkpoint: Checkpoint) -> Any:
    """As mlx-vlm's `load_model` makes it, without the model."""
    try:
        with quiet():
            utils: Any = importlib.import_module("mlx_vlm.utils")
            given = utils.load_config(Path(checkpoint.path))
            classes, _ = utils.get_model_and_args(config=given)
            given.setdefault("text_config", given.pop("llm_config", {}))
            made = classes.ModelConfig.from_dict(given)
            return utils.update_module_configs(made, classes, given, ["text", "vision", "audio"])
    except Exception as error:  # dataclasses' own TypeError, KeyError and others
        raise KnownError(
            f"mlx-vlm cannot read the configuration of {checkpoint.path.name}.", "Download the model again."
        ) from error


def _processed(processor: Any, text: str, pictures: Sequence[Any], clips: Sequence[Any]) -> Any:
    given: dict[str, Any] = {"images": list(pictures) or None}
    if clips:
        given |= {"audio": list(clips), "sampling_rate": 16_000, "padding": True}
    try:
        return processor(text=[text], add_special_tokens=False, **given)
    except (ValueError, StopIteration, RuntimeError, IndexError) as error:
        raise _mismatch() from error


def _check_number(count: int, most: int, what: str) -> None:
    if count > most:
        raise KnownError(f"{count} {what} are too many for one conversation.", f"Give at most {most}.")


def _templated(tokenizer: Any, turns: Sequence[Turn]) -> str:
    if not any(turn.content.strip() or turn.images or turn.audio for turn in turns):
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
    if not turn.images and not turn.audio:
        return {"role": turn.role, "content": turn.content}
    parts: list[dict[str, str]] = [{"type": "image"} for _ in turn.images] + [{"type": "audio"} for _ in turn.audio]
    return {"role": turn.role, "content": [*parts, {"type": "text", "text": turn.content}]}


def _mismatch() -> KnownError:
    return KnownError(
        "The pictures or sounds and the model's marks for them in the text do not fit.",
        "Leave out of the text what looks like the model's own marks, such as <|image|>.",
    )
