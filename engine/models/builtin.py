"""The model that is always there. Until Cadre brings its own, a small one with random weights, made when first wanted.

Engine side: uses MLX in the thread that calls it.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from engine.errors import KnownError
from engine.models import places
from engine.models.catalogue import resolve
from engine.models.folders import BUILTIN


def folder_of(model: str) -> Path:
    """The folder of the model that is meant, as `catalogue.resolve` says; the built-in one is there afterwards.

    Raises:
        KnownError: nothing is called so, or the built-in model could not be written.
    """
    if model == BUILTIN or Path(model) == places.builtin():
        return ensure()
    return resolve(model)


def ensure() -> Path:
    """The folder of the built-in model, made if it is missing. A folder that is there is whole.

    Raises:
        KnownError: it could not be written.
    """
    folder = places.builtin()
    if not (folder / "config.json").exists():
        try:
            _make(folder)
        except OSError as error:
            raise KnownError(
                f"The built-in model could not be written to {folder} ({error.strerror}).",
                "Free some space, or set CADRE_HOME to a folder that can be written.",
            ) from error
    return folder


def _make(folder: Path) -> None:
    """Elsewhere first: whoever looks meanwhile must find all of it or nothing."""
    from engine.lab.tiny import random_checkpoint

    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".builtin-") as unfinished:
        made = random_checkpoint(Path(unfinished) / "model")
        shutil.rmtree(folder, ignore_errors=True)
        made.replace(folder)
