"""The list of chats, of which one can be dragged to another group: into a folder, out of it, to the pinned ones."""

from __future__ import annotations

from PySide6.QtCore import QMimeData, QPoint, QRect, Qt, Signal
from PySide6.QtGui import (
    QDrag,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QListView, QWidget

from app.window import theme
from app.window.rows_model import ROW
from app.window.sidebar.rows import Entry, Heading

CHAT = "application/x-cadre-chat"


class ChatList(QListView):
    """dropped: a chat, on the group under this heading. let_go: one that was dragged, wherever."""

    dropped = Signal(int, object)
    let_go = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setDragEnabled(True)
        self.setAcceptDrops(True)
        self.setDropIndicatorShown(False)
        self._over: Heading | None = None

    def startDrag(self, _actions: Qt.DropAction) -> None:  # noqa: N802 -- Qt's name
        """The row under the pointer, as it looks."""
        index = self.currentIndex()
        data = dragged(index.data(ROW)) if index.isValid() else None
        if data is not None:
            place = self.visualRect(index)
            drag = QDrag(self)
            drag.setMimeData(data)
            drag.setPixmap(self.viewport().grab(place))
            drag.setHotSpot(self.viewport().mapFromGlobal(self.cursor().pos()) - place.topLeft())
            drag.exec(Qt.DropAction.MoveAction)
            self.let_go.emit()

    # --- over it ------------------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 -- Qt's name
        """Files are the window's."""
        self._look(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:  # noqa: N802 -- Qt's name
        self._look(event)

    def _look(self, event: QDragMoveEvent) -> None:
        if event.mimeData().hasFormat(CHAT):
            event.acceptProposedAction()
            self._show(self._group(event.position().toPoint()))
        else:
            event.ignore()

    def dragLeaveEvent(self, _event: QDragLeaveEvent) -> None:  # noqa: N802 -- Qt's name
        self._show(None)

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 -- Qt's name
        group, data = self._group(event.position().toPoint()), event.mimeData()
        self._show(None)
        if data.hasFormat(CHAT):
            event.acceptProposedAction()
            if group is not None:
                self.dropped.emit(int(bytes(data.data(CHAT).data())), group)

    def _show(self, heading: Heading | None) -> None:
        if heading != self._over:
            self._over = heading
            self.viewport().update()

    def _group(self, place: QPoint) -> Heading | None:
        """Whose rows are under the pointer; under the last row the last one's."""
        at = self.indexAt(place).row() if self.indexAt(place).isValid() else self.model().rowCount() - 1
        rows = (self.model().index(row, 0).data(ROW) for row in range(at, -1, -1))
        return next((row for row in rows if isinstance(row, Heading)), None)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 -- Qt's name
        super().paintEvent(event)
        if self._over is not None:
            painter = QPainter(self.viewport())
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(theme.colours().accent)
            painter.drawRoundedRect(theme.framed(self._area(self._over)), theme.RADIUS_SMALL, theme.RADIUS_SMALL)
            painter.end()

    def _area(self, heading: Heading) -> QRect:
        """Of all rows of a group."""
        area, inside = QRect(), False
        for number in range(self.model().rowCount()):
            index = self.model().index(number, 0)
            row = index.data(ROW)
            inside = row == heading if isinstance(row, Heading) else inside
            if inside:
                area = area.united(self.visualRect(index))
        return area.adjusted(4, 0, -4, 0)


def dragged(row: object) -> QMimeData | None:
    """What is carried of a row; None: it is a heading, or what a search found."""
    if not isinstance(row, Entry) or row.snippet:
        return None
    data = QMimeData()
    data.setData(CHAT, str(row.chat).encode())
    return data
