"""Texts as tokens, each split into the prompt that chooses the set and what is scored. The protocol's first half.

A dialogue (turns that begin with `User: ` and `Assistant: `) goes through the model's chat template where it has one,
everything else is plain text. Knows a tokenizer, no model; any thread.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.errors import KnownError
from engine.generation.text import has_template

PROMPT = 64
"""Tokens of a prompt at most; of a short document it is a quarter."""
LEAST_TOKENS = 32
"""A shorter document says nothing: its prompt would be a few words."""
LONGEST = 512
"""Tokens of a document at most; the rest is left out."""

_TURNS = re.compile(r"^(User|Assistant): ?", re.MULTILINE)


@dataclass(frozen=True)
class Document:
    """tokens[:prompt] choose the set, tokens[prompt:] are scored. bytes: of the scored part as UTF-8 text, special
    tokens left out.
    """

    tokens: tuple[int, ...]
    prompt: int
    bytes: int

    @property
    def scored(self) -> int:
        return len(self.tokens) - self.prompt

    @property
    def targets(self) -> tuple[int, ...]:
        return self.tokens[self.prompt :]


def documents(texts: Sequence[str], tokenizer: Any, count: int, longest: int, seed: int) -> list[Document]:
    """At most `count` documents, drawn with the seed and kept in order.

    Raises:
        KnownError: all are too short.
    """
    order = random.Random(seed).sample(range(len(texts)), len(texts))
    drawn: dict[int, Document] = {}
    for number in order:
        if len(drawn) == count:
            break
        tokens = _encoded(texts[number], tokenizer)[:longest]
        if len(tokens) >= LEAST_TOKENS:
            drawn[number] = _document(tokens, tokenizer)
    if not drawn:
        raise KnownError(
            f"Every document is shorter than {LEAST_TOKENS} tokens.",
            "Give longer ones: a blank line ends a document, and a folder's files are one document each.",
        )
    return [drawn[number] for number in sorted(drawn)]


def _document(tokens: Sequence[int], tokenizer: Any) -> Document:
    prompt = min(PROMPT, len(tokens) // 4)
    size = _bytes(tokens, tokenizer) - _bytes(tokens[:prompt], tokenizer)
    return Document(tuple(tokens), prompt, max(size, 1))


def _bytes(tokens: Sequence[int], tokenizer: Any) -> int:
    return len(tokenizer.decode(list(tokens), skip_special_tokens=True).encode("utf-8", "replace"))


def _encoded(text: str, tokenizer: Any) -> list[int]:
    turns = _dialogue(text) if has_template(tokenizer) else []
    if turns:
        try:
            tokens = tokenizer.apply_chat_template(turns, tokenize=True, return_dict=False)
            return [int(token) for token in tokens]
        except Exception:  # noqa: BLE001 -- a template may refuse a dialogue in its own way; as text it can be read
            pass
    return [int(token) for token in tokenizer.encode(text)]


def _dialogue(text: str) -> list[dict[str, str]]:
    before, *parts = _TURNS.split(text)
    turns = [{"role": r.lower(), "content": said.strip()} for r, said in zip(parts[::2], parts[1::2], strict=True)]
    return turns if not before.strip() and len(turns) > 1 else []
