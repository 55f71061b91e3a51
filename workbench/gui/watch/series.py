"""What charts draw, computed from the state of a run: rates, availability, measurements and the marks of faults."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from workbench.runs.recovery import recoveries
from workbench.runs.state import RunState

Floats = NDArray[np.float64]
NOTHING: Floats = np.zeros(0)

WINDOW_SHARE = 1 / 40  # of the time that is shown: how long a rate looks back
WINDOW_STEPS = 6  # and at least as long as so many steps take
STALL_STEPS = 4  # a pause longer than so many usual steps is shown as one


class Line(NamedTuple):
    """The points of one curve."""

    x: Floats
    y: Floats


class Mark(NamedTuple):
    """Something that broke: from when until progress was made again (or the fault ended), at `worker`."""

    kind: str  # crash, freeze, leader-crash, lost, …
    worker: str
    start_s: float
    end_s: float
    recovered: bool


@dataclass
class Growing:
    """A list of (time, number) pairs as two arrays that grow with it; what was copied is not copied again."""

    times: Floats = field(default_factory=lambda: np.empty(1024))
    values: Floats = field(default_factory=lambda: np.empty(1024))
    size: int = 0

    def take(self, pairs: list) -> None:
        """Copy what is new of `pairs`, of which the first two fields count; a shorter list begins anew."""
        if len(pairs) < self.size:
            self.size = 0
        fresh = len(pairs) - self.size
        if fresh <= 0:
            return
        if len(pairs) > len(self.times):
            room = 2 * len(pairs)
            self.times = np.concatenate([self.times[: self.size], np.empty(room - self.size)])
            self.values = np.concatenate([self.values[: self.size], np.empty(room - self.size)])
        for offset, pair in enumerate(pairs[self.size :], start=self.size):
            self.times[offset], self.values[offset] = pair[0], pair[1]
        self.size = len(pairs)

    def line(self) -> Line:
        return Line(self.times[: self.size], self.values[: self.size])


def rate(total: Line, began_s: float | None, now_s: float, shown: tuple[float, float], points: int) -> Line:
    """The rate at which `total` (a count so far, over time) grows, looking back over a sliding window.

    Between two counts it grows evenly, unless they lie far apart: then it stands still first, so that a stall is seen.
    Counting began at `began_s` (None where that is not known) and is known up to `now_s`; `points` values over the
    part of `shown` in which it is.
    """
    if len(total.x) < 2:
        return Line(NOTHING, NOTHING)
    usual = _usual_gap(total.x)
    if began_s is None or not total.x[0] - STALL_STEPS * usual < began_s < total.x[0]:
        began_s = max(0.0, total.x[0] - usual)
    knots = _with_stalls(total, began_s, usual, now_s)
    begin, end = max(total.x[0], shown[0]), min(knots.x[-1], shown[1])
    if end <= begin:
        return Line(NOTHING, NOTHING)
    window = max((shown[1] - shown[0]) * WINDOW_SHARE, WINDOW_STEPS * usual)
    x = np.linspace(begin, end, points)
    back = np.maximum(x - window, knots.x[0])
    passed = np.maximum(x - back, 1e-12)
    y = (np.interp(x, knots.x, knots.y) - np.interp(back, knots.x, knots.y)) / passed
    return Line(x, y)


def _usual_gap(times: Floats) -> float:
    """How long a step usually takes: the middle of (at most some 2,000 of) the gaps."""
    gaps = np.diff(times)
    gaps = gaps[:: max(1, len(gaps) // 2000)]
    gaps = gaps[gaps > 0]
    return float(np.median(gaps)) if len(gaps) else 1e-9


def _with_stalls(total: Line, began_s: float, usual: float, now_s: float) -> Line:
    """`total` from its beginning until now, with a knot where each long gap turns to growth."""
    x, y = np.concatenate([[began_s], total.x]), np.concatenate([[0.0], total.y])
    long = np.flatnonzero(np.diff(x) > STALL_STEPS * usual)
    x = np.insert(x, long + 1, x[long + 1] - usual)
    y = np.insert(y, long + 1, y[long])
    if now_s > x[-1] + STALL_STEPS * usual:
        x, y = np.append(x, now_s), np.append(y, y[-1])
    return Line(x, y)


def marks(state: RunState) -> list[Mark]:
    """Every fault of a run, and every loss that no fault explains: one for each recovery."""
    faults = {(fault.began_s, fault.worker): fault for fault in state.faults}
    causes = {(failure.t_s, failure.worker): failure.cause for failure in state.failures}
    found = []
    for recovery in recoveries(state):
        struck = (recovery.struck_s, recovery.worker)
        fault = faults.get(struck)
        kind = fault.kind if fault else causes[struck]
        end_s = max(recovery.ended_s, recovery.struck_s, (fault.ended_s or 0.0) if fault else 0.0)
        found.append(Mark(kind, recovery.worker, recovery.struck_s, end_s, recovery.recovered))
    return found


def availability(state: RunState, points: int) -> Line:
    """The share of the time so far in which progress was possible, in percent."""
    end = state.t_s
    if end <= 0:
        return Line(NOTHING, NOTHING)
    gaps = _joined([(recovery.began_s, recovery.ended_s) for recovery in recoveries(state)])
    corners = np.array([corner for gap in gaps for corner in gap])
    x = np.unique(np.concatenate([np.linspace(end / points, end, points), corners[corners > 0]]))
    lost = np.zeros_like(x)
    for start, stop in gaps:
        lost += np.clip(x, start, stop) - start
    return Line(x, 100 * (1 - lost / x))


def _joined(gaps: list[tuple[float, float]]) -> list[tuple[float, float]]:
    joined: list[tuple[float, float]] = []
    for start, stop in sorted(gaps):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(stop, joined[-1][1]))
        else:
            joined.append((start, stop))
    return joined


def thinned(line: Line, points: int) -> Line:
    """At most about 2 x `points` of a line, in which every extreme is kept."""
    share = max(1, len(line.y) // max(1, points))
    whole = len(line.y) // share
    if share <= 2:
        return line
    blocks = line.y[: whole * share].reshape(whole, share)
    y = np.empty(2 * whole + 1)
    y[0:-1:2], y[1:-1:2] = blocks.min(1), blocks.max(1)
    y[-1] = line.y[-1]
    x = np.append(np.repeat(line.x[: whole * share : share], 2), line.x[-1])
    return Line(x, y)


def round_up(value: float) -> float:
    """The least of 1, 1.5, 2, 3, 4, 5, 6, 8 times a power of ten that is not below `value`."""
    if value <= 0:
        return 1.0
    power = 10.0 ** np.floor(np.log10(value))
    for factor in (1, 1.5, 2, 3, 4, 5, 6, 8, 10):
        if factor * power >= value * (1 - 1e-9):
            return float(factor * power)
    raise AssertionError(value)


def top_for(highest: float, current: float) -> float:
    """The upper end of an axis: `current` as long as it neither cuts the curve nor leaves more than half empty."""
    if current > 0 and 0.45 * current <= highest <= 0.98 * current:
        return current
    return round_up(highest * 1.08)
