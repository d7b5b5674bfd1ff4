"""macOS tells all of it: the kernel's pressure level, and NSProcessInfo's thermal state and low-power mode.

Asked, not listened to: a question costs microseconds, and a listener would need a run loop on a thread. Through
ctypes, so that the engine needs no bridge to Objective-C. Not yet run on a Mac (docs/macos.md).
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

from engine.budget.pressure import Thermal
from engine.messages import Pressure

_LEVEL = b"kern.memorystatus_vm_pressure_level"
_FOUNDATION = "/System/Library/Frameworks/Foundation.framework/Foundation"

_LEVELS = {1: Pressure.NORMAL, 2: Pressure.WARN, 4: Pressure.CRITICAL}
"""DISPATCH_MEMORYPRESSURE_* of <dispatch/source.h>, in which the kernel gives its level out."""


def level_of(value: int | None) -> Pressure:
    """None, and numbers that no header names, are taken for normal: what cannot be read must not stop an answer."""
    return _LEVELS.get(value or 1, Pressure.NORMAL)


class KernelLevel:
    def __init__(self, read: Callable[[bytes], int | None] | None = None) -> None:
        self._read = read or _sysctl

    @property
    def source(self) -> str:
        return _LEVEL.decode()

    def level(self) -> Pressure:
        return level_of(self._read(_LEVEL))


def _sysctl(name: bytes) -> int | None:
    value, size = ctypes.c_int(0), ctypes.c_size_t(ctypes.sizeof(ctypes.c_int))
    failed = ctypes.CDLL(None).sysctlbyname(name, ctypes.byref(value), ctypes.byref(size), None, ctypes.c_size_t(0))
    return None if failed else value.value


class ProcessInfo:
    """Heat and low-power mode. ask: a selector of NSProcessInfo.processInfo without arguments, to its integer."""

    source = "NSProcessInfo"

    def __init__(self, ask: Callable[[bytes], int] | None = None) -> None:
        self._ask = ask or _process_info()

    def state(self) -> Thermal:
        return Thermal(min(max(self._ask(b"thermalState"), Thermal.NOMINAL), Thermal.CRITICAL))

    def low_power(self) -> bool:
        return self._ask(b"isLowPowerModeEnabled") & 0xFF != 0  # a BOOL: one byte of the register


def _process_info() -> Callable[[bytes], int]:
    ctypes.CDLL(_FOUNDATION)
    objc: Any = ctypes.CDLL("/usr/lib/libobjc.dylib")
    objc.objc_getClass.restype = objc.sel_registerName.restype = ctypes.c_void_p
    address = ctypes.cast(objc.objc_msgSend, ctypes.c_void_p).value
    assert address is not None
    to_object = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)(address)
    to_integer = ctypes.CFUNCTYPE(ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)(address)
    info = to_object(objc.objc_getClass(b"NSProcessInfo"), objc.sel_registerName(b"processInfo"))

    def ask(selector: bytes) -> int:
        return int(to_integer(info, objc.sel_registerName(selector)))

    return ask
