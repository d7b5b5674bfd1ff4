"""The queue as a state machine: whatever is done to it in whatever order, and whenever the process begins anew."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from engine.models.download import queue_file, queueing
from engine.models.download.queueing import Job, Queue, State
from engine.models.download.retrying import LIMIT

NAMES = [f"org/model-{n}" for n in range(4)]
names = st.sampled_from(NAMES)


def state(queue: Queue, name: str) -> State | None:
    job = queueing.find(queue, name)
    return job.state if job else None


def next_name(queue: Queue, now: float) -> str:
    job = queueing.next_job(queue, now)
    return job.repository if job else ""


def test_what_is_asked_for_again_in_other_capitals_keeps_its_name():
    queue = queueing.finish(queueing.begin(queueing.add((), "org/m"), "org/m"), "org/m")
    assert [job.repository for job in queueing.add(queue, "ORG/M")] == ["org/m"]


class Downloads(RuleBasedStateMachine):
    """Drives the queue as the window and the worker do. working: what the worker believes it is loading."""

    @initialize()
    def begin_empty(self):
        self.queue: Queue = ()
        self.now = 1000.0
        self.working = ""
        self.wanted: set[str] = set()

    @rule(name=names)
    def add(self, name):
        self.queue = queueing.add(self.queue, name)
        self.wanted.add(name)
        assert state(self.queue, name) in (State.QUEUED, State.RUNNING)

    @rule(name=names)
    def add_with_other_capitals(self, name):
        if state(self.queue, name):
            self.queue = queueing.add(self.queue, name.upper())
            assert state(self.queue, name) in (State.QUEUED, State.RUNNING)
            self.wanted.add(name)

    @rule(name=names)
    def pause(self, name):
        self.queue = queueing.pause(self.queue, name)

    @rule(name=names)
    def resume(self, name):
        before = state(self.queue, name)
        self.queue = queueing.resume(self.queue, name)
        if before in (State.PAUSED, State.FAILED):
            assert state(self.queue, name) is State.QUEUED

    @rule(name=names)
    def drop(self, name):
        self.queue = queueing.drop(self.queue, name)
        self.wanted.discard(name)
        assert state(self.queue, name) is None

    @rule(seconds=st.floats(0, 100))
    def time_passes(self, seconds):
        self.now += seconds

    @precondition(lambda self: not self.working)
    @rule()
    def worker_begins(self):
        job = queueing.next_job(self.queue, self.now)
        if job is not None:
            assert job.not_before <= self.now
            self.queue = queueing.begin(self.queue, job.repository)
            self.working = job.repository

    @precondition(lambda self: self.working)
    @rule(done=st.integers(0, 50))
    def bytes_arrive(self, done):
        self.queue = queueing.arrived(self.queue, self.working, done, 50)

    @precondition(lambda self: self.working)
    @rule(how=st.sampled_from(["finish", "stopped", "fail", "interrupt"]), progressed=st.booleans())
    def worker_ends(self, how, progressed):
        """Perhaps long after somebody paused or dropped it."""
        name, self.working = self.working, ""
        before = queueing.find(self.queue, name)
        if how == "finish":
            self.queue = queueing.finish(self.queue, name)
        elif how == "stopped":
            self.queue = queueing.stopped(self.queue, name)
        elif how == "fail":
            self.queue = queueing.fail(self.queue, name, "It failed.", "Do something.")
        else:
            self.queue = queueing.interrupt(self.queue, name, "The line broke.", self.now, progressed=progressed)
        if before is not None and before.state is not State.RUNNING and how != "finish":
            assert queueing.find(self.queue, name) == before

    @rule()
    def process_dies(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "queue.json"
            queue_file.save(path, self.queue)
            loaded = queue_file.load(path)
        assert loaded == self.queue
        self.queue, self.working = queueing.restarted(loaded), ""
        self.wanted &= {job.repository for job in self.queue}
        assert not any(job.state in (State.RUNNING, State.DONE) for job in self.queue)

    @invariant()
    def one_at_a_time(self):
        running = [job.repository for job in self.queue if job.state is State.RUNNING]
        assert running in ([], [self.working])

    @invariant()
    def nothing_is_lost_or_twice(self):
        held = [job.repository for job in self.queue]
        assert sorted(held) == sorted(self.wanted)

    @invariant()
    def what_failed_says_why_and_what_runs_does_not(self):
        for job in self.queue:
            assert bool(job.problem and job.next_step) or job.state is not State.FAILED
            assert not job.problem or job.state in (State.FAILED, State.QUEUED)
            assert job.failures <= LIMIT

    @invariant()
    def whatever_waits_comes_round(self):
        """Unless something runs, some time later something may."""
        waits = any(job.state is State.QUEUED for job in self.queue)
        runs = any(job.state is State.RUNNING for job in self.queue)
        due = queueing.next_time(self.queue)
        assert (due is not None) == waits
        if due is not None and not runs:
            assert queueing.next_job(self.queue, due) is not None


TestDownloads = Downloads.TestCase


def test_they_run_in_the_order_they_came():
    queue = queueing.add(queueing.add((), "org/a"), "org/b")
    assert next_name(queue, 0) == "org/a"
    queue = queueing.begin(queue, "org/a")
    assert queueing.next_job(queue, 0) is None


def test_one_that_waits_lets_the_next_one_pass():
    queue = queueing.begin(queueing.add(queueing.add((), "org/a"), "org/b"), "org/a")
    queue = queueing.interrupt(queue, "org/a", "The line broke.", 100.0, asked=30.0, progressed=True)
    assert next_name(queue, 100.0) == "org/b"
    assert next_name(queue, 130.0) == "org/a"


@pytest.mark.parametrize("wish", [queueing.pause, queueing.drop])
def test_news_that_come_late_change_nothing(wish):
    queue = wish(queueing.begin(queueing.add((), "org/a"), "org/a"), "org/a")
    assert queueing.fail(queue, "org/a", "It failed.", "Do something.") == queue
    assert queueing.interrupt(queue, "org/a", "The line broke.", 0.0, progressed=False) == queue
    assert queueing.stopped(queue, "org/a") == queue
    assert queueing.arrived(queue, "org/a", 1, 2) == queue


def test_it_gives_up_after_many_failures_without_a_byte():
    queue = queueing.add((), "org/a")
    for _ in range(LIMIT + 1):
        queue = queueing.begin(queue, "org/a")
        queue = queueing.interrupt(queue, "org/a", "The line broke.", 0.0, progressed=False)
        queue = tuple(Job(**{**job.__dict__, "not_before": 0.0}) for job in queue)
    assert queue[0].state is State.FAILED
    assert "what has arrived is kept" in queue[0].next_step


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "{}", '{"version": 2, "jobs": []}', '{"version": 1, "jobs": [3]}',
     '{"version": 1, "jobs": [{"repository": "../../etc"}]}', "\xff"],
)  # fmt: skip
def test_a_queue_that_cannot_be_read_is_kept_beside(tmp_path, content):
    path = tmp_path / "queue.json"
    path.write_text(content, encoding="latin-1")
    assert queue_file.load(path) == ()
    assert path.with_name("queue.json.unread").read_text(encoding="latin-1") == content


def test_a_frozen_queue_of_version_1(tmp_path):
    path = tmp_path / "queue.json"
    path.write_text(json.dumps({"version": 1, "jobs": [
        {"repository": "org/a", "state": "paused", "failures": 2, "not_before": 3.5, "done": 7, "total": 9,
         "problem": "", "next_step": ""},
        {"repository": "org/b", "state": "failed", "failures": 0, "not_before": 0, "done": 0, "total": 0,
         "problem": "P.", "next_step": "N."},
    ]}))  # fmt: skip
    assert queue_file.load(path) == (
        Job("org/a", State.PAUSED, 2, 3.5, 7, 9),
        Job("org/b", State.FAILED, problem="P.", next_step="N."),
    )
