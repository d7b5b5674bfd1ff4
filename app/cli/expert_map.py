"""The expert map in characters: layers across, experts down, the regulars on top. Pure.

With colour a character holds two cells, one above the other; without, one. A cell stands for several experts
when there are more than fit, and then shows the most urgent thing that is true of any of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import ceil

import numpy as np
import numpy.typing as npt
from rich.segment import Segment
from rich.style import Style

from app.experts import Experts

FADE_SECONDS = 0.4
ABSENT_SECONDS = 0.1
Codes = npt.NDArray[np.int16]

DISK = 0
RESIDENT = 1  # to RESIDENT + LEVELS - 1: by how much of the cell is resident
LEVELS = 4
READING = RESIDENT + LEVELS
USED = READING + 1  # to USED + LEVELS - 1: by how lately
ABSENT = USED + LEVELS

_GLYPHS = "·░░▒▒-▓▓██!"
"""Without colour: one character for each code."""

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Palette:
    """Colours on a dark or a light terminal; what is on disk has none, only a faint dot."""

    ground: Colour
    resident: Colour
    used: Colour
    reading: Colour
    absent: Colour
    curve: str

    def colour(self, code: int) -> Colour:
        if code < READING:
            return _mix(self.ground, self.resident, (1 + code) / (1 + LEVELS))
        if code == READING:
            return self.reading
        return self.absent if code == ABSENT else _mix(self.resident, self.used, (code - USED + 1) / LEVELS)


DARK = Palette((28, 28, 30), (38, 92, 158), (100, 210, 255), (122, 110, 190), (255, 179, 64), "#4a90d9")
LIGHT = Palette((255, 255, 255), (142, 187, 238), (0, 82, 204), (160, 140, 220), (224, 130, 0), "#3478c6")


@dataclass(frozen=True)
class Grid:
    """How a map lies in a width and height of characters."""

    layers_per_cell: int
    experts_per_cell: int
    columns: int
    rows: int
    cell_width: int
    gap: int

    @property
    def width(self) -> int:
        return self.columns * (self.cell_width + self.gap) - self.gap


def fit(layers: int, experts: int, width: int, height: int, *, halves: bool) -> Grid:
    """The largest map of this many cells that is at most so many characters wide and high."""
    width, lines = max(width, 1), max(height, 1) * (2 if halves else 1)
    layers_per_cell = ceil(layers / width)
    experts_per_cell = ceil(experts / lines)
    columns = ceil(layers / layers_per_cell)
    each = min(width // columns, 6)
    gap = 1 if each >= 3 else 0
    return Grid(layers_per_cell, experts_per_cell, columns, ceil(experts / experts_per_cell), each - gap, gap)


def codes(experts: Experts, grid: Grid, now: float) -> Codes:
    """[rows, columns]: what each cell shows."""
    resident = _cells(_ordered(experts.resident, experts).astype(np.float32), grid, np.nan)
    share = np.nanmean(resident, axis=(1, 3))
    shown = np.where(share > 0, RESIDENT - 1 + np.ceil(share * LEVELS), DISK).astype(np.int16)
    reading = _any(experts.reading, experts, grid) & (share < 1)
    shown[reading] = READING
    glow = _glow(experts, grid, now)
    lit = glow > 0
    shown[lit] = USED - 1 + np.ceil(glow[lit] * LEVELS)
    missing = (now - experts.absent_at < ABSENT_SECONDS) & ~experts.resident
    shown[_any(missing, experts, grid)] = ABSENT
    return shown


def lines(shown: Codes, grid: Grid, palette: Palette | None) -> list[list[Segment]]:
    """The map's lines; without a palette in plain characters."""
    if palette is None:
        return [[_plain(int(code), grid, last=i == len(row) - 1) for i, code in enumerate(row)] for row in shown]
    if len(shown) % 2:
        shown = np.vstack([shown, np.full((1, shown.shape[1]), -1, np.int16)])
    pairs = zip(shown[0::2].tolist(), shown[1::2].tolist(), strict=True)
    return [_joined(upper, lower, grid, palette) for upper, lower in pairs]


def _joined(upper: list[int], lower: list[int], grid: Grid, palette: Palette) -> list[Segment]:
    line = [segment for a, b in zip(upper, lower, strict=True) for segment in _pair(a, b, grid, palette)]
    return line[:-1] if grid.gap else line


def _plain(code: int, grid: Grid, *, last: bool) -> Segment:
    return Segment(_GLYPHS[code] * grid.cell_width + " " * (0 if last else grid.gap))


@lru_cache(maxsize=1024)
def _pair(upper: int, lower: int, grid: Grid, palette: Palette) -> tuple[Segment, ...]:
    """Two cells in one character: the upper half in the foreground, the lower in the background."""
    gap = (Segment(" " * grid.gap),) if grid.gap else ()
    upper_lit, lower_lit = upper > DISK, lower > DISK
    if not upper_lit and not lower_lit:
        return (Segment("·" * grid.cell_width, Style(dim=True)), *gap)
    if max(upper, lower) == ABSENT and min(upper, lower) in (-1, DISK, ABSENT):
        dot = (":" if upper == lower else "•").center(grid.cell_width)
        return (Segment(dot, Style(color=_hex(palette.absent))), *gap)
    if upper == lower:
        return (Segment("█" * grid.cell_width, Style(color=_hex(palette.colour(upper)))), *gap)
    if upper_lit and lower_lit:
        style = Style(color=_hex(palette.colour(upper)), bgcolor=_hex(palette.colour(lower)))
        return (Segment("▀" * grid.cell_width, style), *gap)
    style = Style(color=_hex(palette.colour(upper if upper_lit else lower)))
    return (Segment(("▀" if upper_lit else "▄") * grid.cell_width, style), *gap)


def _ordered(values: npt.NDArray[np.generic], experts: Experts) -> npt.NDArray[np.generic]:
    return np.take_along_axis(values, experts.order, axis=1)


def _cells(values: npt.NDArray[np.generic], grid: Grid, filler: float) -> npt.NDArray[np.float32]:
    """[L, E] in drawing order to [rows, experts per cell, columns, layers per cell]."""
    layers, count = values.shape
    padded = np.full((grid.columns * grid.layers_per_cell, grid.rows * grid.experts_per_cell), filler, dtype=np.float32)
    padded[:layers, :count] = values
    return padded.T.reshape(grid.rows, grid.experts_per_cell, grid.columns, grid.layers_per_cell)


def _any(flags: npt.NDArray[np.bool_], experts: Experts, grid: Grid) -> npt.NDArray[np.bool_]:
    here: npt.NDArray[np.bool_] = _cells(_ordered(flags, experts), grid, 0).max(axis=(1, 3)) > 0
    return here


def _glow(experts: Experts, grid: Grid, now: float) -> npt.NDArray[np.float32]:
    """1 where a token just used all there is, falling to 0 within FADE_SECONDS, fast at first."""
    fresh = np.clip(1 - (now - experts.used_at) / FADE_SECONDS, 0, 1) ** 2
    cells = _cells(_ordered(fresh, experts), grid, np.nan)
    glow: npt.NDArray[np.float32] = (np.nanmax(cells, axis=(1, 3)) + np.nanmean(cells, axis=(1, 3))) / 2
    return glow


def _mix(one: Colour, other: Colour, share: float) -> Colour:
    r, g, b = (round(x + (y - x) * share) for x, y in zip(one, other, strict=True))
    return r, g, b


def _hex(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
