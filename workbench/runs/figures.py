"""Figures as people read them: a value with its unit, at three or four significant digits."""

from __future__ import annotations

import math

from workbench.document.metrics import metric as metric_of
from workbench.runs.statistics import Figure

MISSING = "–"
SHARES = ("availability", "throughput_kept", "communication_share", "busy_share", "accuracy")


def unit(metric: str) -> str:
    """The unit in which `value` shows the metric."""
    return "%" if metric in SHARES else metric_of(metric).unit


def heading(metric: str, language: str = "en") -> str:
    """Title and unit, as a column says it."""
    return metric_of(metric).title(language) + (f" [{unit(metric)}]" if unit(metric) else "")


def value(metric: str, number: float | None) -> str:
    """The number alone, in the metric's unit."""
    if number is None:
        return MISSING
    if metric in SHARES:
        return f"{100 * number:.1f}"
    return digits(number)


def with_unit(metric: str, number: float | None) -> str:
    """The number and its unit, as a sentence says it."""
    if number is None:
        return MISSING
    if unit(metric) == "s":
        return duration(number)
    return f"{value(metric, number)} {unit(metric)}".rstrip()


def interval(metric: str, figure: Figure | None) -> str:
    """Mean ± half-width, or the mean alone."""
    if figure is None:
        return MISSING
    if figure.half_width is None:
        return value(metric, figure.mean)
    return f"{value(metric, figure.mean)} ± {value(metric, figure.half_width)}"


def digits(number: float) -> str:
    """Three significant digits or all before the point, thousands apart; whole numbers stay whole."""
    size = abs(number)
    if number == int(number) and size < 1e15:
        return f"{int(number):,}"
    if size >= 100:
        return f"{number:,.0f}"
    if size < 1e-3:
        return f"{number:.2e}"
    return f"{number:.{2 - math.floor(math.log10(size))}f}"


def duration(seconds: float) -> str:
    """A time with the unit that leaves a number of at least 1: 750 µs, 46.3 ms, 1.12 s, 12 min 5 s."""
    if seconds >= 120:
        return f"{int(seconds // 60)} min {seconds % 60:.0f} s"
    for factor, name in ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if seconds >= factor:
            return f"{digits(seconds / factor)} {name}"
    return f"{digits(seconds)} s"


def ratio(number: float | None) -> str:
    """How many times as much."""
    if number is None:
        return MISSING
    return f"{number:.2f}×" if number < 10 else f"{number:,.0f}×"
