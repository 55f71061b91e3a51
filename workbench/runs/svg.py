"""SVG by hand: scales, axes and marks for the charts of a report; colours come from the page's style sheet."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape

COLOURS = 6
CHARACTER_PX = 6.6  # about what one character of a label takes


@dataclass(frozen=True)
class Scale:
    """Values from `low` to `high` on pixels from `start` to `end`, linear or logarithmic."""

    low: float
    high: float
    start: float
    end: float
    logarithmic: bool = False

    def __call__(self, value: float) -> float:
        if self.logarithmic:
            share = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    def ticks(self, count: int = 6) -> list[float]:
        """Round values to write on an axis."""
        if self.logarithmic:
            return _decades(self.low, self.high)
        step = _round_step((self.high - self.low) / count)
        first = math.ceil(self.low / step - 1e-9)
        return [i * step for i in range(first, math.floor(self.high / step + 1e-9) + 1)]


def scale(values: list[float], start: float, end: float, logarithmic: bool = False) -> Scale:
    """A scale that shows these values: from 0, or by factors, which needs positive ones."""
    if logarithmic:
        return Scale(min(values) / 1.25, max(values) * 1.25, start, end, True)
    return Scale(0.0, max(values, default=0.0) * 1.06 or 1.0, start, end)


def is_wide(values: list[float], factor: float = 30.0) -> bool:
    """Whether the greatest of these positive values is so many times the least that only factors show both."""
    return len(values) > 1 and max(values) > factor * min(values)


def _round_step(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * (1 - 1e-9))


def _decades(low: float, high: float) -> list[float]:
    """1, 2 and 5 in every decade; powers of ten alone where that would be too many."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = (1, 2, 5) if len(powers) <= 4 else (1,)
    stride = max(1, len(powers) // 8) if steps == (1,) else 1
    ticks = [step * 10.0**power for power in powers[::stride] for step in steps]
    return [tick for tick in ticks if low <= tick <= high]


def short(value: float) -> str:
    """A number for an axis: 0.05, 250, 12k, 3M."""
    for factor, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= 10 * factor or (abs(value) >= factor and letter != "k"):
            return f"{value / factor:.4g}{letter}"
    return f"{value:.4g}"


def drawing(width: float, height: float, label: str, parts: list[str]) -> str:
    """The whole picture, with a name for those who cannot see it."""
    return (
        f'<svg viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{escape(label)}" '
        f'xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg>'
    )


def text(x: float, y: float, words: str, style: str = "", anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{style}">{escape(words)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, style: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{style}"/>'


def box(x: float, y: float, width: float, height: float, style: str, hint: str = "", radius: float = 3) -> str:
    """A rectangle at least 2 px wide, so that nothing that happened is invisible."""
    inside = f"<title>{escape(hint)}</title>" if hint else ""
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(2.0, width):.1f}" height="{height:.1f}" rx="{radius:g}" '
        f'class="{style}">{inside}</rect>'
    )


def dot(x: float, y: float, radius: float, style: str, hint: str = "") -> str:
    inside = f"<title>{escape(hint)}</title>" if hint else ""
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" class="{style}">{inside}</circle>'


def path(points: list[tuple[float, float]], style: str, hint: str = "") -> str:
    """A polyline through the points."""
    inside = f"<title>{escape(hint)}</title>" if hint else ""
    moves = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    return f'<path d="{moves}" class="{style}">{inside}</path>'


def triangle(x: float, y: float, style: str, hint: str) -> str:
    """▼ with its tip at (x, y)."""
    return f'<path d="M{x - 5:.1f} {y - 8:.1f}h10l-5 8z" class="{style}"><title>{escape(hint)}</title></path>'


def axis_below(x: Scale, y: float, title: str) -> list[str]:
    """The time axis: tick labels and a title at the right."""
    parts = [line(x.start, y, x.end, y, "axis")]
    for tick in x.ticks(8):
        parts.append(line(x(tick), y, x(tick), y + 4, "axis"))
        parts.append(text(x(tick), y + 17, short(tick), "tick", "middle"))
    parts.append(text(x.end, y + 33, title, "tick", "end"))
    return parts


def grid_beside(y: Scale, left: float, right: float) -> list[str]:
    """Faint horizontal lines with their values."""
    parts = []
    for tick in y.ticks(5):
        parts.append(line(left, y(tick), right, y(tick), "grid"))
        parts.append(text(left - 8, y(tick) + 4, short(tick), "tick", "end"))
    return parts


def spread(wanted: list[float], gap: float, low: float, high: float) -> list[float]:
    """Places near the wanted ones, in the same order, at least `gap` apart where there is room for it."""
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    places = [0.0] * len(wanted)
    reached = low - gap
    for index in order:
        reached = places[index] = max(wanted[index], reached + gap)
    ceiling = high + gap
    for index in reversed(order):
        ceiling = places[index] = min(places[index], ceiling - gap)
    return places


def width_of(words: str) -> float:
    """About how many pixels a label takes."""
    return sum(CHARACTER_PX * (1.9 if ord(character) > 0x2E7F else 1.0) for character in words)
