"""Numbers said in words as digits, so that "twenty five" and "25" compare as the same. English; pure."""

from __future__ import annotations

from collections.abc import Sequence

_SMALL = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
ORDINALS = (
    "zeroth", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh",
    "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth",
)  # fmt: skip
_UNITS = {word: value for value, word in enumerate(_SMALL)} | {word: value for value, word in enumerate(ORDINALS)}
_DECADES = {word: 20 + 10 * at for at, word in enumerate(_TENS)} | {
    word.removesuffix("y") + "ieth": 20 + 10 * at for at, word in enumerate(_TENS)
}
_SCALES = {"thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
_HUNDRED = {"hundred", "hundredth"}
_ORDINAL_ENDS = ("st", "nd", "rd", "th")


def in_digits(words: Sequence[str]) -> list[str]:
    """Small words, as compared; runs that make one number become its digits ("3", "2.5"), all else stays.

    "twenty twenty six" are two numbers, 20 and 26: whoever compares joins them.
    """
    made: list[str] = []
    at = 0
    while at < len(words):
        value, length = _number(words, at)
        if length and at + length + 1 < len(words) and words[at + length] == "point":
            digits = _digits_from(words, at + length + 1)
            made.append(f"{value}.{''.join(digits)}" if digits else str(value))
            at += length + (1 + len(digits) if digits else 0)
        elif length:
            made.append(str(value))
            at += length
        else:
            made.append(_plain(words[at]))
            at += 1
    return made


def _plain(word: str) -> str:
    """3rd is 3, 1,000 is 1000."""
    bare = word.replace(",", "")
    if bare.endswith(_ORDINAL_ENDS) and bare[:-2].isdigit():
        return bare[:-2]
    return bare if bare.replace(".", "", 1).isdigit() else word


def _number(words: Sequence[str], at: int) -> tuple[int, int]:
    """Its value and how many words it takes; 0 words: none begins here."""
    total = current = 0
    begin, last = at, ""
    while at < len(words):
        word = words[at]
        if word in _UNITS and (
            last == "" or (last in {"hundred", "scale", "and"}) or (last == "tens" and _is_unit(word))
        ):
            current, last = current + _UNITS[word], "unit"
        elif word in _DECADES and last in {"", "hundred", "scale", "and"}:
            current, last = current + _DECADES[word], "tens"
        elif word in _HUNDRED and last in {"unit", "tens"} and current % 100:
            current, last = current * 100, "hundred"
        elif word in _SCALES and last in {"unit", "tens", "hundred"}:
            total, current, last = total + current * _SCALES[word], 0, "scale"
        elif word == "and" and last in {"hundred", "scale"} and _goes_on(words, at + 1):
            last = "and"
        else:
            break
        at += 1
    return total + current, at - begin


def _is_unit(word: str) -> bool:
    return 1 <= _UNITS[word] <= 9


def _goes_on(words: Sequence[str], at: int) -> bool:
    return at < len(words) and (words[at] in _UNITS or words[at] in _DECADES)


def _digits_from(words: Sequence[str], at: int) -> list[str]:
    digits: list[str] = []
    while at < len(words) and words[at] in _UNITS and _UNITS[words[at]] < 10:
        digits.append(str(_UNITS[words[at]]))
        at += 1
    return digits
