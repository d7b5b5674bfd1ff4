"""What is no picture, or too much of one, is told in one sentence before it can cost anything."""

from __future__ import annotations

import base64
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


HEIC = base64.b85decode(
    "0000SW^{RQXk}?*00000ZE0pPXk}?*ZE0a<0004@ZDn*}000000000XXk=`10000000000aA{+700000000000000000000G-+&a"
    "V*mgE07O6l0ssL300001#Q*^S00000001KZ0ssI200HO#0RR9100000Bme*aIB98aW&i*H00062000$fZf0cy000000RRAKc4ILB"
    "0000LX>Mj^0ssI300IC2MR;ju000004sdC7Z2$lO00031007`=aB^?}006*gaAR)(004Msc4I>U18@KU0FVFx0000U@BsY%`1k+-"
    "4+CHT0RR|40Sp2E{{wIU00RJ!0009300RIXx&lC90096iLID8-Z~y=U0FVFx0{{R603M(qfd!W8Nhz*w0vZem00093$N&HX00=;0"
    "00968L;=Baup&SJ000wXZ)|dIV{CW;0RRmE27mwn02FC+aAg1h0000006+i$06+i$01$9#cxeCt0009B2nYZG010VwZ*&6y000<i"
    "aBX1#00000000310R@2q0|bQt000_ka%E-!00000000hSWOHKx0ssL30RR91Pi<sjbN~PVA1DE@3E&}xG^PLl#Sv1gIR7+z_pkr-"
    "ibxW<*YWvX00006MR;ju002!*04e|g00;m90TKWM0000100sa600000"
)
"""Squares a b / c d, 32 pixels each, lying on the side (orientation 6), 524 bytes."""


@pytest.mark.parametrize("orientation", UPSIDE)
def test_photos_are_turned_upright(orientation):
    image = np.array(open_picture(four(orientation)).image)[8::16, 8::16, 0]

    names = {0: "a", 80: "b", 160: "c", 255: "d"}
    assert "".join(names[int(grey)] for grey in image.flatten()) == UPSIDE[orientation]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"])
def test_these_kinds_are_read(kind):
    image = open_picture(encoded(noise(40, 30), kind)).image

    assert (image.mode, image.size) == ("RGB", (40, 30))


def test_photos_of_iphones_are_read_and_upright():
    image = np.array(open_picture(HEIC).image)[16::32, 16::32, 0]

    assert image.tolist() == [[160, 0], [255, 80]]


def test_without_its_package_a_heic_photo_is_refused_by_name(monkeypatch):
    monkeypatch.setattr("engine.vision.picture._read_heic", lambda: False)
    monkeypatch.setattr("PIL.Image.OPEN", {k: v for k, v in Image.OPEN.items() if k != "HEIF"})
    monkeypatch.setattr("engine.vision.picture.KINDS", ("PNG",))

    with pytest.raises(KnownError, match="not a picture") as refused:
        open_picture(HEIC)
    assert "export it as JPEG" in refused.value.next_step


def test_what_is_transparent_shows_white():
    clear = Image.new("RGBA", (8, 8), (0, 0, 0, 0))

    assert open_picture(encoded(clear, "PNG")).image.getpixel((4, 4)) == (255, 255, 255)


def test_large_photos_are_shrunk():
    image = open_picture(encoded(Image.new("RGB", (6000, 3000), "red"), "JPEG")).image

    assert image.size == (LONGEST_SIDE, LONGEST_SIDE // 2)


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
    "a HEIC cut off": (HEIC[:-20], "broken|not a picture"),
    "a HEIC's beginning": (b"\0\0\0\x18ftypheic" + bytes(99), "not a picture|broken"),
    "a raw photo": (b"\0\0\0\x18ftypcrx " + bytes(99), "not a picture"),
    "an AVIF cut off": (encoded(noise(60, 60), "AVIF")[:-40], "broken"),
    "a video": (b"\0\0\0\x18ftypmp42" + bytes(99), "is a video"),
    "a QuickTime video": (b"\0\0\0\x14ftypqt  " + bytes(99), "is a video"),
    "a Matroska video": (b"\x1a\x45\xdf\xa3" + bytes(99), "is a video"),
    "an AVI": (b"RIFF\0\0\0\0AVI LIST" + bytes(99), "is a video"),
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


def test_a_large_avif_is_refused_by_its_header():
    content = encoded(Image.new("RGB", (9000, 9), "teal"), "AVIF")

    with pytest.raises(KnownError, match=r"too narrow \(9000 x 9 pixels\)"):
        open_picture(content)


def test_a_pdf_is_sent_to_where_it_is_read():
    with pytest.raises(KnownError) as refused:
        open_picture(b"%PDF-1.7\n" + bytes(99))

    assert "start `cadre`" in refused.value.next_step


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
