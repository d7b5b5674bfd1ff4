"""How hard a request is, what it is for, and why it seems so. Pure but for the weights that are read once.

Attachments, entry point and length decide by rule; words by the classifier. The difficulty of questions,
mathematics and half of that of reasoning is the probability that a weak model fails. Nobody measured that for
the other use cases: theirs is a level per use case, a judgement, and what the request demands on top.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import log2

import numpy as np

from engine.budget.classifier import CASES, FAILS, Classifier, Floats, Reading, shipped
from engine.budget.counted import COUNTED
from engine.budget.request import Entry, Request, UseCase
from engine.messages import Attachment

MIDDLE = 0.33
"""Of what cannot be judged: in the middle grade of the presets, and of most requests."""
FAMILIAR = 0.6
"""With fewer of its words known from training, a text is not judged by them."""
LONG = 6000
"""Characters from which a text is a long document, about 1,500 tokens."""
SHORT = 6
"""Words up to which a later turn is taken to go on with the one before it."""

LEVEL = {
    UseCase.DICTATION: 0.1,
    UseCase.SMALL_TALK: 0.05,
    UseCase.COMMAND: 0.1,
    UseCase.WRITING: 0.25,
    UseCase.CODE: 0.35,
    UseCase.REASONING: 0.5,
    UseCase.LONG_DOCUMENT: 0.5,
    UseCase.IMAGE: 0.45,
    UseCase.AUDIO: 0.3,
}
"""Where nothing is demanded beyond the ordinary."""
DEMANDS = {"proof": (0.3, 1), "comparison": (0.1, 1), "reasons": (0.05, 2), "constraints": (0.05, 6)}
"""What each adds to the difficulty, and how often it is counted."""

USUAL = 0.35
"""About the share of the training prompts at which the weak model fails: more is hard, less is easy."""

GUESSED_WRONG = 0.75
"""MMLU offers four options: who does not know fails in three of four cases only."""
WORDY = 16
"""Words from which each doubling adds WORDS_ADD, WORDS_MOST at most, where the classifier's level does not know."""
WORDS_ADD, WORDS_MOST = 0.05, 0.25

_LEARNED = (UseCase.QUESTION, UseCase.MATHEMATICS, UseCase.REASONING)
_ATTACHED = {
    Attachment.IMAGE: UseCase.IMAGE,
    Attachment.AUDIO: UseCase.AUDIO,
    Attachment.DOCUMENT: UseCase.LONG_DOCUMENT,
}
_NAMES = list(COUNTED)


@dataclass(frozen=True)
class Difficulty:
    """score: 0 to 1. reason: plain words, such as "mathematics (“primes”); asks for a proof; 3 constraints"."""

    use_case: UseCase
    score: float
    reason: str


def difficulty(request: Request, classifier: Classifier | None = None) -> Difficulty:
    """What is known for certain decides before what is guessed from words."""
    read = (classifier or shipped()).read
    if (ruled := _ruled(request)) is not None:
        case, why = ruled
        return _demanding(case, LEVEL[case], [why], read(request.text))
    judged = _judged(read(request.text))
    if request.earlier and _goes_on(request.text, judged):
        before = _judged(read(request.earlier[-1]))
        judged = replace(max(judged, before, key=lambda d: d.score), use_case=before.use_case)
        judged = replace(judged, reason=f"goes on with {judged.reason}")
    if request.entry is Entry.QUICK_PROMPT:
        return replace(judged, use_case=UseCase.QUICK_PROMPT)
    return judged


def _ruled(request: Request) -> tuple[UseCase, str] | None:
    """The use case and why, where no words are needed to tell."""
    for attachment in request.attachments:
        return _ATTACHED[attachment], f"{attachment} attached"
    if request.entry is Entry.DICTATION:
        return UseCase.DICTATION, "dictated"
    if len(request.text) > LONG:
        return UseCase.LONG_DOCUMENT, f"{len(request.text):,} characters"
    return None


def _goes_on(text: str, judged: Difficulty) -> bool:
    """Whether a later turn says too little by itself: "and why?" does, "thanks" is small talk of its own."""
    return len(text.split()) <= SHORT and judged.use_case not in (UseCase.SMALL_TALK, UseCase.COMMAND)


def _judged(reading: Reading) -> Difficulty:
    if (why := _unreadable(reading)) is not None:
        return Difficulty(UseCase.QUESTION, MIDDLE, f"{why}: taken as middling")
    case, fails = reading.case, reading.fails
    score = sum(float(share) * _base(each, fails) for each, share in zip(CASES, reading.shares, strict=True))
    column = CASES.index(case)
    telling = _strongest(reading, reading.parts[:, column] - reading.parts[:, :FAILS].mean(axis=1))
    reasons = [f"{case} ({telling})" if telling else str(case)]
    if case in _LEARNED and not any(_demands(case, reading)):
        sign = 1 if fails > USUAL else -1
        pushing = _strongest(reading, sign * reading.parts[:, FAILS])
        reasons += [f"{'harder' if sign > 0 else 'easier'} than most by {pushing}"] if pushing else []
    return _demanding(case, score, reasons, reading)


def _unreadable(reading: Reading) -> str | None:
    if not reading.found.indices.size:
        return "no words to judge by"
    is_code = reading.found.counts[_NAMES.index("code")] > 0  # names in code are nobody's words
    if reading.familiar is not None and reading.familiar < FAMILIAR and not is_code:
        return "mostly words it does not know"
    return None


def _strongest(reading: Reading, strengths: Floats) -> str:
    """The two parts of the text that decided most, as people would name them; empty when none did."""
    demanded = {COUNTED[name].one for name in DEMANDS}  # told by themselves
    best = [reading.names[i] for i in np.argsort(-strengths, kind="stable")[:6] if strengths[i] > 0.02]
    return ", ".join([name for name in best if name not in demanded][:2])


def _base(case: UseCase, fails: float) -> float:
    if case is UseCase.REASONING:
        return (LEVEL[case] + fails) / 2
    if case is UseCase.QUESTION:
        return min(fails / GUESSED_WRONG, 1.0)
    return LEVEL.get(case, fails)


def _demanding(case: UseCase, score: float, reasons: list[str], reading: Reading) -> Difficulty:
    """With what is demanded, counted on top."""
    for amount, words in _demands(case, reading):
        score += amount
        reasons.append(words)
    return Difficulty(case, round(min(max(score, 0.0), 1.0), 3), "; ".join(reasons))


def _demands(case: UseCase, reading: Reading) -> Iterator[tuple[float, str]]:
    words = int(reading.found.counts[_NAMES.index("words")])
    if words > WORDY and case not in (UseCase.QUESTION, UseCase.MATHEMATICS, UseCase.LONG_DOCUMENT):
        yield min(WORDS_ADD * log2(words / WORDY), WORDS_MOST), f"{words} words"
    for name, (each, most) in DEMANDS.items():
        if n := int(reading.found.counts[_NAMES.index(name)]):
            yield each * min(n, most), COUNTED[name].say(n)
