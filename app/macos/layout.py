"""Which key types a character in the present keyboard layout, by UCKeyTranslate. Thin; unverified on a Mac.

HIToolbox/Events.h, CarbonCore/UnicodeUtilities.h. On the main thread: the input sources want it.
"""

from __future__ import annotations

from ctypes import POINTER, byref, c_long, c_uint8, c_uint16, c_uint32, c_ulong, c_void_p

from app.macos.frameworks import framework

_KEY_ACTION_DISPLAY, _NO_DEAD_KEYS = 3, 1
_CODES = 128


def code_of(character: str, command: int = 0) -> int | None:
    """The virtual key code; None: no key types it. command: the modifiers held down, as Events.h's cmdKey >> 8."""
    layout = _layout()
    if not layout:
        return None
    wanted = character.lower()
    return next((code for code in range(_CODES) if _typed(layout, code, command).lower() == wanted), None)


def _layout() -> int:
    """Address of the UCKeyboardLayout; 0: an input method without one."""
    carbon = framework("Carbon")
    carbon.TISCopyCurrentKeyboardLayoutInputSource.restype = c_void_p
    carbon.TISGetInputSourceProperty.restype = c_void_p
    carbon.TISGetInputSourceProperty.argtypes = [c_void_p, c_void_p]
    core = framework("CoreFoundation")
    core.CFDataGetBytePtr.restype, core.CFDataGetBytePtr.argtypes = c_void_p, [c_void_p]
    name = c_void_p.in_dll(carbon, "kTISPropertyUnicodeKeyLayoutData")
    source = carbon.TISCopyCurrentKeyboardLayoutInputSource()
    data = carbon.TISGetInputSourceProperty(source, name) if source else None
    return int(core.CFDataGetBytePtr(data) or 0) if data else 0  # source is kept: it owns the data


def _typed(layout: int, code: int, modifiers: int) -> str:
    carbon = framework("Carbon")
    carbon.LMGetKbdType.restype = c_uint8
    translate = carbon.UCKeyTranslate
    translate.argtypes = [
        c_void_p, c_uint16, c_uint16, c_uint32, c_uint32, c_uint32,
        POINTER(c_uint32), c_ulong, POINTER(c_ulong), POINTER(c_uint16),
    ]  # fmt: skip
    translate.restype = c_long
    dead, length, units = c_uint32(0), c_ulong(0), (c_uint16 * 4)()
    failed = translate(
        layout, code, _KEY_ACTION_DISPLAY, modifiers, carbon.LMGetKbdType(), _NO_DEAD_KEYS,
        byref(dead), 4, byref(length), units,
    )  # fmt: skip
    return "" if failed else bytes(memoryview(units)[: length.value].cast("B")).decode("utf-16-le", "ignore")
