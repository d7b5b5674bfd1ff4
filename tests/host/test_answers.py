"""Answers through commands and events, with the engine in a thread and in a child: right, in order, whole."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine import messages as m
from tests.host.asking import LONG, UNFINISHED, answer, ask, assert_right, expected, forget, send, streamed

FAMILIES = ("qwen3_moe", "gpt_oss", "deepseek_v3", "qwen3_next", "gemma4")


@pytest.mark.parametrize("family", FAMILIES)
def test_exact_answers_what_mlx_lm_answers(engine, models, family):
    question = ask(models(family), LONG, max_tokens=32, experts=0.25)
    assert_right(answer(engine, question), question)


@pytest.mark.parametrize("mode", [m.Mode.FAST, m.Mode.BALANCED])
@pytest.mark.parametrize("family", ["gpt_oss", "deepseek_v3", "gemma4"])
def test_with_all_experts_resident_every_mode_answers_the_same(engine, models, family, mode):
    question = ask(models(family), mode=mode, experts=1.0, max_tokens=12)
    record = answer(engine, question)

    assert_right(record, question)
    assert record.mode is mode
    assert record.experts["coverage"] == 1.0


def test_a_question_with_a_system_text_and_earlier_turns(engine, model):
    turns = (m.Turn("system", "Be brief."), m.Turn("user", "Hello"), m.Turn("assistant", "Hi"), m.Turn("user", "Why?"))
    question = ask(model, turns=turns)
    assert_right(answer(engine, question), question)


ORDER = (m.ModelLoading, m.ModelLoaded, m.Classified, m.Planned, m.Prefilled, m.Token, m.Finished)


@pytest.mark.parametrize("mode", [m.Mode.EXACT, m.Mode.FAST, m.Mode.BALANCED])
def test_events_come_in_order(engine, home, model, mode):
    forget(engine, home)
    question = ask(model, mode=mode, max_tokens=8)

    heard = send(engine, question)

    kinds = [type(event) for event in heard.events]
    assert kinds[0] is m.ModelLoading
    assert kinds[-1] is m.Finished
    first = [kinds.index(k) for k in ORDER]
    assert first == sorted(first)
    assert kinds.index(m.ExpertsSelected) < kinds.index(m.Token)
    assert [t.index for t in heard.of(m.Token)] == list(range(len(heard.of(m.Token))))
    assert {event.request for event in heard.events if not isinstance(event, m.EngineStopped)} == {question.request}
    assert streamed(heard, question.request) == heard.record(question.request).text


def test_auto_follows_the_judgement_of_the_request(engine, model):
    turns = (m.Turn("user", "Prove that there are infinitely many primes"),)
    question = ask(model, turns=turns, mode=m.Mode.AUTO, experts=None, budget="auto")

    heard = send(engine, question)

    (judged,) = heard.of(m.Classified)
    record = heard.record(question.request)
    assert record.difficulty is not None
    assert (judged.use_case, judged.difficulty) == (record.difficulty["use_case"], record.difficulty["score"])
    assert (judged.budget, judged.mode) == ("4b", record.mode)
    assert "asks for a proof" in judged.why
    assert record.experts["resident_per_layer"] * 2 >= record.experts["total"]


def test_an_attached_document_tells_what_the_request_is_for(engine, model):
    turns = (m.Turn("user", '<file name="a.txt">\nBread.\n</file>\n\nSum it up'),)
    question = ask(model, turns=turns, mode=m.Mode.AUTO, experts=None, budget="auto")

    heard = send(engine, replace(question, attachments=(m.Attachment.DOCUMENT,)))

    (judged,) = heard.of(m.Classified)
    assert judged.use_case == "long document"
    assert "document attached" in judged.why


def test_what_is_pinned_is_not_judged_away(engine, model):
    question = ask(model, mode=m.Mode.EXACT, experts=None, budget="1b")

    heard = send(engine, question)

    assert [(e.budget, e.mode) for e in heard.of(m.Classified)] == [("1b", m.Mode.EXACT)]
    assert heard.record(question.request).budget["name"] == "1b"


@pytest.mark.parametrize("mode", [m.Mode.EXACT, m.Mode.FAST, m.Mode.BALANCED])
@pytest.mark.parametrize("family", ["qwen3_moe", "deepseek_v3"])
def test_what_a_token_tells_has_a_row_per_layer(engine, home, models, family, mode):
    forget(engine, home)
    question = ask(models(family), mode=mode, max_tokens=8)
    heard = send(engine, question)
    (loaded,) = heard.of(m.ModelLoaded)
    layers, k, experts = loaded.layers, loaded.experts_per_token, loaded.experts
    assert layers > 0

    for token in heard.of(m.Token)[: heard.record(question.request).tokens["generated"]]:
        assert token.coverage.shape == (layers,)
        assert token.coverage.dtype == np.float32
        assert ((token.coverage >= 0) & (token.coverage <= 1 + 1e-5)).all()
        for ids in (token.used, token.absent):
            assert ids.shape == (layers, k)
            assert ids.dtype == np.int16
            assert ((ids >= -1) & (ids < experts)).all()
        assert (token.used >= 0).all()
        if mode is m.Mode.FAST:
            missed = (token.absent >= 0).any(axis=1)
            assert ((token.coverage < 1 - 1e-5) <= missed).all()
    (resident,) = heard.of(m.ExpertsSelected)
    assert resident.ids.shape[0] == layers


def test_the_record_adds_up(engine, home, model):
    forget(engine, home)
    question = ask(model, experts=8, max_tokens=12)
    heard = send(engine, question)
    record, (loaded,) = heard.record(question.request), heard.of(m.ModelLoaded)

    assert record.finish in ("stop", "length")
    assert record.experts["resident_per_layer"] == 8
    assert record.experts["layers"] == loaded.layers
    assert record.experts["bytes_read"] * loaded.layers == record.experts["experts_read"] * loaded.slot_bytes
    assert record.memory.promised <= record.memory.limit
    assert record.memory.banks == 10 * loaded.slot_bytes
    assert len(record.selection) == loaded.layers
    assert record.seconds["total"] >= record.seconds["first_token"] >= record.seconds["prefill"] > 0


def test_no_more_tokens_than_asked_for(engine, model):
    question = ask(model, max_tokens=3)
    record = answer(engine, question)
    assert (record.finish, record.tokens["generated"]) == ("length", 3)


def test_an_answer_ends_at_a_stop_sequence(engine, model):
    whole = expected(model, ask(model).turns, 24).text
    stop = whole[8:11]
    question = ask(model, stop=(stop,))
    heard = send(engine, question)

    record = heard.record(question.request)
    assert record.finish == "stop"
    assert record.text == streamed(heard, question.request) == whole[: whole.index(stop)]


@pytest.mark.parametrize("mode", [m.Mode.EXACT, m.Mode.FAST, m.Mode.BALANCED])
def test_a_seed_repeats_a_sampled_answer(engine, model, mode):
    def sampled(seed):
        sampling = m.Sampling(temperature=0.8, seed=seed)
        return answer(engine, ask(model, mode=mode, experts=1.0, sampling=sampling, max_tokens=12)).text

    assert sampled(1) == sampled(1) != sampled(2)


def test_requests_of_one_priority_are_served_as_they_came(engine, model):
    questions = [ask(model, f"Question {n}", max_tokens=6) for n in range(3)]
    heard = send(engine, *questions)

    ends = [event.request for event in heard.of(m.Finished)]
    assert ends == [q.request for q in questions]
    assert not heard.of(m.Paused)
    for question in questions:
        assert_right(heard.record(question.request), question)


def test_the_most_urgent_of_those_that_wait_goes_first(engine, model):
    first = ask(model, max_tokens=1)
    chat, quick, dictation = (ask(model, f"Priority {p}", max_tokens=4, priority=p) for p in m.Priority)
    heard = send(engine, first, chat, quick, dictation)

    ends = [event.request for event in heard.of(m.Finished) if event.request != first.request]
    assert ends == [dictation.request, quick.request, chat.request]


def test_another_model_and_back(engine, models):
    for family in ("qwen3_moe", "gpt_oss", "qwen3_moe"):
        question = ask(models(family), max_tokens=8)
        assert_right(answer(engine, question), question)


# --- follow-ups ----------------------------------------------------------------------------------------------


def _follow_up(first: m.Ask, record: m.Record, **options) -> m.Ask:
    turns = (*first.turns, m.Turn("assistant", record.text), m.Turn("user", "And then?"))
    return ask(first.model, turns=turns, conversation=first.conversation, **options)


@pytest.mark.parametrize("family", ["qwen3_moe", "gpt_oss", "qwen3_next"])
def test_a_follow_up_computes_only_what_is_new_and_answers_the_same(engine, models, family):
    first = ask(models(family), LONG, conversation=f"c-{family}")
    follow_up = _follow_up(first, answer(engine, first))

    heard = send(engine, follow_up)

    record = heard.record(follow_up.request)
    (prefilled,) = heard.of(m.Prefilled)
    assert record.tokens["reused"] == prefilled.reused > 0
    assert prefilled.reused + prefilled.tokens == record.tokens["prompt"]
    assert_right(record, follow_up)


def test_a_follow_up_to_another_answer_reuses_only_what_is_common(engine, model):
    first = ask(model, LONG, conversation="edited")
    answer(engine, first)
    turns = (m.Turn("user", LONG[:-30] + "or not?"),)
    edited = ask(model, turns=turns, conversation="edited")
    assert_right(answer(engine, edited), edited)


def test_the_same_question_again_in_a_conversation(engine, model):
    first = ask(model, LONG, conversation="again")
    answer(engine, first)
    again = ask(model, LONG, conversation="again")
    record = answer(engine, again)
    assert record.tokens["reused"] > 0
    assert_right(record, again)


def test_exact_does_not_build_on_what_was_made_with_few_experts(engine, model):
    first = ask(model, mode=m.Mode.FAST, experts=4, conversation="mixed")
    follow_up = _follow_up(first, answer(engine, first))
    assert_right(answer(engine, follow_up), follow_up)


def test_other_conversations_do_not_mix(engine, model):
    first = ask(model, LONG, conversation="one")
    record = answer(engine, first)
    other = ask(model, conversation="two")
    assert_right(answer(engine, other), other)
    follow_up = _follow_up(first, record)
    assert_right(answer(engine, follow_up), follow_up)


@pytest.mark.parametrize("family", ["deepseek_v3", "gemma4"])
def test_one_mode_after_another_on_the_same_open_model(engine, models, family):
    """Routers with a number per expert are narrowed to the residents by one answer, and whole for the next."""
    for mode in (m.Mode.FAST, m.Mode.EXACT, m.Mode.BALANCED, m.Mode.FAST, m.Mode.EXACT):
        question = ask(models(family), mode=mode, max_tokens=6)
        record = answer(engine, question)
        if mode is m.Mode.EXACT:
            assert_right(record, question)


def test_the_last_character_is_streamed_though_it_is_not_whole(engine, model):
    """A prefix that ends within a character of several bytes ends with a mark for it."""
    texts = [expected(model, ask(model).turns, n).text for n in range(1, 24)]
    n = next(n for n, text in enumerate(texts, 1) if text.endswith(UNFINISHED))
    question = ask(model, max_tokens=n)
    heard = send(engine, question)
    assert heard.record(question.request).text == streamed(heard, question.request) == texts[n - 1]
