"""Work in a child: its result, its errors, its end."""

from __future__ import annotations

import os
import threading
import time

import pytest

from app import worker as worker_module
from app.worker import TooMuch, Worker
from engine.errors import KnownError


def work(given):
    match given:
        case "known":
            raise KnownError("It is so.", "Do that.")
        case "bug":
            raise ZeroDivisionError("why")
        case "hang":
            time.sleep(600)
        case "spin":
            while True:
                pass
        case "die":
            os._exit(3)
        case "eat":
            held = []
            while True:
                held.append(b"x" * 10_000_000)
    return os.getpid(), given


@pytest.fixture
def worker():
    worker = Worker(work, seconds=60.0, most=400_000_000)
    yield worker
    worker.close()


def test_one_child_serves_many_calls(worker):
    (child, answer), (same, _) = worker.call(1), worker.call(2)

    assert answer == 1
    assert child == same != os.getpid()


def test_what_is_known_comes_through(worker):
    with pytest.raises(KnownError, match="It is so"):
        worker.call("known")
    with pytest.raises(TooMuch, match="ZeroDivisionError"):
        worker.call("bug")

    assert worker.call(1)[1] == 1


@pytest.mark.parametrize(("given", "says"), [("eat", "memory"), ("die", "died")])
def test_a_child_that_is_ended_has_a_successor(worker, given, says):
    before, _ = worker.call(1)

    with pytest.raises(TooMuch, match=says):
        worker.call(given)

    assert worker.call(1)[0] != before


def test_a_child_that_works_too_long_is_ended(monkeypatch):
    """However long it may wait for a processor."""
    monkeypatch.setattr(worker_module, "_PATIENCE", 1e6)
    worker = Worker(work, seconds=0.2, most=400_000_000)

    with pytest.raises(TooMuch, match="too long"):
        worker.call("spin")
    worker.close()


def test_a_child_that_hangs_is_ended():
    worker = Worker(work, seconds=0.02, most=400_000_000)

    with pytest.raises(TooMuch, match="too long"):
        worker.call("hang")
    worker.close()


def test_closing_ends_a_call_under_way(worker):
    worker.call(1)
    ended = []

    def call() -> None:
        try:
            worker.call("hang")
        except TooMuch as error:
            ended.append(str(error))

    thread = threading.Thread(target=call)
    thread.start()
    while not worker._lock.locked():
        time.sleep(0.01)
    worker.close()
    thread.join()

    assert ended
