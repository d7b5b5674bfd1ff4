"""What the doctor finds around Cadre: microphone, Accessibility, the key over every program, the disk's speed.

Each is asked through its protocol, so that what is said is tested without a Mac. Asks the person nothing: no dialog
appears, no permission is requested, and the key is given back at once. On the main thread, with a QCoreApplication.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from app import settings
from app.audio.devices import Microphones, PortAudio, chosen
from app.cli.finding import Finding, State
from app.desktop.chord import Chord
from app.desktop.parts import Hotkey, Keys
from app.numbers import size
from engine.errors import KnownError
from engine.lab import disk_speed

_SLOW = 1_000_000_000
_ROOM = 2_000_000_000
_PRIVACY = "System Settings > Privacy & Security"


class MicrophonePermission(Protocol):
    def allowed(self) -> bool | None:
        """None: nobody was asked yet."""


@dataclass(frozen=True)
class Around:
    """guarded: whether this system asks people before a program may type into another. key: the quick prompt's."""

    hotkey: Hotkey
    keys: Keys
    microphones: Microphones
    permission: MicrophonePermission
    guarded: bool
    key: str


class QtPermission:
    """Qt's, which asks macOS without a dialog; where a system has none of its own, it says yes. Keeps Qt running."""

    def __init__(self) -> None:
        from PySide6.QtCore import QCoreApplication

        self._application = QCoreApplication.instance() or QCoreApplication(["cadre"])

    def allowed(self) -> bool | None:
        from PySide6.QtCore import QMicrophonePermission, Qt

        status = self._application.checkPermission(QMicrophonePermission())
        return {Qt.PermissionStatus.Granted: True, Qt.PermissionStatus.Denied: False}.get(status)


def here() -> Around:
    """This machine, with the key that Settings has. Loads Qt."""
    from app.desktop import parts

    permission, found = QtPermission(), parts.here()
    return Around(found.hotkey, found.keys, PortAudio(), permission, sys.platform == "darwin", settings.load().hotkey)


def examine(around: Around) -> Iterator[Finding]:
    yield about_microphone(around)
    if around.guarded:
        yield about_accessibility(around.keys)
    yield about_key(around.hotkey, around.key)


def about_microphone(around: Around) -> Finding:
    """The permission first: a microphone that is denied gives silence and no error."""
    allowed = around.permission.allowed()
    if allowed is False:
        remedy = f"Allow it in {_PRIVACY} > Microphone, then start Cadre again."
        return Finding("Microphone", State.WORSE, "Cadre may not listen", remedy)
    try:
        found = chosen(around.microphones.devices(), None).name
    except KnownError as error:
        return Finding("Microphone", State.WORSE, error.sentence, error.next_step)
    return Finding("Microphone", State.GOOD, found if allowed else f"{found}; macOS will ask at the first dictation")


def about_accessibility(keys: Keys) -> Finding:
    if keys.why_not:
        remedy = f"For inserting by itself: {_PRIVACY} > Accessibility, turn on Cadre. Until then it copies."
        return Finding("Accessibility", State.WORSE, "not allowed", remedy)
    return Finding("Accessibility", State.GOOD, "allowed")


def about_key(hotkey: Hotkey, key: str) -> Finding:
    """Takes the key for a moment, which is the only way to know."""
    if not key:
        return Finding("Key over every program", State.GOOD, "turned off in Settings")
    if hotkey.why_not:
        return Finding("Key over every program", State.WORSE, "not here", hotkey.why_not)
    chord = Chord.of(key)
    try:
        hotkey.listen(chord, _nothing, _nothing)()
    except KnownError as error:
        return Finding("Key over every program", State.WORSE, f"{key}: {error.sentence}", error.next_step)
    return Finding("Key over every program", State.GOOD, f"{key}: the system gives it")


def about_speed(folder: Path, free: int, measure: Callable[[Path], disk_speed.DiskSpeed]) -> Finding:
    """folder: where models are; it exists. free: bytes on its disk."""
    if free < _ROOM:
        return Finding("Disk speed", State.WORSE, "not measured: the disk is full", "Free some space.")
    try:
        speed = measure(folder)
    except (OSError, KnownError) as error:
        return Finding("Disk speed", State.WORSE, f"not measured: {error}", "Look at the folder's permissions.")
    found = f"{size(round(speed.per_second))} a second read past the cache"
    if speed.per_second < _SLOW:
        remedy = "Answers wait for experts: keep models on a faster disk (CADRE_HOME), best on the machine's own."
        return Finding("Disk speed", State.WORSE, found, remedy)
    return Finding("Disk speed", State.GOOD, found)


def _nothing() -> None:
    return
