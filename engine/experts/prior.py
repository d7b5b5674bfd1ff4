"""How popular each expert is in general, learned as the model is used and kept between starts.

A small array per model in Cadre's records folder, named by the model's path. Losing it costs only what it
taught, so a broken one is ignored and written anew. Holds no text.
"""

from __future__ import annotations

import hashlib
import logging
import os
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.models import places

log = logging.getLogger(__name__)

MOST_TOKENS = 100_000
"""Older use counts less: a layer's wishes are scaled to at most this many tokens."""

Floats = npt.NDArray[np.float32]


def read_prior(model: Path, shape: tuple[int, ...]) -> Floats:
    """Wishes [layers, experts] of earlier use; zeros when there are none that fit."""
    nothing = np.zeros(shape, np.float32)
    try:
        with _place(model).open("rb") as file, np.lib.npyio.NpzFile(file, allow_pickle=False) as stored:
            prior = stored["prior"]
    except FileNotFoundError:
        return nothing
    except Exception as error:  # noqa: BLE001 -- a damaged archive raises a dozen kinds
        log.warning("the experts' popularity could not be read and is learned anew: %s", error)
        return nothing
    fits = prior.shape == shape and prior.dtype == np.float32
    return prior if fits and bool(np.isfinite(prior).all()) and bool((prior >= 0).all()) else nothing


def write_prior(model: Path, prior: Floats) -> None:
    """Replace what is stored, whole or not at all. A disk that refuses is only logged: nobody asked for this."""
    most = prior.sum(axis=1, keepdims=True)
    scaled = prior * np.minimum(1, MOST_TOKENS / np.maximum(most, 1))
    place = _place(model)
    passing = place.with_suffix(f".{os.getpid()}.tmp.npz")
    try:
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        np.savez_compressed(passing, prior=scaled.astype(np.float32), version=1)
        passing.replace(place)
    except OSError as error:
        log.warning("the experts' popularity could not be stored: %s", error)


def _place(model: Path) -> Path:
    name = hashlib.sha256(str(model.resolve()).encode()).hexdigest()[:16]
    return places.home() / "records" / f"prior-{name}.npz"
