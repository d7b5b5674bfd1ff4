"""A text as high as what it says. Selectable, links by click only.

Nothing is ever fetched: pictures are links, and the document may load no resource.
"""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QFocusEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QFrame, QSizePolicy, QTextBrowser, QWidget

from app.window import theme
from app.window.buttons import QuietButton
from app.window.icons import icon
from app.window.transcript.formats import Formats

_SCHEMES = {"http", "https", "mailto"}
_TOLD_MS = 1500
_BY_KEY = {Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason}


class TextView(QTextBrowser):
    """height_changed: it needs more or less room than before."""

    height_changed = Signal()

    def __init__(self, formats: Formats, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._formats = formats
        self._is_ringed = False
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setOpenLinks(False)
        self.setUndoRedoEnabled(False)
        self.viewport().setAutoFillBackground(False)
        self.document().setDocumentMargin(0)
        self.document().setDefaultFont(formats.body)
        self.anchorClicked.connect(open_link)
        self.document().documentLayout().documentSizeChanged.connect(self._fit)

    def say(self, text: str) -> None:
        """Words as they are."""
        self.setPlainText(text)

    def _fit(self) -> None:
        height = round(self.document().size().height() + 0.49)
        if height != self.height():
            self.setFixedHeight(height)
            self.height_changed.emit()

    def sizeHint(self) -> QSize:  # noqa: N802 -- Qt's name
        return QSize(200, self.height())

    def minimumSizeHint(self) -> QSize:  # noqa: N802 -- Qt's name
        return QSize(40, self.height())

    def loadResource(self, kind: int, name: QUrl | str) -> None:  # noqa: N802 -- Qt's name
        """Nothing, from nowhere."""
        return

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802 -- Qt's name
        super().focusInEvent(event)
        self._is_ringed = event.reason() in _BY_KEY
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802 -- Qt's name
        super().focusOutEvent(event)
        self._is_ringed = False
        self.viewport().update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 -- Qt's name
        super().paintEvent(event)
        if self._is_ringed:
            painter = QPainter(self.viewport())
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(theme.colours().accent)
            painter.drawRoundedRect(theme.framed(self.viewport().rect()), 2, 2)
            painter.end()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 -- Qt's name
        event.ignore()  # the transcript scrolls


def open_link(url: QUrl) -> None:
    """Only what a browser or a mail program opens."""
    if url.scheme() in _SCHEMES:
        QDesktopServices.openUrl(url)


def told(button: QuietButton) -> None:
    """A check for a moment where the copy sign was."""
    button.setIcon(icon("check", theme.colours().secondary))
    back = QTimer(button, singleShot=True, interval=_TOLD_MS)
    back.timeout.connect(button.dress)
    back.timeout.connect(back.deleteLater)
    back.start()
