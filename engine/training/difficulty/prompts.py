"""The prompts the classifier learns from, as examples with a use case and, where known, how often a weak model fails.

Reads RouteLLM's difficulty.jsonl (GSM8K, MMLU, MATH), CLINC150, self-instruct and IFEval from one folder, and the
examples and labels that come with Cadre. What belongs to the form of an exam is taken away.
"""

from __future__ import annotations

import json
import re
import tomllib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.budget.request import UseCase

FAILS_AT_LEVEL = {1: 0.35, 2: 0.5, 3: 0.65, 4: 0.8, 5: 0.9}
"""MATH tells levels and not who fails: about how often models of the weak one's size fail at each, a judgement."""
EVERYDAY = 0.05
"""How often the weak model fails at what people ask a voice assistant: a judgement, nobody measured it."""

_OPTIONS = re.compile(r"\n\s*\(?A[.)]\s.*", re.DOTALL)
_EXAM = re.compile(
    r"^Question:\s*|\s*Answer:\s*$|\bof the following\b|\b(?:as )?(?:shown|given) below\b|_{3,}", re.IGNORECASE
)


@dataclass(frozen=True)
class Example:
    """fails: the share with which the weak model fails, None where nobody knows. level: of MATH, 1 to 5."""

    text: str
    source: str
    use_case: UseCase
    fails: float | None = None
    level: int | None = None

    @property
    def held_out(self) -> bool:
        """One in five, by the text alone, so that the same text is never on both sides."""
        return zlib.crc32(self.text.encode()) % 5 == 0


def read(folder: Path, own: Path) -> list[Example]:
    """folder: the prompts. own: Cadre's resources/difficulty. Each text once."""
    labels = tomllib.loads((own / "labels.toml").read_text(encoding="utf-8"))
    found = [
        *_exams(folder / "difficulty.jsonl", labels["mmlu"]),
        *_assistant(folder / "clinc150" / "data_full.json", labels["clinc150"]),
        *_instructions(folder, labels),
        *own_requests(own / "examples.jsonl"),
    ]
    return list({example.text: example for example in found if example.text}.values())


def plain(text: str) -> str:
    """Without the list of options and other words of exams."""
    return " ".join(_EXAM.sub(" ", _OPTIONS.sub("", text)).split())


def lines(file: Path) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8") as opened:
        yield from (json.loads(line) for line in opened)


def _exams(file: Path, subjects: dict[str, list[str]]) -> Iterator[Example]:
    use_case_of = {subject: UseCase(case) for case, named in subjects.items() for subject in named}
    for row in lines(file):
        source = row["source"].removeprefix("routellm/")
        if level := row.get("level"):
            yield Example(plain(row["prompt"]), "math", UseCase.MATHEMATICS, FAILS_AT_LEVEL[level], level)
        else:
            case = UseCase.MATHEMATICS if source == "gsm8k" else UseCase.QUESTION
            case = use_case_of.get(source.removeprefix("mmlu_"), case)
            yield Example(plain(row["prompt"]), source, case, float(not row["weak_correct"]))


def _assistant(file: Path, intents: dict[str, list[str]]) -> Iterator[Example]:
    use_case_of = {intent: UseCase(case) for case, named in intents.items() for intent in named}
    data = json.loads(file.read_text(encoding="utf-8"))
    for text, intent in (row for part in sorted(data) for row in data[part]):
        case = use_case_of.get(intent, UseCase.QUESTION)
        known = case in (UseCase.QUESTION, UseCase.MATHEMATICS)
        yield Example(text, "clinc150", case, EVERYDAY if known else None)


def _instructions(folder: Path, labels: dict[str, dict[str, list[int]]]) -> Iterator[Example]:
    for name in ("user_oriented_instructions", "seed_tasks", "ifeval"):
        use_case_of = {number: UseCase(case) for case, numbers in labels[name].items() for number in numbers}
        for number, row in enumerate(lines(folder / f"{name}.jsonl")):
            case = use_case_of.get(number, UseCase.WRITING)
            for text in _texts(row):
                yield Example(text, "instructions", case)


def _texts(row: dict[str, Any]) -> Iterator[str]:
    if "prompt" in row:
        yield row["prompt"]
    else:
        yield f"{row['instruction']}\n{row['instances'][0]['input']}".strip()


def own_requests(file: Path) -> Iterator[Example]:
    """Requests that come with Cadre."""
    for row in lines(file):
        yield Example(row["text"], "own", UseCase(row["use_case"]))
