"""What the rows of the window of models say. Values in, words out."""

from __future__ import annotations

import pytest

from app.window.models_page import words
from app.window.models_page.downloads import Going
from engine.models.download.progress import Progress, Stage
from engine.models.download.queueing import Job, State
from engine.models.recommended import recommended

GB = 10**9
OLMOE, GPT_OSS, QWEN = recommended()


@pytest.mark.parametrize(
    ("model", "memory", "free", "begins"),
    [
        (OLMOE, 8, 100, "Fits: 3.2 GB of memory with half of its experts, 3.9 GB on disk"),
        (QWEN, 8, 100, "Tight here: 10.3 GB of memory"),
        (QWEN, 16, 10, "No room: 17.2 GB on disk, and 10.0 GB are free"),
    ],
)
def test_what_a_model_needs(model, memory, free, begins):
    assert words.needs(model, memory * GB, free * GB).startswith(begins)


def going(done: int, speed: float, left: float | None) -> Going:
    return Going("org/a", Progress(Stage.LOADING, "x", done * GB, 10 * GB, done * GB), speed, left)


@pytest.mark.parametrize(
    ("job", "how", "said"),
    [
        (Job("org/a"), None, "Waiting its turn"),
        (Job("org/a", total=10 * GB, done=4 * GB), None, "Waiting its turn · 4.0 GB of 10.0 GB are here"),
        (Job("org/a", State.PAUSED, total=10 * GB, done=4 * GB), None, "Paused · 4.0 GB of 10.0 GB are here"),
        (Job("org/a", State.FAILED, problem="P.", next_step="N."), None, "P. N."),
        (Job("org/a", not_before=130.0, problem="P."), None, "P. Trying again in 30 s."),
        (Job("org/a", State.RUNNING), None, "Asking the Hub what it holds"),
        (Job("org/a", State.RUNNING), going(4, 0.0, None), "4.0 GB of 10.0 GB"),
        (Job("org/a", State.RUNNING), going(4, 31e6, 200.0), "4.0 GB of 10.0 GB · 31 MB/s · 3 min left"),
        (Job("org/a", State.RUNNING), going(10, 31e6, 0.0), "10.0 GB of 10.0 GB"),
        (Job("org/a", State.DONE), None, "Here, whole and checked."),
    ],
)
def test_how_a_download_goes(job, how, said):
    assert words.about_job(job, how, now=100.0) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(5, "under a minute left"), (65, "1 min left"), (80 * 60, "80 min left"), (5400, "1.5 h left"),
     (10**6, "days left")],
)  # fmt: skip
def test_time_left(seconds, said):
    assert words.time_left(seconds) == said
