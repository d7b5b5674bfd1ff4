"""A window over all others. Qt makes tool windows NSPanels; the level and the spaces are set here."""

from __future__ import annotations

import ctypes


class NativePanels:
    """Keeps app.desktop.parts.Panels."""

    def raise_over_all(self, window: int) -> None:
        import objc
        from AppKit import (
            NSStatusWindowLevel,
            NSWindowCollectionBehaviorCanJoinAllSpaces,
            NSWindowCollectionBehaviorFullScreenAuxiliary,
        )

        native = objc.objc_object(c_void_p=ctypes.c_void_p(window)).window()
        if native is None:
            return
        native.setLevel_(NSStatusWindowLevel)
        native.setHidesOnDeactivate_(False)
        native.setCollectionBehavior_(
            NSWindowCollectionBehaviorCanJoinAllSpaces | NSWindowCollectionBehaviorFullScreenAuxiliary
        )
