"""The app's end: an engine in a thread or a child starts, stops, dies and is replaced, and nothing is left behind."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import socket
import threading

import pytest

from engine import messages as m
from engine.link import ProcessEngine, ThreadEngine, _of_death
from tests.host.asking import Heard, all_ended, answer, ask, assert_right, expected, listen
from tests.host.conftest import KINDS

ENDLESS = "Count from one to ten and then from ten to one, again and again."


def _engine_threads():
    return [t.name for t in threading.enumerate() if t.name.startswith("cadre-")]


def _streams(heard: Heard):
    return heard.of(m.Token)


def _long_question(model):
    question = ask(model, ENDLESS, max_tokens=3000)
    assert expected(model, question.turns, 400).generated == 400, "the model ends this answer by itself: ask another"
    return question


@pytest.mark.parametrize("kind", list(KINDS))
def test_nothing_is_left_after_closing(home, model, kind):
    threads, children = set(_engine_threads()), len(multiprocessing.active_children())
    engine = KINDS[kind]()
    answer(engine, ask(model, max_tokens=2))
    engine.close()
    assert set(_engine_threads()) <= threads
    assert len(multiprocessing.active_children()) == children
    assert isinstance(listen(engine, lambda h: h.of(m.EngineStopped)).events[-1], m.EngineStopped)


@pytest.mark.parametrize("kind", list(KINDS))
def test_closing_cancels_what_runs(home, model, kind):
    engine = KINDS[kind]()
    question = _long_question(model)
    engine.send(question)
    heard = listen(engine, _streams)
    engine.close()
    heard = listen(engine, lambda h: h.of(m.EngineStopped), heard)
    assert heard.record(question.request).finish == "cancelled"
    assert heard.of(m.EngineStopped) == [m.EngineStopped()]
    assert not [t for t in _engine_threads() if kind in t]


@pytest.mark.parametrize("kind", list(KINDS))
def test_an_engine_that_never_did_anything_closes(home, kind):
    engine = KINDS[kind]()
    engine.close()
    engine.close()


def test_an_urgent_request_runs_while_a_chat_answer_streams(engine, model):
    question = _long_question(model)
    urgent = ask(model, "Be quick!", priority=m.Priority.DICTATION, max_tokens=6)
    engine.send(question)
    heard = listen(engine, _streams)
    engine.send(urgent)
    heard = all_ended(engine, [urgent.request], heard)
    assert heard.of(m.Paused) == [m.Paused(question.request, urgent.request)]
    assert_right(heard.record(urgent.request), urgent)

    count = len(_streams(heard)) + 20
    heard = listen(engine, lambda h: len(_streams(h)) > count, heard)
    engine.send(m.Cancel(question.request))
    record = all_ended(engine, [question.request], heard).record(question.request)
    assert record.finish == "cancelled"
    right = expected(model, question.turns, record.tokens["generated"])
    assert record.text.rstrip("\ufffd") == right.text.rstrip("\ufffd")


@pytest.fixture(scope="module")
def child(home):
    engine = ProcessEngine()
    yield engine
    engine.close()


def _kill(engine: ProcessEngine) -> None:
    child = engine._child
    assert child is not None
    pid = child._process.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)


def test_a_child_that_is_killed_fails_what_it_did_and_is_replaced(child, model):
    question, waiting = _long_question(model), ask(model)
    child.send(question)
    child.send(waiting)
    heard = listen(child, _streams)

    _kill(child)

    heard = listen(child, lambda h: h.of(m.EngineStopped), heard)
    for request in (question.request, waiting.request):
        failed = heard.failed(request)
        assert failed.known
        assert "the system ended it, mostly for lack of memory" in failed.sentence
        assert failed.next_step.startswith("Close other apps")
    assert heard.of(m.EngineStopped)[0].sentence
    again = ask(model)
    assert_right(answer(child, again), again)


@pytest.mark.parametrize(("code", "told"), [(-signal.SIGSEGV, "SIGSEGV"), (3, "exit code 3"), (-99, "exit code -99")])
def test_how_a_child_ended_is_told(code, told):
    sentence, next_step = _of_death(code)
    assert sentence == f"The engine stopped unexpectedly ({told})."
    assert next_step


def test_a_command_sent_to_a_child_that_just_died_is_answered_one_way_or_the_other(child, model):
    answer(child, ask(model, max_tokens=1))
    _kill(child)  # nobody has noticed yet
    question, next_one = ask(model, max_tokens=4), ask(model, max_tokens=4)
    child.send(question)
    heard = all_ended(child, [question.request])
    listen(child, lambda h: h.of(m.EngineStopped), heard)
    assert isinstance(heard.end(question.request), m.Finished) or heard.failed(question.request).known
    assert_right(answer(child, next_one), next_one)


def test_the_death_of_a_child_does_not_touch_its_successor(child, model, monkeypatch):
    """The first one's death is told only after the second began to answer."""
    answer(child, ask(model, max_tokens=1))
    first = child._child
    told = threading.Event()
    tell = first._tell_death
    monkeypatch.setattr(first, "_tell_death", lambda: (told.wait(30), tell()))
    _kill(child)
    while not first._gone:
        first._reader.join(0.01)
    question = ask(model, max_tokens=4)
    child.send(question)
    heard = listen(child, _streams)
    told.set()
    heard = all_ended(child, [question.request], heard)
    assert_right(heard.record(question.request), question)
    assert child._child is not first


def test_the_child_ends_when_its_parent_is_gone(child, model):
    answer(child, ask(model, max_tokens=1))
    child._child._asked_to_stop = True
    with socket.socket(fileno=os.dup(child._child._pipe.fileno())) as pipe:
        pipe.shutdown(socket.SHUT_RDWR)  # as when the parent's end is closed
    child._child._reader.join(30)  # it waits for the process
    assert child._child._process.exitcode == 0


def test_every_message_crosses_a_process_border():
    memory = m.Memory(1, 2, 3, 4, 5, 6, 7, 8)
    for message in (
        m.Ask("r", "m", (m.Turn("user", "x"),)),
        m.MemorySample("r", memory),
        m.Failed("r", True, "A.", "B."),
    ):
        copy = pickle.loads(pickle.dumps(message))
        assert copy == message


def test_a_thread_engine_leaves_commands_after_closing_unanswered(home):
    engine = ThreadEngine()
    engine.close()
    assert isinstance(engine.get(1), m.EngineStopped)
    assert engine.get(0) is None


def test_a_thread_that_could_not_start_answers_with_a_sentence(monkeypatch):
    """What is asked of it afterwards ends, too."""

    def broken(_self):
        raise ImportError("no MLX here")

    monkeypatch.setattr("engine.host.Host.run", broken)
    engine = ThreadEngine()
    assert isinstance(engine.get(10), m.EngineStopped)
    engine._thread.join(10)
    engine.send(m.Ask("r", "builtin", (m.Turn("user", "hello"),)))
    failed = engine.get(10)
    assert isinstance(failed, m.Failed)
    assert (failed.request, failed.known) == ("r", True)
    engine.close()
