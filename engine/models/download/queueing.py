"""What is to be downloaded, in order, and what became of it. Pure: every function takes a queue and returns one.

One download at a time: two share the line and both arrive later. The clock's value is handed in; the file is
`queue_file`'s, the work `runner`'s.

    QUEUED ──begin──▶ RUNNING ──finish──▶ DONE
       ▲                │ │ └──fail──▶ FAILED
       │    ┌─interrupt─┘ └─pause─▶ PAUSED        resume: PAUSED, FAILED ▶ QUEUED; drop: any ▶ gone
       └────┘
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from engine.models.download.retrying import pause as pause_before


class State(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    FAILED = "failed"
    DONE = "done"


@dataclass(frozen=True)
class Job:
    """failures: in a row. not_before: seconds since the epoch. done, total: bytes, 0 of 0 until it was listed.
    problem, next_step: why it waits or failed, in sentences.
    """

    repository: str
    state: State = State.QUEUED
    failures: int = 0
    not_before: float = 0.0
    done: int = 0
    total: int = 0
    problem: str = ""
    next_step: str = ""

    @property
    def is_over(self) -> bool:
        return self.state is State.DONE


Queue = tuple[Job, ...]


def find(queue: Queue, repository: str) -> Job | None:
    wanted = repository.casefold()
    return next((job for job in queue if job.repository.casefold() == wanted), None)


def add(queue: Queue, repository: str) -> Queue:
    """At the end; what is there already is taken up again where it stands, its name as it was."""
    job = find(queue, repository)
    if job is None:
        return (*queue, Job(repository))
    if job.is_over:
        return (*drop(queue, repository), Job(job.repository))
    return resume(queue, repository)


def next_job(queue: Queue, now: float) -> Job | None:
    """What should run now: nothing while something does."""
    if any(job.state is State.RUNNING for job in queue):
        return None
    return next((job for job in queue if job.state is State.QUEUED and job.not_before <= now), None)


def next_time(queue: Queue) -> float | None:
    """When something that waits may run, None when nothing waits."""
    return min((job.not_before for job in queue if job.state is State.QUEUED), default=None)


def begin(queue: Queue, repository: str) -> Queue:
    return _change(queue, repository, {State.QUEUED}, state=State.RUNNING, problem="", next_step="")


def arrived(queue: Queue, repository: str, done: int, total: int) -> Queue:
    return _change(queue, repository, {State.RUNNING}, done=done, total=total)


def finish(queue: Queue, repository: str) -> Queue:
    """It is here; also when somebody paused it at the last moment."""
    job = find(queue, repository)
    total, going = job.total if job else 0, {State.RUNNING, State.PAUSED, State.QUEUED}
    return _change(queue, repository, going, state=State.DONE, done=total, failures=0, problem="", next_step="")


def stopped(queue: Queue, repository: str) -> Queue:
    """Whoever stopped it said what it is now; if it still runs, it was the end of the app, and it goes on later."""
    return _change(queue, repository, {State.RUNNING}, state=State.QUEUED, not_before=0.0)


def interrupt(
    queue: Queue, repository: str, reason: str, now: float, asked: float | None = None, *, progressed: bool
) -> Queue:
    """For now. progressed: whether anything came since it began; then the failures before do not count."""
    job = find(queue, repository)
    failures = 1 if progressed or job is None else job.failures + 1
    seconds = pause_before(failures, asked)
    if seconds is None:
        return fail(queue, repository, reason, "Check the network and try again; what has arrived is kept.")
    return _change(
        queue, repository, {State.RUNNING}, state=State.QUEUED, failures=failures, not_before=now + seconds,
        problem=reason,
    )  # fmt: skip


def fail(queue: Queue, repository: str, problem: str, next_step: str) -> Queue:
    """Until a person does something."""
    return _change(queue, repository, {State.RUNNING}, state=State.FAILED, problem=problem, next_step=next_step)


def pause(queue: Queue, repository: str) -> Queue:
    going = {State.QUEUED, State.RUNNING}
    return _change(queue, repository, going, state=State.PAUSED, problem="", next_step="")


def resume(queue: Queue, repository: str) -> Queue:
    """Also one that only waits for its next try: then at once."""
    waiting = {State.PAUSED, State.FAILED, State.QUEUED}
    return _change(
        queue, repository, waiting, state=State.QUEUED, failures=0, not_before=0.0, problem="", next_step=""
    )  # fmt: skip


def drop(queue: Queue, repository: str) -> Queue:
    job = find(queue, repository)
    return tuple(other for other in queue if other is not job)


def restarted(queue: Queue) -> Queue:
    """After the process began anew: what ran goes on, what waited need not, what is done is no news."""
    again = (
        replace(job, state=State.QUEUED, not_before=0.0, failures=0)
        if job.state in (State.RUNNING, State.QUEUED)
        else job
        for job in queue
    )
    return tuple(job for job in again if not job.is_over)


def _change(queue: Queue, repository: str, states: set[State], **changes: Any) -> Queue:
    """Of another state, or not there (any more): nothing happens, since news may come late."""
    job = find(queue, repository)
    if job is None or job.state not in states:
        return queue
    changed = replace(job, **changes)
    return tuple(changed if other is job else other for other in queue)
