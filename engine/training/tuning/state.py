"""The state of a tuning in one file, replaced whole: what is learnt, the optimisers, the prior, the step.

Knows neither model nor data. Engine thread only.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import mlx.core as mx
from mlx.utils import tree_flatten, tree_map_with_path

from engine.errors import KnownError

FILE = "state.safetensors"


def save(folder: Path, tree: Any, header: Mapping[str, str]) -> None:
    """Beside the old one first: whatever happens, a whole one is there.

    Raises:
        KnownError: the disk refuses.
    """
    arrays: Any = tree_flatten(tree)
    unfinished = folder / f"unfinished-{FILE}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        mx.save_safetensors(str(unfinished), dict(arrays), dict(header))
        unfinished.replace(folder / FILE)
    except (OSError, RuntimeError) as error:
        raise KnownError(
            f"{folder} cannot be written ({error}).", "Make room there, or choose another --out."
        ) from error


def load(folder: Path, like: Any, settings: str) -> tuple[Any, Mapping[str, str]] | None:
    """A tree of the form of `like` and the header; None when there is no state.

    Raises:
        KnownError: it is broken, or of a run with other settings.
    """
    path = folder / FILE
    if not path.exists():
        return None
    try:
        loaded: Any = mx.load(str(path), return_metadata=True)
        arrays, header = loaded
        if header["settings"] != settings:
            raise KnownError(f"{folder} holds a tuning of other settings.", "Choose another --out, or delete it.")
        tree = tree_map_with_path(lambda name, _old: arrays[name], like)
        mx.eval(tree)
    except (RuntimeError, ValueError, KeyError) as error:
        raise KnownError(f"{path} cannot be read.", "Delete it to start over.") from error
    return tree, header
