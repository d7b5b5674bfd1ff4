"""Tokens to text, and stop sequences."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import KnownError
from engine.generation.text import Stream, encode, open_tokenizer
from engine.lab.tiny_tokenizer import tiny_tokenizer
from engine.messages import Turn


class Letters:
    """A tokenizer whose tokens are characters."""

    def __init__(self) -> None:
        self.detokenizer: Any = self
        self.last_segment = ""

    def reset(self) -> None:
        self.last_segment = ""

    def add_token(self, token: int) -> None:
        self.last_segment = chr(token)

    def finalize(self) -> None:
        self.last_segment = ""


@given(st.text("abc", max_size=30), st.lists(st.text("abc", min_size=1, max_size=4), max_size=3))
def test_the_text_ends_before_the_first_stop_sequence(text: str, stops: list[str]) -> None:
    stream = Stream(Letters(), stops)
    pieces = []
    for letter in text:
        pieces.append(stream.add(ord(letter)))
        if stream.stopped:
            break
    pieces.append(stream.finish())
    shown = "".join(pieces)
    ends = [text[: i + 1].find(s) for i in range(len(text)) for s in stops if text[: i + 1].endswith(s)]
    expected = text
    if ends:
        first = min(i for i in range(len(text)) if any(text[: i + 1].endswith(s) for s in stops))
        expected = text[: min(text[: first + 1].find(s) for s in stops if s in text[: first + 1])]
    assert shown == expected == stream.text


def test_what_may_become_a_stop_sequence_is_held_back() -> None:
    stream = Stream(Letters(), ["<end>"])
    assert "".join(stream.add(ord(c)) for c in "ab<en") == "ab"
    assert stream.add(ord("x")) == "<enx"


def test_an_empty_prompt_is_refused(tmp_path: Path) -> None:
    tiny_tokenizer(tmp_path, 512)
    tokenizer = open_tokenizer(tmp_path, None)
    with pytest.raises(KnownError, match="empty"):
        encode(tokenizer, [Turn("user", "  \n")])


def test_a_template_wraps_the_turns_and_none_means_plain_text(tmp_path: Path) -> None:
    tiny_tokenizer(tmp_path, 512)
    tokenizer = open_tokenizer(tmp_path, None)
    wrapped = tokenizer.decode(encode(tokenizer, [Turn("user", "hello")]))
    assert "user" in wrapped
    assert "hello" in wrapped
    assert "assistant" in wrapped
    (tmp_path / "chat_template.jinja").unlink()
    plain = open_tokenizer(tmp_path, None)
    assert plain.decode(encode(plain, [Turn("user", "hello")])) == "hello"


def test_a_broken_tokenizer_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text("{")
    with pytest.raises(KnownError, match="tokenizer"):
        open_tokenizer(tmp_path, None)
