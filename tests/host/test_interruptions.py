"""Cancelled, or paused for something more urgent, at every place where the engine looks for commands.

Whatever comes in between: the answer that goes on is the one it would have been, and the next request is right.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine import messages as m
from engine.generation.decode import ResidentDecoder
from tests.host.asking import LONG, all_ended, answer, ask, assert_right, forget, send, streamed
from tests.host.scripted import ScriptedEngine

MODES = (m.Mode.EXACT, m.Mode.FAST, m.Mode.BALANCED)


@pytest.fixture(scope="module")
def scripted(home):
    engine = ScriptedEngine()
    yield engine
    engine.close()


@pytest.fixture(autouse=True)
def _no_clock_decides(monkeypatch):
    """Whether balanced gives up on residents depends on measured seconds; here it must not."""
    monkeypatch.setattr(ResidentDecoder, "dearer_than_exact", lambda _self: False)


@pytest.fixture(autouse=True)
def _calm(request):
    yield
    if "scripted" in request.fixturenames:
        request.getfixturevalue("scripted").calm()


def assert_engine_is_right(engine, model):
    """The next request, an exact one, is answered as mlx-lm would."""
    question = ask(model, "Is all well?", max_tokens=8, experts=0.01)
    assert_right(answer(engine, question), question)


def assert_no_slot_is_lost(engine):
    """None is being filled when nothing runs. A message to the engine and back makes sure of that."""
    refused = ask("no/such-model")
    assert send(engine, refused).failed(refused.request)
    for bank in engine.host.holding.opened.residency.banks if engine.host.holding.opened else ():
        assert bank.table.free + len(bank.table.resident()) == bank.table.slots


def looks_of(engine, home, question):
    """How often the host looks for commands during this answer, from the first day on."""
    forget(engine, home)
    engine.at_look(1 << 30)
    record = send(engine, question).record(question.request)
    looks = engine.looks
    engine.calm()
    return looks, record


def spread(looks, most):
    """Some of the looks, evenly, the first and the last among them."""
    return sorted({round(i * (looks - 1) / (most - 1)) for i in range(most)})


# --- pauses, wherever the engine looks -----------------------------------------------------------------------


def question_of(model, mode, **options):
    """experts: so many that no reselection happens, whose moment would depend on the disk."""
    return ask(model, LONG, mode=mode, max_tokens=10, **({"experts": 0.75} | options))


def assert_unchanged_by_pauses(engine, home, question, urgent, places):
    looks, alone = looks_of(engine, home, question)
    assert alone.experts["reselections"] == 0
    paused = 0
    for look in spread(looks, places):
        forget(engine, home)
        again = replace(question, request=f"{question.request}-{look}")
        other = replace(urgent, request=f"{urgent.request}-{look}")
        engine.at_look(look, other)
        engine.send(again)
        heard = all_ended(engine, [again.request, other.request])
        engine.calm()
        record = heard.record(again.request)

        assert record.text == alone.text, f"interrupted at look {look} of {looks}"
        if record.mode is not m.Mode.EXACT:  # there it only tells what happened to be resident
            assert record.selection == alone.selection, f"interrupted at look {look} of {looks}"
        assert streamed(heard, again.request) == alone.text
        if urgent.mode is m.Mode.EXACT:
            assert_right(heard.record(other.request), other)
        if heard.of(m.Paused):
            paused += 1
            assert heard.of(m.Paused) == [m.Paused(again.request, other.request)]
            ends = [e.request for e in heard.of(m.Finished)]
            assert ends == [other.request, again.request]
    assert paused >= places // 2


@pytest.mark.parametrize(("family", "places"), [("qwen3_moe", 6), ("qwen3_next", 4)])
@pytest.mark.parametrize("mode", MODES)
def test_an_answer_is_the_same_wherever_it_was_paused(scripted, home, models, mode, family, places):
    model = models(family)
    urgent = ask(model, "Be quick!", priority=m.Priority.DICTATION, max_tokens=4, experts=0.75)
    assert_unchanged_by_pauses(scripted, home, question_of(model, mode), urgent, places)


@pytest.mark.parametrize(
    ("mode", "urgent_mode"),
    [
        (m.Mode.EXACT, m.Mode.FAST),
        (m.Mode.FAST, m.Mode.EXACT),
        (m.Mode.BALANCED, m.Mode.BALANCED),
        (m.Mode.FAST, m.Mode.FAST),
    ],
)
def test_also_when_the_urgent_one_uses_fewer_experts(scripted, home, model, mode, urgent_mode):
    urgent = ask(model, "Be quick!", priority=m.Priority.QUICK_PROMPT, max_tokens=4, experts=4, mode=urgent_mode)
    assert_unchanged_by_pauses(scripted, home, question_of(model, mode), urgent, 4)


@pytest.mark.parametrize("mode", MODES)
def test_also_when_it_uses_more(scripted, home, model, mode):
    urgent = ask(model, "Be quick!", priority=m.Priority.QUICK_PROMPT, max_tokens=4, experts=1.0, mode=m.Mode.FAST)
    assert_unchanged_by_pauses(scripted, home, question_of(model, mode), urgent, 3)


@pytest.mark.parametrize("mode", MODES)
def test_a_sampled_answer_is_the_same_too(scripted, home, model, mode):
    sampling = m.Sampling(temperature=0.8, seed=7)
    urgent = ask(model, "Be quick!", priority=m.Priority.DICTATION, max_tokens=4, experts=4, sampling=sampling)
    urgent = replace(urgent, mode=m.Mode.FAST)
    assert_unchanged_by_pauses(scripted, home, question_of(model, mode, sampling=sampling), urgent, 3)


def test_a_follow_up_is_the_same_when_the_pause_was_in_it(scripted, home, model):
    """Of two conversations: the one that waits keeps its own cache."""
    first = ask(model, LONG, conversation="mine", max_tokens=6)
    text = answer(scripted, first).text
    turns = (*first.turns, m.Turn("assistant", text), m.Turn("user", "Go on."))
    follow_up = ask(model, turns=turns, conversation="mine", max_tokens=8)
    urgent = ask(model, "Be quick!", priority=m.Priority.DICTATION, conversation="theirs", max_tokens=4)

    scripted.after(lambda e: isinstance(e, m.Token) and e.index == 3, urgent)
    heard = send(scripted, follow_up)

    assert heard.of(m.Paused)
    assert heard.record(follow_up.request).tokens["reused"] > 0
    assert_right(heard.record(follow_up.request), follow_up)
    third = replace(follow_up, request="third")
    assert_right(answer(scripted, third), third)


def test_the_most_urgent_of_three_runs_innermost(scripted, model):
    chat = ask(model, max_tokens=8)
    quick = ask(model, "Quick", max_tokens=8, priority=m.Priority.QUICK_PROMPT)
    dictation = ask(model, "Dictated", max_tokens=8, priority=m.Priority.DICTATION)

    def react(event):
        if isinstance(event, m.Token) and event.index == 2:
            if event.request == chat.request:
                scripted.send(quick)
            elif event.request == quick.request:
                scripted.send(dictation)

    scripted.react = react
    scripted.send(chat)
    heard = all_ended(scripted, [chat.request, quick.request, dictation.request])

    assert [e.request for e in heard.of(m.Finished)] == [dictation.request, quick.request, chat.request]
    for question in (chat, quick, dictation):
        assert_right(heard.record(question.request), question)


def test_an_urgent_request_that_fails_does_not_touch_the_one_it_paused(scripted, model):
    question = ask(model, LONG, max_tokens=8)
    urgent = ask(model, "", priority=m.Priority.DICTATION)
    scripted.after(lambda e: isinstance(e, m.Token) and e.index == 2, urgent)
    scripted.send(question)
    heard = all_ended(scripted, [question.request, urgent.request])

    assert heard.failed(urgent.request).known
    assert_right(heard.record(question.request), question)


def test_a_request_of_the_same_priority_waits(scripted, model):
    question, other = ask(model, max_tokens=8), ask(model, "Other", max_tokens=4)
    scripted.after(lambda e: isinstance(e, m.Token), other)
    scripted.send(question)
    heard = all_ended(scripted, [question.request, other.request])
    assert not heard.of(m.Paused)
    assert [e.request for e in heard.of(m.Finished)] == [question.request, other.request]


def test_an_urgent_request_for_another_model_waits(scripted, models):
    question = ask(models("qwen3_moe"), max_tokens=8)
    urgent = ask(models("gpt_oss"), priority=m.Priority.DICTATION, max_tokens=4)
    scripted.after(lambda e: isinstance(e, m.Token), urgent)
    scripted.send(question)
    heard = all_ended(scripted, [question.request, urgent.request])
    assert not heard.of(m.Paused)
    assert_right(heard.record(question.request), question)
    assert_right(heard.record(urgent.request), urgent)


# --- cancels -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
def test_a_cancel_wherever_the_engine_looks(scripted, home, model, mode):
    question = ask(model, LONG, mode=mode, max_tokens=6, experts=4)
    looks, _ = looks_of(scripted, home, question)
    for look in spread(looks - 1, 6):
        forget(scripted, home)
        again = replace(question, request=f"{question.request}-{look}")
        scripted.at_look(look, m.Cancel(again.request))
        scripted.send(again)
        heard = all_ended(scripted, [again.request])
        scripted.calm()

        end = heard.end(again.request)
        if isinstance(end, m.Failed):
            assert (end.known, end.sentence) == (True, "The request was cancelled.")
        else:
            assert heard.record(again.request).finish == "cancelled"
            assert heard.record(again.request).text == streamed(heard, again.request)
        assert_no_slot_is_lost(scripted)
        if heard.of(m.ModelLoaded):
            assert_engine_is_right(scripted, model)
    assert_engine_is_right(scripted, model)


def test_a_cancelled_answer_is_the_beginning_of_the_whole(scripted, model):
    question = ask(model, LONG, max_tokens=20)
    whole = answer(scripted, question)
    again = replace(question, request="cut")
    scripted.after(lambda e: isinstance(e, m.Token) and e.index == 4, m.Cancel("cut"))
    cut = send(scripted, again).record("cut")
    assert cut.finish == "cancelled"
    assert cut.tokens["generated"] == 5
    assert whole.text.startswith(cut.text.rstrip("\ufffd"))


def test_a_conversation_goes_on_after_a_cancel(scripted, models):
    for family in ("qwen3_moe", "gpt_oss", "qwen3_next"):
        first = ask(models(family), LONG, conversation="cut", max_tokens=20)
        scripted.after(lambda e: isinstance(e, m.Token) and e.index == 4, m.Cancel(first.request))
        text = send(scripted, first).record(first.request).text
        turns = (*first.turns, m.Turn("assistant", text), m.Turn("user", "Why did you stop?"))
        follow_up = ask(models(family), turns=turns, conversation="cut")
        assert_right(answer(scripted, follow_up), follow_up)


def test_cancelling_the_paused_one_lets_the_urgent_one_finish(scripted, model):
    question = ask(model, max_tokens=20)
    urgent = ask(model, "Be quick!", priority=m.Priority.DICTATION, max_tokens=6)

    def react(event):
        if isinstance(event, m.Token) and event.index == 2:
            scripted.send(urgent if event.request == question.request else m.Cancel(question.request))

    scripted.react = react
    scripted.send(question)
    heard = all_ended(scripted, [question.request, urgent.request])
    assert heard.record(question.request).finish == "cancelled"
    assert_right(heard.record(urgent.request), urgent)
    assert_engine_is_right(scripted, model)


def test_cancelling_the_urgent_one_lets_the_paused_one_go_on(scripted, model):
    question = ask(model, max_tokens=20)
    urgent = ask(model, "Be quick!", priority=m.Priority.DICTATION, max_tokens=20)

    def react(event):
        if isinstance(event, m.Token) and event.index == 2:
            scripted.send(urgent if event.request == question.request else m.Cancel(urgent.request))

    scripted.react = react
    scripted.send(question)
    heard = all_ended(scripted, [question.request, urgent.request])
    assert heard.record(urgent.request).finish == "cancelled"
    assert_right(heard.record(question.request), question)


# --- asked for again -----------------------------------------------------------------------------------------


def test_reselecting_when_asked(scripted, model):
    question = ask(model, mode=m.Mode.FAST, experts=4, max_tokens=24)
    scripted.after(lambda e: isinstance(e, m.Token) and e.index == 12, m.Reselect(question.request))
    heard = send(scripted, question)
    assert "asked for" in [r.why for r in heard.of(m.Reselected)]
    assert_engine_is_right(scripted, model)


@pytest.mark.parametrize("family", ["qwen3_moe", "deepseek_v3", "gemma4"])
def test_reselecting_often_leaves_the_engine_right(scripted, models, family, monkeypatch):
    monkeypatch.setattr("engine.generation.answer.WORTH", 0.0)  # however little there is to gain
    model = models(family)
    question = ask(model, mode=m.Mode.FAST, experts=8, max_tokens=60, reselect_every=3)
    record = answer(scripted, question)
    assert record.experts["reselections"] > 1
    assert_engine_is_right(scripted, model)
