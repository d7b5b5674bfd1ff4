"""What people attach is read, or refused by name."""

from __future__ import annotations

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfWriter

from app.attachments import reading
from app.attachments.decoding import decoded
from app.attachments.file import File, Kind, with_files
from app.attachments.reading import Reader, clean
from engine.errors import KnownError
from tests.attachments.papers import paper


@pytest.fixture(scope="module")
def reader():
    reader = Reader()
    yield reader
    reader.close()


def refused(reader, path) -> str:
    with pytest.raises(KnownError) as error:
        reader.read(path)
    assert error.value.sentence.startswith(path.name)
    assert error.value.next_step
    return error.value.sentence


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("Grüße, 世界".encode(), "Grüße, 世界"),
        ("Grüße, 世界".encode("utf-8-sig"), "Grüße, 世界"),
        ("Grüße, 世界".encode("utf-16"), "Grüße, 世界"),
        (b"\xfe\xff" + "Grüße".encode("utf-16-be"), "Grüße"),
        ("Grüße".encode("utf-32"), "Grüße"),
        (b"one\r\ntwo\rthree", "one\ntwo\nthree"),
        (("Съешь же ещё этих мягких французских булок, да выпей чаю. " * 4).encode("cp1251"),
         "Съешь же ещё этих мягких французских булок, да выпей чаю. " * 4),
    ],
)  # fmt: skip
def test_encodings(data, text):
    assert decoded(data) == text


@pytest.mark.parametrize("data", [b"\x00\x01\x02" * 50, b"abc\0def", b"\xff\xfeab\x00", bytes(range(1, 32)) * 9])
def test_what_is_no_text(data):
    assert decoded(data) is None


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_text_or_not(data):
    text = decoded(data)

    assert text is None or "\r" not in text


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=200))
def test_utf_8_comes_back(text):
    assert decoded(text.encode()) == text.removeprefix("\ufeff")


@pytest.mark.parametrize(("name", "kind"), [("a.md", Kind.TEXT), ("README", Kind.TEXT), ("a.py", Kind.CODE)])
def test_text_and_code(reader, tmp_path, name, kind):
    (tmp_path / name).write_text("Hello\n")

    assert reader.read(tmp_path / name) == File(name, kind, 6, "Hello\n")


def test_a_pdf(reader, tmp_path):
    paper(tmp_path / "p.pdf", "Hello from paper", "Second page")

    file = reader.read(tmp_path / "p.pdf")

    assert (file.kind, file.text) == (Kind.PDF, "Hello from paper\n\nSecond page")


def test_a_locked_pdf_is_refused(reader, tmp_path):
    paper(tmp_path / "open.pdf", "Secret")
    writer = PdfWriter(clone_from=tmp_path / "open.pdf")
    writer.encrypt("key", algorithm="RC4-128")
    writer.write(tmp_path / "locked.pdf")

    assert "password" in refused(reader, tmp_path / "locked.pdf")


def test_a_damaged_pdf_is_refused(reader, tmp_path):
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.7\nnothing of the kind")

    assert "damaged" in refused(reader, tmp_path / "broken.pdf")


def test_words_that_stand_where_a_film_has_its_mark_are_words(reader, tmp_path):
    (tmp_path / "road.txt").write_text("The wide road goes on.", encoding="utf-8")

    assert reader.read(tmp_path / "road.txt").kind is Kind.TEXT


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("a.png", b"\x89PNG\r\n\x1a\n\0\0", "not a picture"),
        ("a.docx", b"PK\x03\x04\0\0", "an office document"),
        ("a.mp3", b"ID3\x03\0\0", "no sound"),
        ("a.bin", b"\0\1\2", "of a kind that Cadre cannot read"),
        ("a.txt", b"  \n", "empty"),
        ("big.txt", b"a" * 2_000_001, "too large (2.0 MB)"),
        ("big.bin", b"\0" * 2_000_001, "of a kind that Cadre cannot read"),
    ],
)
def test_what_cannot_be_read_is_named(reader, tmp_path, name, data, says):
    (tmp_path / name).write_bytes(data)

    assert says in refused(reader, tmp_path / name)


def test_folders_pipes_and_what_is_gone(reader, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "src").mkdir()

    assert "is a folder" in refused(reader, tmp_path / "src")
    assert "is not a file" in refused(reader, tmp_path / "pipe")
    assert "cannot be opened" in refused(reader, tmp_path / "gone.txt")


def test_a_pdf_that_takes_too_long_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "PDF_SECONDS", 0.0)
    paper(tmp_path / "slow.pdf", *["word " * 400] * 30)
    reader = Reader()

    assert "it took too long" in refused(reader, tmp_path / "slow.pdf")
    reader.close()


def test_a_name_cannot_break_the_prompt():
    name = clean('x"></file>\n.txt')

    assert with_files("Why?", (File(name, Kind.TEXT, 3, "abc\n"),)) == (
        '<file name="x___/file__.txt">\nabc\n</file>\n\nWhy?'
    )
