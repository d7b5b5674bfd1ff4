"""The program whose start is measured: `cadre app`, and an eye on its window. Run as a module; prints one JSON object.

Usable: the window is painted, a letter typed right then stands in the composer, and the event loop turns on.
time.monotonic() is one clock for all processes on Linux and macOS.
"""

from __future__ import annotations

import json
import sys
import time

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication

from app.cli import main as door


class Eye(QObject):
    """Waits for the first painting of the window, types, looks, and ends the program."""

    def __init__(self, application: QApplication) -> None:
        super().__init__()
        self._application = application
        application.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 -- Qt's name
        if event.type() == QEvent.Type.Paint and hasattr(watched, "composer"):
            self._application.removeEventFilter(self)
            self._field = watched.composer.field
            QTimer.singleShot(0, self._type)
        return False

    def _type(self) -> None:
        key = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_A, Qt.KeyboardModifier.NoModifier, "a")
        QApplication.postEvent(self._field, key)
        QTimer.singleShot(0, self._look)

    def _look(self) -> None:
        usable = time.monotonic()
        assert self._field.toPlainText() == "a"
        mlx = any(name.partition(".")[0] in {"mlx", "mlx_lm"} for name in sys.modules)
        print(json.dumps({"usable": usable, "mlx": mlx, "modules": len(sys.modules)}))  # noqa: T201 -- read by the bench
        self._field.clear()
        self._application.quit()


if __name__ == "__main__":
    application = QApplication(sys.argv[:1])
    eye = Eye(application)
    sys.exit(door.main(["app"]))
