"""A key over every program, by Carbon's RegisterEventHotKey: no permission, and both the press and the release.

HIToolbox/CarbonEvents.h. On the main thread; Qt runs its event loop. Unverified on a Mac.
"""

from __future__ import annotations

import ctypes
import itertools
import logging
from collections.abc import Callable
from ctypes import CFUNCTYPE, POINTER, Structure, byref, c_int32, c_uint32, c_ulong, c_void_p, sizeof

from app.desktop.chord import Chord, Modifier
from app.macos.codes import CODES
from app.macos.frameworks import framework
from app.macos.layout import code_of
from engine.errors import KnownError

_KEYBOARD, _PRESSED, _RELEASED = int.from_bytes(b"keyb"), 5, 6
_DIRECT_OBJECT, _HOT_KEY_ID = int.from_bytes(b"----"), int.from_bytes(b"hkid")
_SIGNATURE = int.from_bytes(b"Cadr")
_TAKEN, _NOT_HANDLED = -9878, -9874
_MASKS = {Modifier.CTRL: 1 << 8, Modifier.SHIFT: 1 << 9, Modifier.ALT: 1 << 11, Modifier.META: 1 << 12}
log = logging.getLogger(__name__)


class _Kind(Structure):
    _fields_ = (("event_class", c_uint32), ("kind", c_uint32))


class _Id(Structure):
    _fields_ = (("signature", c_uint32), ("id", c_uint32))


_Handler = CFUNCTYPE(c_int32, c_void_p, c_void_p, c_void_p)
Heard = tuple[Callable[[], None], Callable[[], None]]


class CarbonHotkey:
    """Keeps app.desktop.parts.Hotkey."""

    why_not = ""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._listening: dict[int, Heard] = {}
        self._handler: object = None

    def listen(self, chord: Chord, pressed: Callable[[], None], released: Callable[[], None]) -> Callable[[], None]:
        carbon = framework("Carbon")
        self._install()
        code = CODES.get(chord.key, code_of(chord.key))
        if code is None:
            raise KnownError(f"This keyboard has no {chord.key}.", "Choose another key in Settings.")
        number, reference = next(self._numbers), c_void_p()
        modifiers = sum(_MASKS[modifier] for modifier in chord.modifiers)
        register = carbon.RegisterEventHotKey
        register.argtypes = [c_uint32, c_uint32, _Id, c_void_p, c_uint32, POINTER(c_void_p)]
        failed = register(code, modifiers, _Id(_SIGNATURE, number), _target(), 0, byref(reference))
        if failed:
            raise KnownError(
                "Another program has this key." if failed == _TAKEN else f"The system refuses this key ({failed}).",
                "Choose another key in Settings.",
            )
        self._listening[number] = (pressed, released)

        def end() -> None:
            if self._listening.pop(number, None) is not None:
                carbon.UnregisterEventHotKey.argtypes = [c_void_p]
                carbon.UnregisterEventHotKey(reference)

        return end

    def _install(self) -> None:
        """One handler for all keys, for as long as the app runs."""
        if self._handler is not None:
            return
        handler = _Handler(self._take)
        kinds = (_Kind * 2)(_Kind(_KEYBOARD, _PRESSED), _Kind(_KEYBOARD, _RELEASED))
        install = framework("Carbon").InstallEventHandler
        install.argtypes = [c_void_p, _Handler, c_ulong, c_void_p, c_void_p, c_void_p]
        failed = install(_target(), handler, len(kinds), ctypes.cast(kinds, c_void_p), None, None)
        if failed:
            raise KnownError(f"The system lets nobody listen to keys ({failed}).", "Log in again.")
        self._handler = handler

    def _take(self, _call: int, event: int, _data: int) -> int:
        """An exception must not go through the system's code."""
        try:
            return self._told(event)
        except Exception:
            log.exception("a key was pressed")
            return _NOT_HANDLED

    def _told(self, event: int) -> int:
        carbon, found = framework("Carbon"), _Id()
        carbon.GetEventParameter.argtypes = [c_void_p, c_uint32, c_uint32, c_void_p, c_ulong, c_void_p, c_void_p]
        carbon.GetEventKind.argtypes, carbon.GetEventKind.restype = [c_void_p], c_uint32
        failed = carbon.GetEventParameter(
            event, _DIRECT_OBJECT, _HOT_KEY_ID, None, sizeof(found), ctypes.addressof(found), None
        )
        heard = self._listening.get(found.id) if not failed and found.signature == _SIGNATURE else None
        if heard is None:
            return _NOT_HANDLED
        heard[0 if carbon.GetEventKind(event) == _PRESSED else 1]()
        return 0


def _target() -> int:
    target = framework("Carbon").GetApplicationEventTarget
    target.restype = c_void_p
    return int(target() or 0)
