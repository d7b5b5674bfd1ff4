"""What is no picture, or too much of one, is told in one sentence before it can cost anything."""

from __future__ import annotations

import os
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from PIL import Image

from engine.errors import KnownError
from engine.vision.picture import LONGEST_SIDE, MOST_BYTES, open_picture
from tests.vision.pictures import encoded, noise, png

UPSIDE = {1: "abcd", 3: "dcba", 6: "cadb", 8: "bdac"}  # the EXIF orientation turns ab/cd into this, row by row


def four(orientation):
    """A picture of four grey squares a b / c d, 16 pixels each, saved lying as the orientation says."""
    greys = np.array([[0, 80], [160, 255]], np.uint8).repeat(16, 0).repeat(16, 1)
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(Image.fromarray(greys).convert("RGB"), "PNG", exif=exif)


@pytest.mark.parametrize("orientation", UPSIDE)
def test_photos_are_turned_upright(orientation):
    image = np.array(open_picture(four(orientation)).image)[8::16, 8::16, 0]

    names = {0: "a", 80: "b", 160: "c", 255: "d"}
    assert "".join(names[int(grey)] for grey in image.flatten()) == UPSIDE[orientation]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_these_kinds_are_read(kind):
    image = open_picture(encoded(noise(40, 30), kind)).image

    assert (image.mode, image.size) == ("RGB", (40, 30))


def test_what_is_transparent_shows_white():
    clear = Image.new("RGBA", (8, 8), (0, 0, 0, 0))

    assert open_picture(encoded(clear, "PNG")).image.getpixel((4, 4)) == (255, 255, 255)


def test_large_photos_are_shrunk():
    image = open_picture(encoded(Image.new("RGB", (6000, 3000), "red"), "JPEG")).image

    assert image.size == (LONGEST_SIDE, LONGEST_SIDE // 2)


def test_the_fingerprint_tells_pictures_apart():
    assert open_picture(png(9, 9, seed=1)).fingerprint == open_picture(png(9, 9, seed=1)).fingerprint
    assert open_picture(png(9, 9, seed=1)).fingerprint != open_picture(png(9, 9, seed=2)).fingerprint
    assert open_picture(png(9, 9)).fingerprint < 0


def huge_png(width, height):
    """A PNG that says it is this large and holds next to nothing."""

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(99))) + chunk(b"IEND", b"")
    )


BAD = {
    "empty": (b"", "is empty"),
    "text": (b"a letter, not a picture", "not a picture"),
    "executable": (b"\x7fELF" + bytes(500), "not a picture"),
    "heic": (b"\0\0\0\x18ftypheic" + bytes(99), "export it as JPEG"),
    "cut off": (png(60, 60)[:2000], "broken"),
    "cut off jpeg": (encoded(noise(200, 200), "JPEG")[:3000], "broken"),
    "one byte short": (png(60, 60)[:-30], "broken"),
    "bomb": (huge_png(60_000, 60_000), "too large"),
    "large bomb": (huge_png(20_000, 5_000), "too large"),
    "wrong inside": (huge_png(60, 60), "broken"),
    "strip": (huge_png(9_000, 3), "too narrow"),
    "heavy": (bytes(MOST_BYTES + 1), "too large"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_pictures_get_one_sentence_and_little_memory(name):
    content, words = BAD[name]
    tracemalloc.start()
    try:
        with pytest.raises(KnownError, match=words) as refused:
            open_picture(content)
        assert tracemalloc.get_traced_memory()[1] < 32 << 20
    finally:
        tracemalloc.stop()
    assert refused.value.sentence.endswith(".")


def test_a_picture_that_is_not_there(tmp_path):
    with pytest.raises(KnownError, match=r"sea.png cannot be read \(No such file"):
        open_picture(tmp_path / "sea.png")


def test_a_folder_and_a_pipe_are_no_pictures(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    for path in (tmp_path, tmp_path / "pipe.png"):
        with pytest.raises(KnownError):
            open_picture(path)


def test_the_name_is_told_when_there_is_one(tmp_path):
    (tmp_path / "sea.png").write_bytes(b"no")

    with pytest.raises(KnownError, match=r"sea.png is not a picture"):
        open_picture(tmp_path / "sea.png")
