"""One request after another on the same model: harder adds to what is there, easier keeps some of it."""

from __future__ import annotations

import pytest

from engine import messages as m
from engine.budget.difficulty import difficulty as judge
from engine.budget.presets import Choice
from engine.lab.tiny import QUANTIZATIONS, make_checkpoint
from tests.host.asking import answer, ask, assert_right, forget
from tests.host.scripted import ScriptedEngine
from tests.simulated import Clock, Machine

MODES = (m.Mode.EXACT, m.Mode.FAST, m.Mode.BALANCED)
FAMILIES = ("qwen3_moe", "grouped")
EASY, HARD = "one two three", "Why do the numbers of this long and hard question need so many more experts at once?"
TIERS = {EASY: "1b", HARD: "4b"}


@pytest.fixture(scope="module")
def engine(home):
    engine = ScriptedEngine(Machine().sensors(), Clock(0.0))
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def folders(models, tmp_path_factory):
    """And a grouped one with enough experts for a point between easy and hard."""
    grouped = make_checkpoint(
        tmp_path_factory.mktemp("models") / "grouped",
        "deepseek_v3",
        quantization=QUANTIZATIONS["affine4"],
        overrides={"n_routed_experts": 64},
    )
    return lambda family: grouped if family == "grouped" else models(family)


@pytest.fixture(autouse=True)
def _judged(monkeypatch):
    """As a model trained for small sets would be served: easy gets little, hard gets half."""
    asked: list[str] = []

    def difficulty(request, *_rest):
        asked.append(request.text)
        return judge(request)

    def decide(_found, _presets, wanted, **_known):
        return Choice(TIERS[asked[-1]], wanted.mode, 0, 0.0, 0.05, "")

    monkeypatch.setattr("engine.generation.planning.difficulty", difficulty)
    monkeypatch.setattr("engine.generation.planning.decide", decide)


def asked(engine, model, mode, *texts, **options):
    """The records of these requests in turn, on a model opened anew."""
    return [answer(engine, ask(model, t, mode=mode, experts=None, max_tokens=4, **options)) for t in texts]


def residents(records):
    return [record.experts["resident_per_layer"] for record in records]


@pytest.mark.parametrize(("family", "mode"), [*(("qwen3_moe", mode) for mode in MODES), ("grouped", m.Mode.BALANCED)])
def test_easy_after_hard_keeps_some_and_fades(engine, home, folders, family, mode):
    model = folders(family)
    forget(engine, home)
    texts = (EASY, HARD, EASY, EASY, EASY, HARD)
    records = asked(engine, model, mode, *texts)
    least, most = residents(records)[0], residents(records)[1]
    assert least < most
    kept = residents(records)[2:5]
    assert least < kept[0] < most
    assert kept == sorted(kept, reverse=True)
    assert kept[-1] == least
    assert residents(records)[5] == most
    assert "stay of those an earlier request needed" in records[2].budget["why"]
    for record in records:
        assert record.memory.promised <= record.memory.limit
    if mode is m.Mode.EXACT:
        for record, text in zip(records, texts, strict=True):
            assert_right(record, ask(model, text, max_tokens=4))


@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_kept_is_not_read_again_and_serves(engine, home, folders, family, monkeypatch):
    model = folders(family)
    runs = {}
    for keeps in (True, False):
        forget(engine, home)
        if not keeps:
            monkeypatch.setattr("engine.generation.planning.keeping", lambda plan, *_rest: plan)
        runs[keeps] = asked(engine, model, m.Mode.FAST, HARD, EASY, HARD)
    assert runs[True][1].experts["experts_read"] <= runs[False][1].experts["experts_read"]
    assert runs[True][2].experts["bytes_read"] < runs[False][2].experts["bytes_read"]


def test_what_the_person_pinned_is_not_kept_beyond(engine, home, model):
    forget(engine, home)
    asked(engine, model, m.Mode.FAST, HARD)
    pinned = answer(engine, ask(model, EASY, mode=m.Mode.FAST, experts=4, max_tokens=2))
    assert pinned.experts["resident_per_layer"] == 4
    asked(engine, model, m.Mode.FAST, HARD)
    pinned = answer(engine, ask(model, EASY, mode=m.Mode.FAST, experts=None, budget="1b", max_tokens=2))
    assert pinned.experts["resident_per_layer"] == residents(asked_anew(engine, home, model))[0]


def asked_anew(engine, home, model):
    forget(engine, home)
    return asked(engine, model, m.Mode.FAST, EASY)


def test_nothing_is_kept_beyond_the_limit(engine, home, model):
    forget(engine, home)
    hard, easy = asked(engine, model, m.Mode.FAST, HARD, EASY)
    room = easy.memory.promised - 1  # one byte too few for what was kept
    forget(engine, home)
    asked(engine, model, m.Mode.FAST, HARD)
    (tight,) = asked(engine, model, m.Mode.FAST, EASY, memory=room)
    assert tight.experts["resident_per_layer"] < easy.experts["resident_per_layer"]
    assert tight.memory.promised <= room
    assert hard.memory.promised > room
