"""What the built-in model answers on dialogues it has not seen, as Markdown (docs/transcripts.md).

`python -m engine.training.transcripts --dev F --out F`: the first dialogues of the file; of each the first turns of the
person, to which the model gives its own answers, greedy, in fast mode with a quarter of the experts in memory.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

from engine import messages as m
from engine.errors import KnownError
from engine.link import ThreadEngine
from engine.models.folders import BUILTIN
from engine.training.dialogues import Dialogue, read_dialogues

DIALOGUES, TURNS, SHARE = 20, 3, 0.25
_MOST = 80
_HEAD = f"""# What the built-in model says

The first {DIALOGUES} dialogues of the dev set, which it was not trained on. Of each the person's first {TURNS} turns;
the model's own answers, greedy, fast mode, {SHARE:.0%} of the experts in memory. Nothing is chosen or mended. Made by
`python -m engine.training.transcripts --dev sgd_dev.txt --out docs/transcripts.md`.
"""
_SPECIFIC = re.compile(r"(?<=[a-z,] )[A-Z][a-z]{2,}|\b\d{1,2}:\d\d\b")
"""Names, by their capital within a sentence, and times."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dev", type=Path, required=True, help="dialogues the model was not trained on")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--model", default=BUILTIN)
    given = parser.parse_args()
    engine = ThreadEngine()
    parts: list[str] = []
    said_before = specific = 0
    try:
        for number, dialogue in enumerate(read_dialogues(given.dev)[:DIALOGUES], 1):
            parts.append(f"## {number}\n")
            person = ""
            for said, record in _talk(engine, given.model, dialogue, number):
                parts.append(_turn(said, record))
                person += f" {said}"
                heard, of = heard_of(record.text, person)
                said_before, specific = said_before + heard, specific + of
    finally:
        engine.close()
    told = f"Of {specific} names and times in its answers the person had said {said_before}; the others are made up.\n"
    given.out.write_text("\n".join([_HEAD, told, *parts]), encoding="utf-8")


def heard_of(answer: str, person: str) -> tuple[int, int]:
    """How many of the answer's names and times the person had said, and how many there are."""
    found = _SPECIFIC.findall(answer)
    return sum(one.lower() in person.lower() for one in found), len(found)


def _turn(said: str, record: m.Record) -> str:
    coverage, read = record.experts["coverage"], record.experts["bytes_read"] / 1e6
    return f"**User:** {said}\n\n**Model:** {record.text}\n\n<sub>coverage {coverage:.0%}, {read:.1f} MB read</sub>\n"


def _talk(engine: ThreadEngine, model: str, dialogue: Dialogue, number: int) -> Iterator[tuple[str, m.Record]]:
    turns: tuple[m.Turn, ...] = ()
    for at, said in enumerate([turn.text for turn in dialogue if turn.role == "user"][:TURNS]):
        turns = (*turns, m.Turn("user", said))
        ask = m.Ask(
            f"{number}.{at}",
            model,
            turns,
            mode=m.Mode.FAST,
            experts=SHARE,
            max_tokens=_MOST,
            conversation=str(number),
        )
        record = _answer(engine, ask)
        turns = (*turns, m.Turn("assistant", record.text))
        yield said, record


def _answer(engine: ThreadEngine, ask: m.Ask) -> m.Record:
    engine.send(ask)
    while True:
        match engine.get():
            case m.Finished(_, record):
                return record
            case m.Failed(_, _, sentence, next_step):
                raise KnownError(sentence, next_step)


if __name__ == "__main__":
    main()
