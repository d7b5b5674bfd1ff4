"""Finds the folders on this machine that look like models, by the ways their owners lay them out. Opens none.

A place that is missing or cannot be read counts as empty. Knows no MLX, any thread.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from engine.checkpoint.folder import INDEX
from engine.models import places

BUILTIN = "builtin"


class Source(StrEnum):
    """Whose folder a model lies in."""

    BUILTIN = "builtin"
    CADRE = "cadre"
    HUGGING_FACE = "huggingface"
    LM_STUDIO = "lmstudio"


@dataclass(frozen=True)
class ModelFolder:
    """A folder that looks like a model. unfinished: its downloader left parts behind."""

    name: str
    path: Path
    source: Source
    unfinished: bool = False

    @property
    def short_name(self) -> str:
        """The part after the slash, without regard to case."""
        return self.name.rpartition("/")[2].casefold()


def model_folders() -> Iterator[ModelFolder]:
    """Cadre's own first, each place by name."""
    if _is_model(places.builtin()):
        yield ModelFolder(BUILTIN, places.builtin(), Source.BUILTIN)
    yield from _named_by_path(places.models(), Source.CADRE)
    yield from _hugging_face(places.hugging_face())
    for root in places.lm_studio():
        yield from _named_by_path(root, Source.LM_STUDIO)


def _named_by_path(root: Path, source: Source) -> Iterator[ModelFolder]:
    """Models at root/name and root/org/name."""
    for folder in entries(root):
        if _is_model(folder):
            yield ModelFolder(folder.name, folder, source)
        else:
            inner = (inner for inner in entries(folder) if _is_model(inner))
            yield from (ModelFolder(f"{folder.name}/{path.name}", path, source) for path in inner)


def _hugging_face(cache: Path) -> Iterator[ModelFolder]:
    """Models at models--org--name/snapshots/commit; files there are links into blobs."""
    for repository in entries(cache):
        name = places.repository_name(repository.name)
        if name is None:
            continue
        snapshot = _snapshot(repository)
        unfinished = any(blob.suffix == ".incomplete" for blob in entries(repository / "blobs"))
        if snapshot is not None and (_is_model(snapshot) or (unfinished and _has_config(snapshot))):
            yield ModelFolder(name, snapshot, Source.HUGGING_FACE, unfinished)


def _snapshot(repository: Path) -> Path | None:
    """The commit that main points to; without such a reference the one changed last."""
    main = _main(repository)
    return max(entries(repository / "snapshots"), key=lambda s: (s.name == main, _changed(s)), default=None)


def _main(repository: Path) -> str:
    try:
        return (repository / "refs" / "main").read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return ""


def _changed(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _has_config(folder: Path) -> bool:
    return os.path.lexists(folder / "config.json")


def _is_model(folder: Path) -> bool:
    """Whether it holds a model's weights as mlx-lm names them; GGUF files, adapters and encoders are passed over."""
    return any(file.match("model*.safetensors") or file.name == INDEX for file in entries(folder))


def entries(folder: Path) -> list[Path]:
    """What a folder holds, by name; nothing when it cannot be listed."""
    try:
        return sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    except OSError:
        return []
