"""The replay of a day: drawn by the seed, all answered, added up, gone on with after a stop; and without computing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.budget.difficulty import difficulty
from engine.budget.request import UseCase, from_turns
from engine.checkpoint.folder import Checkpoint
from engine.checkpoint.layout import layout
from engine.errors import KnownError
from engine.lab.day.figures import table, told
from engine.lab.day.living import Day, Line, live
from engine.lab.day.replay import Stage, replay, scaled
from engine.lab.day.requests import SHARES, TURNS, Request, drawn
from engine.lab.day.traces import Traces, record
from engine.lab.tiny import QUANTIZATIONS, make_checkpoint
from engine.link import ThreadEngine
from engine.messages import Attachment, Priority, Turn
from tests.budget.test_standard import profile as some_profile

REQUESTS = (
    Request("chat", "Hello there", chat="c"),
    Request("chat", "And why?", chat="c"),
    Request("clean-up", "Clean up this dictation: um so", Priority.DICTATION),
    Request("attachment", "A text. Sum it up.", attachments=(Attachment.DOCUMENT,)),
)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return make_checkpoint(tmp_path_factory.mktemp("day") / "m", "qwen3_moe", quantization=QUANTIZATIONS["affine4"])


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CADRE_HOME", str(tmp_path_factory.mktemp("home")))
        made = ThreadEngine()
        yield made
        made.close()


# --- requests -------------------------------------------------------------------------------------------------


def test_a_day_from_the_repository_alone_holds_every_kind_and_its_chats_go_on():
    one, again, other = (drawn(None, 200, seed) for seed in (1, 1, 2))
    assert one == again != other
    assert len(one) == 200
    assert {request.kind for request in one} == set(SHARES)
    chats = [request.chat for request in one if request.chat]
    assert max(chats.count(chat) for chat in chats) == TURNS
    first = next(i for i, request in enumerate(one[:-TURNS]) if request.chat)
    assert [r.chat for r in one[first : first + TURNS]] == [one[first].chat] * TURNS


def test_what_is_attached_and_what_was_dictated_decide_the_use_case():
    day = drawn(None, 200, 0)
    for request in day:
        found = difficulty(from_turns((Turn("user", request.text),), request.priority, request.attachments))
        if request.attachments:
            ruled = {Attachment.DOCUMENT: UseCase.LONG_DOCUMENT, Attachment.AUDIO: UseCase.AUDIO}
            assert found.use_case is ruled[request.attachments[0]]
            assert "attached" in found.reason
        elif request.kind == "clean-up":
            assert found.use_case is UseCase.DICTATION
    assert {a for request in day for a in request.attachments} == {Attachment.DOCUMENT, Attachment.AUDIO}


# --- answered -------------------------------------------------------------------------------------------------


def test_a_day_adds_up_and_goes_on_after_a_stop(engine, model, tmp_path):
    file = tmp_path / "day.jsonl"
    live(engine, str(model), REQUESTS[:2], Day(file), max_tokens=3)
    with file.open("a") as cut_off:
        cut_off.write('{"number": 2, "ki')
    file.write_text("".join(line + "\n" for line in file.read_text().splitlines()[:2]))
    day = Day(file)
    assert [line.number for line in day.lines] == [0, 1]
    live(engine, str(model), REQUESTS, day, max_tokens=3)

    report = told(day.lines)
    assert Day(file).lines == day.lines
    assert (report["requests"], report["failed"], report["over_the_limit"]) == (4, [], 0)
    assert report["bytes_read"] == sum(line.read for line in day.lines) > 0
    assert report["bytes_afresh"] == sum(line.afresh for line in day.lines)
    slot_bytes = layout(Checkpoint.open(model)).slot_bytes
    assert all(line.afresh == line.residents * slot_bytes for line in day.lines)
    assert 0 < report["coverage"] <= 1
    assert report["kinds"]["chat"]["requests"] == 2
    assert "read, of loading each set afresh" in table({"auto": report})


def test_what_fails_is_counted_and_the_day_goes_on(engine, tmp_path):
    day = Day()
    live(engine, str(tmp_path / "nothing"), REQUESTS[2:], day)
    report = told(day.lines)
    assert (report["requests"], len(report["failed"])) == (2, 2)
    assert table({"auto": report})


def test_a_limit_that_is_exceeded_is_told():
    lines = [Line(0, "chat", mode="fast", peak=11, limit=10), Line(1, "chat", mode="fast", peak=10, limit=10)]
    assert told(lines)["over_the_limit"] == 1


def test_another_days_figures_are_not_gone_on_with(tmp_path):
    file = tmp_path / "day.jsonl"
    day = Day(file)
    day.add(Line(7, "chat"))
    with pytest.raises(KnownError, match="another day"):
        Day(file)


# --- planned and read only ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def traces(model, tmp_path_factory):
    file = tmp_path_factory.mktemp("traces") / "t.npz"
    record(model, REQUESTS, 4, lambda _done: None).write(file)
    return Traces.read(file)


def test_traces_hold_what_every_token_wanted(traces):
    assert len(traces.requests) == len(REQUESTS)
    for trace in traces.requests:
        assert 0 < trace.prompt < len(trace.ids) <= trace.prompt + 4
        assert trace.ids.shape == trace.weights.shape
        assert ((trace.ids >= 0) & (trace.ids < traces.experts)).all()
        assert all(len(set(row)) == len(row) for token in trace.ids.tolist() for row in token)


def test_a_replay_reads_what_it_says_within_the_limit(traces, model, monkeypatch):
    measured = replace(some_profile({2: 0.0, 8: 0.0}, {2: 0.0, 8: 0.0}), experts=traces.experts)
    stage = Stage(model, 1 << 40, measured)
    day = Day()
    read = []
    start = stage.residency.loader.start

    def counted(*asked):
        read.append(start(*asked))
        return read[-1]

    monkeypatch.setattr(stage.residency.loader, "start", counted)
    try:
        replay(stage, REQUESTS, traces, day, "auto")
        for bank in stage.residency.banks:
            assert bank.table.free + len(bank.table.resident()) == bank.table.slots
            assert len(bank.table.resident()) == day.lines[-1].residents
    finally:
        stage.close()
    assert [line.failed for line in day.lines] == [""] * 4
    assert sum(line.read for line in day.lines) == sum(batch.nbytes for batch in read) > 0
    assert all(0 < line.coverage <= 1 and line.promised <= line.limit for line in day.lines)


def test_a_replay_that_does_not_fit_says_so_and_goes_on(traces, model):
    stage = Stage(model, 1, None)
    try:
        day = Day()
        replay(stage, REQUESTS, traces, day, "auto")
    finally:
        stage.close()
    assert len(day.lines) == 4
    assert all("may be used" in line.failed for line in day.lines)


def test_a_profile_stands_for_more_experts():
    of = some_profile({4: 0.1, 8: 0.02}, {4: 0.05, 8: 0.01})
    larger = scaled(of, of.experts * 4)
    assert larger.experts == of.experts * 4
    assert np.array([line.residents for line in larger.lines]).tolist() == [line.residents * 4 for line in of.lines]
