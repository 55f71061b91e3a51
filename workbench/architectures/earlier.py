"""What earlier runs led to, for whoever keeps a schedule: it is recorded, and nobody is asked to work."""

from __future__ import annotations

from typing import Any

from workbench.architectures.operations import Finding, Known, Record, Say
from workbench.architectures.orchestration import Orchestration
from workbench.architectures.schedule import Schedule, Task
from workbench.architectures.training import Part
from workbench.runs.events import Recorded


def taken_over(work: Orchestration, schedule: Schedule) -> Part:
    """Tasks that have become ready are looked up, and those that follow from what was found, until none is left.

    Of a stage that is to be carried out it is said once why.
    """
    said: set[tuple[str, str]] = set()
    while schedule.unasked:
        found: list[tuple[Task, Finding]] = []
        while schedule.unasked:
            task = schedule.unasked.popleft()
            if task.key in schedule.done:
                continue
            finding = yield Known(task.stage.id, schedule.inputs(task), schedule.plan.name(task.instance, task.item))
            if finding.outputs is not None:
                found.append((task, finding))
            elif (task.stage.id, finding.why) not in said:
                said.add((task.stage.id, finding.why))
                yield Say(_fact("due", schedule, task, finding.why))
        if found:
            yield from _adopted(schedule, found)


def _adopted(schedule: Schedule, found: list[tuple[Task, Finding]]) -> Part:
    """Said first: whoever dies before the record says it again, and what is recorded has its reason in any case."""
    entries: list[tuple[str, Any]] = []
    for task, finding in found:
        yield Say(_fact("cached", schedule, task, finding.why))
        instance, name = task.key
        entries.append((f"done/{instance}/{name}", finding.outputs))
    yield Record(tuple(entries))
    for task, finding in found:
        for fact in finding.facts:
            yield Say(fact)
        yield Say(_fact("done", schedule, task, ""))
        schedule.adopt(task, finding.outputs or {})
        for news in schedule.news:
            yield Say(news)
        schedule.news.clear()


def _fact(kind: str, schedule: Schedule, task: Task, why: str) -> Recorded:
    key = schedule.told_key(task.instance, task.stage.id, task.item)
    return Recorded(kind=kind, key=key, stage=task.stage.id, value=why)
