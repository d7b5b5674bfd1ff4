"""From files to documents with a prompt and a scored part."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mlx_lm.tokenizer_utils import load as load_tokenizer

from engine.errors import KnownError
from engine.lab.evaluation.documents import LEAST_TOKENS, documents
from engine.lab.evaluation.texts import builtin_text, read_texts
from engine.lab.tiny_tokenizer import tiny_tokenizer

LONG = "One, two, three: the numbers are counted. " * 20


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tokenizer")
    (folder / "config.json").write_text("{}")
    tiny_tokenizer(folder, 512)
    return load_tokenizer(folder)


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


# --- texts -------------------------------------------------------------------------------------------------


def test_a_blank_line_ends_a_document(tmp_path: Path) -> None:
    assert read_texts(written(tmp_path / "t", "a\nb\n\n \n\nc\n")) == ["a\nb", "c"]


def test_end_marks_take_the_place_of_blank_lines(tmp_path: Path) -> None:
    assert read_texts(written(tmp_path / "t", "a\n\nb\n<|endoftext|>\nc\n<|endoftext|>\n")) == ["a\n\nb", "c"]


def test_a_folder_has_one_document_per_file(tmp_path: Path) -> None:
    written(tmp_path / "b.txt", "b\n\nb")
    written(tmp_path / "a.md", "a")
    written(tmp_path / "c.json", "{}")
    assert read_texts(tmp_path) == ["a", "b\n\nb"]


@pytest.mark.parametrize("content", ["", " \n\n\t\n"])
def test_no_text_is_a_known_error(content: str, tmp_path: Path) -> None:
    with pytest.raises(KnownError, match="no text"):
        read_texts(written(tmp_path / "t", content))


def test_an_empty_folder_is_a_known_error(tmp_path: Path) -> None:
    with pytest.raises(KnownError, match="no text"):
        read_texts(tmp_path)


def test_what_is_no_text_is_a_known_error(tmp_path: Path) -> None:
    (tmp_path / "t").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(KnownError, match="UTF-8"):
        read_texts(tmp_path / "t")
    with pytest.raises(KnownError, match="cannot be read"):
        read_texts(tmp_path / "not there")


def test_a_model_may_bring_a_text_of_its_own(tmp_path: Path) -> None:
    own = written(tmp_path / "evaluation.txt", "a\n\nb\n")
    assert builtin_text(tmp_path) == own


def test_the_text_that_comes_with_cadre_is_small_and_gives_documents(tokenizer, tmp_path: Path) -> None:
    assert builtin_text(tmp_path).stat().st_size < 60_000
    texts = read_texts(builtin_text(tmp_path))
    assert len(documents(texts, tokenizer, 100, 512, 0)) == len(texts) >= 16


# --- documents ---------------------------------------------------------------------------------------------


@given(st.integers(0, 2400))
def test_the_prompt_is_a_quarter_and_64_tokens_at_most(tokenizer, length: int) -> None:
    text = (LONG * 3)[:length]
    encoded = tokenizer.encode(text)
    if len(encoded) < LEAST_TOKENS:
        with pytest.raises(KnownError, match="shorter than"):
            documents([text], tokenizer, 4, 512, 0)
        return
    (document,) = documents([text], tokenizer, 4, 512, 0)
    assert list(document.tokens) == encoded[:512]
    assert document.prompt == min(64, len(document.tokens) // 4)
    assert document.prompt + document.scored == len(document.tokens)
    assert document.targets == document.tokens[document.prompt :]


def test_bytes_are_those_of_the_scored_text(tokenizer) -> None:
    (document,) = documents([LONG], tokenizer, 1, 100, 0)
    assert document.bytes == len(tokenizer.decode(list(document.targets)))


def test_documents_are_drawn_by_the_seed_and_keep_their_order(tokenizer) -> None:
    texts = [f"{n} {LONG}" for n in range(20)]
    drawn = [
        [tokenizer.decode(d.tokens[:3]).split()[0] for d in documents(texts, tokenizer, 5, 99, s)] for s in (0, 0, 1)
    ]
    assert drawn[0] == drawn[1] != drawn[2]
    assert drawn[0] == sorted(drawn[0], key=int)


def test_short_documents_are_passed_over(tokenizer) -> None:
    assert len(documents(["short", LONG, "short", LONG], tokenizer, 4, 99, 0)) == 2


def test_a_dialogue_goes_through_the_chat_template(tokenizer) -> None:
    (document,) = documents([f"User: {LONG}\nAssistant: Yes."], tokenizer, 1, 512, 0)
    text = tokenizer.decode(list(document.tokens))
    assert text.startswith("<|im_start|>user\nOne, two")
    assert "User:" not in text


def test_a_text_with_a_colon_is_no_dialogue(tokenizer) -> None:
    (document,) = documents([f"He said.\nUser: {LONG}\nAssistant: Yes."], tokenizer, 1, 512, 0)
    assert tokenizer.decode(list(document.tokens)).startswith("He said.")
