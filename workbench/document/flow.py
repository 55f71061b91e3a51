"""What can be said against the flow of a pipeline: conditions, groups that run for every item, and re-runs."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.document.expectations import ExpectationError, parse
from workbench.document.problems import Problem, nearest
from workbench.document.scenario import Group, Pipeline, StageUse, Workload


def check(pipeline: Pipeline) -> list[Problem]:
    """All problems of conditions, assumptions and groups with foreach."""
    found: list[Problem] = []
    for stage in pipeline.stages:
        found += _of_assumptions(stage)
        found += _of_condition(pipeline, stage) if stage.when else ()
    for group in pipeline.groups:
        found += _of_foreach(pipeline, group) if group.foreach else _of_plain(group)
    return found


def _asked(stage: StageUse) -> tuple[str, ...]:
    """The stages about whose metrics a condition asks; none where it cannot be read."""
    try:
        return tuple(name.combination for name in parse(stage.when).names) if stage.when else ()
    except ExpectationError:
        return ()


def metrics_asked(pipeline: Pipeline, workload: Workload) -> dict[str, tuple[str, ...]]:
    """Stage -> its metrics about which a condition or the event asks."""
    texts = [stage.when for stage in pipeline.stages] + [workload.event if workload.arrivals == "by-event" else ""]
    names = {(name.combination, name.metric) for text in texts if text for name in parse(text).names}
    return {
        stage.id: found for stage in pipeline.stages if (found := tuple(sorted(m for s, m in names if s == stage.id)))
    }


def _behind(pipeline: Pipeline, stage: str) -> set[str]:
    """All stages that come after a stage, by links and by conditions."""
    arrows = [(link.source_stage, link.target_stage) for link in pipeline.links]
    arrows += [(asked, use.id) for use in pipeline.stages for asked in _asked(use)]
    found: set[str] = set()
    waiting = [stage]
    while waiting:
        source = waiting.pop()
        following = {target for start, target in arrows if start == source} - found
        found |= following
        waiting += following
    return found


def _of_assumptions(stage: StageUse) -> Iterator[Problem]:
    for metric, value in stage.assume.items():
        if isinstance(value, tuple) and value[0] > value[1]:
            values = {"least": value[0], "most": value[1]}
            yield Problem("assumes-backwards", f"pipeline.stages[{stage.id}].assume.{metric}", values)


def _of_condition(pipeline: Pipeline, stage: StageUse) -> Iterator[Problem]:
    place = f"pipeline.stages[{stage.id}].when"
    try:
        names = parse(stage.when).names
    except ExpectationError as error:
        yield Problem("expectation-syntax", place, error.values)
        return
    if not names:
        yield Problem("condition-of-nothing", place)
    within = {id for group in pipeline.groups if group.foreach for id in group.stages}
    behind = _behind(pipeline, stage.id) | {stage.id}
    for name in names:
        of = pipeline.stage(name.combination)
        if name.engine or of is None or of.id in behind:
            earlier = [other.id for other in pipeline.stages if other.id not in behind]
            values = {"stage": name.combination, "nearest": nearest(name.combination, earlier)}
            yield Problem("condition-not-earlier", place, values)
        elif stage.id in within or of.id in within:
            yield Problem("condition-in-foreach", place)
        elif name.metric not in of.assume:
            yield Problem("condition-unknown", place, {"stage": of.id, "metric": name.metric})


def of_event(pipeline: Pipeline, workload: Workload) -> Iterator[Problem]:
    """All problems of the event by which an instance submits the next one."""
    if workload.arrivals != "by-event":
        if workload.event:
            yield Problem("event-unused", "workload.event", severity="note")
        return
    if not workload.event:
        yield Problem("event-missing", "workload")
        return
    if workload.instances == 1:
        yield Problem("event-once", "workload.instances", severity="note")
    try:
        names = parse(workload.event).names
    except ExpectationError as error:
        yield Problem("expectation-syntax", "workload.event", error.values)
        return
    if not names:
        yield Problem("condition-of-nothing", "workload.event")
    within = {id for group in pipeline.groups if group.foreach for id in group.stages}
    for name in names:
        of = pipeline.stage(name.combination)
        if name.engine or of is None:
            values = {"stage": name.combination, "nearest": nearest(name.combination, [s.id for s in pipeline.stages])}
            yield Problem("event-of-no-stage", "workload.event", values)
        elif of.id in within:
            yield Problem("condition-in-foreach", "workload.event")
        elif name.metric not in of.assume:
            yield Problem("condition-unknown", "workload.event", {"stage": of.id, "metric": name.metric})


def _of_plain(group: Group) -> Iterator[Problem]:
    for name in ("partition", "at_least"):
        if getattr(group, name) is not None:
            yield Problem("group-field-unused", f"pipeline.groups[{group.id}].{name}", {"field": name})


def _of_foreach(pipeline: Pipeline, group: Group) -> Iterator[Problem]:
    place = f"pipeline.groups[{group.id}]"
    if group.partition is None:
        yield Problem("foreach-without-partition", place)
    source, _, port = group.foreach.partition(".")
    if pipeline.stage(source) is None or not port or source in group.stages:
        ids = [stage.id for stage in pipeline.stages if stage.id not in group.stages]
        yield Problem(
            "foreach-of-nothing", f"{place}.foreach", {"port": group.foreach, "nearest": nearest(source, ids)}
        )
        return
    if not any(link.source == group.foreach and link.target_stage in group.stages for link in pipeline.links):
        yield Problem("foreach-unlinked", f"{place}.foreach", {"port": group.foreach})
    others = [other for other in pipeline.groups if other.foreach and other.id != group.id]
    if any(source in other.stages for other in others):
        yield Problem("foreach-nested", f"{place}.foreach", {"port": group.foreach})
    for stage in group.stages:
        for other in others:
            if any(link.source_stage in other.stages and link.target_stage == stage for link in pipeline.links):
                yield Problem("foreach-nested", f"{place}.stages", {"port": stage})
