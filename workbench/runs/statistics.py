"""Statistics over replications: means with the half-width of their 95 % confidence interval (Student's t)."""

from __future__ import annotations

import math
from dataclasses import dataclass

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Figure:
    """A mean over `count` runs; `half_width` of its 95 % interval, None for a single run."""

    mean: float
    half_width: float | None
    count: int


def figure(values: list[float]) -> Figure:
    """The mean of at least one value, with its interval if there are several."""
    return Figure(math.fsum(values) / len(values), half_width(values), len(values))


def half_width(values: list[float]) -> float | None:
    """Half of the 95 % interval of the mean of independent values; None for one value, which has no spread."""
    count = len(values)
    if count < 2:
        return None
    mean = math.fsum(values) / count
    variance = math.fsum((value - mean) ** 2 for value in values) / (count - 1)
    if variance == 0.0:
        return 0.0
    from scipy.special import stdtrit

    return float(stdtrit(count - 1, (1 + CONFIDENCE) / 2)) * math.sqrt(variance / count)
