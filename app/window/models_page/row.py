"""One line of the window of models: a name, words under it, a thin bar while something goes on, what can be done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from app.window import theme
from app.window.buttons import quiet_button


@dataclass(frozen=True)
class Act:
    """icon: of a quiet button; "" for one with words. acts: a menu instead of a deed."""

    words: str
    do: Callable[[], object] = lambda: None
    icon: str = ""
    acts: tuple[Act, ...] = ()
    enabled: bool = True


@dataclass(frozen=True)
class Content:
    """share: of the bar; None for no bar. warns: the words tell of something wrong."""

    title: str
    about: str
    note: str = ""
    badge: str = ""
    share: float | None = None
    warns: bool = False
    acts: tuple[Act, ...] = ()


class Row(QWidget):
    """alone: no other one follows, so no line parts them, and its first button is the one to press."""

    def __init__(self, content: Content, parent: QWidget | None = None, *, alone: bool = False) -> None:
        super().__init__(parent)
        self._alone = alone
        self._content: Content | None = None
        self._title, self._badge = Name(self), Badge(self)
        self._about, self._note = QLabel(self), QLabel(self)
        self._title.setFont(theme.title())
        for label in (self._about, self._note):
            label.setFont(theme.small())
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            from_the_start(label)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._bar = Bar(self)
        self._acts = QHBoxLayout()
        self._acts.setSpacing(4)
        self._lay_out()
        self.show_content(content)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(theme.GRID)
        head.addWidget(self._title)
        head.addWidget(self._badge)
        head.addStretch(1)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addLayout(head)
        words.addWidget(self._about)
        words.addWidget(self._note)
        words.addWidget(self._bar)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 10, 0, 10)
        row.setSpacing(2 * theme.GRID)
        row.addLayout(words, 1)
        row.addLayout(self._acts)
        row.setAlignment(self._acts, Qt.AlignmentFlag.AlignVCenter)

    @property
    def content(self) -> Content:
        assert self._content is not None
        return self._content

    def show_content(self, content: Content) -> None:
        """In place: who has the keyboard on a button keeps it."""
        before, self._content = self._content, content
        self._title.setText(content.title)
        self._about.setText(content.about)
        self._note.setText(content.note)
        self._note.setVisible(bool(content.note))
        self._badge.setText(content.badge)
        self._badge.setVisible(bool(content.badge))
        self._bar.setVisible(content.share is not None)
        self._bar.show_share(content.share or 0.0)
        self._bar.setAccessibleName(content.about)
        if before is None or _looks(before) != _looks(content):
            self._make_buttons()
        self._dress()

    def press(self, number: int, inner: int | None = None) -> None:
        act = self.content.acts[number]
        (act if inner is None else act.acts[inner]).do()

    def _make_buttons(self) -> None:
        while (item := self._acts.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for number, act in enumerate(self.content.acts):
            button = self._button(number, act)
            self._acts.addWidget(button)
            button.show()  # a layout does so only later, and until then gives it no room

    def _button(self, number: int, act: Act) -> QWidget:
        name = f"{act.words}: {self.content.title}"
        if act.icon:
            quiet = quiet_button(act.icon, act.words, self)
            quiet.setAccessibleName(name)
            quiet.clicked.connect(lambda: self._open_menu(number, quiet) if act.acts else self.press(number))
            return quiet
        button = QPushButton(act.words, self)
        button.setAutoDefault(False)
        button.setDefault(self._alone)
        button.setEnabled(act.enabled)
        button.setAccessibleName(name)
        button.clicked.connect(lambda: self.press(number))
        button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        return button

    def _open_menu(self, number: int, button: QWidget) -> None:
        menu = QMenu(self)
        menu.aboutToHide.connect(menu.deleteLater)
        for inner, act in enumerate(self.content.acts[number].acts):
            self._add(menu, act.words, number, inner)
        menu.popup(button.mapToGlobal(button.rect().bottomLeft()))

    def _add(self, menu: QMenu, words: str, number: int, inner: int) -> None:
        menu.addAction(words).triggered.connect(lambda _checked=False: self.press(number, inner))

    def _dress(self) -> None:
        colours = theme.colours()
        telling = self._note if self.content.note else self._about
        for label in (self._about, self._note):
            palette = label.palette()
            warns = self.content.warns and label is telling
            palette.setColor(palette.ColorRole.WindowText, colours.amber if warns else colours.secondary)
            label.setPalette(palette)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 -- Qt's name
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._content is not None:
            self._dress()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 -- Qt's name
        if self._alone:
            return
        painter = QPainter(self)
        painter.setPen(theme.colours().line)
        painter.drawLine(0, self.height() - 1, self.width(), self.height() - 1)
        painter.end()


def from_the_start(label: QLabel) -> None:
    """Where the interface begins, also when the words read the other way: names are Latin everywhere."""
    if label.layoutDirection() is Qt.LayoutDirection.RightToLeft:
        label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignAbsolute | Qt.AlignmentFlag.AlignVCenter)


def _looks(content: Content) -> object:
    """What the buttons show; what they do is looked up when they are pressed."""
    return content.title, [(act.words, act.icon, act.enabled, len(act.acts)) for act in content.acts]


class Name(QLabel):
    """Gives way when it is long: cut in the middle, where names differ least; whole in the tool tip."""

    def setText(self, text: str) -> None:  # noqa: N802 -- Qt's name
        super().setText(text)
        self.setToolTip(text)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 -- Qt's name
        return QSize(60, super().minimumSizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 -- Qt's name
        shown = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideMiddle, self.width())
        painter = QPainter(self)
        painter.setPen(self.palette().windowText().color())
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeading, shown)
        painter.end()


class Badge(QLabel):
    """A word on a quiet ground of the accent's colour."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFont(theme.small())
        self.setContentsMargins(6, 1, 6, 1)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 -- Qt's name
        colours = theme.colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.mixed(colours.window, colours.accent, 0.16))
        painter.drawRoundedRect(self.rect(), theme.RADIUS_SMALL, theme.RADIUS_SMALL)
        painter.end()
        super().paintEvent(event)


class Bar(QWidget):
    """Four pixels of how far it is."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._share = 0.0
        self.setFixedHeight(10)

    def show_share(self, share: float) -> None:
        self._share = min(1.0, max(0.0, share))
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 -- Qt's name
        colours = theme.colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        whole = QRectF(0, 5, self.width(), 4)
        painter.setBrush(colours.hover)
        painter.drawRoundedRect(whole, 2, 2)
        part = QRectF(whole)
        part.setWidth(whole.width() * self._share)
        if self.layoutDirection() is Qt.LayoutDirection.RightToLeft:
            part.moveRight(whole.right())
        painter.setBrush(colours.accent)
        painter.drawRoundedRect(part, 2, 2)
        painter.end()
