"""Judgement: whether what a scenario expects held in the runs that there are.

A name without an engine (`ring.samples_per_second`) means every engine that was run, so such an expectation is checked
once for each of them; an engine that cannot tell (a simulated run has no accuracy) leaves the decision to the other.
What names only runs that nobody asked for (`real.…` after a simulation) is not asked, and decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from workbench.document.expectations import Expectation, Name, parse
from workbench.runs.statistics import figure, paired

HELD, MISSED, UNKNOWN, NOT_ASKED = "held", "missed", "unknown", "not-asked"
NOT_RUN, NOT_TOLD, TOO_FEW = "not-run", "not-told", "too-few"
# known before a run begins, and thus of one that fails as well
TOLD_AT_ONCE = ("memory_bytes", "memory_share", "items_found", "items_bytes", "items_share")
LEFT_TO_OTHERS = (NOT_RUN, NOT_TOLD)


class Told(Protocol):
    """What a judgement looks at in a run."""

    @property
    def engine(self) -> str: ...
    @property
    def combination(self) -> str: ...
    @property
    def replication(self) -> int: ...
    @property
    def outcome(self) -> str: ...
    @property
    def is_whole(self) -> bool: ...
    @property
    def numbers(self) -> dict[str, float]: ...


@dataclass(frozen=True)
class Check:
    """An expectation held against one engine; `engine` is empty where the expectation names its engines itself.

    `left` and `right` are the means of both sides if it is one comparison, `half_width` belongs to their difference.
    `reason` says why it cannot be told: not-run, not-told, too-few, or how a run ended (broken-off, failed, …);
    `about` names the figure that is missing.
    """

    engine: str
    outcome: str
    left: float | None = None
    right: float | None = None
    half_width: float | None = None
    reason: str = ""
    about: str = ""


@dataclass(frozen=True)
class Judgement:
    """One expectation as written, whether it held, and the checks that say so."""

    text: str
    outcome: str
    checks: tuple[Check, ...]

    @property
    def deciding(self) -> tuple[Check, ...]:
        """The checks that were not left to another engine; all of them where none could decide."""
        own = tuple(check for check in self.checks if check.reason not in LEFT_TO_OTHERS)
        return own or self.checks


def judge(text: str, runs: Sequence[Told]) -> Judgement:
    """Hold one expectation against all runs. ValueError if it does not parse."""
    expectation = parse(text)
    if all(name.engine for name in expectation.names):
        engines = [""]
    else:
        engines = list(dict.fromkeys(run.engine for run in runs)) or [""]
    checks = tuple(_check(expectation, engine, runs) for engine in engines)
    if all(check.reason == NOT_RUN for check in checks):
        return Judgement(text, NOT_ASKED, checks)
    judgement = Judgement(text, UNKNOWN, checks)
    return Judgement(text, _worst([check.outcome for check in judgement.deciding]), checks)


def _worst(outcomes: list[str]) -> str:
    return next((outcome for outcome in (MISSED, UNKNOWN) if outcome in outcomes), HELD)


def _check(expectation: Expectation, engine: str, runs: Sequence[Told]) -> Check:
    told: dict[Name, list[float]] = {}
    gaps: list[tuple[str, str]] = []
    for name in expectation.names:
        values, reason = values_of(name.engine or engine, name.combination, name.metric, runs)
        told[name] = values
        if reason:
            gaps.append((reason, f"{name.combination}.{name.metric}"))
    count = min((len(values) for values in told.values() if len(values) > 1), default=1)
    found = _over_replications(expectation, engine, [_lookup(told, index) for index in range(count)])
    if found.outcome == UNKNOWN and gaps:
        return Check(engine, UNKNOWN, reason=gaps[0][0], about=gaps[0][1])
    return found


def values_of(engine: str, combination: str, metric: str, runs: Sequence[Told]) -> tuple[list[float], str]:
    """The metric in each replication of a combination, in their order; or none, and why."""
    own = sorted(
        (run for run in runs if (run.engine, run.combination) == (engine, combination)),
        key=lambda run: run.replication,
    )
    if not own:
        return [], NOT_RUN
    broken = next((run.outcome for run in own if not run.is_whole), "")
    if broken and metric not in TOLD_AT_ONCE:
        return [], broken
    if any(metric not in run.numbers for run in own):
        return [], NOT_TOLD
    return [run.numbers[metric] for run in own], ""


def _lookup(told: dict[Name, list[float]], index: int) -> Callable[[Name], float | None]:
    """The figures of one replication; what was run once counts for all of them."""

    def look(name: Name) -> float | None:
        values = told[name]
        if not values:
            return None
        return values[index] if len(values) > 1 else values[0]

    return look


def _over_replications(expectation: Expectation, engine: str, lookups: list[Callable[[Name], float | None]]) -> Check:
    """Compare by replication: the same seed stands behind both sides, so that differences are paired.

    One comparison is decided where the 95 % interval of left - right lies on one side of zero; anything else where
    all replications agree.
    """
    found = [expectation.evaluate(lookup) for lookup in lookups]
    outcomes = [outcome.state for outcome in found]
    sides = [(o.left, o.right) for o in found if o.left is not None and o.right is not None]
    if len(sides) < len(found):
        agreed = len(set(outcomes)) == 1
        return Check(engine, outcomes[0] if agreed else UNKNOWN, reason="" if agreed else TOO_FEW)
    lefts, rights = [left for left, _ in sides], [right for _, right in sides]
    difference = paired(lefts, rights)
    left, right, width = figure(lefts).mean, figure(rights).mean, difference.half_width
    if len(set(outcomes)) == 1 and (width is None or width == 0.0):
        return Check(engine, outcomes[0], left, right, width)
    if not difference.is_clear:
        return Check(engine, UNKNOWN, left, right, width, TOO_FEW)
    decided = next(o for o, (one, other) in zip(outcomes, sides, strict=True) if (one - other) * difference.mean > 0)
    return Check(engine, decided, left, right, width)
