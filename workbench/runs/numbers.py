"""Numbers: what is computed from the state of a run. Nothing here is stored; only what exists for a run is there."""

from __future__ import annotations

from bisect import bisect_right
from math import ceil

from workbench.document.metrics import OF, OF_STAGE
from workbench.runs.recovery import recoveries, standstill_s
from workbench.runs.state import RunState

MEASURED = (
    *("reads_per_second", "read_delay_s", "read_delay_p99_s"),
    *("accuracy", "loss", "worker_bytes", "busiest_bytes", "data_bytes"),
    *("memory_bytes", "memory_share", "items_found"),
)
GROWING = ("items_bytes", "items_share")  # every worker of a real run tells what it has needed so far
OF_THE_FULLEST = ("memory_bytes", "memory_share")  # each real worker tells its own


def numbers(state: RunState, warm_up_s: float = 0.0) -> dict[str, float]:
    """Metric -> value, in SI units; `warm_up_s` at the start of the run is left out of throughput."""
    found = {"duration_s": state.t_s, "faults": float(len(state.faults))}
    found["failures"] = float(sum(failure.cause != "stopped" for failure in state.failures))
    found |= _training(state, warm_up_s)
    found |= _instances(state, warm_up_s)
    found |= _tasks(state)
    found |= _shares(state)
    found |= _faults(state)
    found |= {name: state.measures[name][-1].value for name in MEASURED if name in state.measures}
    found |= {name: max(m.value for m in state.measures[name]) for name in GROWING if name in state.measures}
    for name in OF_THE_FULLEST:
        if measures := state.measures.get(name):
            found[name] = max(measure.value for measure in measures)
    if variances := state.measures.get("update_variance"):
        found["update_variance"] = sum(measure.value for measure in variances) / len(variances)
    if apart := state.measures.get("replicas_apart"):
        found["replicas_apart"] = max(measure.value for measure in apart)
    for id, stage in state.stages.items():
        if stage.items_done:
            found[OF_STAGE + id] = stage.seconds / stage.items_done
    found |= {name + OF + stage: value for (name, stage), value in state.last_of_stage.items()}
    return found


def _training(state: RunState, warm_up_s: float) -> dict[str, float]:
    if not state.step_times:
        return {}
    began_s = state.training_began_s or 0.0
    last_s = state.step_times[-1][0]
    found = {
        "steps": float(state.steps_done),
        "samples": float(state.samples_done),
        "training_s": last_s - began_s,
    }
    if state.pace.ahead:
        found["steps_ahead"] = float(state.pace.ahead)
    return found | rates(state, max(began_s, warm_up_s), last_s)


def rates(state: RunState, from_s: float, until_s: float) -> dict[str, float]:
    """Samples and steps a second between two moments; nothing if no step was told between them."""
    samples, steps = _told_by(state, from_s)
    more_samples, more_steps = _told_by(state, until_s)
    if more_steps == steps or until_s <= from_s:
        return {}
    return {
        "samples_per_second": (more_samples - samples) / (until_s - from_s),
        "steps_per_second": (more_steps - steps) / (until_s - from_s),
    }


def _told_by(state: RunState, t_s: float) -> tuple[int, int]:
    """Samples and steps that were finished at `t_s`."""
    count = bisect_right(state.step_times, (t_s, state.samples_done))
    return (state.step_times[count - 1][1], state.step_counts[count - 1]) if count else (0, 0)


def _instances(state: RunState, warm_up_s: float) -> dict[str, float]:
    times = state.instance_times
    if not state.begun and not times:  # with results of earlier runs an instance may be complete without any work
        return {}
    found = {"instances": float(len(times)), "repeated_items": float(sum(s.repeated for s in state.stages.values()))}
    late = sum(t_s > warm_up_s for t_s in times)
    if late:
        found["instances_per_second"] = late / (times[-1] - warm_up_s)
    if state.left_out:
        found["left_out"] = float(state.left_out)
    items = state.items
    if items.failed:
        found["items_failed"] = float(items.failed)
    if items.left:
        found |= {"items": float(items.left), "items_out_of_order": float(items.out_of_order)}
        found["item_wait_s"] = items.waited_s / items.left
    if state.submitted or len(state.begun) > 1:
        waits = [began_s - state.submitted.get(item, 0.0) for item, began_s in state.begun.items()]
        found["mean_wait_s"] = sum(waits) / len(waits)
    if state.outcome == "finished":
        found["lost_items"] = float(len(state.submitted.keys() | state.begun.keys()) - len(times))
    return found


def _tasks(state: RunState) -> dict[str, float]:
    found = {}
    delays_s = sorted(state.tasks.delays_s.values())
    if delays_s:
        found["scheduling_delay_s"] = sum(delays_s) / len(delays_s)
        found["scheduling_delay_p99_s"] = delays_s[ceil(0.99 * len(delays_s)) - 1]
    if state.outcome == "finished" and state.tasks.after and not state.reason:  # else some are under way
        found["disagreements"] = float(state.tasks.disagreements)
    return found


def _shares(state: RunState) -> dict[str, float]:
    """How the time of the members was spent."""
    found = {}
    work = sum(member.training_work_s for member in state.members.values())
    communication = sum(member.communication_s for member in state.members.values())
    if work + communication > 0:
        found["communication_share"] = communication / (work + communication)
    workers = [state.members[name] for name in state.team] or [m for m in state.members.values() if m.work_s > 0]
    if workers and state.t_s > 0:
        found["busy_share"] = sum(member.work_s for member in workers) / (len(workers) * state.t_s)
    return found


def _faults(state: RunState) -> dict[str, float]:
    if state.t_s <= 0:
        return {}
    found = recoveries(state)
    standing = min(1.0, standstill_s(found) / state.t_s)
    shown = {"availability": 1.0 - standing}
    if found:
        shown["recovery_s"] = max(recovery.seconds for recovery in found)
        shown |= _kept(state, found[0].struck_s)
    return shown


def _kept(state: RunState, struck_s: float) -> dict[str, float]:
    """The throughput after the first fault, as a share of the throughput before it; the standstill belongs to after."""
    if not state.step_times:
        return {}
    before = rates(state, state.training_began_s or 0.0, struck_s)
    after = rates(state, struck_s, state.step_times[-1][0])
    if not before or not after:
        return {}
    return {"throughput_kept": after["samples_per_second"] / before["samples_per_second"]}
