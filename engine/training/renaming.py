"""Dialogues with other names and times in them, so that the only way to say them right is to copy them.

In a corpus the same few cities and services come back in thousands of dialogues: a small model learns those by heart
and puts them where a person's own belong. Here what a dialogue says more than once is exchanged throughout it for
something made up. And echoes: a list said back, which is copying and nothing else. Knows no model.
"""

from __future__ import annotations

import calendar
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from engine.training.dialogues import Dialogue, Turn

_WORD = re.compile(r"[A-Za-z]{3,}")
_WITHIN = re.compile(r"(?<=[a-z,] )[A-Za-z]{3,}")
_TIME = re.compile(r"\b\d{1,2}:\d\d\b")
_PHONE = re.compile(r"\b\d{3}-\d{3}-\d{4}\b")
_DATES = frozenset([*calendar.month_name, *calendar.day_name])
_NAME_SHARE = 0.9
_MADE_UP = 0.5
_ONSETS = (*"bcdfghjklmnprstvwz", "br", "ch", "cl", "dr", "gr", "kr", "sh", "st", "th", "tr")
_VOWELS = (*"aeiouaeiou", "ai", "ee", "ie", "ou")
_CODAS = ("", "", "", *"lnrst", "nd", "ck")
_ASKED = ("Please repeat: {}.", "Say this back to me: {}.", "Can you repeat {}?", "Repeat after me: {}.")


@dataclass(frozen=True)
class Names:
    """words: those written with a capital nearly always, also within a sentence."""

    words: tuple[str, ...]

    @classmethod
    def of(cls, dialogues: Iterable[Dialogue]) -> Names:
        seen = Counter(w for d in dialogues for t in d for w in _WITHIN.findall(t.text))
        every: Counter[str] = Counter()
        for word, times in seen.items():
            every[word.lower()] += times
        named = (w for w, n in seen.items() if w.istitle() and n >= _NAME_SHARE * every[w.lower()])
        return cls(tuple(sorted(w for w in named if w not in _DATES)))

    def another(self, random: np.random.Generator) -> str:
        """One of the words, or one made up of syllables."""
        if not self.words or random.random() < _MADE_UP:
            return _syllables(random)
        return self.words[int(random.integers(len(self.words)))]


def renamed(dialogue: Dialogue, names: Names, random: np.random.Generator) -> Dialogue:
    """What occurs in more than one turn, exchanged for the same other thing in all of them."""
    known = frozenset(names.words)
    ways: tuple[tuple[re.Pattern[str], Callable[[str], bool], Callable[[], str]], ...] = (
        (_WORD, known.__contains__, lambda: names.another(random)),
        (_TIME, lambda _: True, lambda: _time(random)),
        (_PHONE, lambda _: True, lambda: _phone(random)),
    )
    for pattern, fits, another in ways:
        turns = Counter(w for t in dialogue for w in dict.fromkeys(pattern.findall(t.text)) if fits(w))
        others = {word: another() for word, times in turns.items() if times > 1}
        if others:
            dialogue = tuple(Turn(t.role, pattern.sub(lambda m: others.get(m[0], m[0]), t.text)) for t in dialogue)  # noqa: B023 -- used at once
    return dialogue


def echo(names: Names, random: np.random.Generator) -> Dialogue:
    """A list of names and times, and the list said back."""
    makers = (
        lambda: names.another(random),
        lambda: f"{names.another(random)} {names.another(random)}",
        lambda: _time(random),
        lambda: _phone(random),
    )
    things = [makers[int(random.choice(4, p=(0.4, 0.4, 0.1, 0.1)))]() for _ in range(int(random.integers(2, 9)))]
    listed = ", ".join(things)
    asked = _ASKED[int(random.integers(len(_ASKED)))].format(listed)
    return Turn("user", asked), Turn("assistant", f"{listed}.")


def varied(dialogues: Sequence[Dialogue], share: float, echoes: float, seed: int) -> list[Dialogue]:
    """`dialogues`, `share` of them renamed, and `echoes` times as many echoes as there are dialogues."""
    random = np.random.default_rng([seed, 2])
    names = Names.of(dialogues)
    found = [renamed(d, names, random) if random.random() < share else d for d in dialogues]
    return found + [echo(names, random) for _ in range(int(echoes * len(dialogues)))]


def _syllables(random: np.random.Generator) -> str:
    def one(parts: Sequence[str]) -> str:
        return parts[int(random.integers(len(parts)))]

    return "".join(one(_ONSETS) + one(_VOWELS) + one(_CODAS) for _ in range(int(random.integers(1, 3)))).capitalize()


def _time(random: np.random.Generator) -> str:
    return f"{random.integers(1, 13)}:{5 * random.integers(12):02d}"


def _phone(random: np.random.Generator) -> str:
    return f"{random.integers(200, 1000)}-{random.integers(200, 1000)}-{random.integers(10000):04d}"
