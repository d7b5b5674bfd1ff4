"""The text of a PDF, by pypdf. Runs in a worker's process: a hostile file may take any time and memory."""

from __future__ import annotations

import logging
from pathlib import Path

from engine.errors import KnownError

MOST_CHARACTERS = 2_000_000
_COPY = "Open it, copy the text and paste it here."


def text_of(given: tuple[str, str]) -> str:
    """given: path and name. Pages follow one another with a blank line between.

    Raises:
        KnownError: encrypted, damaged, or pictures only.
    """
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    path, name = given
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # its complaints about files are not ours to print
    try:
        reader = PdfReader(Path(path))
        if reader.is_encrypted and not reader.decrypt(""):
            raise KnownError(f"{name} is protected by a password.", "Save a copy without it and attach that.")
        text = _pages(reader)
    except KnownError:
        raise
    except (PyPdfError, ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError, OSError) as error:
        raise KnownError(f"{name} is damaged or not a PDF.", _COPY) from error
    except Exception as error:
        if type(error).__name__ == "DependencyError":  # AES wants a library that Cadre does without
            raise KnownError(f"{name} is encrypted.", "Save a copy without encryption and attach that.") from error
        raise
    if not text.strip():
        raise KnownError(f"{name} has no text: its pages are pictures.", _COPY)
    return text


def _pages(reader: object) -> str:
    pages: list[str] = []
    length = 0
    for page in reader.pages:  # type: ignore[attr-defined]  # pypdf is imported late
        pages.append(page.extract_text().strip())
        length += len(pages[-1])
        if length > MOST_CHARACTERS:
            break
    return "\n\n".join(page for page in pages if page)
