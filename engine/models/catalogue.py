"""Which models are on this machine: Cadre's own, the Hugging Face cache's, LM Studio's. All are used in place.

Reads configs and headers, never weights. Writes nothing, knows no MLX, any thread.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from engine.budget import profile_store
from engine.checkpoint.folder import Checkpoint
from engine.checkpoint.layout import layout
from engine.checkpoint.safetensors import shown
from engine.errors import KnownError
from engine.models.folders import BUILTIN, ModelFolder, Source, entries, model_folders
from engine.models.supported import is_supported
from engine.speech import speech_folder

_NO_ANSWERS = "It is for speech and answers no questions."


@dataclass(frozen=True)
class InstalledModel:
    """A model folder. bytes: of its weights files. problem: the sentence that opening it would end in, if any.

    measured: whether it has a budget profile that serves (`cadre calibrate`). speech: which recogniser it is, as
    engine.speech.speech_folder tells; "" for none, and for one that is not all here. voice: likewise.
    """

    name: str
    path: Path
    bytes: int
    source: Source
    model_type: str | None
    problem: str | None
    measured: bool = False
    speech: str = ""
    voice: str = ""

    @property
    def unasked(self) -> str:
        """Why it can be asked nothing; "" when it can."""
        return _NO_ANSWERS if self.speech or self.voice else self.problem or ""


def installed() -> list[InstalledModel]:
    """Every model found, those of one place by name."""
    return [_examined(found) for found in model_folders()]


def resolve(name_or_path: str) -> Path:
    """The folder meant by a path, an installed name ("org/name", or the part after the slash), or `builtin`.

    Case does not matter in names. Of several folders of one name the first that is whole is taken.

    Raises:
        KnownError: nothing is called so, or several different models are.
    """
    found = list(model_folders())
    if name_or_path == BUILTIN:
        named = [f for f in found if f.source is Source.BUILTIN]
        if not named:
            raise KnownError("The built-in model is missing from this installation.", "Install Cadre again.")
        return named[0].path
    path = _as_path(name_or_path)
    if path is not None:
        return path
    return _whole(_named(name_or_path, found)).path


def find(name: str) -> InstalledModel:
    """The installed model of a name, as `resolve` finds it, with what is known of it.

    Raises:
        KnownError: nothing is called so, or several different models are.
    """
    return _examined(_whole(_named(name, list(model_folders()))))


def _as_path(text: str) -> Path | None:
    """The path that a text is: one that exists, or one that cannot be a name."""
    try:
        path = Path(text).expanduser()
        exists = os.path.lexists(path)
    except (RuntimeError, ValueError):  # no home of such a user; a zero byte
        return None
    return path if text and (exists or text.startswith((".", "/", "~"))) else None


def _named(name: str, found: list[ModelFolder]) -> list[ModelFolder]:
    wanted = name.casefold()
    exact = [f for f in found if f.name.casefold() == wanted]
    matches = exact or [f for f in found if f.short_name == wanted]
    names = sorted({f.name.casefold(): f.name for f in matches}.values())
    if len(names) > 1:
        raise KnownError(
            f"{len(names)} models are called {shown(name)}.", f"Say which: {', '.join(map(shown, names))}."
        )
    if not matches:
        raise _unknown(name, found)
    return matches


def _unknown(name: str, found: list[ModelFolder]) -> KnownError:
    names = {alias: f.name for f in found for alias in (f.name.casefold(), f.short_name)}
    near = dict.fromkeys(names[alias] for alias in get_close_matches(name.casefold(), names, n=3))
    meant = f"Did you mean {' or '.join(map(shown, near))}? " if near else ""
    return KnownError(
        f"No model called {shown(name)} is installed.",
        f"{meant}`cadre models` lists what is here, `cadre pull` downloads a model, and a folder's path works too.",
    )


def _whole(named: list[ModelFolder]) -> ModelFolder:
    """The first without a problem; where all have one, the first: opening it says what is wrong."""
    if len(named) == 1:
        return named[0]
    return next((found for found in named if _examined(found).problem is None), named[0])


def _examined(found: ModelFolder) -> InstalledModel:
    model_type, problem, measured = None, None, False
    try:
        checkpoint = Checkpoint.open(found.path)
        model_type = checkpoint.model_type
        measured = profile_store.read(checkpoint, layout(checkpoint).experts).profile is not None
        if not is_supported(model_type):
            problem = f"Cadre does not know models of the type {model_type}."
    except KnownError as error:
        problem = "The download is not finished." if found.unfinished else error.sentence
    size = _weight_bytes(found.path)
    speech, voice = _kind(speech_folder.kind, found), _kind(speech_folder.voice_kind, found)
    problem = None if speech or voice else problem
    return InstalledModel(found.name, found.path, size, found.source, model_type, problem, measured, speech, voice)


def _kind(told_by: Callable[[Path], str], found: ModelFolder) -> str:
    try:
        return "" if found.unfinished else told_by(found.path)
    except KnownError:
        return ""


def _weight_bytes(folder: Path) -> int:
    sizes = 0
    for file in entries(folder):
        try:
            sizes += file.stat().st_size if file.suffix == ".safetensors" else 0
        except OSError:  # a link to a part that has not arrived
            continue
    return sizes
