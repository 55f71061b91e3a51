"""Cancelling: somebody does not want a stage any more; what needs it is left out, and all else goes on."""

from __future__ import annotations

from workbench.architectures.schedule import Schedule
from workbench.runs.events import Event, Recorded, Warned

CANCEL = "cancel"  # the tag of the letter that says so


def cancelled(schedule: Schedule, stage: str) -> tuple[tuple[str, ...], list[Event]]:
    """Nothing more is done of a stage, or of the group that runs for every item and holds it.

    Answers the stages that are given up, and the facts that follow.
    """
    group = schedule.group_of.get(stage)
    stages = group.stages if group is not None else (stage,)
    open_ = [instance for instance in schedule.arrived if stage not in schedule.over[instance]]
    if not open_ and len(schedule.arrived) == len(schedule.instances):
        return (), [Warned(code="command-refused", text=f"there is nothing to cancel: {stage} is over")]
    schedule.cancelled |= {*stages}
    for tasks in (schedule.ready, schedule.unasked):
        kept = [task for task in tasks if task.stage.id not in stages]
        tasks.clear()
        tasks.extend(kept)
    schedule.paused = [task for task in schedule.paused if task.stage.id not in stages]
    for instance in open_:
        begun = (instance, stage) in schedule.begun if group is None else (instance, group.id) in schedule.collections
        if begun:
            _leave_out(schedule, instance, stages)
            if group is None:
                schedule.end(instance, stage)
            else:
                schedule.end_group(instance, group)
    facts: list[Event] = [Recorded(kind="cancelled", key=each, stage=each) for each in stages]
    facts += schedule.news
    schedule.news.clear()
    return stages, facts


def _leave_out(schedule: Schedule, instance: int, stages: tuple[str, ...]) -> None:
    for stage in stages:
        schedule.left_out.add((instance, stage))
        schedule.news.append(Recorded(kind="skipped", key=schedule.told_key(instance, stage), stage=stage))
