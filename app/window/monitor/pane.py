"""The monitor: everything about the answer that is watched, top to bottom. Shows views; keeps none."""

from __future__ import annotations

import re
from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from app.experts import Experts
from app.numbers import size
from app.record import percent
from app.view import View
from app.window import theme, words
from app.window.buttons import quiet_button
from app.window.header import HEIGHT
from app.window.models_page.row import from_the_start
from app.window.monitor.curve import Curve
from app.window.monitor.layer_bars import LayerBars
from app.window.monitor.map_view import MapView
from app.window.monitor.memory_bar import MemoryBar, pressure_words
from app.window.monitor.timeline_bar import TimelineBar
from app.window.timeline import Part, Timeline

_SIDE = 2 * theme.GRID
_FIGURE_SECONDS = 0.2
"""Between two renewals of all but the map while tokens come: nobody reads faster, and each costs more than the map."""
_MAP_SHARE = 0.42
"""Most of the pane's height that the map takes, so that the figures under it are seen, too."""


class MonitorPane(QWidget):
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._held, self._memory = self._figure(self.tr("Memory")), MemoryBar()
        self._short = self._note()
        self._experts = self._figure(self.tr("Experts"))
        self._map, self._told = MapView(), self._note()
        self._bars = LayerBars()
        self._layer: int | None = None
        self._coverage = Curve(self.tr("Coverage"))
        self._speed = Curve(self.tr("Speed"))
        self._read = self._figure(self.tr("Read from disk"))
        self._budget = self._figure(self.tr("Budget"))
        self._why = self._note()
        self._took, self._timeline = self._figure(self.tr("This answer")), TimelineBar()
        self._summary = ""
        self._shown_experts: Experts | None = None
        self._figures_of, self._stage = (0.0, 0.0), ""
        self._nothing = self._note()
        self._nothing.setText(self.tr("Ask something, and watch here which experts answer."))
        self._parts: list[QWidget] = []
        self._lay_out()
        self._map.described.connect(self._describe)
        self._map.layer_chosen.connect(self._choose_layer)
        self._show_parts(shown=False)

    def _lay_out(self) -> None:
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self._head())
        area = QScrollArea(self)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setAccessibleName(self.tr("Monitor"))
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.viewport().setAutoFillBackground(False)
        page = QWidget(area)
        column = QVBoxLayout(page)
        column.setContentsMargins(_SIDE, theme.GRID, _SIDE, _SIDE)
        column.setSpacing(6)
        column.addWidget(self._nothing)
        groups = (
            (self._held, self._memory, self._short),
            (self._experts, self._map, self._told, self._bars),
            (self._coverage,),
            (self._speed,),
            (self._read,),
            (self._budget, self._why),
            (self._took, self._timeline),
        )
        for group in groups:
            for part in group:
                part.setParent(page)
                column.addWidget(part)
                self._parts.append(part)
            column.addSpacing(10)
        column.addStretch()
        area.setWidget(page)
        outer.addWidget(area, 1)

    def _head(self) -> QWidget:
        head = QWidget(self)
        head.setFixedHeight(HEIGHT)
        row = QHBoxLayout(head)
        row.setContentsMargins(_SIDE, 0, theme.GRID, 0)
        title = QLabel(self.tr("Monitor"), head)
        title.setFont(theme.title())
        close = quiet_button("close", self.tr("Close the monitor"), head)
        close.clicked.connect(self.closed)
        row.addWidget(title, 1)
        row.addWidget(close)
        return head

    def _figure(self, name: str) -> Figure:
        return Figure(name)

    def _note(self) -> QLabel:
        label = QLabel()
        label.setFont(theme.small())
        label.setWordWrap(True)
        from_the_start(label)
        return label

    # --- shown --------------------------------------------------------------------------------------------

    def show_answer(self, view: View, timeline: Timeline) -> None:
        if self._is_soon(view):
            self._map.show_view(view, self._summary)
            return
        self._figures_of, self._stage = (view.began, view.now), view.stage
        self._show_parts(shown=True)
        self._summary = words.summary(view)
        memory = view.memory
        self._held.say(
            ""
            if memory is None
            else words.tr("{held} held, {promised} promised").format(
                held=size(memory.peak), promised=size(memory.promised)
            )
        )
        self._memory.show_memory(memory, view.pressure)
        self._short.setText(pressure_words(view.pressure))
        self._short.setVisible(bool(view.pressure))
        self._show_experts(view, timeline)
        self._show_curves(view)
        self._took.say(words.stage(view) if view.record is None else words.seconds(view.record.seconds["total"]))
        self._timeline.show_timeline(timeline)

    def _is_soon(self, view: View) -> bool:
        """The same answer's tokens go on, and its figures were renewed a moment ago."""
        began, renewed = self._figures_of
        going_on = view.tokens > 1 and view.stage == self._stage and view.began == began
        return going_on and 0 <= view.now - renewed < _FIGURE_SECONDS

    def _show_experts(self, view: View, timeline: Timeline) -> None:
        some = view.experts is not None
        self._experts.say(
            words.tr("{n} of {all} per layer").format(n=view.resident or "?", all=view.experts.count)
            if view.experts is not None
            else words.tr("all of it")
            if view.is_dense
            else ""
        )
        self._map.setVisible(some)
        self._map.show_view(view, self._summary)
        self._told.setText(_together(self._summary))
        self._shown_experts = view.experts
        self._bars.show_layer(view.experts, self._layer)
        now_read = timeline.spans[-1].part is Part.READ and view.read_speed
        speed = f" · {size(int(view.read_speed))}/s" if now_read else ""
        self._read.say(size(view.read) + speed if view.read else words.tr("nothing"))
        for widget in (self._read, self._coverage):
            widget.setVisible(some)

    def _show_curves(self, view: View) -> None:
        if view.coverage:
            mean = sum(view.coverage) / len(view.coverage)
            self._coverage.show_values(view.coverage, 1.0, percent(mean))
        else:
            self._coverage.show_values((), 1.0, "")
        self._speed.show_values(view.speeds, _top(view.speeds), words.speed(view))
        budget = view.record.budget["name"] if view.record is not None else ""
        self._budget.say(" · ".join(filter(None, (str(budget), str(view.mode)))))
        self._why.setText(view.judged)
        self._why.setVisible(bool(view.judged))

    def show_nothing(self) -> None:
        """It is not known how the message that is shown came about."""
        self._figures_of = (0.0, 0.0)
        self._show_parts(shown=False)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 -- Qt's name
        super().resizeEvent(event)
        self._map.set_most_height(round(self.height() * _MAP_SHARE))

    def _choose_layer(self, layer: int | None) -> None:
        self._layer = layer
        self._bars.show_layer(self._shown_experts, layer)

    def _describe(self, said: str) -> None:
        self._told.setText(_together(said or self._summary))

    def _show_parts(self, *, shown: bool) -> None:
        self._nothing.setVisible(not shown)
        for part in self._parts:
            part.setVisible(shown and part is not self._bars and part is not self._short)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 -- Qt's name
        colours = theme.colours()
        painter = QPainter(self)
        painter.fillRect(self.rect(), colours.window)
        painter.setPen(colours.line)
        painter.drawLine(0, HEIGHT - 1, self.width(), HEIGHT - 1)
        painter.end()


def _together(words: str) -> str:
    """A number and its unit stay on one line."""
    return re.sub(r"(\d) (%|[kMG]B)", "\\1\u00a0\\2", words)


def _top(speeds: Sequence[float]) -> float:
    """What most of the curve stays under: one burst at the beginning must not flatten the rest."""
    ordered = sorted(speeds)
    return 1.25 * ordered[int(0.9 * (len(ordered) - 1))] if ordered else 1.0


class Figure(QWidget):
    """A name on the left, its value on the right."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        label, self._value = QLabel(name, self), QLabel(self)
        for each in (label, self._value):
            each.setFont(theme.small())
        label.setForegroundRole(self.foregroundRole())
        row.addWidget(label)
        self._value.setWordWrap(True)
        self._value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self._value, 1)
        self.setAccessibleName(name)

    def say(self, value: str) -> None:
        self._value.setText(value)
        self.setAccessibleDescription(value)
