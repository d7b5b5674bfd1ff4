"""Memory gets short and free again, at any place where the engine looks: no request is lost, the banks follow at once,
and an exact answer is the one it would have been.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from itertools import pairwise

import pytest

from engine import messages as m
from engine.budget.footprint import footprint
from engine.budget.points import slots_for
from engine.generation.decode import ResidentDecoder
from engine.lab.synthetic import synthetic_checkpoint
from engine.messages import Pressure
from tests.generation.test_dense import dense_checkpoint
from tests.host.asking import LONG, all_ended, answer, ask, assert_right, listen, send
from tests.host.scripted import ScriptedEngine
from tests.host.test_interruptions import assert_engine_is_right, assert_no_slot_is_lost
from tests.simulated import Clock, Machine

MODES = (m.Mode.EXACT, m.Mode.FAST, m.Mode.BALANCED)
FAMILIES = ("qwen3_moe", "deepseek_v3", "qwen3_next")  # plain, grouped, with recurrent layers
NORMAL, WARN, CRITICAL = Pressure


@dataclass
class Storm:
    """levels: what each look at the machine says, then calm. Remembers how large the banks were at each look."""

    levels: list[Pressure] = field(default_factory=list)
    engine: ScriptedEngine | None = None
    seen: list[tuple[Pressure, int]] = field(default_factory=list)

    def __call__(self) -> Pressure:
        level = self.levels.pop(0) if self.levels else NORMAL
        if self.engine is not None and (opened := self.engine.host.holding.opened) is not None:
            self.seen.append((level, max((bank.slots for bank in opened.residency.banks), default=0)))
        return level


@dataclass
class Weather:
    engine: ScriptedEngine
    machine: Machine
    clock: Clock

    def brew(self, levels) -> Storm:
        self.machine.level_now = storm = Storm(list(levels), self.engine)
        return storm

    def clear(self) -> None:
        self.machine = replace_in_place(self.machine, Machine())
        self.clock.tick = 1.0
        self.engine.calm()


def replace_in_place(machine: Machine, other: Machine) -> Machine:
    vars(machine).update(vars(other))
    return machine


@pytest.fixture(scope="module")
def made(home):
    machine, clock = Machine(), Clock()
    engine = ScriptedEngine(machine.sensors(), clock)
    yield Weather(engine, machine, clock)
    engine.close()


@pytest.fixture
def weather(made):
    made.clear()
    yield made
    made.clear()


@pytest.fixture(autouse=True)
def _no_clock_decides(monkeypatch):
    monkeypatch.setattr(ResidentDecoder, "dearer_than_exact", lambda _self: False)


def random_levels(seed: int, looks: int = 400) -> list[Pressure]:
    """Each level lasts for one to five looks; now and then there is a calm in which something can grow back."""
    chance = random.Random(seed)
    levels: list[Pressure] = []
    while len(levels) < looks:
        for _ in range(4):
            levels += [chance.choice(list(Pressure))] * chance.randint(1, 5)
        levels += [NORMAL] * 4
    return levels


def assert_banks_followed(storm, opened, granted):
    """One step after the signal the banks hold no more than the level allows. Returns how often they were pressed."""
    experts, least = opened.layout.experts, opened.router_shape.least
    pressed = 0
    for (level, _), (_, slots) in pairwise(storm.seen):
        if level is CRITICAL:
            assert slots <= slots_for(least, experts)
            pressed += 1
        elif level is WARN:
            assert slots < slots_for(granted, experts) or granted == least
            pressed += 1
    return pressed


# --- storms ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("family", FAMILIES)
def test_a_storm_loses_nothing(weather, models, family, mode):
    """Of levels of its own for every family and mode."""
    model = models(family)
    answer(weather.engine, ask(model, max_tokens=1))  # open
    opened = weather.engine.host.holding.opened
    question = ask(model, LONG, mode=mode, experts=0.75, max_tokens=32)
    weather.clock.tick = 12.0  # so that what shrank grows between two storms
    levels = random_levels(FAMILIES.index(family) + 3 * MODES.index(mode))
    storm = weather.brew([NORMAL, *levels])  # the first look is for the limit, before there is an answer to be pressed

    heard = send(weather.engine, question)

    record = heard.record(question.request)
    if mode is m.Mode.EXACT:
        assert_right(record, question)
    resized = heard.of(m.Resized)
    assert {e.after > e.before for e in resized} == {True, False}
    assert storm.levels, "the storm lasted as long as the answer"
    assert assert_banks_followed(storm, opened, record.experts["resident_per_layer"]) > 10
    assert record.experts["resident_fewest"] == min(e.after for e in resized)
    assert any("Memory was short" in note for note in record.notes)
    for event in resized:
        terms = event.memory
        assert terms.promised == terms.base + terms.dense + terms.banks + terms.kv + terms.activations
        assert terms.promised <= record.memory.promised
    weather.clear()
    assert_no_slot_is_lost(weather.engine)
    assert_engine_is_right(weather.engine, model)


@pytest.mark.parametrize("mode", MODES)
def test_a_storm_while_something_more_urgent_comes_in_between(weather, models, mode):
    model = models("deepseek_v3")
    for seed in range(2):
        question = ask(model, LONG, mode=mode, experts=0.75, max_tokens=12)
        urgent = ask(model, "Be quick!", mode=m.Mode.EXACT, priority=m.Priority.DICTATION, experts=1.0, max_tokens=6)
        weather.brew(random_levels(seed))
        weather.engine.at_look(7 + 6 * seed, urgent)
        weather.engine.send(question)
        heard = all_ended(weather.engine, [question.request, urgent.request])
        weather.engine.calm()
        assert heard.of(m.Paused)
        assert_right(heard.record(urgent.request), urgent)
        if mode is m.Mode.EXACT:
            assert_right(heard.record(question.request), question)
        else:
            heard.record(question.request)
    assert_no_slot_is_lost(weather.engine)


@pytest.mark.parametrize("mode", MODES)
def test_reselecting_in_a_storm(weather, models, mode):
    """What was being read for a reselection is given up, and nothing is half swapped."""
    model = models("deepseek_v3")
    question = ask(model, LONG, mode=mode, experts=0.75, max_tokens=20, reselect_every=1)
    weather.brew(random_levels(5))
    assert isinstance(send(weather.engine, question).end(question.request), m.Finished)
    assert_no_slot_is_lost(weather.engine)
    assert_engine_is_right(weather.engine, model)


@pytest.mark.parametrize("family", ["qwen3_moe", "deepseek_v3"])
def test_no_token_uses_an_expert_that_is_gone(weather, models, family, monkeypatch):
    """The routers know at once, and a token that was on its way with the old set is taken back."""
    monkeypatch.setattr("engine.generation.reselect.RESELECT_BELOW", 0.0)  # nothing else changes the set
    model = models(family)
    answer(weather.engine, ask(model, max_tokens=1))
    gone: list[int] = []

    def react(event):
        if isinstance(event, m.Token) and event.used.size:
            here = weather.engine.host.holding.opened.residency.resident()
            gone.extend(int(e) for used, ids in zip(event.used, here, strict=True) for e in used if e not in ids)

    weather.engine.react = react
    weather.brew([NORMAL] * 12 + [CRITICAL] * 10_000)
    heard = send(weather.engine, ask(model, LONG, mode=m.Mode.FAST, experts=0.75, max_tokens=24))
    assert heard.of(m.Resized)
    assert not gone


def test_a_dense_model_has_nothing_to_shrink(weather, tmp_path):
    question = ask(dense_checkpoint(tmp_path / "dense"), max_tokens=8, experts=None)
    weather.brew(random_levels(3))
    heard = send(weather.engine, question)
    assert_right(heard.record(question.request), question)
    assert not heard.of(m.Resized)


# --- one step after another ------------------------------------------------------------------------------------


def test_memory_that_is_short_before_anything_is_read_reads_less(weather, model):
    answer(weather.engine, ask(model, max_tokens=1, experts=0.25))
    weather.brew([CRITICAL] * 10_000)
    question = ask(model, LONG, mode=m.Mode.FAST, experts=0.75, max_tokens=4)
    heard = send(weather.engine, question)
    assert [type(e) for e in heard.events if isinstance(e, m.Planned | m.Resized | m.ExpertsLoading)][:2] == [
        m.Planned,
        m.Resized,
    ]
    record = heard.record(question.request)
    least = weather.engine.host.holding.opened.router_shape.least
    assert all(len(ids) == least for ids in record.selection)
    assert record.experts["resident_per_layer"] > least == record.experts["resident_fewest"]


@pytest.mark.parametrize("mode", [m.Mode.FAST, m.Mode.BALANCED])
@pytest.mark.parametrize("family", ["qwen3_moe", "deepseek_v3"])
def test_what_grew_back_serves_again(weather, models, family, mode):
    model = models(family)
    first = ask(model, LONG, mode=mode, experts=0.75, max_tokens=2)
    granted = answer(weather.engine, first).experts["resident_per_layer"]
    question = ask(model, LONG, mode=mode, experts=0.75, max_tokens=24)
    weather.clock.tick = 12.0
    weather.brew([CRITICAL] * 12)
    heard = send(weather.engine, question)
    assert heard.of(m.Resized)[-1].after == granted
    assert "at the end" in next(n for n in heard.record(question.request).notes if "Memory was short" in n)
    last = heard.of(m.ExpertsResident)[-1].ids
    assert (last >= 0).sum(axis=1).tolist() == [granted] * len(last)  # one C for all layers


def test_the_samples_tell_the_level(weather, model):
    weather.brew([WARN] * 10_000)
    question = ask(model, LONG, max_tokens=4, experts=0.75)
    heard = send(weather.engine, question)
    assert heard.of(m.MemorySample)[-1].pressure is WARN
    assert heard.of(m.MemorySample)[-1].memory.promised < heard.record(question.request).memory.promised


def test_memory_that_is_short_and_full_refuses_with_a_sentence(weather, model):
    weather.machine.free = 0
    weather.brew([CRITICAL] * 10_000)
    question = ask(model, memory=1 << 40)
    failed = send(weather.engine, question).failed(question.request)
    assert failed.known
    assert "may be used" in failed.sentence
    weather.clear()
    assert_engine_is_right(weather.engine, model)


# --- the footprint, of a model large enough to be seen ---------------------------------------------------------


GLIBC_KEEPS = 64_000_000
"""What the top of a thread's arena may hold back of arrays below 32 MB; those of real models are larger."""


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    return synthetic_checkpoint(160_000_000, root=tmp_path_factory.mktemp("large"))


def test_the_footprint_falls_within_two_steps_of_the_signal(weather, large):
    held: list[tuple[int, int]] = []  # at every token: promised by then, held

    def react(event):
        if isinstance(event, m.Resized):
            held.append((event.memory.promised, 0))
        elif isinstance(event, m.Token) and held:
            held.append((held[-1][0], footprint()))

    question = ask(large, mode=m.Mode.FAST, experts=1.0, max_tokens=12, budget="4b")
    answer(weather.engine, replace(question, request="warm", max_tokens=2))
    before = footprint()
    weather.engine.react = react
    weather.brew([NORMAL] * 8 + [CRITICAL] * 10_000)

    heard = send(weather.engine, question)

    change = heard.of(m.Resized)[0]
    freed = heard.record(question.request).memory.banks - change.memory.banks
    assert freed > 100_000_000
    after = [there for _, there in held if there][1]  # of the second token after the signal
    assert before - after > freed - GLIBC_KEEPS
    assert after <= change.memory.promised


def test_what_idles_is_given_back_and_read_again(weather, large):
    question = ask(large, "Hello", experts=1.0, max_tokens=6)
    weather.clock.tick = 0.0
    first = answer(weather.engine, question)
    full = footprint()
    opened = weather.engine.host.holding.opened

    weather.clock.now += 61
    weather.engine.send(m.Cancel("nothing"))  # it looks
    heard = listen(weather.engine, lambda h: h.of(m.Released))
    without_banks = footprint()
    banks, dense = first.memory.banks, first.memory.dense
    assert [e.what for e in heard.of(m.Released)] == ["banks"]
    assert heard.of(m.Released)[0].bytes > banks - GLIBC_KEEPS
    assert full - without_banks > banks - GLIBC_KEEPS

    again = answer(weather.engine, replace(question, request="again"))
    assert again.text == first.text
    assert weather.engine.host.holding.opened is opened
    del opened

    weather.clock.now += 361
    weather.engine.send(m.Cancel("nothing"))
    heard = listen(weather.engine, lambda h: h.of(m.Released))
    assert [e.what for e in heard.of(m.Released)] == ["model"]
    assert heard.of(m.Released)[0].bytes > banks + dense - GLIBC_KEEPS
    assert weather.engine.host.holding.opened is None

    last = answer(weather.engine, replace(question, request="last"))
    assert last.text == first.text


def test_an_idle_engine_gives_its_banks_back_at_a_warning(weather, model):
    question = ask(model, max_tokens=2)
    answer(weather.engine, question)
    weather.machine.level_now = lambda: WARN
    weather.engine.send(m.Cancel("nothing"))
    heard = listen(weather.engine, lambda h: h.of(m.Released))
    assert [e.what for e in heard.of(m.Released)] == ["banks"]
    assert weather.engine.host.holding.opened is not None
    weather.clear()
    assert_engine_is_right(weather.engine, model)


def test_a_conversation_goes_on_after_its_banks_were_given_back(weather, model):
    first = ask(model, LONG, conversation="c", max_tokens=6)
    text = answer(weather.engine, first).text
    weather.machine.level_now = lambda: WARN
    weather.engine.send(m.Cancel("nothing"))
    listen(weather.engine, lambda h: h.of(m.Released))
    weather.clear()
    turns = (*first.turns, m.Turn("assistant", text), m.Turn("user", "Go on."))
    follow_up = ask(model, turns=turns, conversation="c", max_tokens=6)
    record = answer(weather.engine, follow_up)
    assert record.tokens["reused"] > 0
    assert_right(record, follow_up)
