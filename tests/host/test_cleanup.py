"""Dictated text polished by a model, through the whole engine."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine import messages as m
from tests.host.asking import LONG, all_ended, ask, assert_right, listen
from tests.host.scripted import ScriptedEngine

SAID = "so um we meet on wednesday no i mean thursday"


def ended(request):
    return lambda heard: heard.of(m.CleanedUp, request) or heard.of(m.Failed, request)


@pytest.fixture
def scripted(home):
    engine = ScriptedEngine()
    yield engine
    engine.close()


@pytest.fixture
def answering(scripted, monkeypatch):
    """answering(text): that is what the model writes from now on, whatever it would have."""
    real = scripted.host._answer

    def answering(text):
        monkeypatch.setattr(scripted.host, "_answer", lambda a, emit: replace(real(a, emit), text=text))

    return answering


def test_what_an_untrained_model_writes_is_not_taken(engine, model):
    engine.send(m.CleanUp("c", str(model), SAID))
    (done,) = listen(engine, ended("c")).of(m.CleanedUp)

    assert (done.raw, done.text) == (SAID, SAID)
    assert done.why
    assert done.seconds > 0


def test_polish_is_taken(scripted, model, answering):
    answering("<think>They corrected themselves.</think>\n\u201cWe meet on Thursday.\u201d")
    scripted.send(m.CleanUp("c", str(model), SAID))
    heard = listen(scripted, ended("c"))

    (done,) = heard.of(m.CleanedUp)
    assert (done.text, done.why) == ("We meet on Thursday.", "")
    assert not heard.of(m.Token)


def test_an_answer_to_what_was_said_is_not_taken(scripted, model, answering):
    answering("We meet on Thursday at noon.")
    scripted.send(m.CleanUp("c", str(model), SAID))
    (done,) = listen(scripted, ended("c")).of(m.CleanedUp)

    assert done.text == SAID
    assert done.why == "\u201cat noon\u201d was never said"


@pytest.mark.parametrize(
    ("model", "said", "sentence"), [("builtin", SAID, "is a demonstration"), ("nobody/here", SAID, "No model called")]
)
def test_what_cannot_is_one_sentence(engine, model, said, sentence):
    engine.send(m.CleanUp("c", model, said))
    assert sentence in listen(engine, ended("c")).failed("c").sentence


def test_it_goes_before_an_answer_which_then_goes_on_unchanged(scripted, model):
    question = ask(model, LONG, max_tokens=10)
    scripted.after(lambda e: isinstance(e, m.Token) and e.index == 2, m.CleanUp("c", str(model), SAID))
    scripted.send(question)
    heard = all_ended(scripted, [question.request])

    kinds = [e for e in heard.events if isinstance(e, m.Token | m.CleanedUp)]
    assert 3 <= next(n for n, e in enumerate(kinds) if isinstance(e, m.CleanedUp)) <= 5
    assert_right(heard.record(question.request), question)


def test_a_cancel_ends_it(scripted, model):
    scripted.at_look(3, m.Cancel("c"))
    scripted.send(m.CleanUp("c", str(model), SAID))
    assert listen(scripted, ended("c")).failed("c").sentence == "The request was cancelled."
