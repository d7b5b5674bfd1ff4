"""The tree of messages: nothing that was said is overwritten, one branch is shown."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from app.store.rows import Role, State
from app.store.store import Store
from tests.store.talking import answered, said, texts


def test_editing_begins_a_branch_and_the_old_one_can_be_shown(store):
    chat, messages = said(store, "first", "one", "second", "two")

    edited = store.tree.say(chat.id, messages[1].id, "second, better")
    answered(store, chat, edited, "three")

    assert texts(store, chat.id) == ["first", "one", "second, better", "three"]
    assert store.tree.path(chat.id)[2].number == 2
    store.tree.show(messages[2].id)
    assert texts(store, chat.id) == ["first", "one", "second", "two"]


def test_the_first_message_can_be_edited_too(store):
    chat, messages = said(store, "first", "one")

    store.tree.say(chat.id, None, "other")

    assert texts(store, chat.id) == ["other"]
    assert store.tree.siblings(messages[0].id) == [messages[0].id, store.tree.path(chat.id)[0].message.id]


def test_an_answer_beside_another(store):
    chat, messages = said(store, "q", "one")

    answered(store, chat, messages[0], "two")

    assert [placed.number for placed in store.tree.path(chat.id)] == [1, 2]
    assert len(store.tree.path(chat.id)[1].siblings) == 2


def test_deleting_a_branch_shows_its_sibling_and_undo_brings_it_back(store):
    chat, messages = said(store, "q", "one")
    other = answered(store, chat, messages[0], "two")

    store.tree.delete(other.id)
    assert texts(store, chat.id) == ["q", "one"]
    store.tree.restore(other.id)

    assert texts(store, chat.id) == ["q", "two"]


def test_deleting_the_only_message_empties_the_chat(store):
    chat, messages = said(store, "q", "one")

    store.tree.delete(messages[0].id)

    assert texts(store, chat.id) == []


def test_what_a_crash_cut_off_is_kept(store, path):
    chat, messages = said(store, "q")
    answer = store.tree.begin_answer(chat.id, messages[0].id)
    store.tree.write(answer.id, "half an ans")
    store.close()

    again = Store(path)

    assert again.recovered == 1
    assert again.tree.get(answer.id).state is State.STOPPED
    assert texts(again, chat.id) == ["q", "half an ans"]
    assert [hit.chat for hit in again.search.find("half")] == [chat.id]
    again.close()


def test_record_and_failure_stay(store):
    chat, messages = said(store, "q")
    answer = store.tree.begin_answer(chat.id, messages[0].id)

    store.tree.finish(answer.id, "a", State.FAILED, {"speed": 3.5}, {"sentence": "No."})

    kept = store.tree.get(answer.id)
    assert (kept.record, kept.failure, kept.role) == ({"speed": 3.5}, {"sentence": "No."}, Role.ASSISTANT)


class TreeMachine(RuleBasedStateMachine):
    """Any order of saying, answering, walking, deleting and undoing leaves one whole branch shown."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.store = Store(Path(self._folder.name) / "c.sqlite")
        self.chat = self.store.chats.add("a").id
        self.deleted: list[int] = []
        self.made = 0

    def teardown(self) -> None:
        self.store.close()
        self._folder.cleanup()

    def _path(self) -> list[int]:
        return [placed.message.id for placed in self.store.tree.path(self.chat)]

    @rule(at=st.integers(0, 3))
    def say(self, at: int) -> None:
        path = self._path()
        parent = path[-1 - at] if at < len(path) else None
        said = self.store.tree.say(self.chat, parent, f"text {self.made}")
        self.made += 1
        assert self._path()[-1] == said.id

    @precondition(lambda self: self._path())
    @rule(at=st.integers(0, 3))
    def answer(self, at: int) -> None:
        path = self._path()
        answer = self.store.tree.begin_answer(self.chat, path[max(0, len(path) - 1 - at)])
        self.store.tree.finish(answer.id, "answer", State.DONE)
        self.made += 1
        assert self._path()[-1] == answer.id

    @precondition(lambda self: self._path())
    @rule(data=st.data())
    def walk(self, data) -> None:
        placed = data.draw(st.sampled_from(self.store.tree.path(self.chat)))
        to = data.draw(st.sampled_from(placed.siblings))
        self.store.tree.show(to)
        assert to in self._path()

    @precondition(lambda self: self._path())
    @rule(data=st.data())
    def delete(self, data) -> None:
        message = data.draw(st.sampled_from(self._path()))
        self.store.tree.delete(message)
        self.deleted.append(message)
        assert message not in self._path()

    @precondition(lambda self: self.deleted)
    @rule()
    def undo(self) -> None:
        message = self.deleted.pop()
        self.store.tree.restore(message)
        assert message in self._path()

    @invariant()
    def the_shown_branch_is_whole(self) -> None:
        path = self.store.tree.path(self.chat)
        parents = [None, *(placed.message.id for placed in path)][: len(path)]
        assert [placed.message.parent for placed in path] == parents
        assert all(placed.message.id in placed.siblings for placed in path)

    @invariant()
    def nothing_said_is_lost(self) -> None:
        kept = self.store._db.execute("SELECT count(*) FROM messages").fetchone()[0]
        assert kept == self.made


TestTreeMachine = TreeMachine.TestCase
TestTreeMachine.settings = settings(max_examples=25, stateful_step_count=15, deadline=None)
