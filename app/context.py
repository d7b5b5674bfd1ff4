"""How full a model's context is: counted by the model where it said so, estimated for the rest. Pure.

Nothing here knows the model's tokenizer, so an estimate is one: about a tenth off for prose, more for other scripts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from app.markdown.thinking import parted
from app.store.rows import Message, Role

WARN, FULL = 0.8, 1.0
_LATIN, _OTHER = 3.8, 1.4
"""Characters of a token, on average over common tokenizers."""
_TURN = 6
"""Tokens that the marks around a message take."""


@dataclass(frozen=True)
class Usage:
    """Tokens of the context that the next prompt takes. of: the whole context, 0 when it is not known."""

    tokens: int
    of: int

    @property
    def share(self) -> float:
        return self.tokens / self.of if self.of else 0.0

    @property
    def left(self) -> int:
        return self.of - self.tokens


def estimated(text: str) -> int:
    latin = sum(letter < "\u0250" for letter in text)
    return ceil(latin / _LATIN + (len(text) - latin) / _OTHER)


def characters(count: int) -> int:
    """Tokens of so many characters nobody has looked at."""
    return ceil(count / _LATIN)


def used(branch: Sequence[Message], draft: str, attached: int, system: str, context: int, media: int = 0) -> Usage:
    """attached: characters of the files that go along with the draft. media: tokens of pictures and sounds in it."""
    counted, since = _counted(branch)
    if not counted:
        counted = estimated(system)
    tokens = counted + sum(map(_of, since)) + estimated(draft) + characters(attached) + media
    return Usage(tokens + (_TURN if draft or attached or media else 0), context)


def _counted(branch: Sequence[Message]) -> tuple[int, Sequence[Message]]:
    """What the prompt of the last answer was counted at, and what came after that prompt."""
    for at in range(len(branch) - 1, -1, -1):
        record = branch[at].record
        if record is None:
            continue
        tokens = record.get("tokens")
        counted = tokens.get("prompt") if isinstance(tokens, dict) else None
        if isinstance(counted, int):
            return counted, branch[at:]
    return 0, branch


def _of(message: Message) -> int:
    """What an answer thought is not said again."""
    said = parted(message.text).answer if message.role is Role.ASSISTANT else message.text
    return estimated(said) + _TURN + sum(characters(file.characters) for file in message.attached)
