"""Statistics over replications: means with the half-width of their 95 % confidence interval (Student's t).

Two designs that were run with the same seeds are compared by the differences of their replications (the paired-t
interval; Law, Simulation Modeling and Analysis, 5th edition, 10.2.1).
"""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass

CONFIDENCE = 0.95
MOST_REPLICATIONS = 10_000  # beyond them nobody is advised to go


@dataclass(frozen=True)
class Figure:
    """A mean over `count` runs; `half_width` of its 95 % interval, None for a single run."""

    mean: float
    half_width: float | None
    count: int

    @property
    def is_clear(self) -> bool:
        """Whether zero lies outside the interval: of differences: which side is greater."""
        return self.half_width is not None and abs(self.mean) > self.half_width


def paired(left: list[float], right: list[float]) -> Figure:
    """The mean of left - right over replications, with its interval. ValueError if they are not equally many."""
    return figure([one - other for one, other in zip(left, right, strict=True)])


def replications_needed(difference: Figure) -> int | None:
    """How many replications would make a difference clear if its mean and spread stayed as they are.

    None where no such number up to `MOST_REPLICATIONS` does: the difference is nothing, or has no spread to go by.
    """
    if difference.half_width is None or difference.mean == 0.0:
        return None
    if difference.is_clear:
        return difference.count
    from scipy.special import stdtrit

    def reach(count: int) -> float:
        return float(stdtrit(count - 1, (1 + CONFIDENCE) / 2)) / math.sqrt(count)

    wanted = abs(difference.mean) * reach(difference.count) / difference.half_width
    if reach(MOST_REPLICATIONS) >= wanted:
        return None
    counts = range(difference.count, MOST_REPLICATIONS + 1)
    return counts[bisect_left(counts, True, key=lambda count: reach(count) < wanted)]


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
