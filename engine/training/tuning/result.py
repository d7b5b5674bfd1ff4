"""The tuned model's folder: weights files of the base, linked; those that hold what changed as clones of theirs, the
changed tensors written over the old ones where they lie.

Names, shapes, types and headers stay, so that the index and config.json stay right, no name is there twice, and
mlx-lm (which loads every model*.safetensors, without the index) opens it like its base. Expert rows are never read.
Engine thread only.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

import mlx.core as mx

from engine.checkpoint.folder import Checkpoint
from engine.errors import KnownError
from engine.routing.predictor import FILE as PREDICTOR
from engine.training.tuning.adapters import raw
from engine.training.tuning.links import clone, link

_SMALL = 1 << 20
"""A file below is copied: a tuned model's config or template may be edited without touching its base."""
CARD = "README.md"


def lay_out(base: Checkpoint, changed: Sequence[str], folder: Path) -> None:
    """Everything of the base but its card and predictor; files with a tensor of the modules in `changed` are clones.

    Raises:
        KnownError: the disk refuses.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    modules = set(changed)
    own = {t.file.name for name, t in base.tensors.items() if name.rpartition(".")[0] in modules}
    for file in sorted(base.path.iterdir()):
        if file.name.startswith(".") or file.name in (CARD, PREDICTOR) or not file.is_file():
            continue
        target = folder / file.name
        try:
            if file.name in own:
                clone(file, target)
                target.chmod(0o644)
            elif file.stat().st_size < _SMALL:
                shutil.copyfile(file, target)
            else:
                link(file, target)
        except OSError as error:
            raise _refused(folder, error) from error


def write_over(base: Checkpoint, arrays: Iterable[tuple[str, mx.array]], folder: Path) -> None:
    """Each array in the place of the base's tensor of that name.

    Raises:
        KnownError: the disk refuses.
    """
    for name, array in arrays:
        old = base.tensors[name]
        new = raw(array)
        assert (array.shape, new.nbytes) == (old.shape, old.nbytes), name
        try:
            with (folder / old.file.name).open("r+b") as file:
                file.seek(old.offset)
                file.write(new.data)
        except OSError as error:
            raise _refused(folder, error) from error


def move(folder: Path, target: Path) -> None:
    """A finished model from its working place, config.json last: a folder without one is unfinished."""
    try:
        for file in sorted(folder.iterdir(), key=lambda f: f.name == "config.json"):
            file.replace(target / file.name)
    except OSError as error:
        raise _refused(target, error) from error


def _refused(folder: Path, error: OSError) -> KnownError:
    return KnownError(
        f"The tuned model could not be written to {folder} ({error.strerror}).",
        "Make room there, or choose another --out; the same command goes on from what was learnt.",
    )
