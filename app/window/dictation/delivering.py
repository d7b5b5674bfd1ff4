"""Where a dictated text goes, and the other text for it: a field of Cadre's own, the program in front, the clipboard.

Raw or tidied: one stands there, the other is offered for a while, and a key exchanges them. Knows nothing of sound.
Interface thread.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, QTimer, Signal

from app.desktop.parts import Parts
from app.desktop.paste import Outcome
from app.dictation.shown import Do, Shown, Stage
from app.store.store import Store
from app.window.dictation import own_field
from app.window.dictation.own_field import Field
from app.window.dictation.showing import Showing
from app.window.dictation.tidying import Tidying
from app.window.pasting import Pasting
from app.window.preferences import Preferences
from engine.speech.cleanup import WAIT

_SHORT = 100
"""Letters of a text that the pill shows."""
_MAY_OFFER = {Stage.HIDDEN, Stage.INSERTED, Stage.COPIED, Stage.OFFERED}
"""Over anything else, which is of the next dictation, a tidied text does not come."""


@dataclass(frozen=True)
class Held:
    """A raw text that stands nowhere yet: its tidied one is waited for."""

    dictation: int
    text: str
    field: Field | None


@dataclass(frozen=True)
class Delivered:
    """Where the last text went. field: one of Cadre's own. copied: only to the clipboard, so that there is nothing to
    undo elsewhere. tidied: put there without asking.
    """

    dictation: int
    text: str
    field: Field | None
    copied: bool = False
    tidied: bool = False


class Delivering(QObject):
    """listed: the dictations of the store are others. next_began: whether another dictation goes on already."""

    listed = Signal()

    def __init__(
        self,
        showing: Showing,
        tidying: Tidying,
        store: Store,
        preferences: Preferences,
        parts: Parts,
        clock: Callable[[], float],
        next_began: Callable[[], bool],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._showing, self._store, self._preferences, self._parts = showing, store, preferences, parts
        self._next_began = next_began
        self.tidying = tidying
        self.pasting = Pasting(parts, self, clock)
        self._last: Delivered | None = None
        self._held: Held | None = None
        self._offer_waits = False
        self._patience = QTimer(self, singleShot=True, interval=round(1000 * WAIT))
        self._patience.timeout.connect(self.insert_raw)
        self.tidying.done.connect(self._tidied)
        self.pasting.pressed.connect(self._inserted)
        self.pasting.ended.connect(self._pasted)

    def take(self, dictation: int, text: str, field: Field | None, *, tidied: bool) -> None:
        """A text that was just written down. tidied: it is being tidied; if that is soon done, it waits for it."""
        if tidied and self.tidying.is_soon(text):
            self._hold(Held(dictation, text, field))
        else:
            self._deliver(Delivered(dictation, text, field))

    def cancel(self) -> None:
        """What waits to be tidied goes nowhere; it is in the store."""
        if (held := self._let_go()) is not None:
            self.tidying.cancel(held.dictation)
            self.listed.emit()

    def forget(self, dictations: Collection[int]) -> None:
        """They were deleted or written down anew: what stands there is not theirs any more."""
        if self._last is not None and self._last.dictation in dictations:
            self._last = None

    def close(self) -> None:
        """The clipboard is given back."""
        self._let_go()
        self.pasting.end()

    def _deliver(self, one: Delivered) -> None:
        self.pasting.end()  # the one before, while it is the last
        self._offer_waits = False
        if one.field is not None and own_field.insert(one.field, one.text):
            self._last = one
            self._inserted()
            return
        self._last = replace(one, field=None)
        self._paste(one.text)

    def _inserted(self) -> None:
        """The other text, if there is one, is offered for a while."""
        waits, self._offer_waits = self._offer_waits, False
        last = self._last
        here = last is not None and last.field is not None
        if last is not None and last.tidied:
            words = self.tr("Inserted, tidied")
            self._showing.show(Shown(Stage.OFFERED, sentence=words, here=here, acts=(Do.AS_SPOKEN, Do.HIDE)))
        elif waits and last is not None:
            self._show_offer()
        else:
            self._showing.show(Shown(Stage.INSERTED, here=here))

    def _paste(self, text: str, *, undo: bool = False) -> None:
        now = self._preferences.now
        self.pasting.begin(text, copy_only=now.copy_only, keep=not now.give_clipboard_back, undo=undo)

    def _pasted(self, outcome: Outcome) -> None:
        if outcome is Outcome.CANCELLED:
            self._last = None
            self._showing.show(Shown(Stage.CANCELLED))
        elif outcome.is_copied:
            waits, self._offer_waits = self._offer_waits, False
            if self._last is not None:
                self._last = replace(self._last, copied=True)
            if not self._next_began():  # not over that
                self._showing.show(Shown(Stage.COPIED, sentence=self.pasting.told(outcome), acts=(Do.HIDE,)))
                if waits and self._last is not None:
                    self._show_offer()

    def insert_last(self) -> None:
        """The last text again, where the person is now."""
        last = self._store.dictations.last()
        if self._showing.stage.is_busy:
            return
        if last is None:
            self._showing.show(Shown(Stage.NOTHING, sentence=self.tr("Nothing was dictated yet.")))
            return
        before = self._last
        text = before.text if before is not None and before.dictation == last.id else last.text
        field = own_field.focused()
        if field is None or not own_field.insert(field, text):
            self.pasting.end()
            self._parts.front.remember()
            self._last = Delivered(last.id, text, None)
            self._paste(text)

    # --- tidied text --------------------------------------------------------------------------------------

    def _hold(self, held: Held) -> None:
        """The tidied text is likely there before anybody has waited; the raw one is in the store."""
        self._held = held
        self._patience.start()
        self._showing.show(replace(self._showing.now, sentence=self.tr("Tidying it…"), acts=(Do.CANCEL,)))

    def _let_go(self) -> Held | None:
        self._patience.stop()
        held, self._held = self._held, None
        return held

    def insert_raw(self) -> None:
        """It took longer than it used to; the tidied text is offered when it comes."""
        if (held := self._let_go()) is not None:
            self._deliver(Delivered(held.dictation, held.text, held.field))

    def _tidied(self, dictation: int, cleaned: str) -> None:
        if self._held is None or self._held.dictation != dictation:
            if cleaned:
                self.offer(dictation, cleaned)
        elif not cleaned:
            self.insert_raw()
        else:
            held = self._let_go()
            assert held is not None
            self._store.dictations.clean(dictation, cleaned)
            self._deliver(Delivered(dictation, cleaned, held.field, tidied=True))
        self.listed.emit()

    def offer(self, dictation: int, cleaned: str) -> None:
        """Kept beside the raw text. While it is the last one, `swap` puts it in its place, and back."""
        self._store.dictations.clean(dictation, cleaned)
        self.listed.emit()
        last = self._last
        if last is None or last.dictation != dictation or last.text == cleaned:
            return
        if self.pasting.waits:
            self._offer_waits = True  # the raw one first
        elif self._showing.stage in _MAY_OFFER:
            self._show_offer()

    def _show_offer(self) -> None:
        last = self._last
        assert last is not None
        words = self.tr("Tidied: {text}").format(text=_short(self._store.dictations.get(last.dictation).cleaned))
        self._showing.show(Shown(Stage.OFFERED, sentence=words, here=last.field is not None, acts=(Do.SWAP, Do.HIDE)))

    def swap(self) -> bool:
        """Raw for tidied, or back. Whether there was something to swap."""
        last = self._last
        try:
            kept = self._store.dictations.get(last.dictation) if last is not None else None
        except KeyError:  # deleted meanwhile
            kept = None
        if last is None or kept is None or self._showing.stage.is_busy:
            return False
        other = kept.cleaned if last.text == kept.text else kept.text
        if not other or (last.field is not None and not own_field.replace(last.field, last.text, other)):
            return False
        self.pasting.end()
        self._last = last = replace(last, text=other, tidied=False)
        if last.copied:
            self.pasting.begin(other, copy_only=True)
        elif last.field is None:  # by the other program's own Undo, where the first one was pasted and only there
            self._paste(other, undo=True)
        else:
            self._showing.show(Shown(Stage.INSERTED, here=True))
        return True


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _SHORT else f"{flat[: _SHORT - 1].rstrip()}…"
