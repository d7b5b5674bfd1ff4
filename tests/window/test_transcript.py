"""Which messages of a chat are made, when, and which are shown again. What each does when made is tested elsewhere."""

from __future__ import annotations

import itertools

import pytest

from app.store.rows import Message, Placed, Role, State
from app.window import theme
from app.window.transcript import spare
from app.window.transcript.answer_view import AnswerView
from app.window.transcript.transcript import TURN_SECONDS, Transcript
from tests.window.conftest import PATIENCE
from tests.window.driving import shown_text


def placed(number: int, text: str = "words ", state: State = State.DONE, chat: int = 1) -> Placed:
    role = Role.USER if number % 2 else Role.ASSISTANT
    return Placed(Message(100 * chat + number, chat, None, role, text, state, 0.0), (100 * chat + number,))


def chat(count: int, number: int = 1) -> list[Placed]:
    return [placed(at, chat=number) for at in range(1, count + 1)]


@pytest.fixture
def transcript(qtbot):
    """A turn's time is over with the first message that is made in it."""
    theme.dress(dark=False)
    made = Transcript(clock=itertools.count(0.0, TURN_SECONDS).__next__)
    qtbot.addWidget(made)
    made.resize(700, 900)
    made.show()
    yield made
    made.typesetter.close()


def made(transcript: Transcript) -> list[int]:
    return [view.id for view in transcript._views]


def test_a_turn_makes_no_more_messages_than_it_has_time_for(qtbot, transcript):
    transcript.show_path(chat(40))
    assert len(made(transcript)) == 3

    qtbot.waitUntil(lambda: transcript.verticalScrollBar().maximum() > 400, timeout=PATIENCE)
    assert made(transcript) == list(range(141 - len(made(transcript)), 141))
    assert len(made(transcript)) < 40
    assert [view.id for view in transcript.views()] == list(range(101, 141))


def test_a_chat_shown_again_is_not_made_again(transcript):
    one, other = chat(2), chat(2, number=2)
    transcript.show_path(one)
    before = transcript.views()
    transcript.show_path(other)
    assert not before[1].isVisible()

    transcript.show_path(one)

    assert transcript.views() == before
    assert before[1].isVisible()


def test_a_message_that_is_another_since_is_made_anew(transcript):
    one = chat(2)
    transcript.show_path(one)
    before = transcript.views()
    transcript.show_path([])

    transcript.show_path([one[0], placed(2, "other words")])

    first, second = transcript.views()
    assert first is before[0]
    assert second is not before[1]
    assert isinstance(second, AnswerView)
    assert shown_text(second) == "other words"


def test_what_was_written_while_it_was_away_is_not_shown_twice(transcript):
    begun = [placed(1), placed(2, "One", State.WRITING)]
    transcript.show_path(begun)
    (view,) = transcript.views()[1:]
    transcript.show_path([])

    transcript.show_path([begun[0], placed(2, "One two", State.WRITING)])
    assert transcript.views()[1] is view
    view.catch_up("One two three")
    assert shown_text(view) == "One two three"
    transcript.show_path([])

    transcript.show_path([begun[0], placed(2, "One two three.")])
    assert transcript.views()[1] is view
    assert shown_text(view) == "One two three."
    assert view._actions.isVisible()


def test_in_another_look_all_are_made_anew(transcript, qapp):
    transcript.show_path(chat(2))
    before = transcript.views()
    transcript.show_path([])
    theme.dress(dark=True)
    qapp.processEvents()

    transcript.show_path(chat(2))

    assert not set(transcript.views()) & set(before)


def test_few_are_kept_the_latest_first(transcript, monkeypatch):
    monkeypatch.setattr(spare, "MOST_CHARACTERS", 13)
    transcript.show_path(chat(4))
    transcript.views()
    transcript.show_path([])
    assert list(transcript._spare._views) == [103, 104]

    monkeypatch.setattr(spare, "MOST_VIEWS", 1)
    transcript.show_path(chat(1, number=7))
    transcript.show_path([])
    assert list(transcript._spare._views) == [701]
