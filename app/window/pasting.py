"""Puts a text where the person was writing in another program, as app.desktop.paste decides; looks, acts, tells.

One text at a time: a new one first settles the one before.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from app.desktop.parts import Loan, Parts
from app.desktop.paste import Act, Outcome, Paste, Seen, Stage

_LOOK_MS = 20


class Pasting(QObject):
    """pressed: the keys for Paste were pressed. ended: with the Outcome; after `pressed` it comes seconds later."""

    pressed = Signal()
    ended = Signal(object)

    def __init__(
        self, parts: Parts, parent: QObject | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(parent)
        self._parts, self._clock = parts, clock
        self._paste: Paste | None = None
        self._text, self._undo = "", False
        self._loan: Loan | None = None
        self._read: float | None = None
        self._timer = QTimer(self, interval=_LOOK_MS)
        self._timer.timeout.connect(self.look)

    def begin(self, text: str, *, copy_only: bool = False, keep: bool = False, undo: bool = False) -> None:
        """See Paste. undo: in place of what was done there last. The first look is at once."""
        self.end()
        self._text, self._undo, self._loan, self._read = text, undo, None, None
        self._paste = Paste(self._clock(), copy_only=copy_only, keep=keep)
        self._timer.start()
        self.look()

    @property
    def waits(self) -> bool:
        """Nothing is pressed yet, and it can be called back."""
        return self._paste is not None and self._paste.stage is Stage.WAITING

    def cancel(self) -> None:
        self._step(cancelled=True)

    def end(self) -> None:
        """Now: the clipboard is as it should be when this returns."""
        self._step(hurried=True)
        self._step(hurried=True)  # when it pressed only now

    def look(self) -> None:
        self._step()

    def _step(self, *, cancelled: bool = False, hurried: bool = False) -> None:
        if self._paste is None:
            return
        keys, loan = self._parts.keys, self._loan
        seen = Seen(
            now=self._clock(),
            front=self._parts.front.is_back(),
            held=keys.held(),
            secure=keys.is_secure(),
            allowed=not keys.why_not,
            ours=loan is not None and loan.is_ours(),
            read=self._read,
            receipts=loan is None or loan.receipts,
            cancelled=cancelled,
            hurried=hurried,
        )
        self._paste, act = self._paste.next(seen)
        self._do(act)

    def _do(self, act: Act) -> None:
        paste = self._paste
        assert paste is not None
        if paste.stage is Stage.DONE:  # before anybody is told, who may begin the next
            self._timer.stop()
            self._paste = None
        match act:
            case Act.PASTE:
                self._loan = self._parts.pasteboard.lend(self._text, self._was_read)
                if self._undo:
                    self._parts.keys.undo()
                self._parts.keys.paste()
                self.pressed.emit()
            case Act.COPY:
                self._parts.pasteboard.copy(self._text)
            case Act.GIVE_BACK if self._loan is not None:
                self._loan.give_back()
        if paste.stage is Stage.DONE:
            self._loan = None
            self.ended.emit(paste.outcome)

    def _was_read(self) -> None:
        self._read = self._clock()

    def told(self, outcome: Outcome) -> str:
        """A sentence for the person about what was only copied; "" for the rest."""
        return {
            Outcome.FORBIDDEN: self.tr("Copied. {why}").format(why=self._parts.keys.why_not),
            Outcome.SECURE: self.tr("Copied, not inserted: a password is being typed somewhere."),
            Outcome.AWAY: self.tr("Copied, not inserted: another program is in front now."),
            Outcome.HELD: self.tr("Copied, not inserted: a key is being held down."),
            Outcome.UNREAD: self.tr("Copied: no text field took it."),
            Outcome.CHOSEN: self.tr("Copied."),
        }.get(outcome, "")
