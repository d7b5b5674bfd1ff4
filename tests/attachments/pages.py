"""PDFs without text: their pages are pictures. Test support."""

from __future__ import annotations

from pathlib import Path

from PIL import Image


def scan(path: Path, count: int, size: tuple[int, int] = (60, 80)) -> None:
    first, *rest = [Image.new("RGB", size, (10 * number % 250, 90, 120)) for number in range(count)]
    first.save(path, "PDF", save_all=True, append_images=rest)
