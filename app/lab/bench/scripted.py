"""An engine without a model, so that the app is measured and not what it shows: the events of a plausible answer.

They come from a process of their own over a pipe, as the real engine's do, at a stated rate or each after a stated
amount of arithmetic. The arrays have the shape of a model of 40 layers with 256 experts.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection

import numpy as np

from app.lab.bench.writing import tokens
from engine import messages as m

LAYERS, EXPERTS, RESIDENT, PICKED = 40, 256, 64, 8
SLOT_BYTES = 1_600_000
_STOP_SECONDS = 5.0
_NUMBERS = 65_536
"""In the array that one pass of the arithmetic goes over."""
MEMORY = m.Memory(
    base=310_000_000,
    dense=1_150_000_000,
    banks=RESIDENT * LAYERS * SLOT_BYTES,
    kv=220_000_000,
    activations=160_000_000,
    peak=5_830_000_000,
    promised=5_940_000_000,
    limit=11_000_000_000,
)


@dataclass(frozen=True)
class Script:
    """text: the answer to every question, at most `most` tokens of it. rate: tokens per second; 0: as the work allows.

    work: passes over an array of numbers before each token, on one thread.
    """

    text: str
    most: int
    rate: float = 0.0
    work: int = 0


class ScriptedEngine:
    """Keeps the protocol of engine.link.Engine. Once begun, an answer ends by its end, a Cancel or `close`."""

    def __init__(self, script: Script) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._line, there = spawn.Pipe()
        self._process = spawn.Process(target=_answer_all, args=(there, script), name="cadre-script", daemon=True)
        self._process.start()
        there.close()

    def send(self, command: m.Command) -> None:
        self._line.send(command)

    def get(self, timeout: float | None = None) -> m.Event | None:
        try:
            event: m.Event | None = self._line.recv() if self._line.poll(timeout) else None
        except (EOFError, OSError):
            return None
        return event

    def close(self) -> None:
        self._line.send(m.Shutdown())
        self._process.join(_STOP_SECONDS)
        if self._process.is_alive():
            self._process.terminate()
            self._process.join()


# --- in the process ---------------------------------------------------------------------------------------


def _answer_all(line: Connection, script: Script) -> None:
    """Until told to stop, or until who asked is gone."""
    try:
        while not isinstance(command := line.recv(), m.Shutdown):
            if isinstance(command, m.Ask) and not _answer(line, command.request, script):
                return
    except (EOFError, BrokenPipeError):
        return


def _answer(line: Connection, request: str, script: Script) -> bool:
    """False: it was told to stop meanwhile."""
    for event in opening(request):
        line.send(event)
    began, given, finish = time.monotonic(), "", "length"
    numbers = np.linspace(0, 1, _NUMBERS)
    made = 0
    for event in answered(request, script):
        if line.poll():
            finish = "cancelled"
            break
        for _ in range(script.work):
            np.sin(numbers)
        made += 1
        _wait_until(began + made / script.rate if script.rate else 0.0)
        line.send(event)
        given += event.text
    line.send(m.Finished(request, record(given, finish, made, time.monotonic() - began)))
    return finish != "cancelled" or not isinstance(line.recv(), m.Shutdown)


def _wait_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.monotonic()))


def opening(request: str) -> list[m.Event]:
    """Up to the first token."""
    chosen = selection()
    whole = LAYERS * RESIDENT * SLOT_BYTES
    reading = [
        m.ExpertsLoading(request, layer, int(chosen[layer, 0]), (layer + 1) * whole // LAYERS, whole)
        for layer in range(0, LAYERS, 4)
    ]
    return [
        m.ModelLoading(request, "scripted", 1, 1),
        m.ModelLoaded(request, "scripted", LAYERS, EXPERTS, PICKED, SLOT_BYTES * LAYERS, 0.8),
        m.Classified(request, "question", 0.4, "2b", m.Mode.BALANCED, "question (“why”)"),
        m.Planned(request, m.Mode.BALANCED, "2b", 2_100_000_000, RESIDENT, MEMORY, "fits"),
        *reading,
        m.ExpertsSelected(request, chosen),
        m.ExpertsResident(request, np.sort(chosen, axis=1), 0, LAYERS * RESIDENT),
        m.Prefilled(request, 200, 0, 1.0),
    ]


def selection() -> m.Ids:
    """[LAYERS, RESIDENT], best first: regulars more often than the rest."""
    chance = np.random.default_rng(0)
    weight = np.exp(-np.arange(EXPERTS) / 60)
    rows = [chance.choice(EXPERTS, RESIDENT, replace=False, p=weight / weight.sum()) for _ in range(LAYERS)]
    return np.array(rows, np.int16)


def answered(request: str, script: Script) -> Iterator[m.Token]:
    """The tokens, with what each used; every third missed an expert somewhere."""
    chance, chosen = np.random.default_rng(1), selection()
    for index, text in zip(range(script.most), tokens(script.text), strict=False):
        picked = chance.random(chosen.shape).argpartition(PICKED, axis=1)[:, :PICKED]
        absent = np.full((LAYERS, PICKED), -1, np.int16)
        if index % 3 == 0:
            absent[chance.integers(LAYERS), 0] = chance.integers(EXPERTS)
        coverage = (0.96 + 0.04 * chance.random(LAYERS)).astype(np.float32)
        yield m.Token(request, text, index, coverage, np.take_along_axis(chosen, picked, axis=1), absent)


def record(text: str, finish: str, made: int, seconds: float) -> m.Record:
    """tokens_per_second is what this process measured from the first token's beginning to the last one's end."""
    return m.Record(
        text=text,
        finish=finish,
        model="scripted",
        mode=m.Mode.BALANCED,
        budget={"name": "2b", "active_parameters": 2_100_000_000, "k": PICKED},
        tokens={"prompt": 200, "generated": made},
        experts={
            "layers": LAYERS,
            "total": EXPERTS,
            "resident_per_layer": RESIDENT,
            "bytes_read": LAYERS * RESIDENT * SLOT_BYTES,
            "bytes_kept": 0,
            "coverage": 0.98,
            "coverage_min": 0.96,
            "reselections": 0,
            "replays": 0,
        },
        seconds={"load": 0.8, "select": 0.6, "prefill": 1.0, "first_token": 2.4, "total": 2.4 + seconds},
        tokens_per_second=made / seconds if seconds else 0.0,
        memory=MEMORY,
        selection=(),
    )
