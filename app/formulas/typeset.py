r"""One formula to SVG, by ziamath. Runs in a worker's process: what is nested deeply takes it exponential time.

The baseline is y = 0 of the drawing's view box; a unit is 1/16 em; everything is in INK.
"""

from __future__ import annotations

import re
import warnings
from functools import cache
from types import ModuleType

from engine.errors import KnownError

EM = 16.0
INK = "#010203"
LONGEST, DEEPEST = 2000, 12
_SOURCE = "Its source is shown instead."
_UNKNOWN = re.compile(r">\\[a-zA-Z]+<")
_ENVIRONMENTS = re.compile(r"\\(begin|end)\{(equation|gather|displaymath|math)\*?\}")
_ALIGNS = re.compile(r"\\(begin|end)\{(align|eqnarray|split|multline)\*?\}")
_DROPPED = re.compile(r"\\(label|tag)\*?\{[^{}]*\}|\\(nonumber|notag)\b")


def svg_of(given: tuple[str, bool]) -> str:
    """given: TeX without its marks, and whether it stands on its own.

    Raises:
        KnownError: it is no formula that can be drawn.
    """
    text, display = given
    if problem := refused(text):
        raise KnownError(problem, _SOURCE)
    tex = _plain(text)
    ziamath = _library()
    try:
        drawn = ziamath.Latex(tex, size=EM, color=INK, inline=not display)
    except Exception as error:
        raise KnownError("The formula is not right.", _SOURCE) from error
    if _UNKNOWN.search(drawn.mathmlstr()):
        raise KnownError("The formula has a command that is not known.", _SOURCE)
    return str(drawn.svg())


def refused(text: str) -> str:
    """Why it is not even tried, "" if it is."""
    if not text.strip() or len(text) > LONGEST:
        return "The formula is too long." if text.strip() else "The formula is empty."
    return "The formula is nested too deeply." if _depth(text) > DEEPEST else ""


def _depth(text: str) -> int:
    deepest = depth = 0
    for mark in re.findall(r"\\left\b|\\right\b|\\begin\b|\\end\b|\\.|[{}]", text):
        depth += (mark in {"{", "\\left", "\\begin"}) - (mark in {"}", "\\right", "\\end"})
        deepest = max(deepest, depth)
    return deepest


def _plain(text: str) -> str:
    """Without what numbers equations, and with the environments that stand inside a formula."""
    text = _ENVIRONMENTS.sub("", _DROPPED.sub("", text))
    return _ALIGNS.sub(r"\\\1{aligned}", text).strip()


@cache
def _library() -> ModuleType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it finds its font in a way that is deprecated
        import ziamath
        from ziamath.config import config
    config.svg2 = False  # every glyph drawn where it stands: what Qt reads
    return ziamath
