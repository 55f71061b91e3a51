"""A case: published figures, the same figures simulated, and how far they may lie apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["relative", "points"]


@dataclass(frozen=True)
class Point:
    """One figure of a case. `null` is what somebody would say who knows of no overhead; None where nobody would guess.

    `calibrated` marks a figure to which a constant was fitted: it is shown, and not scored. `target` is how far this
    figure may be missed, where that is not the case's own. Where points belong to groups, order is judged within each
    `group`.
    """

    name: str
    published: float
    simulated: float
    null: float | None = None
    held_back: bool = False
    calibrated: bool = False
    target: float | None = None
    group: str = ""


@dataclass(frozen=True)
class Case:
    """Published figures that the simulator is scored against.

    `kind` says whether an error is a share of the published figure, or a difference in its own unit ("points").
    `most` scores the worst point against `target` instead of the mean. `missed` says why the target is not met, where
    that is known.
    """

    id: str
    title: str
    source: str
    unit: str
    target: float
    points: Callable[[], tuple[Point, ...]]
    kind: Kind = "relative"
    stretch: float | None = None
    most: bool = False
    least_rank: float | None = None
    calibration: str = "none"
    missed: str = ""


@dataclass(frozen=True)
class Result:
    """The score of one case. Errors are shares or points, as the case says; `skill` is 1 - error / null error.

    `held_back` is the error on the points that no constant has seen; `rank` Spearman's correlation of the order, the
    least of all groups.
    """

    id: str
    title: str
    unit: str
    kind: Kind
    error: float
    worst: float
    target: float
    stretch: float | None
    null_error: float | None
    skill: float | None
    rank: float | None
    held_back: float | None
    calibration: str
    source: str
    points: tuple[Point, ...]
    passed: bool
    missed: str


def score(case: Case) -> Result:
    """Carry the case out and compare."""
    points = case.points()
    scored = [point for point in points if not point.calibrated]
    errors = [_error(case, p.published, p.simulated) for p in scored]
    error, worst = sum(errors) / len(errors), max(errors)
    nulls = [_error(case, p.published, p.null) for p in scored if p.null is not None]
    null_error = sum(nulls) / len(nulls) if len(nulls) == len(scored) else None
    held_back = [_error(case, p.published, p.simulated) for p in scored if p.held_back]
    rank = _rank(scored)
    if case.most:
        near = all(error <= (p.target or case.target) for p, error in zip(scored, errors, strict=True))
    else:
        near = error <= case.target
    ordered = case.least_rank is None or (rank is not None and rank >= case.least_rank)
    return Result(
        id=case.id,
        title=case.title,
        unit=case.unit,
        kind=case.kind,
        error=error,
        worst=worst,
        target=case.target,
        stretch=case.stretch,
        null_error=null_error,
        skill=1 - error / null_error if null_error else None,
        rank=rank,
        held_back=sum(held_back) / len(held_back) if held_back else None,
        calibration=case.calibration,
        source=case.source,
        points=points,
        passed=near and ordered,
        missed=case.missed,
    )


def _error(case: Case, published: float, said: float) -> float:
    difference = abs(said - published)
    return difference / abs(published) if case.kind == "relative" else difference


def _rank(scored: list[Point]) -> float | None:
    """The correlation of the group whose order was found least well."""
    ranks = []
    for group in dict.fromkeys(point.group for point in scored):
        own = [point for point in scored if point.group == group]
        rank = rank_correlation([p.published for p in own], [p.simulated for p in own])
        if rank is not None:
            ranks.append(rank)
    return min(ranks, default=None)


def rank_correlation(published: list[float], simulated: list[float]) -> float | None:
    """Spearman's rank correlation (1904); None for fewer than three points, or where all are equal."""
    if len(published) < 3 or len(set(published)) == 1 or len(set(simulated)) == 1:
        return None
    from scipy.stats import spearmanr  # costs a second to import

    return float(spearmanr(published, simulated).statistic)
