"""A slot is free, being filled, leaving, or holds one expert; no order of events loses or doubles one."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from engine.experts.slots import NONE, SlotTable


class SlotsModel(RuleBasedStateMachine):
    """The table beside the plainest model of it: who holds which slot."""

    @initialize(experts=st.integers(1, 12), slots=st.integers(1, 12))
    def begin(self, experts, slots):
        self.table = SlotTable(experts, slots)
        self.held: dict[int, int] = {}
        self.filling: set[int] = set()
        self.leaving: set[int] = set()

    @precondition(lambda self: self.table.free)
    @rule()
    def take(self):
        slot = self.table.take()
        assert slot not in self.filling | self.leaving | set(self.held.values())
        self.filling.add(slot)

    @precondition(lambda self: self.filling and len(self.held) < len(self.table.slot_of))
    @rule(data=st.data())
    def publish(self, data):
        slot = data.draw(st.sampled_from(sorted(self.filling)))
        expert = data.draw(st.sampled_from(sorted(set(range(len(self.table.slot_of))) - set(self.held))))
        self.table.publish(expert, slot)
        self.filling.remove(slot)
        self.held[expert] = slot

    @precondition(lambda self: self.filling)
    @rule(data=st.data())
    def give_up_filling(self, data):
        slot = data.draw(st.sampled_from(sorted(self.filling)))
        self.table.give_back(slot)
        self.filling.remove(slot)

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def drop(self, data):
        expert = data.draw(st.sampled_from(sorted(self.held)))
        slot = self.table.drop(expert)
        assert slot == self.held.pop(expert)
        self.leaving.add(slot)

    @precondition(lambda self: self.leaving)
    @rule(data=st.data())
    def let_go(self, data):
        slot = data.draw(st.sampled_from(sorted(self.leaving)))
        self.table.give_back(slot)
        self.leaving.remove(slot)

    @invariant()
    def no_slot_is_lost_or_doubled(self):
        if not hasattr(self, "table"):
            return
        table = self.table
        assert table.free == table.slots - len(self.held) - len(self.filling) - len(self.leaving)
        assert {e: int(s) for e, s in enumerate(table.slot_of) if s != NONE} == self.held
        assert {int(e): s for s, e in enumerate(table.expert_of) if e != NONE} == self.held
        assert table.resident().tolist() == sorted(self.held)
        assert table.full() == (len(self.held) == len(table.slot_of))
        assert table.missing(range(len(table.slot_of))) == [
            e for e in range(len(table.slot_of)) if not table.holds(e) and e not in self.held
        ]


SlotsModel.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestSlots = SlotsModel.TestCase


def _filled() -> SlotTable:
    table = SlotTable(4, 2)
    table.publish(3, table.take())
    return table


def test_a_slot_that_holds_an_expert_cannot_be_given_back():
    table = _filled()
    with pytest.raises(AssertionError):
        table.give_back(int(table.slot_of[3]))


def test_a_free_slot_cannot_be_given_back_again():
    table = _filled()
    slot = table.take()
    table.give_back(slot)
    with pytest.raises(AssertionError):
        table.give_back(slot)


def test_an_expert_cannot_be_published_twice():
    table = _filled()
    with pytest.raises(AssertionError):
        table.publish(3, table.take())


def test_an_expert_that_is_not_here_cannot_be_dropped():
    with pytest.raises(AssertionError):
        _filled().drop(0)


def test_there_is_no_slot_to_take_when_all_are_taken():
    table = _filled()
    table.take()
    with pytest.raises(IndexError):
        table.take()
