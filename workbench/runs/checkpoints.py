"""Checkpoints: what saving costs in a run, and how often it should be done beside how often it is.

Young, "A first order approximation to the optimum checkpoint interval", CACM 17, 1974; Daly, "A higher order estimate
of the optimum checkpoint interval for restart dumps", FGCS 22, 2006. Both are about failures at random (exponential)
that lose all work since the last checkpoint.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.runs.state import RunState

EVERY, FAILURES = "checkpoint_every", "failure_every_s"  # names of what a run measures
YOUNG_RANGE = 1 / 8  # of saving over failures: up to there, his interval costs less than 1 % more time than the best
DALY_RANGE = 2.0
MOST_STEPS = 4000  # whose times are looked at, evenly spread over a run


@dataclass(slots=True)
class Saves:
    """Checkpoints as they are made: each member's is its state, in parts or whole, and then the record of it."""

    since_s: dict[str, float] = field(default_factory=dict)  # member -> when it began the one that is under way
    count: int = 0
    seconds: float = 0.0

    def begin(self, member: str, t_s: float) -> None:
        self.since_s.setdefault(member, t_s)

    def recorded(self, member: str, t_s: float) -> None:
        if (since_s := self.since_s.pop(member, None)) is not None:
            self.count += 1
            self.seconds += t_s - since_s

    def leave(self, member: str) -> None:
        """The member is lost, or opens a training anew: what it was saving comes to nothing."""
        self.since_s.pop(member, None)

    @property
    def mean_s(self) -> float:
        return self.seconds / self.count if self.count else 0.0


def young_s(save_s: float, failure_s: float) -> float:
    """The interval between checkpoints by Young: sqrt(2 * save * failures), where saving is much the shorter."""
    return math.sqrt(2 * save_s * failure_s)


def daly_s(save_s: float, failure_s: float) -> float:
    """The interval by Daly, to a higher order; as long as the time between failures where saving takes twice that."""
    if save_s >= DALY_RANGE * failure_s:
        return failure_s
    half = save_s / (2 * failure_s)
    return young_s(save_s, failure_s) * (1 + math.sqrt(half) / 3 + half / 9) - save_s


def exact_stretch(interval_s: float, save_s: float, failure_s: float, restart_s: float = 0.0) -> float:
    """Time over useful time, exactly, for failures at random, which may strike during a restart too (Daly, 2006)."""
    return failure_s * math.exp(restart_s / failure_s) * math.expm1((interval_s + save_s) / failure_s) / interval_s


@dataclass(frozen=True)
class Interval:
    """Checkpoints of one training: `every` steps of `step_s` each, `save_s` for one, failures every `failure_s`.

    `useful` is the share of the training's time that went into steps which were never done again.
    """

    every: int
    step_s: float
    save_s: float
    failure_s: float
    useful: float

    @property
    def chosen_s(self) -> float:
        return self.every * self.step_s

    @property
    def young_s(self) -> float:
        return young_s(self.save_s, self.failure_s)

    @property
    def daly_s(self) -> float:
        return daly_s(self.save_s, self.failure_s)

    def steps(self, seconds: float) -> int:
        """The whole number of steps that is nearest to an interval, at least one."""
        return max(1, round(seconds / self.step_s))

    @property
    def young_holds(self) -> bool:
        return self.save_s <= YOUNG_RANGE * self.failure_s

    @property
    def daly_holds(self) -> bool:
        return self.save_s < DALY_RANGE * self.failure_s


def interval_of(state: RunState) -> Interval | None:
    """The checkpoints of a run; None where it has no random failures that throw it back, or has not saved yet."""
    if not {EVERY, FAILURES} <= state.measures.keys() or not state.saves.count or len(state.trainings) != 1:
        return None
    every, failure_s = int(state.measures[EVERY][-1].value), state.measures[FAILURES][-1].value
    step_s = _step_s(state, every)
    took_s = state.step_times[-1][0] - (state.training_began_s or 0.0)
    if step_s <= 0 or took_s <= 0:
        return None
    return Interval(every, step_s, state.saves.mean_s, failure_s, min(1.0, state.steps_done * step_s / took_s))


def _step_s(state: RunState, every: int) -> float:
    """The median time of a step that no checkpoint precedes; where one always does, less the time of it. Steps that
    are told together take the same."""
    ends, counts = state.step_times, state.step_counts
    looked_at = range(0, len(ends) - 1, max(1, len(ends) // MOST_STEPS))
    gaps = [(ends[at + 1][0] - ends[at][0], counts[at] % every == 0, counts[at + 1] - counts[at]) for at in looked_at]
    plain = [gap / steps for gap, saved, steps in gaps if not saved]
    if plain:
        return median(plain)
    return median([(gap - state.saves.mean_s) / steps for gap, _, steps in gaps]) if gaps else 0.0
