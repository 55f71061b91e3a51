"""Pairs: which of two combinations is better in the main metric, as far as their replications can tell.

The replications of two combinations have their random numbers in common, so that their differences are taken one by
one. Every verdict has a confidence of 95 % of its own; that all of many hold at once is less sure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from workbench.document.metrics import metric as metric_of
from workbench.runs.judgement import TOO_FEW, Told, values_of
from workbench.runs.statistics import Figure, figure, paired, replications_needed

MAIN = ("samples_per_second", "instances_per_second", "duration_s")  # the first of them that the runs tell
BETTER, EQUAL, UNKNOWN = "better", "equal", "unknown"


@dataclass(frozen=True)
class Pair:
    """Two combinations on one engine, held against each other in one metric.

    `left` and `right` are ids. `difference` is the mean of left - right in the metric's unit; None where a run is
    missing, and `reason` then says why and `about` of which combination.
    """

    engine: str
    metric: str
    left: str
    right: str
    left_mean: float | None = None
    right_mean: float | None = None
    difference: Figure | None = None
    reason: str = ""
    about: str = ""

    @property
    def outcome(self) -> str:
        """better if one of them is, equal if they never differ, unknown otherwise."""
        if self.difference is None:
            return UNKNOWN
        if self.difference.is_clear:
            return BETTER
        return EQUAL if self.difference.mean == self.difference.half_width == 0.0 else UNKNOWN

    @property
    def winner(self) -> str:
        """The id of the better one; empty where none is."""
        if self.difference is None or self.outcome != BETTER:
            return ""
        return self.left if (self.difference.mean > 0) == (metric_of(self.metric).better == "more") else self.right

    @property
    def loser(self) -> str:
        """The id of the worse one; empty where none is."""
        return {self.left: self.right, self.right: self.left}.get(self.winner, "")

    @property
    def share(self) -> tuple[float, float] | None:
        """The difference and its half-width as shares of the loser's mean, or of the right one's where none lost.

        The difference is left - right, without its sign if one of them is better. None for shares of nothing.
        """
        base = self.left_mean if self.winner == self.right else self.right_mean
        if self.difference is None or self.difference.half_width is None or not base:
            return None
        mean = abs(self.difference.mean) if self.winner else self.difference.mean
        return mean / abs(base), self.difference.half_width / abs(base)

    @property
    def needed(self) -> int | None:
        """How many replications would tell which is better; None where that is not to be known."""
        return replications_needed(self.difference) if self.difference is not None else None


def main_metric(runs: Sequence[Told]) -> str:
    """The throughput that the runs are compared by, or their duration where they have none."""
    told = {metric for run in runs for metric in run.numbers}
    if not any(run.numbers.get("instances", 0) > 1 for run in runs):
        told.discard("instances_per_second")  # one instance has a duration, and no rate
    return next((metric for metric in MAIN if metric in told), "")


def pairs_of(order: Sequence[str], runs: Sequence[Told]) -> tuple[Pair, ...]:
    """Every two combinations that were both replicated on the same engine, in the order of their ids in `order`."""
    metric = main_metric(runs)
    if not metric:
        return ()
    found = []
    for engine in dict.fromkeys(run.engine for run in runs):
        counts = {name: sum((r.engine, r.combination) == (engine, name) for r in runs) for name in order}
        replicated = [name for name in order if counts[name] > 1]
        found += [_pair(engine, metric, left, right, runs) for left, right in combinations(replicated, 2)]
    return tuple(found)


def _pair(engine: str, metric: str, left: str, right: str, runs: Sequence[Told]) -> Pair:
    lefts, why_left = values_of(engine, left, metric, runs)
    rights, why_right = values_of(engine, right, metric, runs)
    if why_left or why_right:
        return Pair(engine, metric, left, right, reason=why_left or why_right, about=left if why_left else right)
    count = min(len(lefts), len(rights))  # a study that was stopped has fewer of the later combination
    lefts, rights = lefts[:count], rights[:count]
    difference = paired(lefts, rights)
    reason = TOO_FEW if not difference.is_clear and (difference.mean or difference.half_width) else ""
    return Pair(engine, metric, left, right, figure(lefts).mean, figure(rights).mean, difference, reason)
