"""The requests of a day: chat turns, commands, clean-ups, mathematics, code and attachments, drawn by a seed. Pure.

They come from the requests in the repository and, where a folder is given, from the public prompt sets that the
classifier learns from (training/difficulty/prompts.py). Knows no engine.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from engine.budget.request import UseCase
from engine.messages import Attachment, Priority
from engine.models.places import resources
from engine.training.difficulty.prompts import Example, lines, own_requests, read

SHARES = {"chat": 30, "command": 20, "clean-up": 15, "mathematics": 12, "code": 10, "attachment": 13}
"""Of a day, in per cent: a judgement."""
TURNS = 3
"""Of a chat: the first and those that go on with it."""
LONGEST = 1200
"""Characters of a text that is drawn: small models hold a thousand tokens."""
_LONG_INPUT = 120
"""Characters from which what an instruction is to be done with counts as attached to it."""


@dataclass(frozen=True)
class Request:
    """One request. chat: of which it is a turn; empty when it stands alone."""

    kind: str
    text: str
    priority: Priority = Priority.CHAT
    attachments: tuple[Attachment, ...] = ()
    chat: str = ""


def drawn(folder: Path | None, count: int, seed: int) -> list[Request]:
    """`count` requests, in an order that the seed decides; the turns of a chat follow one another.

    folder: of the public prompts, None for those in the repository only. A kind that runs out leaves its share to the
    others.
    """
    chance = random.Random(seed)
    heaps = _heaps(folder)
    for heap in heaps.values():
        chance.shuffle(heap)
    going_on = [row["text"] for row in _rows() if row["kind"] == "next"]
    blocks: list[list[Request]] = []
    while sum(map(len, blocks)) < count and any(heaps.values()):
        kind = _most_wanted(blocks, heaps)
        first = heaps[kind].pop()
        blocks.append(
            _chat(first, f"chat-{len(blocks)}", chance.sample(going_on, TURNS - 1)) if kind == "chat" else [first]
        )
    chance.shuffle(blocks)
    return [request for block in blocks for request in block][:count]


def _most_wanted(blocks: Sequence[Sequence[Request]], heaps: dict[str, list[Request]]) -> str:
    """The kind that is farthest below its share."""
    have = dict.fromkeys(SHARES, 0)
    for block in blocks:
        have[block[0].kind] += len(block)
    return min((kind for kind in SHARES if heaps[kind]), key=lambda kind: have[kind] / SHARES[kind])


def _chat(first: Request, name: str, going_on: Sequence[str]) -> list[Request]:
    return [replace(first, chat=name), *(Request("chat", text, chat=name) for text in going_on)]


def _heaps(folder: Path | None) -> dict[str, list[Request]]:
    heaps: dict[str, list[Request]] = {kind: [] for kind in SHARES}
    for request in [*map(_written, _rows()), *map(_example, _examples(folder)), *_with_inputs(folder)]:
        if request is not None and len(request.text) <= LONGEST:
            heaps[request.kind].append(request)
    return heaps


_KIND_OF = {
    UseCase.COMMAND: "command",
    UseCase.MATHEMATICS: "mathematics",
    UseCase.CODE: "code",
}


def _example(example: Example) -> Request:
    return Request(_KIND_OF.get(example.use_case, "chat"), example.text)


def _written(row: dict[str, str]) -> Request | None:
    match row["kind"]:
        case "dictated":
            return _clean_up(row["text"])
        case "attached":
            return _attached(row["text"], row["document"], Attachment(row["what"]))
        case "command":
            return Request("command", row["text"])
    return None


def _clean_up(said: str) -> Request:
    return Request("clean-up", f"Clean up this dictation: {said}", Priority.DICTATION)


def _attached(text: str, document: str, what: Attachment = Attachment.DOCUMENT) -> Request:
    return Request("attachment", f"{document}\n\n{text}", attachments=(what,))


def _rows() -> list[dict[str, str]]:
    return list(lines(resources() / "day" / "requests.jsonl"))


def _examples(folder: Path | None) -> list[Example]:
    here = resources() / "difficulty"
    mine = [*own_requests(here / "examples.jsonl"), *own_requests(here / "requests.jsonl")]
    if folder is None:
        return mine
    exams = [example for example in read(folder, here) if example.source != "own"]
    return list({example.text: example for example in [*mine, *exams]}.values())


def _with_inputs(folder: Path | None) -> list[Request]:
    """Instructions with a text of some length: it is what would be attached; and said, what would be cleaned up."""
    if folder is None:
        return []
    found = []
    for name in ("user_oriented_instructions", "seed_tasks"):
        for row in lines(folder / f"{name}.jsonl"):
            given = row["instances"][0]["input"]
            if len(given) >= _LONG_INPUT:
                found += [_attached(row["instruction"], given), _clean_up(" ".join(given.lower().split()))]
    return found
