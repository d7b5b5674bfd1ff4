"""What is selected in the program that was in front, by the accessibility interface. Unverified on a Mac.

HIServices/AXUIElement.h.
"""

from __future__ import annotations

import ctypes
from ctypes import POINTER, byref, c_int32, c_void_p
from typing import Any

from PySide6.QtCore import QCoreApplication

from app.macos.frameworks import framework, is_trusted
from app.macos.front import FrontApp


class FocusedSelection:
    """Keeps app.desktop.parts.Selection."""

    def __init__(self, front: FrontApp) -> None:
        self._front = front

    @property
    def why_not(self) -> str:
        if is_trusted():
            return ""
        return QCoreApplication.translate(
            "Desktop", "To see what is selected, Cadre needs Accessibility (System Settings, Privacy & Security)."
        )

    def text(self) -> str:
        if not self._front.pid or self.why_not:
            return ""
        services = framework("ApplicationServices")
        services.AXUIElementCreateApplication.argtypes = [c_int32]
        services.AXUIElementCreateApplication.restype = c_void_p
        application = _object(services.AXUIElementCreateApplication(self._front.pid))
        focused = _attribute(application, "AXFocusedUIElement")
        return str(_attribute(focused, "AXSelectedText") or "")


def _attribute(element: Any, name: str) -> Any:
    """None: it has none, or does not answer."""
    import objc
    from Foundation import NSString

    if element is None:
        return None
    copy = framework("ApplicationServices").AXUIElementCopyAttributeValue
    copy.argtypes, copy.restype = [c_void_p, c_void_p, POINTER(c_void_p)], c_int32
    value = c_void_p()
    asked = NSString.stringWithString_(name)
    failed = copy(objc.pyobjc_id(element), objc.pyobjc_id(asked), byref(value))
    return None if failed else _object(value.value)


def _object(address: int | None) -> Any:
    import objc

    return None if not address else objc.objc_object(c_void_p=ctypes.c_void_p(address))
