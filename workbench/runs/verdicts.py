"""Verdicts: what each fault of a run cost, computed the same for every engine."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from workbench.runs.numbers import rates
from workbench.runs.recovery import Recovery, recoveries
from workbench.runs.state import RunState


@dataclass(frozen=True)
class Verdict:
    """What a fault led to: how long nothing moved, what was kept of the throughput, and what was lost.

    `kept` is the throughput from the fault to the next one, or to the end, as a share of that before the first; None
    where there was none before, or nothing was left to be done. `lost_items` of the whole run; None if it did not
    finish.
    """

    recovery: Recovery
    kept: float | None
    lost_items: int | None


def verdicts(state: RunState, numbers: dict[str, float]) -> tuple[Verdict, ...]:
    """One for each fault, and for each loss of a member that no fault explains, in the order of time."""
    found = recoveries(state)
    lost = int(numbers["lost_items"]) if "lost_items" in numbers else None
    told = []
    for recovery in found:
        later_s = [other.struck_s for other in found if other.struck_s > recovery.struck_s]
        told.append(Verdict(recovery, _kept(state, found[0].struck_s, recovery, min(later_s, default=None)), lost))
    return tuple(told)


def _kept(state: RunState, first_s: float, recovery: Recovery, until_s: float | None) -> float | None:
    """Of the samples of trainings if there are any, else of the instances of the pipeline."""
    training_s, work_s = state.training_began_s or 0.0, min(state.begun.values(), default=0.0)
    if state.step_times:
        end_s = state.step_times[-1][0] if until_s is None else until_s
        before = rates(state, training_s, first_s).get("samples_per_second")
        after = rates(state, recovery.struck_s, end_s).get("samples_per_second")
    else:
        end_s = state.instance_times[-1] if until_s is None and state.instance_times else until_s or 0.0
        before, after = _instances(state, work_s, first_s), _instances(state, recovery.struck_s, end_s)
    if not before:
        return None
    if after is None:
        return None if recovery.recovered else 0.0
    return after / before


def _instances(state: RunState, from_s: float, until_s: float) -> float | None:
    """Instances a second between two moments; None if none was complete between them."""
    count = bisect_right(state.instance_times, until_s) - bisect_right(state.instance_times, from_s)
    return count / (until_s - from_s) if count > 0 else None
