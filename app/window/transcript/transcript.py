"""The messages of a chat in a column of readable measure. Follows the answer unless the person scrolled away.

Each message takes some milliseconds to make. The last two are made at once, then as many in every turn of the event
loop as take TURN_SECONDS, until the screen is filled; the earlier ones when someone scrolls near them.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from app.store.rows import Placed, Role
from app.window import theme
from app.window.transcript.answer_view import AnswerView
from app.window.transcript.formats import Formats
from app.window.transcript.message_view import MessageView
from app.window.transcript.question_view import Question, Thumbnails, no_thumbnails
from app.window.transcript.spare import Spare
from app.window.transcript.typesetter import Typesetter

TURN_SECONDS = 0.008
"""Of this thread, for making messages in one turn; one more may begin just before."""
_AT_ONCE = 2
_NEAR = 400
"""Pixels from the top at which earlier messages are made."""
_LINE = 90
"""Characters: more than a line takes, so that messages are higher than they are guessed."""


class Transcript(QScrollArea):
    """Hands on what the message views ask for, with the message's id. clock: seconds that this thread worked."""

    walked = Signal(int, int)
    edited = Signal(int)
    again = Signal(int)
    deleted = Signal(int)
    opened = Signal(int, int)
    read_aloud = Signal(int)

    def __init__(self, parent: QWidget | None = None, clock: Callable[[], float] = time.thread_time) -> None:
        super().__init__(parent)
        self._clock = clock
        self._spare = Spare()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(self.tr("Conversation"))
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.typesetter = Typesetter(self)
        self._formats = Formats(theme.colours(), self.typesetter)
        self._views: list[MessageView] = []
        self._earlier: list[Placed] = []
        self.thumbnails: Thumbnails = no_thumbnails
        self._following = True
        self._holding: int | None = None
        self._aloud: int | None = None
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._make_near)
        self.page = self._page()
        self.setWidget(self.page)
        bar = self.verticalScrollBar()
        bar.rangeChanged.connect(self._grown)
        bar.valueChanged.connect(self._scrolled)

    def _page(self) -> QWidget:
        page = QWidget(self)
        sides = QHBoxLayout(page)
        sides.setContentsMargins(3 * theme.GRID, 0, 3 * theme.GRID, 2 * theme.GRID)
        inner = self._inner = QWidget(page)
        inner.setMaximumWidth(theme.measure())
        self._column = QVBoxLayout(inner)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.GRID)
        self._column.addStretch()
        sides.addStretch(1)
        sides.addWidget(inner, 1000)
        sides.addStretch(1)
        return page

    # --- messages -----------------------------------------------------------------------------------------

    def show_path(self, path: list[Placed]) -> None:
        """Another chat or branch. What both have in common at the beginning stays as it is."""
        shown = [*self._earlier, *(view.placed for view in self._views)]
        same = _common(shown, path)
        keep = max(0, same - len(self._earlier))
        for view in self._views[keep:]:
            self._column.removeWidget(view)
            self._spare.keep(view)
        del self._views[keep:]
        if not keep:
            self._show_end(path)
        else:
            for placed in path[same:]:
                self.append(placed)
        self._following = True
        self._to_end()
        self._look_up()

    def _show_end(self, path: list[Placed]) -> None:
        """The last messages of a chat of which nothing is shown yet, as many as fill the screen if that is quick."""
        began = self._clock()
        self._earlier, new = path[:-_AT_ONCE], path[-_AT_ONCE:]
        for placed in new:
            self.append(placed)
        missing = filling(path, self.window().height(), round(theme.line_height())) - len(new)
        self._make_earlier(missing, began)

    def append(self, placed: Placed) -> MessageView:
        view = self._made(placed)
        self._insert(len(self._views), view)
        return view

    def _insert(self, place: int, view: MessageView) -> None:
        self._column.insertWidget(place, view)
        self._views.insert(place, view)
        view.show()
        self._fit(view)

    @property
    def end(self) -> int | None:
        """The last message that is shown."""
        return self._views[-1].id if self._views else None

    def answer(self, message: int) -> AnswerView | None:
        view = next((view for view in reversed(self._views) if view.id == message), None)
        return view if isinstance(view, AnswerView) else None

    def views(self) -> list[MessageView]:
        """All of them, the earlier ones made now."""
        self._make_earlier(len(self._earlier), limited=False)
        return list(self._views)

    def follow(self) -> None:
        self._following = True
        self._to_end()

    def _made(self, placed: Placed) -> MessageView:
        view = self._spare.take(placed)
        if view is None:
            return self._new(placed)
        if isinstance(view, AnswerView) and view.placed != placed:
            view.show_end(placed)
        return view

    def _new(self, placed: Placed) -> MessageView:
        view: MessageView
        if placed.message.role is Role.USER:
            view = Question(placed, self._formats, self._inner, self.thumbnails)
        else:
            view = AnswerView(placed, self._formats, self._inner)
        view.opened.connect(self.opened)
        view.walked.connect(self.walked)
        view.edited.connect(self.edited)
        view.again.connect(self.again)
        view.deleted.connect(self.deleted)
        view.read_aloud.connect(self.read_aloud)
        if isinstance(view, AnswerView):
            view.show_aloud(aloud=view.id == self._aloud)
        return view

    def show_aloud(self, message: int | None) -> None:
        """Which one is being read aloud."""
        self._aloud = message
        for view in self._views:
            if isinstance(view, AnswerView):
                view.show_aloud(aloud=view.id == message)

    def _look_up(self) -> None:
        """Soon, whether earlier messages are near."""
        if self._earlier:
            self._soon.start()

    def _make_near(self) -> None:
        """Some, and again, until none is near: a screen that is not filled has its top in sight."""
        if self.isVisible() and self.verticalScrollBar().value() < _NEAR:
            self._make_earlier(len(self._earlier), self._clock())
            self._look_up()

    def _make_earlier(self, most: int, began: float = 0.0, *, limited: bool = True) -> None:
        """The last of the earlier ones, above; what is seen stays where it is. One at least, then more in time."""
        bar = self.verticalScrollBar()
        held = bar.maximum() - bar.value()
        for _ in range(min(most, len(self._earlier))):
            self._holding = held
            self._insert(0, self._made(self._earlier.pop()))
            if limited and self._clock() - began >= TURN_SECONDS:
                return

    # --- scrolling ----------------------------------------------------------------------------------------

    def _grown(self, _least: int, most: int) -> None:
        bar = self.verticalScrollBar()
        if self._holding is not None:
            held, self._holding = self._holding, None
            bar.setValue(most - held)
        elif self._following:
            bar.setValue(most)

    def _scrolled(self, value: int) -> None:
        bar = self.verticalScrollBar()
        self._following = value >= bar.maximum() - 4
        if value < _NEAR:
            self._look_up()

    def _to_end(self) -> None:
        bar = self.verticalScrollBar()
        bar.setValue(bar.maximum())

    # --- looks --------------------------------------------------------------------------------------------

    def _fit(self, view: MessageView) -> None:
        if isinstance(view, Question):
            margins = 6 * theme.GRID
            view.fit(min(theme.measure(), self.viewport().width() - margins))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 -- Qt's name
        super().resizeEvent(event)
        for view in self._views:
            self._fit(view)
        self._look_up()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 -- Qt's name
        super().showEvent(event)
        self._look_up()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 -- Qt's name
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_views"):
            self._formats = Formats(theme.colours(), self.typesetter)
            self._spare.clear()
            for view in self._views:
                view.dress(self._formats)


def _common(shown: list[Placed], path: list[Placed]) -> int:
    """How many messages at the beginning are the same and have the same siblings and end."""
    same = 0
    for one, other in zip(shown, path, strict=False):
        if one != other:
            return same
        same += 1
    return same


def filling(path: list[Placed], height: int, line: int) -> int:
    """How many of the last messages are surely as high as that, in pixels; at least two, where there are so many."""
    guessed = 0
    for count, placed in enumerate(reversed(path), start=1):
        guessed += line * sum(-(-len(text) // _LINE) for text in placed.message.text.split("\n"))
        if guessed >= height and count > 1:
            return count
    return len(path)
