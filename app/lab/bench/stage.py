"""A window to measure in: the real one, with chats and settings of its own that are gone afterwards."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, QTimer, SignalInstance
from PySide6.QtWidgets import QApplication

from app.cli import screen
from app.store.store import Store
from app.window import theme
from app.window.models import Models
from app.window.start import Desktop
from engine.errors import KnownError
from engine.link import Engine

SIZE = (1180, 760)
_PATIENCE_MS = 120_000


def application() -> QApplication:
    """On the screen where there is one, else offscreen."""
    if not screen.is_there():
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        return existing
    made = QApplication(["cadre"])
    made.setApplicationName("Cadre")
    return made


@contextmanager
def own_home() -> Iterator[Path]:
    """CADRE_HOME is an empty folder meanwhile: nothing of the person's is read or changed."""
    before = os.environ.get("CADRE_HOME")
    with tempfile.TemporaryDirectory(prefix="cadre-bench-") as folder:
        os.environ["CADRE_HOME"] = folder
        try:
            yield Path(folder)
        finally:
            if before is None:
                del os.environ["CADRE_HOME"]
            else:
                os.environ["CADRE_HOME"] = before


@contextmanager
def desktop(make_engine: Callable[[], Engine]) -> Iterator[Desktop]:
    """The app with no model installed, shown and at rest."""
    application()
    theme.dress(dark=False)
    made = Desktop(Store(), make_engine, Models(look=list))
    try:
        made.window.resize(*SIZE)
        made.window.show()
        settle()
        yield made
    finally:
        made.close()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def settle() -> None:
    """Until nothing waits to be done."""
    for _ in range(20):
        QApplication.processEvents()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def wait_for(signal: SignalInstance) -> None:
    """Turns of the event loop until it comes.

    Raises:
        KnownError: it did not come in two minutes.
    """
    loop = QEventLoop()
    signal.connect(loop.quit)
    limit = QTimer(singleShot=True, interval=_PATIENCE_MS)
    limit.timeout.connect(lambda: loop.exit(1))
    limit.start()
    late = loop.exec()
    limit.stop()
    signal.disconnect(loop.quit)
    if late:
        raise KnownError("The window took over two minutes for an answer.", "Measure on a machine with less to do.")
