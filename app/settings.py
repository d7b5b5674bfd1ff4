"""What the person has set for all of Cadre, in one small JSON file of Cadre's folder. Read when asked, any thread.

A file that cannot be read is kept beside and the defaults serve; a value of the wrong kind is as if it were not there.
What is not known here (a newer Cadre's) survives being written by an older one.
"""

from __future__ import annotations

import contextlib
import json
import logging
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from engine import atomic
from engine.errors import KnownError
from engine.models import places

VERSION = 1
APPEARANCES = ("system", "light", "dark")
SPEAKING_SPEEDS = (50, 75, 100, 125, 150, 175, 200, 250, 300)
TEXT_SIZES = (85, 100, 115, 130, 150, 175, 200)
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Settings:
    """network: whether Cadre may contact anything at all. appearance: one of APPEARANCES. text_size: per cent of the
    system's. memory: the most bytes an answer may hold, 0 for what the machine can give. hotkey: of the quick prompt,
    as Qt writes keys, "" for none. stays: in the menu bar, also without a window. read_aloud: answers, as they come.
    voice: a voice model, "" for the system's. speaking_speed: per cent of the voice's own.

    Of dictation: its key, and the one that inserts the last text again. microphone, recogniser, spoken_language: "" for
    the system's, the one that is always there, and to be found out. own_words: see app.dictation.own_words.
    keep_recordings: days, see app.dictation.keeping. tidy_dictated: by the chosen model, see app.dictation.tidier.
    """

    network: bool = True
    appearance: str = "system"
    text_size: int = 100
    memory: int = 0
    hotkey: str = "Alt+Space"
    stays: bool = True
    dictation_key: str = "Alt+Shift+Space"
    insert_last_key: str = ""
    microphone: str = ""
    recogniser: str = ""
    spoken_language: str = ""
    own_words: str = ""
    leave_out_fillers: bool = True
    spoken_signs: bool = False
    copy_only: bool = False
    give_clipboard_back: bool = True
    keep_recordings: int = 7
    tidy_dictated: bool = False
    read_aloud: bool = False
    voice: str = ""
    speaking_speed: int = 100


def default_path() -> Path:
    return places.home() / "settings.json"


def load(path: Path | None = None) -> Settings:
    content = _content(path or default_path())
    kinds = {field.name: type(field.default) for field in fields(Settings)}
    known: dict[str, Any] = {name: value for name, value in content.items() if type(value) is kinds.get(name)}
    return replace(Settings(), **known)


def save(settings: Settings, path: Path | None = None) -> None:
    """Raises KnownError: the file cannot be written."""
    path = path or default_path()
    try:
        atomic.write(path, json.dumps(_content(path) | {"version": VERSION} | asdict(settings), indent=1))
    except OSError as error:
        raise KnownError(
            f"The settings could not be written to {path} ({error.strerror}).", "Check the disk and try again."
        ) from error


def network_allowed() -> bool:
    """Read anew each time, so that the switch works at once, from whichever process it was set."""
    return load().network


def _content(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError):
        content = None
    if isinstance(content, dict):
        return content
    log.info("the settings cannot be read; they are kept as %s.unread", path.name)
    with contextlib.suppress(OSError):
        path.replace(path.with_name(f"{path.name}.unread"))
    return {}
