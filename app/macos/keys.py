"""Command-V in the person's place, by CGEventPost. Needs the Accessibility permission. Unverified on a Mac.

CoreGraphics/CGEvent.h, CGEventSource.h.
"""

from __future__ import annotations

from ctypes import c_bool, c_int32, c_uint16, c_uint32, c_uint64, c_void_p

from PySide6.QtCore import QCoreApplication

from app.macos.frameworks import framework, is_trusted
from app.macos.layout import code_of

_COMMAND_FLAG = 1 << 20
_MODIFIERS = (1 << 17) | (1 << 18) | (1 << 19) | _COMMAND_FLAG
_COMMAND_HELD = 1
_V, _Z = 9, 6
_HID = 0
_COMBINED = 0


class PostedKeys:
    """Keeps app.desktop.parts.Keys."""

    @property
    def why_not(self) -> str:
        if is_trusted():
            return ""
        return QCoreApplication.translate(
            "Desktop", "To insert by itself, Cadre needs Accessibility (System Settings, Privacy & Security)."
        )

    def held(self) -> bool:
        graphics = framework("CoreGraphics")
        graphics.CGEventSourceFlagsState.argtypes = [c_int32]
        graphics.CGEventSourceFlagsState.restype = c_uint64
        return bool(graphics.CGEventSourceFlagsState(_COMBINED) & _MODIFIERS)

    def is_secure(self) -> bool:
        """HIToolbox/CarbonEventsCore.h. Some program, not always the one in front, has turned it on."""
        carbon = framework("Carbon")
        carbon.IsSecureEventInputEnabled.restype = c_bool
        return bool(carbon.IsSecureEventInputEnabled())

    def paste(self) -> None:
        _press("v", _V)

    def undo(self) -> None:
        _press("z", _Z)


def _press(character: str, otherwise: int) -> None:
    """The key that means it while Command is held: some layouts change then."""
    code = code_of(character, _COMMAND_HELD)
    for down in (True, False):
        _post(otherwise if code is None else code, down=down)


def _post(code: int, *, down: bool) -> None:
    graphics, core = framework("CoreGraphics"), framework("CoreFoundation")
    make = graphics.CGEventCreateKeyboardEvent
    make.argtypes, make.restype = [c_void_p, c_uint16, c_bool], c_void_p
    graphics.CGEventSetFlags.argtypes = [c_void_p, c_uint64]
    graphics.CGEventPost.argtypes = [c_uint32, c_void_p]
    core.CFRelease.argtypes = [c_void_p]
    event = make(None, code, down)
    graphics.CGEventSetFlags(event, _COMMAND_FLAG)
    graphics.CGEventPost(_HID, event)
    core.CFRelease(event)
