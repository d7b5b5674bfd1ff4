"""An engine that acts: it gives the events of a plausible answer, as told, without a model. Test support."""

from __future__ import annotations

import queue
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from engine import messages as m

LAYERS, EXPERTS, RESIDENT, PICKED = 40, 128, 38, 8
SLOT = 1_600_000 * LAYERS
MEMORY = m.Memory(
    base=310_000_000,
    dense=1_150_000_000,
    banks=RESIDENT * SLOT,
    kv=220_000_000,
    activations=160_000_000,
    peak=4_180_000_000,
    promised=4_300_000_000,
    limit=11_000_000_000,
)


class ActingEngine:
    """Answers every question with `script(ask)`; what a test adds by `give` comes at once."""

    def __init__(self, script=None) -> None:
        self.asked: list[m.Ask] = []
        self.commands: list[m.Command] = []
        self.script = script
        self.closed = False
        self._events: queue.SimpleQueue[m.Event] = queue.SimpleQueue()

    def send(self, command: m.Command) -> None:
        self.commands.append(command)
        if isinstance(command, m.Ask):
            self.asked.append(command)
            if self.script is not None:
                self.give(*self.script(command))

    def give(self, *events: m.Event) -> None:
        for event in events:
            self._events.put(event)

    def get(self, timeout: float | None = None) -> m.Event | None:
        try:
            return self._events.get(timeout != 0, timeout)
        except queue.Empty:
            return None

    def close(self) -> None:
        self.closed = True
        self.give(m.EngineStopped())  # as the real ones do


def answering(text: str, finish: str = "stop"):
    """A script: the whole answer, a word at a time."""

    def script(ask: m.Ask) -> list[m.Event]:
        return [*opening(ask.request), *tokens(ask.request, pieces(text)), end(ask.request, text, finish)]

    return script


def pieces(text: str) -> list[str]:
    return [word + " " for word in text.split(" ")[:-1]] + text.split(" ")[-1:]


def opening(request: str, seed: int = 0) -> list[m.Event]:
    """Up to the first token."""
    chosen = selection(seed)
    reading = [
        m.ExpertsLoading(request, layer, int(chosen[layer, 0]), (layer + 1) * SLOT, LAYERS * SLOT)
        for layer in range(0, LAYERS, 4)
    ]
    return [
        m.ModelLoading(request, "Qwen3-30B-A3B", 1, 1),
        m.ModelLoaded(request, "Qwen3-30B-A3B", LAYERS, EXPERTS, PICKED, SLOT, 0.8),
        m.Classified(request, "question", 0.4, "2b", m.Mode.BALANCED, "question (“why”)"),
        m.Planned(request, m.Mode.BALANCED, "2b", 2_100_000_000, RESIDENT, MEMORY, "fits"),
        *reading,
        m.ExpertsSelected(request, chosen),
        m.ExpertsResident(request, np.sort(chosen, axis=1), 0, LAYERS * RESIDENT),
        m.Prefilled(request, 214, 0, 1.9),
    ]


def selection(seed: int = 0) -> m.Ids:
    """[LAYERS, RESIDENT], best first: a band of regulars and a scattered rest."""
    chance = np.random.default_rng(seed)
    weight = np.exp(-np.arange(EXPERTS) / 30)
    rows = [chance.choice(EXPERTS, RESIDENT, replace=False, p=weight / weight.sum()) for _ in range(LAYERS)]
    return np.array(rows, np.int16)


def tokens(request: str, words: Iterable[str], seed: int = 0) -> list[m.Event]:
    chance = np.random.default_rng(seed + 1)
    chosen = selection(seed)
    events: list[m.Event] = []
    for index, word in enumerate(words):
        used = np.stack([chance.choice(row, PICKED, replace=False) for row in chosen]).astype(np.int16)
        absent = np.full((LAYERS, PICKED), -1, np.int16)
        if index % 3 == 0:
            absent[chance.integers(LAYERS), 0] = chance.integers(EXPERTS)
        coverage = (0.96 + 0.04 * chance.random(LAYERS)).astype(np.float32)
        events.append(m.Token(request, word, index, coverage, used, absent))
    return events


def record(text: str, finish: str = "stop") -> m.Record:
    return m.Record(
        text=text,
        finish=finish,
        model="Qwen3-30B-A3B",
        mode=m.Mode.BALANCED,
        budget={"name": "2b", "active_parameters": 2_100_000_000, "k": PICKED},
        tokens={"prompt": 214, "generated": max(1, len(text.split()))},
        experts={
            "layers": LAYERS,
            "total": EXPERTS,
            "resident_per_layer": RESIDENT,
            "bytes_read": 2_100_000_000,
            "bytes_kept": 330_000_000,
            "coverage": 0.974,
            "coverage_min": 0.81,
            "reselections": 1,
            "replays": 2,
        },
        seconds={"load": 0.8, "select": 0.6, "prefill": 1.9, "first_token": 3.4, "total": 12.3},
        tokens_per_second=31.4,
        memory=MEMORY,
        selection=(),
    )


def end(request: str, text: str, finish: str = "stop") -> m.Finished:
    return m.Finished(request, replace(record(text, finish)))


def failure(request: str) -> m.Failed:
    return m.Failed(request, True, "The model needs 9.1 GB and this Mac can give 6.", "Choose a smaller budget.")
