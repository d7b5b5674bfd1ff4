"""Pasting in every order of events: the right text, at most once, only where it may be, and the clipboard as it was."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from app.desktop.paste import LONGEST, PATIENCE, QUIET, Act, Outcome, Paste, Seen, Stage

BEFORE, TEXT, NEWER = "what was there", "what was said", "what somebody copied since"


class World(RuleBasedStateMachine):
    """A person, a program in front, a history of the clipboard that reads everything, and a slow machine."""

    @initialize(
        allowed=st.booleans(), copy_only=st.booleans(), keep=st.booleans(), receipts=st.booleans(), once=st.booleans()
    )
    def begin(self, allowed, copy_only, keep, receipts, once):
        """once: a promise that was read tells no more, as on a Mac."""
        self.now, self.board, self.ours = 0.0, BEFORE, False
        self.allowed, self.receipts, self.once = allowed, receipts, once
        self.front, self.held, self.secure = True, True, False
        self.read_at = None
        self.pressed = 0
        self.unread = False  # the keys are pressed and the program has not pasted yet
        self.kept = BEFORE
        self.sacred = False  # somebody copied something newer than what we lent
        self.spied = self.hurried = False
        self.pressed_at = 0.0
        self.paste = Paste(0.0, copy_only=copy_only, keep=keep)

    def look(self, *, cancelled=False, hurried=False):
        may = self.allowed and not self.secure and self.front and not self.held and not self.paste.copy_only
        self.paste, act = self.paste.next(
            Seen(
                self.now, self.front, self.held, self.secure, self.allowed, self.ours, self.read_at, self.receipts,
                cancelled, hurried,
            )
        )  # fmt: skip
        if act is Act.PASTE:
            assert may
            self.pressed += 1
            self.kept, self.pressed_at = self.board, self.now
            self.board, self.ours, self.read_at, self.unread = TEXT, True, None, True
        elif act is Act.GIVE_BACK:
            assert self.ours, "nobody's newer text is overwritten"
            self.board, self.ours = self.kept, False
        elif act is Act.COPY:
            assert self.ours or not self.pressed, "nobody's newer text is overwritten"
            self.board, self.ours = TEXT, False

    @rule(seconds=st.sampled_from([0.02, 0.1, QUIET, 0.5, PATIENCE, LONGEST]))
    def wait(self, seconds):
        self.now += seconds
        self.look()

    @rule(front=st.booleans(), held=st.booleans(), secure=st.booleans())
    def change(self, front, held, secure):
        self.front, self.held, self.secure = front, held, secure

    @rule()
    def a_history_of_the_clipboard_reads(self):
        self.spied = self.spied or self.ours
        self._read()

    @precondition(lambda self: self.unread)
    @rule()
    def the_program_pastes(self):
        self.unread = False
        if not (self.spied or self.sacred or self.hurried) and self.now - self.pressed_at < LONGEST:
            assert self.board == TEXT, "however slow it is, it pastes what was said"
        self._read()

    def _read(self):
        if self.ours and self.receipts and not (self.once and self.read_at is not None):
            self.read_at = self.now

    @rule()
    def somebody_copies(self):
        self.sacred = self.sacred or self.ours
        self.board, self.ours = NEWER, False

    @rule()
    def cancel(self):
        before = self.paste.stage
        self.look(cancelled=True)
        if before is Stage.WAITING:
            assert self.paste.outcome is Outcome.CANCELLED

    @rule()
    def end_now(self):
        self.hurried = True
        self.look(hurried=True)
        self.look(hurried=True)
        assert self.paste.stage is Stage.DONE

    @invariant()
    def at_most_once(self):
        assert self.pressed <= 1
        assert (self.pressed == 1) is (
            self.paste.stage is Stage.PRESSED or self.paste.outcome in {Outcome.INSERTED, Outcome.UNREAD}
        )

    @invariant()
    def the_clipboard_is_right(self):
        if self.sacred:
            assert self.board == NEWER
        if self.paste.stage is Stage.WAITING or self.paste.outcome is Outcome.CANCELLED:
            assert self.board in {BEFORE, NEWER}

    def teardown(self):
        """However it went, it is over within its time, and nothing old was pasted while we held the clipboard."""
        if not hasattr(self, "paste"):
            return
        for _ in range(4):
            self.now += LONGEST
            self.look()
        assert self.paste.stage is Stage.DONE
        assert not self.ours
        if self.read_at is None and self.receipts and not self.sacred and self.pressed and not self.paste.keep:
            assert self.board in {TEXT, NEWER}, "what nothing has read stays to be pasted by hand"


TestEveryOrder = World.TestCase
TestEveryOrder.settings = settings(max_examples=150, stateful_step_count=14, deadline=None)


def run(*seen: Seen, **how) -> tuple[Paste, list[Act]]:
    paste, acts = Paste(0.0, **how), []
    for one in seen:
        paste, act = paste.next(one)
        acts.append(act)
    return paste, acts


def test_pasted_read_and_given_back():
    paste, acts = run(Seen(0.0), Seen(0.1, read=0.05), Seen(0.05 + QUIET, read=0.05))

    assert acts == [Act.PASTE, Act.WAIT, Act.GIVE_BACK]
    assert paste.outcome is Outcome.INSERTED


def test_a_second_reading_puts_the_return_off():
    _, acts = run(Seen(0.0), Seen(0.3, read=0.2), Seen(0.3 + QUIET, read=0.3))

    assert acts == [Act.PASTE, Act.WAIT, Act.GIVE_BACK]


def test_a_slow_program_gets_its_time():
    _, acts = run(Seen(0.0), Seen(5.0), Seen(7.9), Seen(7.95, read=7.95), Seen(7.95 + QUIET, read=7.95))

    assert acts == [Act.PASTE, Act.WAIT, Act.WAIT, Act.WAIT, Act.GIVE_BACK]


@pytest.mark.parametrize(
    ("seen", "outcome"),
    [
        (Seen(0.0, allowed=False), Outcome.FORBIDDEN),
        (Seen(0.0, secure=True), Outcome.SECURE),
        (Seen(PATIENCE, front=False), Outcome.AWAY),
        (Seen(PATIENCE, held=True), Outcome.HELD),
    ],
)
def test_where_nothing_may_be_pressed_it_is_copied_and_told_why(seen, outcome):
    paste, acts = run(seen)

    assert (paste.outcome, acts) == (outcome, [Act.COPY])
    assert outcome.is_copied


def test_what_nothing_took_stays_to_be_pasted_by_hand():
    paste, acts = run(Seen(0.0), Seen(LONGEST))

    assert (paste.outcome, acts[-1]) == (Outcome.UNREAD, Act.COPY)


def test_without_receipts_the_text_stays():
    assert run(Seen(0.0), Seen(0.1, receipts=False))[1] == [Act.PASTE, Act.COPY]
    assert run(Seen(0.0), Seen(0.1, read=0.05), keep=True)[1] == [Act.PASTE, Act.COPY]


def test_the_end_of_cadre_gives_back_what_was_read_and_leaves_what_was_not():
    assert run(Seen(0.0), Seen(0.01, read=0.005, hurried=True))[1][-1] is Act.GIVE_BACK
    assert run(Seen(0.0), Seen(0.01, hurried=True))[1][-1] is Act.COPY
