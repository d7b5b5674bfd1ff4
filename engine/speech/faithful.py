"""Whether a cleaned-up text says what was dictated and nothing else. A pure decision over two texts.

It is strict on purpose: who is wrongly refused gets what they said, unpolished; who is wrongly let through gets words
that they never said. So every word of the cleaned text must have been said, in that order, and every word left out
must be a filler, a repetition, or what a person took back ("Wednesday, no, I mean Thursday"). Not only facts count:
"not" and "from" are words like any other. Fillers, contractions and numbers in words are English.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from difflib import SequenceMatcher

from engine.speech.numerals import ORDINALS, in_digits
from engine.speech.wording import FILLERS

_MAY_COME = {"a", "an", "the", "and"}
"""Words that a sentence may gain: they join, and claim nothing."""
_MAY_GO = {*_MAY_COME, *FILLERS, "so", "okay", "ok", "yeah", "basically"}
_MAY_BEGIN = {"well", "right", "now", "then"}
"""What may go where the text begins, and means something elsewhere."""
_SAID_OF_LIKING = {
    "i",
    "you",
    "we",
    "they",
    "would",
    "do",
    "does",
    "did",
    "not",
    "to",
    "is",
    "are",
    "was",
    "look",
    "'d",
}
"""After these "like" is no filler."""
_PHRASES_MAY_GO = (("you", "know"), ("kind", "of"), ("sort", "of"))
_TAKES_BACK = (
    ("no", "wait", "i", "mean"),
    ("no", "i", "mean"),
    ("sorry", "i", "mean"),
    ("wait", "i", "mean"),
    ("no", "wait"),
    ("wait", "no"),
    ("no", "sorry"),
    ("sorry", "no"),
    ("no", "actually"),
    ("actually", "no"),
    ("scratch", "that"),
    ("strike", "that"),
    ("or", "rather"),
    ("make", "that"),
    ("i", "mean"),
)
_NO_CUE_AFTER = {"what", "you", "that", "know", "is", "not", "do", "if", "how", "things", "thing", "and"}
""" "what I mean" takes nothing back."""
_MOST_TAKEN_BACK = 14
"""Words that one correction may take back, its own included."""
_MARKER = re.compile(r"^[ \t]*(?:\d{1,2}[.)]|[-*\u2022])[ \t]+", re.MULTILINE)
_CONTRACTIONS = {
    "can't": "can not",
    "cannot": "can not",
    "won't": "will not",
    "shan't": "shall not",
    "let's": "let us",
    "gonna": "going to",
    "wanna": "want to",
    "gotta": "got to",
} | {f"{word}'s": f"{word} is" for word in ["it", "that", "what", "he", "she", "there", "here", "who", "where", "how"]}
_ENDINGS = {"n't": " not", "'re": " are", "'ll": " will", "'ve": " have", "'m": " am"}
_SIGNS = {
    "%": " percent ",
    "&": " and ",
    "+": " plus ",
    "\u2019": "'",
    "-": " ",
    "\u2013": " ",
    "\u2014": " ",
    "/": " ",
}
_MONEY = re.compile(r"([$\u20ac\u00a3])\s*(\d[\d,.]*\d|\d)")
_CURRENCIES = {"$": "dollars", "\u20ac": "euros", "\u00a3": "pounds"}
_WORD = re.compile(r"\d[\d,]*(?:\.\d+)?(?:st|nd|rd|th)?|[^\W\d_]+(?:'[^\W\d_]+)*")
_DOTTED = re.compile(r"\b(?:[a-z]\.){2,}")


def why_not(raw: str, cleaned: str) -> str:
    """What speaks against writing `cleaned` where `raw` was said, for people; empty: nothing."""
    said, written = _words(raw), _words(_MARKER.sub("", cleaned))
    if said and not written:
        return "nothing was left of it"
    against = _against(in_digits(said), in_digits(written))
    if against and len(_MARKER.findall(cleaned)) > 1:  # a list: its numbers may stand for "first", "second"
        return _against(in_digits(_uncounted(said)), in_digits(written)) and against
    return against


def _against(said: Sequence[str], written: Sequence[str]) -> str:
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, said, written, autojunk=False).get_opcodes():
        gone, come = said[i1:i2], written[j1:j2]
        if tag == "equal" or _same(gone, come):
            continue
        if added := [word for word in come if word not in _MAY_COME]:
            return f"\u201c{' '.join(added)}\u201d was never said"
        if lost := _lost(said, i1, i2):
            return f"\u201c{' '.join(lost)}\u201d would be lost"
    return ""


def _same(gone: Sequence[str], come: Sequence[str]) -> bool:
    """The same letters with other spaces: "e mail" and "email", "20 26" and "2026"."""
    return bool(come) and "".join(word for word in gone if word not in FILLERS) == "".join(come)


def _lost(said: Sequence[str], begin: int, end: int) -> Sequence[str]:
    """Of the words from begin to end, which are missing in the cleaned text, those that it may not leave out."""
    if _taken_back(said, begin, end) or _repeated(said, begin, end):
        return ()
    return [said[at] for at in range(begin, end) if not _may_go(said, at)]


def _may_go(said: Sequence[str], at: int) -> bool:
    word = said[at]
    if word == "like":
        return at > 0 and said[at - 1] not in _SAID_OF_LIKING
    in_phrase = any(
        tuple(said[at - place : at - place + len(phrase)]) == phrase
        for phrase in _PHRASES_MAY_GO
        for place in range(min(len(phrase), at + 1))
    )
    return word in _MAY_GO or in_phrase or (word in _MAY_BEGIN and at == 0)


def _taken_back(said: Sequence[str], begin: int, end: int) -> bool:
    """What was taken back, then a cue. What is said instead follows, and must stay.

    "on Wednesday no wait on Thursday" may lose "Wednesday no wait on" as well as "on Wednesday no wait": after the cue
    only what stands before the gap, too.
    """
    gone = [word for word in said[begin:end] if word not in FILLERS]
    if len(gone) > _MOST_TAKEN_BACK:
        return False
    for cue in _TAKES_BACK:
        for at in range(len(gone) - len(cue) + 1):
            after = gone[at + len(cue) :]
            before = list(said[max(0, begin - len(after)) : begin]) if after else []
            if tuple(gone[at : at + len(cue)]) == cue and (at or after) and after == before:
                word = gone[at - 1] if at else said[begin - 1]
                return cue != ("i", "mean") or word not in _NO_CUE_AFTER
    return False


def _repeated(said: Sequence[str], begin: int, end: int) -> bool:
    """The same words stand right before or right after."""
    length = end - begin
    gone = list(said[begin:end])
    return gone in (list(said[end : end + length]), list(said[max(0, begin - length) : begin]))


def _uncounted(said: Sequence[str]) -> list[str]:
    """Without what counts the points of a list: "first", "secondly", "number three"."""
    kept: list[str] = []
    for at, word in enumerate(said):
        counts = word.removesuffix("ly") in ORDINALS or word in {"lastly", "finally", "next"}
        if not counts and not (at and said[at - 1] == "number") and word != "number":
            kept.append(word)
    return kept


def _words(text: str) -> list[str]:
    """As they are compared: no case, no marks, contractions in full."""
    plain = unicodedata.normalize("NFKC", text)
    plain = _MONEY.sub(lambda found: f"{found[2]} {_CURRENCIES[found[1]]}", plain.casefold())
    plain = _DOTTED.sub(lambda found: found[0].replace(".", ""), plain)
    for sign, written in _SIGNS.items():
        plain = plain.replace(sign, written)
    return [part for word in _WORD.findall(plain) for part in _in_full(word).split()]


def _in_full(word: str) -> str:
    if word in _CONTRACTIONS:
        return _CONTRACTIONS[word]
    for ending, full in _ENDINGS.items():
        if word.endswith(ending):
            return word.removesuffix(ending) + full
    return word
