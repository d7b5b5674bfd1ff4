"""`cadre transcribe --clean-up`: passage after passage to a language model, and what is to be said of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.cli.session import EngineBug, Interrupt, interrupts
from engine import messages as m
from engine.errors import Cancelled, KnownError
from engine.link import Engine
from engine.models.catalogue import installed
from engine.speech import captions
from engine.speech.cleanup import asking, capable, passages

_TICK = 0.2


@dataclass(frozen=True)
class Cleaned:
    """text: a paragraph for each passage. note: how many of them were polished, and why one was not."""

    text: str
    note: str


def chosen(model: str | None, kind: str) -> str:
    """What the engine is given.

    Raises:
        KnownError: captions were asked for, whose words keep their times; or there is no model that could.
    """
    if kind not in {"txt", "json"}:
        raise KnownError(f"A clean-up has no times, which {kind} needs.", "Leave out --clean-up or --format.")
    if model:
        asking(m.CleanUp("", model, "words"))  # refuses the demonstration before anything is written down
        return model
    able = capable(installed())
    if not able:
        raise KnownError(
            "No model is installed that could clean up text.",
            "Download one, `cadre pull REPO`, or leave out --clean-up.",
        )
    return str(able[0].path)


def clean(engine: Engine, model: str, words: Sequence[m.SpokenWord], spelling: tuple[str, ...]) -> Cleaned:
    """Raises KnownError, EngineBug, Cancelled."""
    texts, refused = [], []
    with interrupts() as interrupt:
        for number, passage in enumerate(passages(words)):
            command = m.CleanUp(f"clean-up {number}", model, captions.text(passage).strip(), spelling)
            engine.send(command)
            done = _ended(engine, command, interrupt)
            texts.append(done.text)
            refused += [done.why] if done.why else []
    polished = len(texts) - len(refused)
    note = f"{polished} of {len(texts)} passages were cleaned up"
    return Cleaned(
        "\n\n".join(texts), f"{note}; one is as it was heard, because {refused[0]}." if refused else f"{note}."
    )


def _ended(engine: Engine, command: m.CleanUp, interrupt: Interrupt) -> m.CleanedUp:
    cancelled = False
    while True:
        if interrupt.asked and not cancelled:
            engine.send(m.Cancel(command.request))
            cancelled = True
        match engine.get(_TICK):
            case m.CleanedUp() as event:
                return event
            case m.Failed() if cancelled:
                raise Cancelled
            case m.Failed() as event:
                raise KnownError(event.sentence, event.next_step) if event.known else EngineBug(event.sentence)
            case m.EngineStopped() as event:
                raise KnownError(event.sentence or "The engine stopped.", "Try again.")
