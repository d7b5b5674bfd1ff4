"""Opens what was given as a picture, in bounded time and memory. Knows neither models nor MLX; any thread.

What a file says of itself is looked at before anything of it is decoded: kind, size, sides.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from engine.checkpoint.safetensors import open_regular, shown
from engine.errors import KnownError

MOST_BYTES = 64 << 20
MOST_PIXELS = 64_000_000
"""A 48-megapixel photo passes; decoded, this is 256 MB at most."""
MOST_SLENDER = 150
"""Longer side to shorter; processors cannot cut a thinner strip into patches."""
LONGEST_SIDE = 4096
"""What is larger is shrunk to this before the model's processor shrinks it to what the model wants."""
KINDS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIF")
_HEIC = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1")
PHOTO_BRANDS = frozenset({*_HEIC, b"avif", b"avis", b"crx "})
"""What a file in boxes says it is when it is no film: HEIC, AVIF, a camera's raw."""
SOUND_BRANDS = frozenset({b"M4A ", b"M4B "})
_BOXES = (b"ftyp", b"moov", b"mdat", b"wide")
_FILMS = {b"\x1a\x45\xdf\xa3": 0, b"AVI ": 8, b"\0\0\x01\xba": 0}
"""Beginnings of Matroska and WebM, AVI, MPEG: the bytes and where they stand."""

Source = Path | bytes


@dataclass(frozen=True)
class Picture:
    """An image of Pillow's: upright, RGB, no side above LONGEST_SIDE."""

    image: Any = field(repr=False, compare=False)


def open_picture(source: Source) -> Picture:
    """Raises KnownError: it is missing, empty, no picture, broken, or too large."""
    name = "This picture" if isinstance(source, bytes) else shown(source.name)
    content = source if isinstance(source, bytes) else _read(source)
    if not content:
        raise KnownError(f"{name} is empty.", "Attach another picture.")
    if len(content) > MOST_BYTES:
        raise KnownError(f"{name} is too large (over {MOST_BYTES >> 20} MB).", "Save it as a JPEG, or shrink it.")
    return Picture(_decoded(name, content))


def _read(path: Path) -> bytes:
    try:
        with open_regular(path) as file:
            return file.read(MOST_BYTES + 1)
    except KnownError as error:
        raise KnownError(error.sentence, "Give a picture file.") from error
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the path
        reason = getattr(error, "strerror", None) or "its name cannot be one"
        raise KnownError(f"{shown(path.name)} cannot be read ({reason}).", "Check the path of the picture.") from error


def _decoded(name: str, content: bytes) -> Any:
    """The picture as an upright RGB image of Pillow's."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    if is_film(content):
        raise KnownError(f"{name} is a video.", "Models here see pictures only: give a few of it, as JPEG or PNG.")
    _read_heic()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's own words on size and broken EXIF; we say it in ours
            image = Image.open(io.BytesIO(content), formats=KINDS)
            _check_sides(name, *image.size)
            image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # a JPEG decodes straight to a smaller size
            image.load()
            image.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.BICUBIC, reducing_gap=2.0)
            return ImageOps.exif_transpose(_on_white(image))
    except KnownError:
        raise
    except UnidentifiedImageError as error:
        raise KnownError(f"{name} is not a picture Cadre can read.", _remedy(content)) from error
    except Image.DecompressionBombError as error:
        raise _too_large(name, "hundreds of megapixels") from error
    except Exception as error:  # decoders raise OSError, SyntaxError, ValueError, struct.error and more
        raise KnownError(f"{name} is broken: it could not be decoded to its end.", "Save or send it again.") from error


def _check_sides(name: str, width: int, height: int) -> None:
    if min(width, height) < 1 or width * height > MOST_PIXELS:
        raise _too_large(name, f"{width} x {height} pixels")
    if max(width, height) > MOST_SLENDER * min(width, height):
        raise KnownError(f"{name} is too narrow ({width} x {height} pixels).", "Cut out the part that matters.")


def _on_white(image: Any) -> Any:
    """RGB; what is transparent shows white, as on a page. EXIF is kept for turning."""
    from PIL import Image

    if image.mode == "RGB":
        return image
    if not image.has_transparency_data:
        return image.convert("RGB")
    exif = image.getexif()
    image = image.convert("RGBA")
    page = Image.new("RGB", image.size, "white")
    page.paste(image, mask=image.getchannel("A"))
    page.info["exif"] = exif.tobytes()
    return page


def is_film(head: bytes) -> bool:
    """By its first bytes. One that holds sound only may begin like a film, too."""
    films = head[8:12] not in PHOTO_BRANDS | SOUND_BRANDS
    if head[:1] < b" " and head[4:8] in _BOXES and films:  # words begin with letters
        return True
    return any(head[at : at + len(begin)] == begin for begin, at in _FILMS.items())


@cache
def _read_heic() -> bool:
    """Lets Pillow open what iPhones write, where the package for it is there. It decodes on this thread only."""
    try:
        import pi_heif
    except ImportError:
        return False
    pi_heif.options.DECODE_THREADS = 1
    pi_heif.register_heif_opener(thumbnails=False)
    return True


def _remedy(content: bytes) -> str:
    if content.startswith(b"%PDF-"):
        return "PDFs are read in the window: start `cadre` and drop it there. Here, give its pages as pictures."
    if content[4:8] == b"ftyp" and content[8:12] in _HEIC and not _read_heic():
        return "It is a HEIC photo: export it as JPEG first (Preview: File, Export), or install 'cadre[vision]'."
    return "Save it as a JPEG or PNG; WebP, GIF, BMP, TIFF, HEIC and AVIF can be read, too."


def _too_large(name: str, size: str) -> KnownError:
    return KnownError(f"{name} is too large ({size}).", f"Shrink it to at most {MOST_PIXELS // 10**6} megapixels.")
