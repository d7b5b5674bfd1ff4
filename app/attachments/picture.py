"""Pictures as they go into a prompt: upright, small enough, without what the camera noted beside them.

Runs in a worker's process: what decodes a hostile file may take any time and memory.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from engine.errors import KnownError

LONGEST_SIDE = 2048
"""Pixels. The model's processor shrinks further; more than this is more tokens than a Mac likes to read."""
THUMBNAIL_SIDE = 600
"""Twice the points that a message shows, as on Retina."""
MOST_LOSSLESS = 2_000_000
"""Bytes up to which a drawing or a screenshot stays as sharp as it was."""
MOST_PART = 16_000_000
_LOSSLESS = (b"\x89PNG", b"GIF8", b"BM")
_PASTED = "This picture"
"""What the engine calls one without a file."""


@dataclass(frozen=True)
class Prepared:
    """Both are PNG or JPEG. bytes: of the file."""

    part: bytes
    thumbnail: bytes
    bytes: int


def prepared(given: tuple[str | bytes, str]) -> Prepared:
    """given: path or contents, and the name to be used in sentences.

    Raises:
        KnownError: it is no picture that can be read, is broken, or too large.
    """
    from engine.vision.picture import open_picture

    source, name = given
    content = source if isinstance(source, bytes) else Path(source)
    try:
        image = open_picture(content).image
    except KnownError as error:
        said = error.sentence.replace(_PASTED, name, 1) if isinstance(source, bytes) else error.sentence
        raise KnownError(said, error.next_step) from error
    size = len(content) if isinstance(content, bytes) else content.stat().st_size
    return replace(shown(image, lossless=_head(content).startswith(_LOSSLESS)), bytes=size)


def shown(image: Any, *, lossless: bool) -> Prepared:
    """An upright RGB image of Pillow's as the model and the person get to see it."""
    from PIL import Image

    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS, reducing_gap=2.0)
    small = image.copy()
    small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.LANCZOS)
    part = _encoded(image, "PNG", optimize=False) if lossless else b""
    if not part or len(part) > MOST_LOSSLESS:
        part = _encoded(image, "JPEG", quality=92, subsampling=0)
    return Prepared(part, _encoded(small, "JPEG", quality=85), 0)


def _encoded(image: Any, kind: str, **options: object) -> bytes:
    """Of the pixels alone: what else stood in the file (place, camera) stays out."""
    from PIL import Image

    bare = Image.new("RGB", image.size)
    bare.paste(image)
    file = io.BytesIO()
    bare.save(file, kind, **options)
    return file.getvalue()


def _head(content: bytes | Path) -> bytes:
    if isinstance(content, bytes):
        return content[:8]
    with content.open("rb") as file:
        return file.read(8)
