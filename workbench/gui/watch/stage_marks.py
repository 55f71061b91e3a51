"""How each stage stands in a run, for the boxes on the canvas."""

from typing import NamedTuple

from workbench.runs.state import RunState


class StageMark(NamedTuple):
    """`status` is waiting, running, done or failed; `seconds` is how long it took, or has taken so far."""

    status: str
    seconds: float


def stage_marks(state: RunState) -> tuple[dict[str, StageMark], dict[str, float]]:
    """The mark of each stage by its id, and the share that is done of those for which it is known."""
    marks, shares = {}, {}
    for id, stage in state.stages.items():
        going_s = state.t_s - stage.started_s if stage.status == "running" and stage.started_s is not None else 0.0
        marks[id] = StageMark(stage.status, float(f"{stage.seconds or going_s:.3g}"))
        share = _share(state, id)
        if share is not None:
            shares[id] = round(share, 2)
    return marks, shares


def cancellable(state: RunState) -> tuple[str, ...]:
    """The stages of a run of which something is still to be done, where its engine can give one up."""
    if state.engine != "real" or state.outcome:
        return ()
    return tuple(id for id, stage in state.stages.items() if stage.status in ("waiting", "running"))


def _share(state: RunState, id: str) -> float | None:
    stage = state.stages[id]
    if stage.status in ("done", "failed", "cancelled"):
        return None
    trainings = [training for (of, _), training in state.trainings.items() if of == id]
    steps = sum(training.of for training in trainings)
    if steps and len(state.submitted) <= 1:
        return sum(training.done for training in trainings) / steps
    return stage.items_done / len(state.submitted) if len(state.submitted) > 1 else None
