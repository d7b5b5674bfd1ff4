"""Pictures, and PDFs whose pages are pictures: read in bounds, or refused by name."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from app.attachments import pdf, reading
from app.attachments.file import File, Kind, pictures, with_files, with_names
from app.attachments.picture import LONGEST_SIDE, THUMBNAIL_SIDE
from app.attachments.reading import Reader
from app.attachments.sides import sides
from engine.errors import KnownError
from tests.attachments.pages import scan
from tests.attachments.papers import paper
from tests.vision.pictures import encoded, noise, png

PHOTO = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100)
FILM = b"\0\0\0\x14ftypqt  \0\0\0\0qt  " + bytes(100)


@pytest.fixture(scope="module")
def reader():
    reader = Reader()
    yield reader
    reader.close()


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def refused(reader, path) -> KnownError:
    with pytest.raises(KnownError) as error:
        reader.read(path)
    assert error.value.sentence.startswith(path.name)
    assert error.value.next_step
    return error.value


def test_a_photo_stands_upright_and_tells_no_place(reader, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # turned to the right
    exif[0x010F] = "Secret Camera"
    (tmp_path / "a.jpg").write_bytes(encoded(noise(80, 40), "JPEG", exif=exif))

    file = reader.read(tmp_path / "a.jpg")

    assert (file.kind, file.text, len(file.parts)) == (Kind.PICTURE, "", 1)
    assert opened(file.parts[0]).size == (40, 80)
    assert b"Secret" not in file.parts[0] + file.thumbnail
    assert file.bytes == (tmp_path / "a.jpg").stat().st_size


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"])
def test_kinds_by_their_contents_whatever_they_are_called(reader, tmp_path, kind):
    path = tmp_path / ("picture.jpg" if kind == "BMP" else "picture")
    path.write_bytes(encoded(noise(30, 20), kind))

    assert opened(reader.read(path).parts[0]).size == (30, 20)


def test_a_screenshot_stays_as_sharp_as_it_was(reader):
    content = png(70, 50)

    part = reader.read_picture(content, "Pasted picture").parts[0]

    assert opened(part).format == "PNG"
    assert opened(part).tobytes() == opened(content).tobytes()


def test_what_is_large_is_shrunk(reader):
    file = reader.read_picture(encoded(Image.new("RGB", (5000, 2500), "teal"), "JPEG"), "Wide")

    assert opened(file.parts[0]).size == (LONGEST_SIDE, LONGEST_SIDE // 2)
    assert max(opened(file.thumbnail).size) == THUMBNAIL_SIDE


def bomb() -> bytes:
    """Says it is 12,000 pixels wide and high, in a few bytes."""
    parts = ((b"IHDR", struct.pack(">IIBBBBB", 12_000, 12_000, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(bytes(900))))
    chunks = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("cut.jpg", encoded(noise(200, 200), "JPEG")[:9000], "broken"),
        ("none.png", b"", "empty"),
        ("bomb.png", bomb(), "too large"),
        ("words.jpg", b"no picture at all", "not a picture"),
        ("strip.png", png(1, 400), "strip"),
        ("IMG_1.HEIC", PHOTO, ""),
        ("walk.mov", FILM, "video"),
        ("walk", b"RIFF\0\0\0\0AVI LIST" + bytes(20), "video"),
        ("old", b"\0\0\0\x08wide" + bytes(20), "video"),
        ("IMG_2.CR3", b"\0\0\0\x18ftypcrx " + bytes(20), "not a picture"),
        ("art.psd", b"8BPS\0\x01" + bytes(20), "not a picture"),
        ("walk.mkv", b"\x1a\x45\xdf\xa3" + bytes(20), "video"),
        ("song.mp3", b"ID3" + bytes(20), "no sound"),
        ("memo", b"RIFF\0\0\0\0WAVEfmt ", "no sound"),
        ("memo", b"\0\0\0\x18ftypM4A " + bytes(20), "no sound"),
        ("memo.caf", b"caff\0\x01" + bytes(20), "a format"),
        ("memo.m4a", b"\0\0\0\x18ftypM4A " + bytes(20), "a format"),
    ],
)
def test_what_cannot_be_shown_is_named(reader, tmp_path, name, data, says):
    (tmp_path / name).write_bytes(data)

    assert says in refused(reader, tmp_path / name).sentence


def test_a_picture_that_takes_too_long_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "PICTURE_SECONDS", 0.0)
    (tmp_path / "slow.png").write_bytes(png(2000, 2000))
    reader = Reader()

    assert "took too long" in refused(reader, tmp_path / "slow.png").sentence
    reader.close()


# --- PDFs -------------------------------------------------------------------------------------------------


def test_pages_without_text_are_drawn(reader, tmp_path):
    scan(tmp_path / "scan.pdf", 3, (60, 80))

    file = reader.read(tmp_path / "scan.pdf")

    assert (file.kind, file.text, file.pages, len(file.parts)) == (Kind.PDF, "", 3, 3)
    assert opened(file.parts[0]).size == (pdf.PAGE_SIDE * 60 // 80, pdf.PAGE_SIDE)


def test_of_a_long_one_the_first_pages(tmp_path, monkeypatch):
    monkeypatch.setattr(pdf, "MOST_PAGES", 2)
    scan(tmp_path / "scan.pdf", 5)

    drawn = pdf.paper((str(tmp_path / "scan.pdf"), "scan.pdf"))

    assert (drawn.pages, len(drawn.parts)) == (5, 2)


def test_pages_that_take_long_are_fewer(tmp_path, monkeypatch):
    monkeypatch.setattr(pdf, "DRAWING_SECONDS", 0.0)
    scan(tmp_path / "scan.pdf", 5)

    drawn = pdf.paper((str(tmp_path / "scan.pdf"), "scan.pdf"))

    assert (drawn.pages, len(drawn.parts)) == (5, 1)


def test_a_page_may_claim_any_size(tmp_path):
    scan(tmp_path / "thread.pdf", 1, (3, 4000))

    (part,) = pdf.paper((str(tmp_path / "thread.pdf"), "thread.pdf")).parts

    assert max(opened(part).size) == pdf.PAGE_SIDE
    assert min(opened(part).size) >= pdf.PAGE_SIDE // 8


def test_without_what_draws_pages_it_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(pdf, "find_spec", lambda name: None)
    paper(tmp_path / "scan.pdf", "")

    with pytest.raises(KnownError, match="has no text"):
        pdf.paper((str(tmp_path / "scan.pdf"), "scan.pdf"))


# --- what the model is told -------------------------------------------------------------------------------

CAT = File("cat.png", Kind.PICTURE, 9, "", (b"c",))
SCAN = File("scan.pdf", Kind.PDF, 9, "", (b"1", b"2"), pages=7)
NOTE = File("note.txt", Kind.TEXT, 3, "Hi.")


def test_one_picture_needs_no_name():
    assert with_files("Who?", (CAT,)) == "Who?"


def test_several_and_pages_are_named_in_order():
    told = with_files("Who?", (CAT, NOTE, SCAN))

    assert told == (
        '<file name="note.txt">\nHi.\n</file>\n\n<pictures>cat.png; scan.pdf, pages 1 to 2 of 7</pictures>\n\nWho?'
    )
    assert pictures((CAT, NOTE, SCAN)) == (b"c", b"1", b"2")


def test_who_does_not_see_is_told_the_names():
    assert with_names("Who?", (CAT, SCAN)) == "<not shown>cat.png, scan.pdf</not shown>\n\nWho?"
    assert with_names("Who?", ()) == "Who?"


@given(st.binary(max_size=60), st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"]))
def test_any_bytes_have_sides_or_not(data, head):
    found = sides(head + data)

    assert found is None or min(found) > 0


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_sides(kind):
    assert sides(encoded(noise(300, 7), kind)) == (300, 7)
    assert sides(encoded(noise(300, 7), "GIF")) is None
