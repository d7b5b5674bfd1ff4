"""Between text and tokens: chat template, stop sequences, streaming. By mlx-lm's tokenizer utilities."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import transformers
from mlx_lm.tokenizer_utils import load as load_tokenizer

from engine.errors import KnownError
from engine.messages import Turn

_transformers: Any = transformers
_NEVER_A_PROGRAM = {"trust_remote_code": False}
"""Without it transformers asks whoever sits at the terminal, and a `y` runs what the model's folder names."""


def open_tokenizer(path: Path, eos_token_ids: Any) -> Any:
    """The model's tokenizer with its streaming detokenizer. Raises KnownError."""
    _transformers.utils.logging.set_verbosity_error()  # its notices would land in the middle of an answer
    try:
        return load_tokenizer(path, _NEVER_A_PROGRAM, eos_token_ids=eos_token_ids)
    except Exception as error:  # transformers raises many kinds here
        raise KnownError(
            f"The tokenizer of {path.name} could not be opened ({_first_line(error)}).",
            "Download the model again: tokenizer.json or its config is missing or broken.",
        ) from error


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200].rstrip(". ")


def has_template(tokenizer: Any) -> bool:
    return bool(getattr(tokenizer, "has_chat_template", False))


def encode(tokenizer: Any, turns: Sequence[Turn]) -> list[int]:
    """The prompt's token ids: through the chat template, or plain text where the model has none.

    Raises:
        KnownError: nothing to answer, or the template refuses the conversation.
    """
    if not any(turn.content.strip() for turn in turns):
        raise KnownError("The prompt is empty.", "Write something to answer.")
    if not has_template(tokenizer):
        return [int(t) for t in tokenizer.encode("\n\n".join(turn.content for turn in turns))]
    messages = [{"role": turn.role, "content": turn.content} for turn in turns]
    try:
        tokens = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=True, return_dict=False)
    except Exception as error:  # Jinja's errors, and the template's own raise_exception
        raise KnownError(
            f"The model's chat template refuses this conversation ({_first_line(error)}).",
            "Leave out the system text, or begin with a user message.",
        ) from error
    return [int(t) for t in tokens]


class Stream:
    """Tokens to text as they come, ending at a stop sequence, which is not shown."""

    def __init__(self, tokenizer: Any, stop: Sequence[str]) -> None:
        self._detokenizer = tokenizer.detokenizer
        self._detokenizer.reset()
        self._stop = [s for s in stop if s]
        self._held = ""
        self.text = ""
        self.stopped = False

    def add(self, token: int) -> str:
        """The text that is certain now; what may be the beginning of a stop sequence is held back."""
        self._detokenizer.add_token(token)
        return self._let(self._detokenizer.last_segment)

    def finish(self) -> str:
        """The rest."""
        if self.stopped:
            return ""
        self._detokenizer.finalize()
        piece = self._let(self._detokenizer.last_segment)  # reading it takes it
        if not self.stopped:
            piece += self._held
            self.text += self._held
            self._held = ""
        return piece

    def _let(self, segment: str) -> str:
        pending = self._held + segment
        found = [at for s in self._stop if (at := pending.find(s)) >= 0]
        if found:
            self.stopped = True
            piece, self._held = pending[: min(found)], ""
        else:
            keep = max((_overlap(pending, s) for s in self._stop), default=0)
            piece, self._held = pending[: len(pending) - keep], pending[len(pending) - keep :]
        self.text += piece
        return piece


def _overlap(text: str, stop: str) -> int:
    """How many of the last characters of `text` begin `stop`."""
    return next((n for n in range(min(len(text), len(stop) - 1), 0, -1) if text.endswith(stop[:n])), 0)
