"""What goes wrong ends one request with a sentence, or says that it is a bug; the engine goes on and stays right."""

from __future__ import annotations

import errno
import os
import shutil
from dataclasses import replace

import mlx.core as mx
import psutil
import pytest

from engine import messages as m
from engine.experts.reading import OpenFiles
from tests.experts.disk import failing
from tests.host.asking import LONG, all_ended, answer, ask, assert_right, forget, send
from tests.host.scripted import ScriptedEngine
from tests.host.test_interruptions import MODES, assert_engine_is_right, assert_no_slot_is_lost

OFF = 1 << 30


@pytest.fixture(scope="module")
def scripted(home):
    engine = ScriptedEngine()
    yield engine
    engine.close()


@pytest.fixture(autouse=True)
def _calm(request):
    yield
    if "scripted" in request.fixturenames:
        request.getfixturevalue("scripted").calm()


# --- bad requests, in a thread and in a child -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"text": ""}, "prompt is empty"),
        ({"text": " \n "}, "prompt is empty"),
        ({"turns": ()}, "prompt is empty"),
        ({"experts": 17}, "17 experts per layer cannot work"),
        ({"experts": 3}, "3 experts per layer cannot work"),
        ({"experts": 0}, "0 experts per layer cannot work"),
        ({"experts": -1}, "-1 experts per layer cannot work"),
        ({"experts": 0.0}, "A share of the experts"),
        ({"experts": 1.5}, "A share of the experts"),
        ({"memory": 1}, "may be used"),
        ({"memory": 0}, "may be used"),
        ({"memory": 100_000_000}, "may be used"),
        ({"budget": "9b", "experts": None}, "no budget 9b"),
        ({"text": "word " * 5000}, "tokens, and this model takes 4,096"),
        ({"model": "no/such-model"}, "no/such-model"),
        ({"model": "/no/such/folder"}, "such"),
        ({"model": ""}, ""),
        ({"profile": "/no/such/profile.json", "mode": m.Mode.FAST}, "profile.json"),
    ],
    ids=str,
)
def test_a_request_that_cannot_be_is_refused_with_a_sentence(engine, model, options, said):
    question = ask(**({"model": model} | options))
    failed = send(engine, question).failed(question.request)

    assert failed.known, failed
    assert said in failed.sentence
    assert failed.sentence.endswith(".")
    assert failed.next_step.endswith(".")


def test_after_all_refusals_the_engine_is_right(engine, model):
    for options in ({"experts": 99}, {"memory": 5}, {"text": ""}):
        question = ask(**({"model": model} | options))
        assert send(engine, question).failed(question.request).known
    assert_engine_is_right(engine, model)


@pytest.mark.parametrize("most", [0, -3])
def test_no_tokens_at_all(engine, model, most):
    record = answer(engine, ask(model, max_tokens=most))
    assert (record.text, record.tokens["generated"]) == ("", 0)


def test_the_answer_ends_where_the_context_does(engine, models, tmp_path):
    folder = tmp_path / "short"
    shutil.copytree(models("qwen3_moe"), folder)
    config = (folder / "config.json").read_text()
    (folder / "config.json").write_text(
        config.replace('"max_position_embeddings": 4096', '"max_position_embeddings": 40')
    )
    record = answer(engine, ask(folder, "Hello", max_tokens=500))
    assert record.finish == "length"
    assert record.tokens["prompt"] + record.tokens["generated"] == 40


def test_a_request_cancelled_before_its_turn(engine, model):
    first, second, third = ask(model, max_tokens=200), ask(model), ask(model, max_tokens=4)
    heard = send(engine, first, second, m.Cancel(second.request), third)
    assert heard.failed(second.request).known
    assert_right(heard.record(third.request), third)


def test_cancelling_what_is_not_there_is_nothing(engine, model):
    engine.send(m.Cancel("nobody"))
    engine.send(m.Reselect("nobody"))
    assert_engine_is_right(engine, model)


# --- bugs ----------------------------------------------------------------------------------------------------


def test_a_bug_ends_one_request_and_is_called_one(scripted, model, monkeypatch, caplog):
    def bug(*_args):
        raise ZeroDivisionError("a bug")

    question = ask(model)
    with monkeypatch.context() as patch:
        patch.setattr("engine.generation.planning.encode", bug)
        failed = send(scripted, question).failed(question.request)

    assert not failed.known
    assert "bug" in failed.sentence
    assert "ZeroDivisionError" in caplog.text
    assert_engine_is_right(scripted, model)


def test_a_bug_in_the_middle_of_an_answer(scripted, model, monkeypatch, caplog):
    calls = iter(range(5))

    def bug(*_args):
        if next(calls, None) is None:
            raise ZeroDivisionError("a bug")
        return ""

    question = ask(model)
    with monkeypatch.context() as patch:
        patch.setattr("engine.generation.text.Stream.add", bug)
        failed = send(scripted, question).failed(question.request)
    assert not failed.known
    assert_engine_is_right(scripted, model)


def test_memory_that_runs_out_is_known(scripted, model, monkeypatch):
    def full(*_args, **_named):
        raise MemoryError

    question = ask(model)
    with monkeypatch.context() as patch:
        patch.setattr("engine.generation.prompt.prefill", full)
        failed = send(scripted, question).failed(question.request)
    assert failed.known
    assert "memory" in failed.sentence
    assert_engine_is_right(scripted, model)


# --- the disk ------------------------------------------------------------------------------------------------


class Disk:
    """Counts the calls of one method of OpenFiles, and fails the nth."""

    def __init__(self, patch, method, fault):
        self.calls, self.nth = 0, OFF
        whole = getattr(OpenFiles, method)

        def counted(files, *args):
            self.calls += 1
            if self.calls == self.nth:
                fault()
            return whole(files, *args)

        patch.setattr(OpenFiles, method, counted)


def _broken():
    from engine.errors import KnownError

    raise KnownError("The disk broke.", "Mend it.")


@pytest.mark.parametrize(
    "mode",
    [m.Mode.EXACT, m.Mode.FAST, m.Mode.BALANCED],
)
@pytest.mark.parametrize("method", ["read", "check"])
def test_whichever_read_of_an_answer_fails_the_next_answer_is_right(scripted, home, model, monkeypatch, mode, method):
    disk = Disk(monkeypatch, method, _broken)
    options = {"mode": mode, "experts": 5, "max_tokens": 8, "reselect_every": 3}
    question = ask(model, LONG, **options)
    forget(scripted, home)
    answer(scripted, question)
    calls = disk.calls
    assert calls >= 3
    places = sorted({1, 2, *range(3, calls, max(1, calls // 3)), calls - 1})

    for nth in places:
        forget(scripted, home)
        answer(scripted, ask(model, "Warm", mode=m.Mode.FAST, experts=5, max_tokens=1)) if nth % 2 else None
        again = replace(question, request=f"{question.request}-{nth}")
        disk.calls, disk.nth = 0, nth
        end = send(scripted, again).end(again.request)
        disk.nth = OFF
        if isinstance(end, m.Failed):  # else what was read ahead in vain, or fewer reads this time
            assert (end.known, end.sentence) == (True, "The disk broke."), f"call {nth} of {calls}"
        assert_no_slot_is_lost(scripted)
        assert_engine_is_right(scripted, model)


@pytest.mark.parametrize("method", ["read", "check"])
def test_a_disk_that_fails_while_a_paused_answer_is_taken_up(scripted, home, model, monkeypatch, method):
    """Only the one whose experts cannot be read fails."""
    disk = Disk(monkeypatch, method, _broken)
    question = ask(model, LONG, mode=m.Mode.FAST, experts=8, max_tokens=6)
    urgent = ask(model, "Be quick!", mode=m.Mode.FAST, experts=4, max_tokens=2, priority=m.Priority.DICTATION)

    for nth in range(1, 7):
        forget(scripted, home)
        again = replace(question, request=f"{question.request}-{nth}")
        other = replace(urgent, request=f"{urgent.request}-{nth}")

        def react(event, again=again, other=other, nth=nth):
            if isinstance(event, m.Token) and event.index == 1 and event.request == again.request:
                scripted.send(other)
            if isinstance(event, m.Finished) and event.request == other.request:
                disk.calls, disk.nth = 0, nth

        scripted.react = react
        scripted.send(again)
        heard = all_ended(scripted, [again.request, other.request])
        disk.nth = OFF
        assert heard.record(other.request)
        if isinstance(heard.end(again.request), m.Failed):
            assert heard.failed(again.request).sentence == "The disk broke."
        assert_no_slot_is_lost(scripted)
        assert_engine_is_right(scripted, model)


def test_an_error_of_the_system_is_told_in_its_words(scripted, home, model, monkeypatch):
    forget(scripted, home)
    monkeypatch.setattr(os, "preadv", lambda *_args: failing(errno.EIO)())
    question = ask(model)
    failed = send(scripted, question).failed(question.request)
    assert failed.known
    assert "Input/output error" in failed.sentence


@pytest.fixture
def own(model, tmp_path):
    """A copy that may be spoilt."""
    return shutil.copytree(model, tmp_path / "own")


def _weights(folder):
    return folder / "model.safetensors"


def test_a_model_truncated_while_it_answers(scripted, own, model):
    question = ask(own, LONG, experts=4, max_tokens=60)
    scripted.react = lambda e: os.truncate(_weights(own), 10_000) if isinstance(e, m.Token) and e.index == 2 else None
    failed = send(scripted, question).failed(question.request)
    scripted.calm()
    assert failed.known
    assert "changed" in failed.sentence

    again = ask(own)
    assert send(scripted, again).failed(again.request).known
    shutil.copy(_weights(model), _weights(own))
    mended = ask(own)
    assert_right(answer(scripted, mended), mended)


def test_a_model_replaced_while_it_answers_is_read_to_the_end_and_then_anew(scripted, own, models):
    other = models("qwen3_moe+seed1")
    question = ask(own, LONG, experts=4, max_tokens=20)
    before = replace(question, model=str(models("qwen3_moe")))

    def replace_it(event):
        if isinstance(event, m.Token) and event.index == 2:
            shutil.copy(_weights(other), own / "new")
            (own / "new").replace(_weights(own))

    scripted.react = replace_it
    record = answer(scripted, question)
    scripted.calm()
    assert_right(record, before)
    heard = send(scripted, anew := ask(own, experts=4))
    assert heard.of(m.ModelLoaded)
    assert heard.record(anew.request).text == answer(scripted, ask(other, experts=4)).text


def test_an_urgent_request_after_the_model_was_replaced_leaves_the_paused_answer_its_files(scripted, own, models):
    other = models("qwen3_moe+seed1")
    question = ask(own, LONG, experts=4, max_tokens=20)
    urgent = ask(own, "Be quick!", max_tokens=3, priority=m.Priority.DICTATION)

    def replace_it(event):
        if isinstance(event, m.Token) and event.index == 2 and event.request == question.request:
            shutil.copy(_weights(other), own / "new")
            (own / "new").replace(_weights(own))
            scripted.send(urgent)

    scripted.react = replace_it
    scripted.send(question)
    heard = all_ended(scripted, [question.request, urgent.request])
    scripted.calm()
    assert_right(heard.record(question.request), replace(question, model=str(models("qwen3_moe"))))
    assert isinstance(heard.end(urgent.request), m.Finished) or heard.failed(urgent.request).known


def test_a_load_that_is_cancelled_gives_every_handle_back(scripted, home, model):
    forget(scripted, home)
    answer(scripted, ask(model, max_tokens=1))
    scripted.send(m.Unload())
    first = ask(model, "", max_tokens=1)  # refused after loading
    send(scripted, first)
    forget(scripted, home)
    before = _handles_of_weights(model)
    for n in range(3):
        question = ask(model, request=f"cancelled-{n}")
        scripted.after(lambda e: isinstance(e, m.ModelLoading), m.Cancel(question.request))
        assert send(scripted, question).failed(question.request).known
        scripted.calm()
    refused = ask(model, memory=10)
    send(scripted, refused)
    forget(scripted, home)
    send(scripted, ask("no/such-model"))  # the Unload has been taken when this is answered
    assert _handles_of_weights(model) <= before


def _handles_of_weights(folder):
    places = [file.path for file in psutil.Process().open_files()]
    return sum(place.startswith(str(folder)) for place in places)


# --- memory --------------------------------------------------------------------------------------------------


def test_nothing_is_wired(scripted, home, models, monkeypatch):
    def wired(*_args):
        raise AssertionError("memory was wired")

    monkeypatch.setattr(mx, "set_wired_limit", wired)
    for family in ("qwen3_moe", "gpt_oss"):
        for mode in MODES:
            forget(scripted, home)
            answer(scripted, ask(models(family), mode=mode, max_tokens=4))
