"""The thread that works the queue off, with work that does as it is told."""

from __future__ import annotations

import queue as queues
import threading
from pathlib import Path

import pytest

from engine.errors import KnownError
from engine.models.download.hub import Hub
from engine.models.download.progress import Progress, Pulled, Stage
from engine.models.download.pulling import pull
from engine.models.download.queueing import State, find
from engine.models.download.retrying import Interrupted
from engine.models.download.runner import Runner
from tests.models.download import hub_server as serving
from tests.models.download.conftest import NAME
from tests.models.download.test_http import WEIGHTS, assert_here

PATIENCE = 60
DONE = Pulled("org/a", Path(), "", 10, 1, 10)


class Work:
    """Each try waits for its outcome; `stop` ends the wait as it ends a read."""

    def __init__(self):
        self.begun: queues.Queue[str] = queues.Queue()
        self.outcomes: queues.Queue[object] = queues.Queue()

    def __call__(self, name, stop, tell):
        self.begun.put(name)
        while True:
            try:
                outcome = self.outcomes.get(timeout=0.01)
            except queues.Empty:
                stop.check()
                continue
            if isinstance(outcome, Progress):
                tell(outcome)
            elif isinstance(outcome, Exception):
                raise outcome
            else:
                return outcome


class Watch:
    """Remembers what became of the queue and lets a test wait for it."""

    def __init__(self):
        self.news = threading.Condition()
        self.progress = []

    def changed(self, _queue):
        with self.news:
            self.news.notify_all()

    def until(self, runner, name, *states):
        def there():
            job = find(runner.queue, name)
            return (job.state if job else None) in states

        with self.news:
            assert self.news.wait_for(there, PATIENCE), find(runner.queue, name)


@pytest.fixture
def work():
    return Work()


@pytest.fixture
def watch():
    return Watch()


@pytest.fixture
def abandoned():
    return queues.Queue()


@pytest.fixture
def runner(tmp_path, work, watch, abandoned):
    runner = Runner(
        work, abandoned.put, watch.changed, lambda *told: watch.progress.append(told), tmp_path / "q.json", lambda: 0.0
    )
    runner.start()
    yield runner
    runner.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "cadre-downloads"]


def test_one_after_the_other(runner, work, watch):
    runner.add("org/a")
    runner.add("org/b")
    assert work.begun.get(timeout=PATIENCE) == "org/a"
    assert work.begun.empty()
    work.outcomes.put(DONE)
    assert work.begun.get(timeout=PATIENCE) == "org/b"
    watch.until(runner, "org/a", State.DONE)


def test_pause_and_resume(runner, work, watch):
    runner.add("org/a")
    work.begun.get(timeout=PATIENCE)
    work.outcomes.put(Progress(Stage.LOADING, "x", 4, 10, 4))
    runner.pause("org/a")
    watch.until(runner, "org/a", State.PAUSED)
    runner.resume("org/a")
    assert work.begun.get(timeout=PATIENCE) == "org/a"
    work.outcomes.put(DONE)
    watch.until(runner, "org/a", State.DONE)


def test_paused_and_resumed_again_and_again(runner, work, watch):
    """Nothing gets stuck between the wish and the thread."""
    runner.add("org/a")
    for _ in range(50):
        runner.pause("org/a")
        runner.resume("org/a")
    work.outcomes.put(DONE)
    watch.until(runner, "org/a", State.DONE)


def test_dropping_clears_what_was_loaded_after_the_work_ended(runner, work, watch, abandoned):
    runner.add("org/a")
    work.begun.get(timeout=PATIENCE)
    runner.drop("org/a")
    assert abandoned.get(timeout=PATIENCE) == "org/a"
    assert runner.queue == ()


def test_what_is_done_is_only_taken_off_the_list(runner, work, watch, abandoned):
    runner.add("org/a")
    work.outcomes.put(DONE)
    watch.until(runner, "org/a", State.DONE)
    runner.drop("org/a")
    runner.add("org/b")
    work.begun.get(timeout=PATIENCE)
    work.begun.get(timeout=PATIENCE)
    assert abandoned.empty()


def test_a_failure_is_told_and_the_next_one_runs(runner, work, watch):
    runner.add("org/a")
    runner.add("org/b")
    work.begun.get(timeout=PATIENCE)
    work.outcomes.put(KnownError("No room.", "Make some."))
    assert work.begun.get(timeout=PATIENCE) == "org/b"
    (job, _) = runner.queue
    assert (job.state, job.problem, job.next_step) == (State.FAILED, "No room.", "Make some.")


def test_an_interruption_waits_and_says_why(runner, work, watch):
    runner.add("org/a")
    work.begun.get(timeout=PATIENCE)
    work.outcomes.put(Interrupted("The line broke."))
    watch.until(runner, "org/a", State.QUEUED)
    (job,) = runner.queue
    assert (job.problem, job.not_before) == ("The line broke.", 1.0)
    runner.resume("org/a")
    assert work.begun.get(timeout=PATIENCE) == "org/a"


def test_a_bug_is_logged_and_ends_nothing(runner, work, watch, caplog):
    runner.add("org/a")
    runner.add("org/b")
    work.begun.get(timeout=PATIENCE)
    work.outcomes.put(ZeroDivisionError("what a bug"))
    assert work.begun.get(timeout=PATIENCE) == "org/b"
    assert runner.queue[0].state is State.FAILED
    assert "what a bug" in caplog.text


def test_a_name_that_is_none(runner):
    with pytest.raises(KnownError, match="no name of a repository"):
        runner.add("../x")
    assert runner.queue == ()


def test_the_queue_survives_the_process(tmp_path, work, watch):
    def another():
        return Runner(work, print, watch.changed, lambda *_: None, tmp_path / "q.json", lambda: 0.0)

    first = another()
    first.start()
    first.add("org/a")
    first.add("org/b")
    first.pause("org/b")
    work.begun.get(timeout=PATIENCE)
    first.close()

    second = another()
    assert [(job.repository, job.state) for job in second.queue] == [
        ("org/a", State.QUEUED),
        ("org/b", State.PAUSED),
    ]
    second.start()
    assert work.begun.get(timeout=PATIENCE) == "org/a"
    second.close()


def test_closing_ends_a_read_that_waits_for_the_network(tmp_path, server, watch):
    server.behave(WEIGHTS, serving.stall_after(1000))

    def real(name, stop, tell):
        with Hub() as hub:
            return pull(name, hub, stop, tell)

    came = threading.Event()

    def progress(_name, progress):
        if progress.file == WEIGHTS:
            came.set()

    runner = Runner(real, print, watch.changed, progress, tmp_path / "q.json")
    runner.start()
    runner.add(NAME)
    assert came.wait(PATIENCE)
    runner.close()

    server.released.set()
    again = Runner(real, print, watch.changed, lambda *_: None, tmp_path / "q.json")
    again.start()
    watch.until(again, NAME, State.DONE)
    again.close()
    assert_here(server)
    assert server.ranges(WEIGHTS) == ["", "bytes=1000-"]
