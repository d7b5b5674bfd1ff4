"""What dictation does, with everything around it faked: text where it belongs, nothing lost, cancelled at any point.

No event loop turns here: timers are pumped by hand.
"""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path
from typing import Any, cast

import pytest
import shiboken6
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit

from app.audio.devices import Device
from app.desktop.parts import Allowed
from app.dictation.keeping import CUT_OFF
from app.dictation.shown import Do, Stage
from app.store.store import Store
from app.window.dictation.dictating import Dictating
from app.window.preferences import Preferences
from engine import messages as m
from engine.errors import KnownError
from tests.audio.microphones import Microphones, wave
from tests.desktop.fakes import fake_parts
from tests.window.speaking import Line, written

MICROPHONE = Device("Built-in", 1, 16_000, is_default=True)


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


class Bench:
    """Everything a dictation needs, made of fakes, in a folder of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.store = Store(home / "chats" / "chats.sqlite")
        self.line: Any = Line()
        self.parts = cast("Any", fake_parts())
        self.clock = Clock()
        self.parts.front.cadre_comes = False
        self.microphones = Microphones(MICROPHONE)
        self.preferences = Preferences()
        self.tidier = ""
        self.dictating = self.made()

    def made(self) -> Dictating:
        return Dictating(
            self.line, self.store, self.preferences, self.parts, None, self.microphones, self.clock, lambda: self.tidier
        )

    def stage(self) -> Any:
        return self.dictating.showing.now.stage

    @property
    def rows(self):
        return self.store.dictations.all()

    def files(self) -> set[str]:
        return {file.name for file in (self.home / "dictations").glob("*.pcm")}

    def say(self, seconds: float = 1.0, loud: float = 0.3) -> None:
        for _ in range(round(seconds * 10)):
            self.clock.now += 0.1
            self.microphones.say(wave(0.1, 16_000, loud))
            self.dictating.pump()

    def spoken(self, field=None, text: str = "two seats by the window") -> None:
        """A whole dictation up to its text."""
        self.dictating.begin(field)
        self.say()
        self.dictating.end()
        self.line.give(written(self.line.request, text))

    def tidies(self, model: str = "/models/real") -> None:
        self.tidier = model
        self.preferences.set(tidy_dictated=True)

    def tidied(self, text: str, why: str = "", seconds: float = 0.1) -> None:
        """What the model made of the last text."""
        asked = self.line.of(m.CleanUp)[-1]
        self.line.give(m.CleanedUp(asked.request, asked.text, text, why, seconds))

    def read(self) -> str:
        """The other program takes what it is given."""
        text: str = self.parts.pasteboard.read()
        self.clock.now += 1.0
        self.dictating.delivering.pasting.look()
        return text

    def close(self) -> None:
        self.dictating.close()
        self.store.close()


@pytest.fixture
def bench(qapp, tmp_path, monkeypatch):
    monkeypatch.setenv("CADRE_HOME", str(tmp_path))
    bench = Bench(tmp_path)
    yield bench
    bench.close()


@pytest.fixture
def dictating(bench):
    return bench.dictating


# --- into another program ---------------------------------------------------------------------------------


def test_what_is_said_stands_where_the_person_writes(bench, dictating):
    dictating.begin()
    assert (bench.stage(), dictating.showing.now.acts) == (Stage.LISTENING, (Do.CANCEL, Do.END))
    bench.say(loud=0.3)
    assert dictating.showing.now.level > 0.5
    bench.line.give(m.Heard(bench.line.request, "two seats", " by", True))
    assert (dictating.showing.now.stable, dictating.showing.now.tentative) == ("two seats", " by")
    dictating.end()
    assert bench.stage() is Stage.WORKING

    bench.line.give(written(bench.line.request, "two seats by the window"))

    assert bench.parts.keys.pasted == 1
    assert bench.stage() is Stage.INSERTED
    assert bench.read() == "two seats by the window"
    assert bench.parts.pasteboard.content == "what was there"
    (row,) = bench.rows
    assert (row.text, row.recogniser, row.language, row.seconds) == (
        "two seats by the window", "A recogniser", "en", 1.0,
    )  # fmt: skip
    assert len(bench.line.heard()) == 32_000
    assert bench.line.of(m.EndOfSpeech) == [m.EndOfSpeech(bench.line.request)]
    assert bench.parts.awake.holding == []


def test_it_goes_where_the_person_is_when_they_end(bench, dictating):
    dictating.begin()
    bench.say()
    bench.parts.front.front = "Mail"
    dictating.end()
    bench.line.give(written(bench.line.request, "hello"))

    assert bench.parts.keys.pasted == 1


def test_a_program_that_came_to_the_front_meanwhile_gets_nothing(bench, dictating):
    dictating.begin()
    bench.say()
    dictating.end()
    bench.parts.front.front = "Bank"
    bench.line.give(written(bench.line.request, "hello"))
    bench.clock.now += 3.0
    dictating.delivering.pasting.look()

    assert bench.parts.keys.pasted == 0
    assert bench.stage() is Stage.COPIED
    assert "another program" in dictating.showing.now.sentence
    assert bench.parts.pasteboard.content == "hello"


def test_without_permission_to_press_keys_it_copies_and_says_so(bench):
    bench.parts.keys.why_not = "Cadre needs Accessibility."
    bench.spoken()

    assert bench.stage() is Stage.COPIED
    assert bench.dictating.showing.now.sentence == "Copied. Cadre needs Accessibility."


def test_settings_that_only_copy_or_keep_the_clipboard_hold(bench):
    bench.preferences.set(give_clipboard_back=False)
    bench.spoken(text="one")
    bench.dictating.delivering.pasting.look()
    assert bench.parts.pasteboard.content == "one"

    bench.preferences.set(copy_only=True)
    bench.spoken(text="two")
    assert bench.parts.keys.pasted == 1
    assert (bench.stage(), bench.parts.pasteboard.content) == (Stage.COPIED, "two")


def test_the_next_text_never_meets_the_last_one_on_the_clipboard(bench):
    """The first was not read yet when the second is pasted: what comes back at the end is the person's."""
    bench.spoken(text="one")
    assert bench.parts.pasteboard.read() == "one"
    bench.spoken(text="two")
    assert bench.read() == "two"

    assert bench.parts.pasteboard.content == "what was there"


def test_the_last_text_comes_again(bench):
    bench.spoken(text="one")
    bench.read()
    bench.parts.front.front = "Mail"
    bench.dictating.delivering.insert_last()

    assert bench.parts.keys.pasted == 2
    assert bench.read() == "one"


def test_without_a_last_text_it_says_so(bench):
    bench.dictating.delivering.insert_last()

    assert bench.stage() is Stage.NOTHING


# --- into Cadre's own fields ------------------------------------------------------------------------------


def test_into_a_field_at_its_cursor(bench, qtbot):
    field = QPlainTextEdit("Book 🎻. Thanks")
    qtbot.addWidget(field)
    cursor = field.textCursor()
    cursor.setPosition(7)
    field.setTextCursor(cursor)

    bench.spoken(field)

    assert field.toPlainText() == "Book 🎻 two seats by the window. Thanks"
    assert bench.stage() is Stage.INSERTED
    assert bench.parts.keys.pasted == 0
    assert bench.parts.pasteboard.content == "what was there"


def test_a_selection_is_replaced_and_a_line_stays_a_line(bench, qtbot):
    field = QLineEdit("old")
    qtbot.addWidget(field)
    field.selectAll()
    bench.spoken(field, "one\ntwo")

    assert field.text() == "one two"


def test_a_field_that_is_gone_leaves_the_text_on_the_clipboard_or_pastes_it(bench, qtbot):
    field = QPlainTextEdit()
    bench.dictating.begin(field)
    bench.say()
    bench.dictating.end()
    shiboken6.delete(field)
    bench.parts.keys.why_not = "No."
    bench.line.give(written(bench.line.request, "hello"))

    assert bench.parts.pasteboard.content == "hello"


def test_tidied_text_takes_the_raw_ones_place_and_gives_it_back(bench, qtbot):
    field = QPlainTextEdit()
    qtbot.addWidget(field)
    bench.spoken(field, "on tuesday no wednesday")
    bench.dictating.delivering.offer(bench.rows[0].id, "On Wednesday.")
    field.insertPlainText(" Please.")

    assert bench.dictating.delivering.swap()
    assert field.toPlainText() == "On Wednesday. Please."
    assert bench.dictating.delivering.swap()
    assert field.toPlainText() == "on tuesday no wednesday Please."
    field.clear()
    assert not bench.dictating.delivering.swap()
    assert bench.rows[0].cleaned == "On Wednesday."


def test_tidied_text_replaces_the_raw_one_in_another_program_by_its_own_undo(bench):
    bench.spoken(text="on tuesday no wednesday")
    bench.read()
    bench.dictating.delivering.offer(bench.rows[0].id, "On Wednesday.")
    assert bench.stage() is Stage.OFFERED

    assert bench.dictating.delivering.swap()
    assert (bench.parts.keys.undone, bench.parts.keys.pasted) == (1, 2)
    assert bench.read() == "On Wednesday."
    assert bench.parts.pasteboard.content == "what was there"


def test_where_the_person_went_elsewhere_nothing_is_undone(bench):
    bench.spoken(text="on tuesday")
    bench.read()
    bench.parts.front.front = "Bank"
    bench.dictating.delivering.offer(bench.rows[0].id, "On Tuesday.")
    bench.dictating.delivering.swap()
    bench.clock.now += 3.0
    bench.dictating.delivering.pasting.look()

    assert (bench.parts.keys.undone, bench.parts.keys.pasted) == (0, 1)
    assert bench.stage() is Stage.COPIED


# --- tidied by the model ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("wanted", "model"), [(False, "/models/real"), (True, "")])
def test_without_the_wish_or_a_model_nothing_is_asked(bench, wanted, model):
    bench.tidier = model
    bench.preferences.set(tidy_dictated=wanted)
    bench.spoken()

    assert bench.line.of(m.CleanUp) == []
    assert bench.stage() is Stage.INSERTED


def test_the_first_text_stands_raw_at_once_and_the_tidied_one_is_offered(bench):
    bench.preferences.set(own_words="Priya\nfoo = bar", memory=5)
    bench.tidies()
    bench.spoken(text="um see priya")
    (asked,) = bench.line.of(m.CleanUp)
    assert (asked.model, asked.text, asked.words, asked.memory) == ("/models/real", "see priya", ("Priya",), 5)
    assert bench.read() == "see priya"
    assert bench.dictating.note(bench.rows[0].id) == "Being tidied…"

    bench.tidied("See Priya.")

    assert (bench.stage(), bench.dictating.showing.now.sentence) == (Stage.OFFERED, "Tidied: See Priya.")
    assert (bench.rows[0].text, bench.rows[0].cleaned) == ("see priya", "See Priya.")
    assert bench.dictating.note(bench.rows[0].id) == ""
    bench.dictating.delivering.swap()
    assert bench.read() == "See Priya."


def quick(bench) -> None:
    """The model was fast with the text before."""
    bench.tidies()
    bench.spoken(text="a first text that was rather long")
    bench.read()
    bench.tidied("A first text that was rather long.", seconds=0.1)
    bench.dictating.showing.hide()


def test_where_the_model_is_fast_the_tidied_text_stands_at_once_and_the_raw_one_can_come_back(bench):
    quick(bench)
    before = bench.parts.keys.pasted
    bench.spoken(text="see priya")
    assert (bench.stage(), bench.parts.keys.pasted) == (Stage.WORKING, before)
    assert bench.rows[0].text == "see priya"

    bench.tidied("See Priya.")

    assert (bench.stage(), bench.dictating.showing.now.acts) == (Stage.OFFERED, (Do.AS_SPOKEN, Do.HIDE))
    assert bench.read() == "See Priya."
    assert (bench.rows[0].text, bench.rows[0].cleaned) == ("see priya", "See Priya.")
    bench.dictating.delivering.swap()
    assert bench.parts.keys.undone == 1
    assert bench.read() == "see priya"


def test_who_waited_long_enough_gets_the_raw_text_and_then_the_offer(bench):
    quick(bench)
    bench.spoken(text="see priya")
    bench.dictating.delivering.insert_raw()  # as the timer does
    assert bench.read() == "see priya"
    assert not bench.dictating.delivering._patience.isActive()

    bench.tidied("See Priya.")
    assert bench.stage() is Stage.OFFERED


@pytest.mark.parametrize(
    "ends",
    [
        lambda bench: bench.tidied("see priya", why="“soon” was never said"),
        lambda bench: bench.line.give(m.Failed(bench.line.of(m.CleanUp)[-1].request, False, "A bug.", "")),
        lambda bench: bench.line.give(m.EngineStopped("A bug.")),
    ],
    ids=["refused", "failed", "engine gone"],
)
@pytest.mark.parametrize("waited", [True, False])
def test_what_cannot_be_tidied_stays_raw_and_only_the_history_says_so(bench, ends, waited):
    if waited:
        quick(bench)
    bench.tidies()
    bench.spoken(text="see priya")
    ends(bench)

    assert bench.read() == "see priya"
    assert bench.stage() is Stage.INSERTED
    row = bench.rows[0]
    assert row.cleaned == ""
    assert bench.dictating.note(row.id).startswith("Not tidied. ")
    assert bench.dictating.note(row.id).endswith((" A bug.", "“soon” was never said."))
    assert bench.dictating.tidying.working() == set()


def test_cancelled_while_it_is_tidied_nothing_is_inserted_and_the_text_is_kept(bench):
    quick(bench)
    before = bench.parts.keys.pasted
    bench.spoken(text="see priya")
    request = bench.line.of(m.CleanUp)[-1].request
    bench.dictating.cancel()
    assert bench.stage() is Stage.CANCELLED
    assert bench.line.of(m.Cancel) == [m.Cancel(request)]
    bench.line.give(m.CleanedUp(request, "see priya", "See Priya.", "", 0.1))

    assert bench.parts.keys.pasted == before
    assert (bench.rows[0].text, bench.rows[0].cleaned) == ("see priya", "")
    assert bench.stage() is Stage.CANCELLED
    assert not bench.dictating.delivering._patience.isActive()


def test_a_tidied_text_does_not_come_over_the_next_dictation(bench, dictating):
    bench.tidies()
    bench.spoken(text="see priya")
    bench.read()
    dictating.begin()
    bench.tidied("See Priya.")

    assert bench.stage() is Stage.LISTENING
    assert bench.rows[0].cleaned == "See Priya."
    bench.line.give(m.Failed(bench.line.request, True, "No memory.", "Close something."))
    dictating.delivering.offer(bench.rows[-1].id, "See Priya!")
    assert bench.stage() is Stage.FAILED


def test_the_offer_waits_until_the_raw_text_is_pasted(bench):
    bench.tidies()
    bench.parts.keys.holding = 99
    bench.spoken(text="see priya")
    bench.tidied("See Priya.")
    assert bench.stage() is not Stage.OFFERED
    bench.parts.keys.holding = 0
    bench.dictating.delivering.pasting.look()

    assert bench.parts.keys.pasted == 1
    assert bench.stage() is Stage.OFFERED


def test_deleted_while_its_paste_and_its_offer_wait_it_is_only_pasted(bench):
    bench.tidies()
    bench.parts.keys.holding = 99
    bench.spoken(text="see priya")
    bench.tidied("See Priya.")
    bench.dictating.delete([bench.rows[0].id])
    bench.parts.keys.holding = 0
    bench.dictating.delivering.pasting.look()

    assert bench.parts.keys.pasted == 1
    assert bench.stage() is Stage.INSERTED
    assert not bench.dictating.delivering.swap()


def test_where_the_raw_text_was_only_copied_the_tidied_one_is_too_and_nothing_is_undone(bench):
    bench.tidies()
    bench.preferences.set(copy_only=True)
    bench.spoken(text="see priya")
    bench.tidied("See Priya.")
    bench.preferences.set(copy_only=False)
    bench.dictating.delivering.swap()

    assert (bench.parts.keys.undone, bench.parts.keys.pasted) == (0, 0)
    assert bench.parts.pasteboard.content == "See Priya."


def test_written_down_anew_it_is_tidied_anew_in_silence_and_a_deleted_one_is_not(bench):
    bench.tidies()
    bench.spoken(text="sea priya")
    bench.read()
    bench.tidied("Sea Priya.")
    (row,) = bench.rows
    bench.dictating.showing.hide()
    bench.dictating.retry(row.id, "/models/whisper")
    bench.line.give(written(bench.line.request, "see priya"))
    assert bench.rows[0].cleaned == ""
    bench.tidied("See Priya.")
    assert (bench.rows[0].cleaned, bench.stage()) == ("See Priya.", Stage.HIDDEN)

    bench.spoken(text="two")
    bench.dictating.delete([bench.rows[0].id])
    assert bench.line.of(m.Cancel)[-1].request == bench.line.of(m.CleanUp)[-1].request


# --- the microphone ---------------------------------------------------------------------------------------


def test_what_cadre_itself_says_is_not_recorded_and_the_pill_says_why(bench, dictating):
    begun: list[int] = []
    dictating.begins.connect(lambda: begun.append(len(bench.microphones.opened)))
    dictating.begin()
    assert begun == [0], "whoever speaks stops before the microphone opens"
    bench.say(0.5)
    dictating.deafen(deaf=True)
    bench.say(0.5)
    assert "reading aloud" in dictating.showing.now.warning
    bench.microphones.say(wave(0.1, 16_000, 0.3))
    dictating.deafen(deaf=False)
    bench.say(0.5)
    assert dictating.showing.now.warning == ""
    dictating.end()

    assert len(bench.line.heard()) == 32_000


def test_deaf_to_the_end_it_hears_nothing_of_the_end(bench, dictating):
    dictating.deafen(deaf=True)
    dictating.begin()
    bench.microphones.say(wave(1.0, 16_000, 0.3))
    dictating.end()

    assert bench.stage() is Stage.NOTHING
    assert bench.line.heard() == b""


def test_a_denied_microphone_is_said_with_the_way_to_allow_it(bench, dictating):
    bench.parts.microphone.now = Allowed.NO
    dictating.begin()

    assert bench.stage() is Stage.DENIED
    assert Do.ALLOW in dictating.showing.now.acts
    assert bench.microphones.opened == []


@pytest.mark.parametrize(("answer", "stage"), [(Allowed.YES, Stage.LISTENING), (Allowed.NO, Stage.DENIED)])
def test_the_person_is_asked_once(bench, dictating, answer, stage):
    bench.parts.microphone.now, bench.parts.microphone.answer = Allowed.UNASKED, answer
    dictating.begin()

    assert bench.stage() is stage


def test_a_muted_microphone_is_said_while_it_listens(bench, dictating):
    dictating.begin()
    bench.say(1.0, loud=0.0)

    assert bench.stage() is Stage.LISTENING
    assert "only silence" in dictating.showing.now.warning


def test_without_a_microphone_it_says_so(bench, dictating):
    bench.microphones.present.clear()
    dictating.begin()

    assert bench.stage() is Stage.FAILED
    assert "no microphone" in dictating.showing.now.sentence
    assert bench.files() == set()


def test_a_touch_of_the_key_leaves_nothing(bench, dictating):
    dictating.begin()
    bench.say(0.1)
    dictating.end()

    assert bench.stage() is Stage.NOTHING
    assert (bench.files(), bench.rows) == (set(), [])


# --- nothing is lost --------------------------------------------------------------------------------------


def test_what_fails_is_kept_and_can_be_tried_again(bench, dictating):
    dictating.begin()
    bench.say()
    dictating.end()
    bench.line.give(m.Failed(bench.line.request, True, "No memory.", "Close something."))
    assert bench.stage() is Stage.FAILED
    assert dictating.showing.now.acts == (Do.RETRY, Do.SHOW, Do.HIDE)
    assert "The recording is kept." in dictating.showing.now.sentence
    assert bench.rows[0].failure == "No memory. Close something."

    dictating.retry_last()
    assert bench.line.heard() == b"".join((bench.home / "dictations" / name).read_bytes() for name in bench.files())
    bench.line.give(written(bench.line.request, "hello"))

    assert bench.read() == "hello"
    (row,) = bench.rows
    assert (row.text, row.failure) == ("hello", "")


def test_a_failure_while_somebody_speaks_keeps_what_was_said_till_then(bench, dictating):
    dictating.begin()
    bench.say(0.5)
    bench.line.give(m.Failed(bench.line.request, True, "No such recogniser.", "Choose another."))

    assert bench.microphones.open_now is None
    assert bench.rows[0].seconds == pytest.approx(0.5)


def test_an_engine_that_dies_while_somebody_speaks_hears_all_of_it_anew(bench, dictating):
    dictating.begin()
    bench.say(0.5)
    before = bench.line.request
    bench.line.give(m.EngineStopped("The engine died."))
    assert bench.stage() is Stage.LISTENING
    bench.say(0.5)
    dictating.end()

    assert bench.line.request != before
    assert len(bench.line.heard()) == 32_000
    bench.line.give(written(bench.line.request, "all of it"))
    assert bench.read() == "all of it"


def test_an_engine_that_dies_twice_over_it_is_a_failure(bench, dictating):
    dictating.begin()
    bench.say()
    dictating.end()
    bench.line.give(m.EngineStopped("The engine died."))
    assert bench.stage() is Stage.WORKING
    bench.line.give(m.EngineStopped("The engine died."))

    assert bench.stage() is Stage.FAILED
    assert bench.files() == {bench.rows[0].audio}


def test_a_full_disk_keeps_what_there_is(bench, dictating, monkeypatch):
    dictating.begin()
    bench.say(0.5)
    real = os.write

    def full(_file, _data):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    bench.say(0.1)
    monkeypatch.setattr(os, "write", real)

    assert bench.stage() is Stage.FAILED
    assert bench.rows[0].seconds == pytest.approx(0.5)


def test_what_a_crash_cut_off_is_offered_and_written_down(bench, dictating):
    dictating.begin()
    bench.say()
    dictating._pump.stop()  # the process dies here
    dictating.showing._fade.stop()

    bench.line = Line()
    again = bench.dictating = bench.made()
    (found,) = again.recover()
    assert found.failure == CUT_OFF
    again.retry(found.id)
    assert again.working() == {found.id}
    bench.line.give(written(bench.line.request, "hello"))

    assert [(row.text, row.failure) for row in bench.rows] == [("hello", "")]
    assert bench.parts.keys.pasted == 0
    assert bench.stage() is Stage.HIDDEN
    bench.microphones.open_now = None


def test_ending_cadre_while_somebody_speaks_keeps_it(bench, dictating):
    dictating.begin()
    bench.say()
    dictating.close()

    assert bench.microphones.open_now is None
    assert [row.failure for row in bench.made().recover()] == [CUT_OFF]


def test_recordings_that_are_not_to_be_kept_go_when_their_words_are_there(bench):
    bench.preferences.set(keep_recordings=0)
    bench.spoken(text="hello")
    assert (bench.files(), bench.rows[0].audio) == (set(), "")

    bench.spoken(text="")
    assert bench.stage() is Stage.NOTHING
    assert (bench.files(), len(bench.rows)) == (set(), 1)


def test_no_words_are_no_text_but_the_recording_can_be_tried_again(bench):
    bench.spoken(text="")

    assert bench.stage() is Stage.NOTHING
    assert bench.parts.pasteboard.content == "what was there"
    assert [(row.text, row.audio) for row in bench.rows] == [("", *bench.files())]


def test_another_recogniser_writes_it_anew(bench):
    bench.spoken(text="wreck a nice beach")
    (row,) = bench.rows
    bench.dictating.retry(row.id, "/models/whisper")
    assert bench.line.of(m.Dictate)[-1].recogniser == "/models/whisper"
    bench.line.give(written(bench.line.request, "recognise speech"))

    assert [row.text for row in bench.rows] == ["recognise speech"]
    bench.dictating.delete([row.id])
    bench.dictating.tidy()
    assert bench.files() == set()
    with pytest.raises(KeyError):
        bench.dictating.retry(row.id)


def test_a_recording_that_is_gone_cannot_be_tried_again(bench):
    bench.spoken(text="hello")
    (row,) = bench.rows
    (bench.home / "dictations" / row.audio).unlink()

    with pytest.raises(KnownError):
        bench.dictating.retry(row.id)


def test_what_the_settings_say_goes_with_the_request(bench):
    bench.preferences.set(recogniser="/models/w", spoken_language="de", own_words="Priya\nfoo = bar")
    bench.spoken(text="um foo")

    command = bench.line.of(m.Dictate)[0]
    assert (command.recogniser, command.language, command.words) == ("/models/w", "de", ("Priya",))
    assert bench.rows[0].text == "bar"


# --- cancelling at any point ------------------------------------------------------------------------------


def test_cancelled_while_listening_nothing_is_left(bench, dictating):
    dictating.begin()
    bench.say()
    dictating.cancel()

    assert bench.stage() is Stage.CANCELLED
    assert (bench.files(), bench.rows) == (set(), [])
    assert bench.line.of(m.Cancel) == [m.Cancel(bench.line.request)]
    assert bench.microphones.open_now is None


def test_cancelled_while_it_waits_for_the_other_program_the_text_is_kept_aside(bench, dictating):
    bench.parts.keys.holding = 99
    bench.spoken(text="hello")
    dictating.cancel()
    bench.parts.keys.holding = 0
    dictating.delivering.pasting.look()

    assert bench.stage() is Stage.CANCELLED
    assert bench.parts.keys.pasted == 0
    assert bench.parts.pasteboard.content == "what was there"
    assert bench.rows[0].text == "hello"


class Life(RuleBasedStateMachine):
    """A person dictates, cancels, quits and comes back; the engine writes, fails and dies: nothing said is lost.

    Every recording of some length that nobody cancelled is in the store with its words, or on disk.
    """

    @initialize()
    def begin_life(self):
        self.folder = tempfile.TemporaryDirectory(prefix="cadre-life-")
        os.environ["CADRE_HOME"] = self.folder.name
        self.bench = Bench(Path(self.folder.name))
        self.open_requests: list[str] = []
        self.expected = 0

    @property
    def dictating(self):
        return self.bench.dictating

    @rule()
    def begin(self):
        self.dictating.showing.hide()
        self.dictating.begin()

    @precondition(lambda self: self.bench.stage() is Stage.LISTENING)
    @rule(seconds=st.sampled_from([0.1, 0.5]))
    def say(self, seconds):
        self.bench.say(seconds)

    @precondition(lambda self: self.bench.stage() is Stage.LISTENING)
    @rule()
    def end(self):
        self.dictating.end()
        self.expected += self.bench.stage() is Stage.WORKING

    @rule()
    def cancel(self):
        was_working = self.bench.stage() is Stage.WORKING and not self.retrying()
        self.dictating.cancel()
        self.expected -= was_working

    def retrying(self):
        return bool(self.dictating.working())

    @precondition(lambda self: self.bench.stage() is Stage.WORKING)
    @rule(text=st.sampled_from(["", "hello", "um"]))
    def it_is_written_down(self, text):
        self.bench.line.give(written(self.bench.line.request, text))

    @precondition(lambda self: self.bench.stage() is Stage.WORKING)
    @rule()
    def it_fails(self):
        self.bench.line.give(m.Failed(self.bench.line.request, True, "No.", "Try again."))

    @rule()
    def the_engine_dies(self):
        self.bench.line.give(m.EngineStopped("The engine died."))

    @precondition(lambda self: self.bench.stage() is Stage.FAILED)
    @rule()
    def try_again(self):
        self.dictating.retry_last()

    @rule(read=st.booleans())
    def time_passes(self, read):
        if read:
            self.bench.parts.pasteboard.read()
        self.bench.clock.now += 9.0
        self.dictating.delivering.pasting.look()

    @rule()
    def cadre_ends_and_starts(self):
        listening = self.bench.stage() is Stage.LISTENING
        before = len(self.bench.files())
        self.dictating.close()
        self.bench.line = Line()
        self.bench.dictating = self.bench.made()
        found = self.dictating.recover()
        if listening and found:
            self.expected += 1  # it had sound
        assert len(self.bench.files()) <= before

    def teardown(self):
        if not hasattr(self, "bench"):
            return
        try:
            self.dictating.close()
            self.dictating.recover()
            kept = [row for row in self.bench.rows if row.text or row.audio in self.bench.files()]
            assert len(kept) == len(self.bench.rows) >= self.expected
            assert self.bench.microphones.open_now is None
            assert self.bench.parts.awake.holding == []
            assert self.bench.parts.pasteboard.lent is None
        finally:
            self.bench.store.close()
            self.folder.cleanup()


def test_a_life_of_dictations(qapp, monkeypatch):
    monkeypatch.setenv("CADRE_HOME", os.environ.get("CADRE_HOME", ""))  # put back afterwards
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=12, stateful_step_count=20, deadline=None, suppress_health_check=[HealthCheck.too_slow]
        ),
    )
