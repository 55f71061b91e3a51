"""Recovery: how long a run stood still after something broke, computed the same for every engine.

Progress is a training step or a stage's result that is told for the first time.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

from workbench.runs.state import Failure, RunState


@dataclass(frozen=True)
class Recovery:
    """What stood still after a fault or a loss at `struck_s`: from `began_s` to `ended_s`, the next progress.

    `ended_s` is the end of the run, and `recovered` false, where no progress was seen again.
    """

    worker: str
    struck_s: float
    began_s: float
    ended_s: float
    recovered: bool

    @property
    def seconds(self) -> float:
        return self.ended_s - self.began_s


def recoveries(state: RunState) -> list[Recovery]:
    """One for each fault, and for each loss of a member that no fault explains, in the order of time."""
    strikes = [(fault.began_s, fault.worker) for fault in state.faults]
    strikes += [(failure.t_s, failure.worker) for failure in state.failures if not _explained(state, failure)]
    return [_after(state, at_s, worker) for at_s, worker in sorted(strikes)]


def _explained(state: RunState, failure: Failure) -> bool:
    """Whether the loss was ordered, or belongs to a fault of the same member that had begun and not ended."""
    return failure.cause == "stopped" or any(
        fault.worker == failure.worker
        and fault.began_s <= failure.t_s
        and (fault.ended_s is None or fault.ended_s >= failure.t_s)
        for fault in state.faults
    )


def _after(state: RunState, struck_s: float, worker: str) -> Recovery:
    """The longer of the two stretches that follow.

    A step that was under way may still be told by a member that had its sum already; then the stretch behind that
    step is the one in which nothing moves.
    """
    times = state.progress_times
    index = bisect_left(times, (struck_s, False))
    if index == len(times):
        return Recovery(worker, struck_s, struck_s, state.t_s, _needed_none(state))
    first_s, by_step = times[index]
    stretches = [(struck_s, first_s, True)]
    if by_step and index + 1 < len(times):
        stretches.append((first_s, times[index + 1][0], True))
    elif by_step and not _needed_none(state):
        stretches.append((first_s, state.t_s, False))
    began_s, ended_s, recovered = max(stretches, key=lambda stretch: stretch[1] - stretch[0])
    return Recovery(worker, struck_s, began_s, ended_s, recovered)


def _needed_none(state: RunState) -> bool:
    """Whether the run came to its end, so that no progress was left to be made."""
    return state.outcome == "finished"


def standstill_s(found: list[Recovery]) -> float:
    """Seconds in which at least one of the recoveries was going on."""
    total, reached = 0.0, 0.0
    for recovery in sorted(found, key=lambda recovery: recovery.began_s):
        begin = max(recovery.began_s, reached)
        total += max(0.0, recovery.ended_s - begin)
        reached = max(reached, recovery.ended_s)
    return total
