"""The live panel: a view as lines of styled text, for a width and height. Pure; draws nothing itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rich.cells import set_cell_size
from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import Segment
from rich.style import Style
from rich.text import Text

from app.cli import expert_map
from app.cli.expert_map import Palette
from app.numbers import size
from app.record import percent, tokens_per_second
from app.view import View
from engine.messages import Memory

Line = list[Segment]

SIDE_BY_SIDE = 79
"""Characters from which the figures stand beside the map."""
LEAST_HEIGHT = 12
"""Lines of terminal below which only one line is shown."""
_FIGURES = 36
_MOST_MAP = 56
_DIM = Style(dim=True)
_PLAIN = Style()
_BARS = "▁▂▃▄▅▆▇█"
_TERMS = (
    ("base", "program", "#98989d", "█"),
    ("dense", "dense", "#7d7aff", "▓"),
    ("banks", "experts", "#0a84ff", "▒"),
    ("kv", "talk", "#30b0a0", "░"),
    ("activations", "work", "#6c6c70", "·"),
)


@dataclass(frozen=True)
class Look:
    """palette: None without colour. Widths and heights in characters."""

    palette: Palette | None
    width: int
    height: int

    @property
    def colour(self) -> bool:
        return self.palette is not None


class Panel:
    """A rich renderable of ready lines."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._lines = list(lines)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in self._lines:
            yield from line
            yield Segment.line()


def height_for(terminal: int, experts: int) -> int:
    """Lines of the panel on a terminal of this height: a third to a half of it, no more than the map can use."""
    if terminal < LEAST_HEIGHT:
        return 1
    most = 3 + max(8, (experts + 1) // 2)
    return min(most, max(10, terminal * 9 // 20), terminal - 3)


def panel(view: View, look: Look) -> list[Line]:
    """At most `look.height` lines of exactly or less than `look.width` characters."""
    if look.height < 5 or look.width < 20:
        return [_one_line(view, look)]
    head = [_rule(view, look)]
    if view.experts is None:
        return head + _figures(view, look, look.width)[: look.height - 1]
    foot = [_cut([Segment(_summary(view), _DIM)], look.width)]
    body = _beside(view, look) if look.width >= SIDE_BY_SIDE else _below(view, look)
    return head + body + foot


def _beside(view: View, look: Look) -> list[Line]:
    height = look.height - 2
    width = min(look.width - _FIGURES - 3, max(_MOST_MAP, look.width // 2))
    drawn, used = _map(view, look, width, height)
    space = Segment("   ")
    right = _figures(view, look, min(look.width - used - 3, 60))
    blank: Line = [Segment(" " * used)]
    rows = max(len(drawn), len(right))
    left = drawn + [blank] * (rows - len(drawn))
    return [[*a, space, *b] for a, b in zip(left, right + [[]] * (rows - len(right)), strict=True)][:height]


def _below(view: View, look: Look) -> list[Line]:
    figures = _short_figures(view, look)
    drawn, _ = _map(view, look, look.width, max(2, look.height - 2 - len(figures)))
    return drawn + figures


def _map(view: View, look: Look, width: int, height: int) -> tuple[list[Line], int]:
    """Its lines and how wide they are."""
    assert view.experts is not None
    grid = expert_map.fit(view.experts.layers, view.experts.count, width, height, halves=look.colour)
    return expert_map.lines(expert_map.codes(view.experts, grid, view.now), grid, look.palette), grid.width


# --- figures ----------------------------------------------------------------------------------------------


def _figures(view: View, look: Look, width: int) -> list[Line]:
    """One under the other, each with its bar or curve."""
    lines: list[Line] = [_labelled("Request", view.judged, width)] if view.judged else []
    if view.memory is not None:
        lines += [
            _labelled(_memory_label(view), _held(view.memory), width),
            _memory_bar(view.memory, width, colour=look.colour),
            _legend(view.memory, width, colour=look.colour),
        ]
    if view.experts is not None:
        lines.append(_with_curve("Coverage", _coverage(view), view.coverage, 1.0, look, width))
        lines.append(_labelled("Read", _read(view), width))
    lines.append(_with_curve("Speed", _speed(view), view.speeds, max(view.speeds, default=0), look, width))
    if view.happened:
        lines.append(_cut([Segment(view.happened, _DIM)], width))
    return lines


def _short_figures(view: View, look: Look) -> list[Line]:
    """For a narrow terminal: two curves, and words for the rest."""
    lines = [_with_curve("Coverage", _coverage(view), view.coverage, 1.0, look, look.width)]
    if view.memory is not None:
        lines.append(_labelled(_memory_label(view), _held(view.memory), look.width))
    lines.append(_with_curve("Speed", _speed(view), view.speeds, max(view.speeds, default=0), look, look.width))
    return lines


def _labelled(label: str, words: str, width: int) -> Line:
    return _cut([Segment(f"{label:<9}", _DIM), Segment(words)], width)


def _with_curve(label: str, words: str, values: Sequence[float], top: float, look: Look, width: int) -> Line:
    text = f"{words:<14}"
    style = Style(color=look.palette.curve) if look.palette else _PLAIN
    bars = curve(values, top, width - 9 - len(text))
    return _cut([Segment(f"{label:<9}", _DIM), Segment(text), Segment(bars, style)], width)


def curve(values: Sequence[float], top: float, width: int) -> str:
    """The last values as bars, 0 to `top`, as many as the width holds; a full bar is `top` and nothing less."""
    shown = values[-width:] if width > 0 else ()
    scale = (len(_BARS) - 1) / top if top > 0 else 0.0
    return "".join(_BARS[min(len(_BARS) - 1, max(0, int(v * scale)))] for v in shown)


def _held(memory: Memory) -> str:
    return f"{size(memory.peak)} held, {size(memory.promised)} promised"


def _memory_label(view: View) -> str:
    """Marked while the system is short of memory; the last line says what was done."""
    return "Memory !" if view.pressure else "Memory"


def _memory_bar(memory: Memory, width: int, *, colour: bool) -> Line:
    """The promise by its terms."""
    widths = _shares([getattr(memory, name) for name, *_ in _TERMS], width)
    return [
        Segment(("━" if colour else glyph) * cells, Style(color=tint) if colour else _PLAIN)
        for (_, _, tint, glyph), cells in zip(_TERMS, widths, strict=True)
        if cells
    ]


def _legend(memory: Memory, width: int, *, colour: bool) -> Line:
    """The terms' names in the bar's order; the smallest are left out when not all fit."""
    shown = [term for term in _TERMS if getattr(memory, term[0])]
    while shown and sum(len(words) + 4 for _, words, *_ in shown) - 2 > width:
        shown.remove(min(shown, key=lambda term: getattr(memory, term[0])))
    line: Line = []
    for _, words, tint, glyph in shown:
        line += [
            Segment("●" if colour else glyph, Style(color=tint) if colour else _PLAIN),
            Segment(f" {words}  ", _DIM),
        ]
    return _cut(line, width)


def _shares(values: Sequence[int], width: int) -> list[int]:
    """Whole cells for each value, together exactly `width`; whoever was cut most gets the rest."""
    total = sum(values)
    if not total:
        return [0] * len(values)
    exact = [value * width / total for value in values]
    cells = [int(e) for e in exact]
    order = sorted(range(len(values)), key=lambda i: cells[i] - exact[i])
    for i in order[: width - sum(cells)]:
        cells[i] += 1
    return cells


def _read(view: View) -> str:
    if not view.read:
        return "nothing yet"
    speed = f" at {size(int(view.read_speed))}/s" if view.read_speed and not view.tokens else ""
    return size(view.read) + speed


def _coverage(view: View) -> str:
    return percent(sum(view.coverage) / len(view.coverage)) if view.coverage else ""


def _speed(view: View) -> str:
    return tokens_per_second(view.tokens_per_second) if view.speeds else ""


# --- lines ------------------------------------------------------------------------------------------------


def _rule(view: View, look: Look) -> Line:
    """Stage and model on a thin line that parts the panel from the answer."""
    waited = view.now - view.began
    clock = f" {waited:.0f} s" if not view.tokens and waited >= 1 else ""
    left, right = f"── {view.stage}{clock} ", f" {view.model} ──" if view.model else "──"
    room = look.width - len(left) - len(right)
    if room < 1:
        return _cut([Segment(left, _DIM)], look.width)
    return [
        Segment("── ", _DIM),
        Segment(f"{view.stage}{clock} "),
        Segment("─" * room + right, _DIM),
    ]


def _summary(view: View) -> str:
    """The one line in plain words."""
    assert view.experts is not None
    parts = [f"{view.resident or '?'} of {view.experts.count} experts per layer"]
    if view.read:
        parts.append(f"{size(view.read)} read")
    if view.coverage:
        parts.append(f"{_coverage(view)} of what the model asked for")
    return ", ".join(parts)


def _one_line(view: View, look: Look) -> Line:
    parts = filter(None, [view.stage, _speed(view), _coverage(view), size(view.read) + " read" if view.read else ""])
    return _cut([Segment(" · ".join(parts), _DIM)], look.width)


def _cut(line: Line, width: int) -> Line:
    return list(_fitting(line, width))


def _fitting(line: Line, width: int) -> Iterator[Segment]:
    for segment in line:
        length = segment.cell_length
        if length > width:
            yield Segment(set_cell_size(segment.text, max(0, width)), segment.style)
            return
        yield segment
        width -= length


def as_text(line: Line) -> Text:
    text = Text(end="")
    for segment in line:
        text.append(segment.text, segment.style)
    return text
