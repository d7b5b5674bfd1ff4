"""Where a model's measured profile lies: in Cadre's records, named by the model's path, or shipped beside the model.

It belongs to the files it was measured on: after they changed it does not serve. In the records these are told by size
and time; beside a model, where times mean nothing, by what is in them. What was measured here goes before what was
shipped. A profile that is broken or old costs a sentence, never an answer. Holds numbers only, nothing of the text.
No MLX; any thread.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

from engine.budget.profile import Line, Profile, Served
from engine.checkpoint.folder import Checkpoint
from engine.errors import KnownError
from engine.messages import Mode
from engine.models import places

SCHEMA = 1
SHIPPED = "profile.json"
_PREDICTOR = "predictor.safetensors"
_AGAIN = "`cadre calibrate` measures it anew."


@dataclass(frozen=True)
class Stored:
    """note: a sentence where something lies there that does not serve."""

    profile: Profile | None = None
    note: str = ""


def read(checkpoint: Checkpoint, experts: int) -> Stored:
    """What was measured of the model, if it still holds. experts: per layer, which the profile must agree with."""
    mine = _stored(place(checkpoint.path), lambda: fingerprint(checkpoint), experts)
    if mine.profile is not None or not (checkpoint.path / SHIPPED).exists():
        return mine
    shipped = _stored(checkpoint.path / SHIPPED, lambda: contents(checkpoint), experts)
    return shipped if shipped.profile is not None or not mine.note else mine


def _stored(file: Path, model: Callable[[], str], experts: int) -> Stored:
    """model: names the files that are there now."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        if content["schema"] != SCHEMA:
            return Stored(note=f"The model's profile was written by another version of Cadre. {_AGAIN}")
        if content["model"] != model():
            return Stored(note=f"The model has changed since it was measured. {_AGAIN}")
        profile = _profile(content["profile"])
    except (FileNotFoundError, NotADirectoryError):
        return Stored()
    except (OSError, ValueError, TypeError, KeyError):
        return Stored(note=f"The model's profile cannot be read; the defaults serve. {_AGAIN}")
    if profile.experts != experts or not all(profile.of(Served(mode)) for mode in (Mode.FAST, Mode.BALANCED)):
        return Stored(note=f"The model's profile is not whole; the defaults serve. {_AGAIN}")
    return Stored(profile)


def write(checkpoint: Checkpoint, profile: Profile) -> Path:
    """Replace what is stored in the records, whole or not at all.

    Raises:
        KnownError: the disk refused.
    """
    to = place(checkpoint.path)
    return _replace(to, {"schema": SCHEMA, "model": fingerprint(checkpoint), "profile": asdict(profile)})


def ship(checkpoint: Checkpoint, profile: Profile) -> Path:
    """Put the profile into the model's folder, to go wherever the folder goes.

    Raises:
        KnownError: the disk refused.
    """
    to = checkpoint.path / SHIPPED
    return _replace(to, {"schema": SCHEMA, "model": contents(checkpoint), "profile": asdict(profile)})


def _replace(to: Path, content: Mapping[str, Any]) -> Path:
    passing = to.with_suffix(f".{os.getpid()}.tmp")
    try:
        to.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with passing.open("w", encoding="utf-8") as file:
            file.write(json.dumps(content, indent=1) + "\n")
            file.flush()
            os.fsync(file.fileno())
        passing.replace(to)
    except OSError as error:
        raise KnownError(
            f"The profile could not be stored in {to.parent} ({error.strerror}).",
            "Free some space and start again: what was measured is kept.",
        ) from error
    return to


def place(model: Path) -> Path:
    name = hashlib.sha256(str(model.resolve()).encode()).hexdigest()[:16]
    return places.home() / "records" / f"profile-{name}.json"


def fingerprint(checkpoint: Checkpoint) -> str:
    """Of the files a profile is true of: weights, config, and the predictor, if there is one."""
    files = [(f.path.name, f.size, f.mtime_ns) for f in checkpoint.files]
    beside = [_stamp(checkpoint.path / name) for name in ("config.json", _PREDICTOR)]
    return hashlib.sha256(json.dumps([files, beside]).encode()).hexdigest()[:16]


def contents(checkpoint: Checkpoint) -> str:
    """The same by what is in the files, so that it holds wherever they were copied to."""
    names = [file.path for file in checkpoint.files]
    names += [file for name in ("config.json", _PREDICTOR) if (file := checkpoint.path / name).exists()]
    return _contents(tuple((str(file), *(_stamp(file) or (0, 0))) for file in names))


@cache
def _contents(files: tuple[tuple[str, int, int], ...]) -> str:
    """files: path, size and time: as long as these stay, what is in them is not read again."""
    whole = hashlib.sha256()
    for path, _, _ in files:
        with Path(path).open("rb") as file:
            whole.update(hashlib.file_digest(file, "sha256").digest())
    return whole.hexdigest()[:16]


def _stamp(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def _profile(content: Mapping[str, Any]) -> Profile:
    """Raises ValueError, TypeError, KeyError: it is none."""
    lines = tuple(_line(line) for line in content["lines"])
    return Profile(**{f.name: content[f.name] for f in fields(Profile)} | {"lines": lines})


def _line(content: Mapping[str, Any]) -> Line:
    line = Line(**{f.name: content[f.name] for f in fields(Line)} | {"mode": Mode(content["mode"])})
    numbers = (line.nll, line.loss, line.error, line.coverage, line.bytes_per_token)
    if type(line.residents) is not int or not all(math.isfinite(number) for number in numbers):
        raise ValueError("no line of a profile")
    return line
