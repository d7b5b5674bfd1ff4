"""What the monitor costs the answer: its speed with the monitor open and closed, in turns.

The answer comes from a process that does a fixed amount of arithmetic before each token, on one thread, and measures
its own speed. On a Mac the GPU does the arithmetic and the engine has a processor of its own; where every processor is
at work, the share of one that the interface takes more tells what is lost. Interface thread.
"""

from __future__ import annotations

import time
from statistics import median

from app.lab.bench import writing
from app.lab.bench.figures import Figure
from app.lab.bench.scripted import Script, ScriptedEngine
from app.lab.bench.stage import desktop, wait_for
from app.window.start import Desktop

GOAL = 0.02
WORK = 40
"""Passes before each token: some 20 to 40 ms, a fast answer on a Mac."""


def measure(rounds: int, tokens: int, work: int = WORK) -> Figure:
    """A take is a round's pair of answers: the share of its speed that the one with the monitor lost.

    Raises:
        KnownError: an answer did not come.
    """
    script = Script(writing.answer(tokens), tokens, work=work)
    lost, more = [], []
    with desktop(lambda: ScriptedEngine(script)) as app:
        _answer(app, opened=False)
        for number in range(rounds):
            order = (True, False) if number % 2 == 0 else (False, True)
            found = {opened: _answer(app, opened=opened) for opened in order}
            (with_it, share), (without, share_without) = found[True], found[False]
            lost.append(1 - with_it / without)
            more.append(share - share_without)
    return Figure(
        "What the monitor costs the answer, share of its speed",
        "share",
        GOAL,
        tuple(lost),
        judged="median",
        details=(("tokens", tokens), ("processor_share", median(more))),
    )


def _answer(app: Desktop, *, opened: bool) -> tuple[float, float]:
    """Tokens per second as the process measured them, and the share of one processor that this one took."""
    if app.window.monitor.isVisible() is not opened:
        app.window.toggle_monitor()
    app.window.new_chat()
    app.window.conversation.send("Write something.")
    chat = app.window.conversation.chat
    assert chat is not None
    began, busy = time.perf_counter(), time.process_time()
    wait_for(app.answers.ended)
    share = (time.process_time() - busy) / (time.perf_counter() - began)
    record = app.store.tree.path(chat)[-1].message.record
    assert record is not None
    return record["tokens_per_second"], share
