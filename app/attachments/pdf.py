"""A PDF: its text, by pypdf; without any its pages as pictures, by PDFium.

Runs in a worker's process: a hostile file may take any time and memory.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from app.attachments.picture import Prepared, shown
from engine.errors import KnownError

MOST_CHARACTERS = 2_000_000
MOST_PAGES = 20
"""Drawn of one file; a model reads each as a picture."""
DRAWING_SECONDS = 15.0
"""After which no further page is begun: half of what the whole file may take."""
PAGE_SIDE = 1536
"""Pixels of a page's longer side: small print on A4 can just be read."""
_COPY = "Open it, copy the text and paste it here."


@dataclass(frozen=True)
class Paper:
    """Either has text, or parts: pictures of the first of `pages` pages. thumbnail: of the first."""

    text: str
    parts: tuple[bytes, ...] = ()
    thumbnail: bytes = b""
    pages: int = 0


def paper(given: tuple[str, str]) -> Paper:
    """given: path and name.

    Raises:
        KnownError: encrypted, damaged, empty, or without text where no pages can be drawn.
    """
    path, name = given
    text = _text(Path(path), name)
    if text.strip():
        return Paper(text)
    if find_spec("pypdfium2") is None or find_spec("PIL") is None:
        raise KnownError(f"{name} has no text: its pages are pictures.", _COPY)
    return _drawn(path, name)


def _text(path: Path, name: str) -> str:
    """Pages follow one another with a blank line between."""
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # its complaints about files are not ours to print
    try:
        reader = PdfReader(path)
        if reader.is_encrypted and not reader.decrypt(""):
            raise KnownError(f"{name} is protected by a password.", "Save a copy without it and attach that.")
        return _pages(reader)
    except KnownError:
        raise
    except (PyPdfError, ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError, OSError) as error:
        raise _damaged(name) from error
    except Exception as error:
        if type(error).__name__ == "DependencyError":  # AES wants a library that Cadre does without
            raise KnownError(f"{name} is encrypted.", "Save a copy without encryption and attach that.") from error
        raise


def _damaged(name: str) -> KnownError:
    return KnownError(f"{name} is damaged or not a PDF.", _COPY)


def _pages(reader: object) -> str:
    pages: list[str] = []
    length = 0
    for page in reader.pages:  # type: ignore[attr-defined]  # pypdf is imported late
        pages.append(page.extract_text().strip())
        length += len(pages[-1])
        if length > MOST_CHARACTERS:
            break
    return "\n\n".join(page for page in pages if page)


def _drawn(path: str, name: str) -> Paper:
    import pypdfium2

    try:
        with pypdfium2.PdfDocument(path) as document:
            count = len(document)
            pages = _pictures(document, min(count, MOST_PAGES))
    except pypdfium2.PdfiumError as error:
        raise _damaged(name) from error
    if not pages:
        raise KnownError(f"{name} has no pages.", "Attach another file.")
    return Paper("", tuple(page.part for page in pages), pages[0].thumbnail, count)


def _pictures(document: Any, most: int) -> list[Prepared]:
    """At least one page, and as many more as are quickly drawn."""
    ends = time.monotonic() + DRAWING_SECONDS
    pages: list[Prepared] = []
    while len(pages) < most and (not pages or time.monotonic() < ends):
        pages.append(_picture(document[len(pages)]))
    return pages


def _picture(page: Any) -> Prepared:
    """Of a page, however large it says it is; one that is a mere strip is drawn on a wider ground."""
    width, height = (max(1.0, side) for side in page.get_size())
    bitmap = page.render(scale=PAGE_SIDE / max(width, height))
    image = bitmap.to_pil().convert("RGB")
    page.close()
    return shown(_widened(image), lossless=False)


def _widened(image: Any) -> Any:
    from PIL import Image

    least = PAGE_SIDE // 8
    size = max(image.width, least), max(image.height, least)
    if size == image.size:
        return image
    ground = Image.new("RGB", size, "white")
    ground.paste(image)
    return ground
