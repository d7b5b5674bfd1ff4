"""One picture large, and the others that came with it by the arrow keys. Escape, Space or a click ends it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import (
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QShortcut,
)
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from app.attachments.file import File
from app.window import theme
from app.window.buttons import quiet_button

_SHARE = 0.85
"""Of the screen, at most."""
_LEAST = QSize(320, 240)


@dataclass(frozen=True)
class Page:
    """title: the file's name, and of a PDF the page."""

    title: str
    data: bytes


def pages_of(files: Sequence[File]) -> list[Page]:
    """Everything that a model is shown of these files."""
    seen = [file for file in files if file.is_seen]
    return [Page(_title(file, number), part) for file in seen for number, part in enumerate(file.parts, start=1)]


def first_page(files: Sequence[File], number: int) -> int:
    """Where among the pages those of one file begin."""
    return sum(len(file.parts) for file in files[:number] if file.is_seen)


def _title(file: File, number: int) -> str:
    return f"{file.name}, {number}/{file.pages}" if file.pages else file.name


class Large:
    """The one window of pictures that belongs to another."""

    def __init__(self, owner: QWidget) -> None:
        self._owner = owner
        self.shown: PictureWindow | None = None

    def show_file(self, files: Sequence[File], number: int) -> None:
        """One of these files, and the others by the keys."""
        if self.shown is not None and isValid(self.shown):
            self.shown.close()
        self.shown = PictureWindow(pages_of(files), first_page(files, number), self._owner.window())
        self.shown.show()


class PictureWindow(QWidget):
    """Goes for good when it is closed."""

    def __init__(self, pages: Sequence[Page], at: int, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._pages, self.at = list(pages), at
        self._picture = QPixmap()
        self._back = quiet_button("left", self.tr("Previous picture"), self)
        self._on = quiet_button("right", self.tr("Next picture"), self)
        self._back.clicked.connect(lambda: self.step(-1))
        self._on.clicked.connect(lambda: self.step(1))
        for keys, act in ((QKeySequence.StandardKey.Copy, self._copy), (QKeySequence.StandardKey.Close, self.close)):
            QShortcut(QKeySequence(keys), self, act)
        self._show_page()
        self.resize(self._fitting())

    def step(self, by: int) -> None:
        """Stops at both ends."""
        self.at = min(len(self._pages) - 1, max(0, self.at + by))
        self._show_page()

    def _show_page(self) -> None:
        page = self._pages[self.at]
        self._picture.loadFromData(page.data)
        self.setWindowTitle(page.title)
        self.setAccessibleName(page.title)
        several = len(self._pages) > 1
        for button, there in ((self._back, self.at > 0), (self._on, self.at + 1 < len(self._pages))):
            button.setVisible(several)
            button.setEnabled(there)
        self.update()

    def _fitting(self) -> QSize:
        """As large as the picture is, but for the screen."""
        screen = (self.screen() or QGuiApplication.primaryScreen()).availableSize()
        room = QSize(round(screen.width() * _SHARE), round(screen.height() * _SHARE))
        wanted = self._picture.size()
        if wanted.width() > room.width() or wanted.height() > room.height():
            wanted = wanted.scaled(room, Qt.AspectRatioMode.KeepAspectRatio)
        return wanted.expandedTo(_LEAST)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setPixmap(self._picture)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 -- Qt's name
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1}
        if event.key() in {Qt.Key.Key_Escape, Qt.Key.Key_Space}:
            self.close()
        elif event.key() in steps:
            self.step(steps[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 -- Qt's name
        super().mouseReleaseEvent(event)
        self.close()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 -- Qt's name
        colours = theme.colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.fillRect(self.rect(), colours.window)
        if self._picture.isNull():
            painter.setPen(colours.text)
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.tr("This picture cannot be shown."))
        else:
            size = self._picture.size()
            if size.width() > self.width() or size.height() > self.height():
                size = size.scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
            place = self.rect()
            place.setSize(size)
            place.moveCenter(self.rect().center())
            painter.drawPixmap(place, self._picture)
        painter.end()

    def resizeEvent(self, _event: object) -> None:  # noqa: N802 -- Qt's name
        middle = (self.height() - self._back.height()) // 2
        self._back.move(theme.GRID, middle)
        self._on.move(self.width() - self._on.width() - theme.GRID, middle)
