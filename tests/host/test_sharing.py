"""A recogniser and a language model under one limit: the banks shrink first, nothing is promised twice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine import messages as m
from engine.budget.footprint import RESERVE
from engine.budget.points import slots_for
from tests.host.asking import LONG, all_ended, answer, ask, assert_right, listen
from tests.host.scripted import ScriptedEngine
from tests.host.test_speech import dictation, ended, long_file
from tests.simulated import PLENTY, Clock, Machine
from tests.speech.fakes import Counting, Loudness


class Place:
    """An engine on a machine that is what the test says, with a recogniser of so many bytes."""

    def __init__(self):
        self.machine, self.clock, self.needs = Machine(), Clock(0.0), 0
        self.engine = ScriptedEngine(self.machine.sensors(), self.clock)
        self.desk = self.engine.host.holding.desk
        self.desk._activity, self.desk._recogniser = Loudness, lambda _name: Counting()
        self.desk._needs = lambda _name: self.needs


@pytest.fixture
def place(home):
    made = Place()
    yield made
    made.engine.close()


def tight(place, model, **options):
    """A question whose promise fills its limit to the last byte, and that promise."""
    question = ask(model, LONG, experts=1.0, max_tokens=10, **options)
    memory = answer(place.engine, question).memory
    return replace(question, request=question.request + "-tight", memory=memory.promised), memory


@pytest.mark.parametrize("mode", [m.Mode.EXACT, m.Mode.FAST])
def test_the_banks_shrink_before_a_recogniser_comes_beside_an_answer(place, model, mode):
    question, alone = tight(place, model, mode=mode)
    place.needs = alone.banks // 3
    place.engine.after(lambda e: isinstance(e, m.Token) and e.index == 2, *dictation("d"))
    place.engine.send(question)
    heard = all_ended(place.engine, [question.request])

    (resized,) = heard.of(m.Resized, question.request)
    kinds = [type(e) for e in heard.events if isinstance(e, m.Resized | m.Heard)]
    assert kinds[0] is m.Resized
    assert resized.why == "Speech needs memory, too."
    assert resized.after < resized.before
    assert resized.memory.speech == place.needs
    assert resized.memory.promised <= question.memory
    assert heard.of(m.Transcribed)
    record = heard.record(question.request)
    assert record.tokens["generated"] == 10
    assert record.experts["resident_fewest"] == resized.after
    if mode is m.Mode.EXACT:
        assert_right(record, question)


def test_with_room_for_both_nothing_shrinks_and_the_record_has_the_term(place, model):
    question, alone = tight(place, model)
    place.needs = 50_000_000
    roomy = replace(question, memory=alone.promised + place.needs)
    place.engine.after(lambda e: isinstance(e, m.Token) and e.index == 2, *dictation("d"))
    place.engine.send(roomy)
    heard = all_ended(place.engine, [roomy.request])

    assert not heard.of(m.Resized)
    memory = heard.record(roomy.request).memory
    assert (memory.speech, memory.promised) == (place.needs, alone.promised + place.needs)
    assert_right(heard.record(roomy.request), roomy)


def test_a_recogniser_that_fits_beside_no_bank_is_refused_and_the_answer_goes_on_as_it_was(place, model):
    question, alone = tight(place, model)
    place.needs = alone.promised
    place.engine.after(lambda e: isinstance(e, m.Token) and e.index == 2, *dictation("d"))
    place.engine.send(question)
    heard = all_ended(place.engine, [question.request])

    assert "not enough memory to listen" in heard.failed("d").sentence
    assert not heard.of(m.Resized)
    assert heard.record(question.request).memory.speech == 0
    assert_right(heard.record(question.request), question)
    assert place.desk.nbytes == 0


def test_an_answer_beside_an_open_recogniser_gets_fewer_experts(place, model):
    question, alone = tight(place, model)
    place.needs = alone.banks // 3
    for command in dictation("d"):
        place.engine.send(command)
    listen(place.engine, ended("d"))
    record = answer(place.engine, question)

    assert record.memory.speech == place.needs
    assert record.memory.promised <= question.memory
    assert record.experts["resident_per_layer"] < record.experts["total"]
    assert_right(record, question)


def test_a_recogniser_beside_an_idle_model_takes_the_banks_where_they_are_in_the_way(place, model):
    answer(place.engine, ask(model, max_tokens=2))
    place.needs = 400_000_000
    place.machine.free = RESERVE + place.needs // 2
    place.engine.send(m.Dictate("d"))
    place.engine.send(m.EndOfSpeech("d"))
    heard = listen(place.engine, ended("d"))

    assert "Listening needs 0.4 GB" in heard.failed("d").sentence  # the machine is a fake: nothing got free
    assert place.engine.host.holding.opened is None


def test_the_banks_shrink_also_while_a_file_interrupts_the_answer(place, model, tmp_path):
    question, alone = tight(place, model)
    place.needs = alone.banks // 3
    file = m.Transcribe("file", long_file(tmp_path), priority=m.Priority.DICTATION)
    slots: list[int] = []

    def react(event):
        if isinstance(event, m.Token) and event.index == 2 and event.request == question.request:
            place.engine.send(file)
        elif isinstance(event, m.Transcribing):
            slots.append(place.engine.host.holding.opened.residency.banks[0].slots)

    place.engine.react = react
    place.engine.send(question)
    heard = all_ended(place.engine, [question.request])

    (resized,) = heard.of(m.Resized, question.request)
    assert set(slots) == {slots_for(resized.after, heard.record(question.request).experts["total"])}
    assert heard.of(m.Transcribed, "file")
    assert_right(heard.record(question.request), question)


def test_a_recogniser_that_nobody_uses_is_given_back(place):
    place.needs = 50_000_000
    for command in dictation("d"):
        place.engine.send(command)
    listen(place.engine, ended("d"))
    place.clock.tick = 400.0
    heard = listen(place.engine, lambda heard: heard.of(m.Released))

    (released,) = heard.of(m.Released)
    assert (released.model, released.what, released.bytes) == ("counting", "recogniser", place.needs)
    assert place.desk.nbytes == 0
    assert place.machine.free == PLENTY
