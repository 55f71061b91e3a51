"""Placing: which workers can be given a task now, with the resources that it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.architectures.plan import PlannedStage

if TYPE_CHECKING:
    from workbench.architectures.schedule import Schedule, Task


def free(schedule: Schedule) -> list[str]:
    """Who can be given a task now."""
    held, ahead = schedule.held, schedule.ahead
    return [worker for worker in schedule.all_workers if worker in held and len(held[worker]) < ahead]


def workers_for(schedule: Schedule, task: Task) -> tuple[str, ...]:
    """The worker, or the team, that is to carry a task out; nobody, if it has to wait."""
    suited, held = task.stage.suited, schedule.held
    could = [worker for worker in free(schedule) if suited is None or worker in suited]
    if not could or not _has_room(schedule, task.stage):
        return ()
    if not task.stage.team:
        return (min(could, key=lambda worker: len(held[worker])),)
    idle = [worker for worker in could if not held[worker]]
    there = len(schedule.all_workers) if suited is None else len(suited.intersection(schedule.all_workers))
    lost = len(schedule.lost) if suited is None else len(suited & schedule.lost)
    wanted = min(task.stage.team, there - lost)
    return tuple(idle[:wanted]) if wanted >= task.stage.least and len(idle) >= wanted else ()


def _has_room(schedule: Schedule, stage: PlannedStage) -> bool:
    """Whether work on a stage fits beside all that is under way; where nothing is, it has all the room."""
    room = schedule.plan.room
    if room is None or not schedule.running:
        return True
    own = [stage.occupies] * max(0, stage.team - 1)
    others = [task.stage.occupies for task in schedule.running.values() for _ in range(max(1, len(task.waiting_for)))]
    return not room.lacks(stage.occupies, [*own, *others])


def could_grow(schedule: Schedule, worker: str) -> bool:
    """Whether the team in which this worker is has fewer members than it could have."""
    running = schedule.running
    teams = [task for key in schedule.held.get(worker, ()) if (task := running.get(key)) and task.stage.team]
    return any(
        len(task.waiting_for) < task.stage.team
        and any(not held for other, held in schedule.held.items() if other not in task.waiting_for)
        for task in teams
    )
