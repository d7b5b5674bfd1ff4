"""What can be counted in a text and named to a person: numbers, formulas, constraints, a proof asked for. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Counted:
    """one, many: how to say that it was found once, or {n} times; empty for what explains nothing to a person."""

    pattern: str
    one: str = ""
    many: str = ""

    def say(self, n: int) -> str:
        return self.one if n == 1 or not self.many else self.many.format(n=n)


COUNTED = {
    "words": Counted(r"[^\W\d_]{2,}"),
    "long words": Counted(r"[^\W\d_]{10,}", "a long word", "{n} long words"),
    "numbers": Counted(r"\d.*", "a number", "{n} numbers"),
    "sentences": Counted(r"[.!?](?=\s|$)"),
    "formulas": Counted(r"\\[a-z]+|[=^√∫∑≤≥]|\b[a-z]\([a-z]\)", "a formula", "formulas"),
    "code": Counted(
        r"```|[{};]\s*$|\w\(\)|=>|->|::|[=!]=|\w\.\w+\(|\bself\.|\bselect\b.*\bfrom\b"
        r"|\b(?:def|func|fn|function|class) \w+ ?[(:{]",
        "code",
    ),
    "programming": Counted(
        r"\b(?:python|java(?:script)?|typescript|rust|kotlin|swift|perl|php|ruby|html|css|sql|bash|shell|regex|git|docker"
        r"|npm|api|json|latex|code|script|program(?:ming)?|function|compiler?|debug|algorithm|array|database"
        r"|unit tests?|regular expression|react)\b|\bc\+\+|\b\w+error\b",
        "a word of programming",
        "words of programming",
    ),
    "writing": Counted(
        r"\b(?:(?:re)?write|draft|summari[sz]e|translate|proofread|paraphrase|compose|e-?mail|letter|poem|story|essay|title"
        r"|caption|slogan|blog|article|speech|tone)\b",
        "a word of writing",
        "words of writing",
    ),
    "proof": Counted(r"\b(?:prov(?:e|es|ing)|proofs?|show that|derive|disprove)\b", "asks for a proof"),
    "comparison": Counted(
        r"\b(?:compar\w+|differences?|differ|versus|vs|pros and cons|trade-?offs?|weigh|for and against)\b",
        "asks for a comparison",
    ),
    "reasons": Counted(r"\b(?:why|explain|how come|argue|justif\w+|reasons?)\b", "asks for reasons"),
    "conditions": Counted(
        r"\b(?:if|suppose|assum\w+|given|unless|whether|every|each|all)\b", "a condition", "{n} conditions"
    ),
    "weighing": Counted(
        r"\b(?:should (?:i|we|our|my)|who (?:is|was|won|did)|decide|conclude|follow(?:s|ed)? that|does it follow"
        r"|argument|valid|left of|right of|next to|opposite|likely cause|possible orders?)\b",
        "something to reason about",
        "much to reason about",
    ),
    "constraints": Counted(
        r"\b(?:(?:(?:at least|at most|exactly|about|under|no (?:more|less|fewer|longer) than) )?"
        r"(?:\d+|one|two|three|four|five|six|ten)[- ](?:words?|sentences?|paragraphs?|bullets?|lines?|sections?|times)"
        r"|at (?:least|most)|exactly|no (?:more|less|fewer|longer|other)|without|don't|do not|must(?:n't)?|avoid|only"
        r"|never|make sure|ensure|should|include|mention|keep|under \d+|about \d+|strict\w*)\b",
        "a constraint",
        "{n} constraints",
    ),
    "questions": Counted(r"\?"),
}
"""What is counted in lower-case text; the weights' rows have this order."""

OF_TOKENS = 3
"""So many of the first patterns are of a whole token, the others of the text."""

_PATTERNS = [re.compile(c.pattern, re.MULTILINE) for c in COUNTED.values()]


def count(text: str, tokens: list[str]) -> list[int]:
    """How often each of COUNTED was found. The text in lower case."""
    of_tokens = [sum(1 for t in tokens if p.fullmatch(t)) for p in _PATTERNS[:OF_TOKENS]]
    return of_tokens + [len(p.findall(text)) for p in _PATTERNS[OF_TOKENS:]]
