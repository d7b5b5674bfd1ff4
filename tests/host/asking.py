"""Puts questions to an engine and gathers what it tells, and what plain mlx-lm would have answered. Test support."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from mlx_lm.tokenizer_utils import load as load_tokenizer

from engine import messages as m
from engine.link import Engine
from tests import reference

PATIENCE = 60.0  # seconds until a silent engine fails the test
UNFINISHED = "\ufffd"
LONG = "One, two, three, four, five: the numbers are counted from one to ten. " * 6  # past every tiny window
QUESTION = "Which experts does this prompt need?"

_numbers = itertools.count()
E = TypeVar("E", bound=m.Event)


def ask(model: Path | str, text: str = QUESTION, **options: Any) -> m.Ask:
    """A question with a name of its own; `turns` in the options replaces the text."""
    turns = options.pop("turns", (m.Turn("user", text),))
    defaults: dict[str, Any] = {"mode": m.Mode.EXACT, "experts": 0.5, "max_tokens": 24}
    return m.Ask(options.pop("request", f"r{next(_numbers)}"), str(model), turns, **defaults | options)


@dataclass
class Heard:
    """The events of some requests, in order."""

    events: list[m.Event] = field(default_factory=list)

    def of(self, kind: type[E], request: str | None = None) -> list[E]:
        return [e for e in self.events if isinstance(e, kind) and request in (None, getattr(e, "request", None))]

    def end(self, request: str) -> m.Finished | m.Failed | None:
        ends = [e for e in self.events if isinstance(e, m.Finished | m.Failed) and e.request == request]
        assert len(ends) <= 1, "a request ended twice"
        return ends[0] if ends else None

    def record(self, request: str) -> m.Record:
        end = self.end(request)
        assert isinstance(end, m.Finished), end
        return end.record

    def failed(self, request: str) -> m.Failed:
        end = self.end(request)
        assert isinstance(end, m.Failed), end
        return end


def listen(engine: Engine, until: Callable[[Heard], object], heard: Heard | None = None) -> Heard:
    heard = heard if heard is not None else Heard()
    while not until(heard):
        event = engine.get(PATIENCE)
        assert event is not None, f"the engine fell silent after {heard.events[-1:]}"
        heard.events.append(event)
    return heard


def send(engine: Engine, *commands: m.Command) -> Heard:
    """Send, and listen until every request among the commands has ended."""
    for command in commands:
        engine.send(command)
    return all_ended(engine, [c.request for c in commands if isinstance(c, m.Ask)])


def all_ended(engine: Engine, requests: Sequence[str], heard: Heard | None = None) -> Heard:
    return listen(engine, lambda h: all(h.end(request) for request in requests), heard)


def answer(engine: Engine, question: m.Ask) -> m.Record:
    return send(engine, question).record(question.request)


def forget(engine: Engine, home: Path) -> None:
    """As on the first day: no model open, nothing known of experts' popularity."""
    engine.send(m.Unload())
    for record in (home / "records").glob("*"):
        record.unlink()


def streamed(heard: Heard, request: str) -> str:
    return "".join(token.text for token in heard.of(m.Token, request))


# --- what it should be ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Expected:
    """mlx-lm's greedy answer; generated counts the token that ended it."""

    text: str
    generated: int
    prompt: int


@cache
def expected(model: Path, turns: tuple[m.Turn, ...], n: int) -> Expected:
    tokenizer: Any = load_tokenizer(model)
    messages = [{"role": t.role, "content": t.content} for t in turns]
    prompt = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=True, return_dict=False)
    tokens = reference.greedy(model, prompt, n)
    detokenizer = tokenizer.detokenizer
    ended = next((at for at, token in enumerate(tokens) if token in tokenizer.eos_token_ids), n)
    for token in tokens[:ended]:
        detokenizer.add_token(token)
    detokenizer.finalize()
    return Expected(detokenizer.text, min(ended + 1, n), len(prompt))


def assert_right(record: m.Record, question: m.Ask) -> None:
    """What mlx-lm answers with the whole model in memory."""
    right = expected(Path(question.model), question.turns, question.max_tokens)
    assert record.text.rstrip(UNFINISHED) == right.text.rstrip(UNFINISHED)  # bytes of a character that never came
    assert record.tokens["generated"] == right.generated
    assert record.tokens["prompt"] == right.prompt
