"""Looks after installed models: are they whole, away with them, a folder used where it lies. No network, no MLX.

Only Cadre's own folder and the Hugging Face cache are ever changed.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from engine.checkpoint.folder import Checkpoint
from engine.checkpoint.layout import layout
from engine.errors import KnownError
from engine.models import places
from engine.models.catalogue import InstalledModel
from engine.models.download import names
from engine.models.download.cached import DAMAGED
from engine.models.download.disk import failure
from engine.models.download.hashing import add_file, hash_for
from engine.models.folders import Source, entries
from engine.speech import speech_folder

_GOING = ".cadre-deleted-"


@dataclass(frozen=True)
class Verified:
    """hashed: files whose every byte was compared with the Hub's hash. damaged: names of those that differ, which were
    set aside. problem: what opening the model would say now; of files without a hash that is all that can be said.
    """

    hashed: int
    unhashed: int
    damaged: tuple[str, ...]
    problem: str | None

    @property
    def is_whole(self) -> bool:
        return not self.damaged and self.problem is None


def verify(model: InstalledModel, tell: Callable[[int, int], None] = lambda _done, _total: None) -> Verified:
    """Reads all of it. In the Hugging Face cache a file's name is its hash; elsewhere only the headers say something.

    tell: bytes read of all; raise from there to stop.

    Raises:
        KnownError: the disk refused.
    """
    files = [file for file in _files(model.path) if file.is_file()]
    named = [file for file in files if _hash(file)]
    total, done = sum(file.stat().st_size for file in named), 0

    def count(size: int) -> None:
        nonlocal done
        done += size
        tell(done, total)

    try:
        damaged = [file for file in named if not _is_right(file, count)]
        for file in damaged:
            blob = file.resolve()
            blob.replace(blob.with_name(blob.name + DAMAGED))
    except OSError as error:
        raise failure(error, model.path) from error
    names_of_damaged = tuple(file.name for file in damaged)
    return Verified(len(named), len(files) - len(named), names_of_damaged, _problem(model.path))


def _files(folder: Path) -> list[Path]:
    """With those in folders below it, as voices have them."""
    return [file for entry in entries(folder) for file in (entries(entry) if entry.is_dir() else [entry])]


def _hash(file: Path) -> str:
    name = file.resolve().name
    in_blobs = file.is_symlink() and file.resolve().parent.name == "blobs"
    return name if in_blobs and (names.is_sha256(name) or names.is_sha1(name)) else ""


def _is_right(file: Path, count: Callable[[int], None]) -> bool:
    wanted = _hash(file)
    hashed = hash_for(wanted, file.stat().st_size)
    add_file(hashed, file, count)
    return hashed.hexdigest() == wanted


def _problem(folder: Path) -> str | None:
    try:
        _check_is_model(folder)
    except KnownError as error:
        return error.sentence
    return None


def _check_is_model(folder: Path) -> None:
    """Raises KnownError: it holds neither a model that answers nor one for speech."""
    for told_by in (speech_folder.kind, speech_folder.voice_kind):
        with suppress(KnownError):
            told_by(folder)
            return
    layout(Checkpoint.open(folder))


def check_deletable(model: InstalledModel) -> None:
    """Raises KnownError: it is not ours to delete."""
    if model.source is Source.BUILTIN:
        raise KnownError("The built-in model belongs to Cadre.", "It takes little room and stays.")
    if model.source is Source.LM_STUDIO:
        raise KnownError(f"{model.name} belongs to LM Studio.", "Delete it there.")


def delete(model: InstalledModel) -> None:
    """For good. Of a folder that is only used in place, the link goes and the folder stays.

    It vanishes from the list by one rename; whatever a crash leaves is cleared by `clear_deleted`.

    Raises:
        KnownError: it is not ours to delete, or the disk refused.
    """
    check_deletable(model)
    folder, root = _own_folder(model)
    try:
        if folder.is_symlink():
            folder.unlink()
            return
        going = root / f"{_GOING}{os.getpid()}-{folder.name}"
        folder.replace(going)
        clear_deleted()
    except OSError as error:
        raise failure(error, folder) from error


def _own_folder(model: InstalledModel) -> tuple[Path, Path]:
    """What has to go, and the place it lies in; both are surely below that place."""
    if model.source is Source.HUGGING_FACE:
        folder, root = model.path.parents[1], places.hugging_face()
    else:
        folder, root = model.path, places.models()
    if root not in folder.parents:
        raise KnownError(f"{model.path} lies outside Cadre's folders.", "Delete it in the Finder.")
    return folder, root


def clear_deleted() -> None:
    """What a deletion that was cut off left behind."""
    for root in (places.models(), places.hugging_face()):
        for left in root.glob(f"{_GOING}*"):
            shutil.rmtree(left, ignore_errors=True)


def add_in_place(folder: Path) -> str:
    """A model folder anywhere on this machine is listed from now on, where it lies. Returns its name.

    Raises:
        KnownError: it holds no model, or its name is taken.
    """
    folder = folder.expanduser().absolute()
    _check_is_model(folder)
    link = places.models() / folder.name
    if os.path.lexists(link):
        if link.exists() and link.samefile(folder):
            return folder.name
        raise KnownError(f"There is a model called {folder.name} already.", "Rename the folder and add it again.")
    try:
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(folder, target_is_directory=True)
    except OSError as error:
        raise failure(error, link.parent) from error
    return folder.name
