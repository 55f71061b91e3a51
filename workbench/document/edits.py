"""Edits: functions from one scenario to another. Nothing changes in place, so undo is a list of earlier ones."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from workbench.document.fields import add_item, get_field, remove_item, set_field
from workbench.document.graph import cycle_with
from workbench.document.history import History
from workbench.document.problems import Refused
from workbench.document.scenario import Link, Position, Scenario, StageUse
from workbench.document.written import written

__all__ = [
    "History",
    "add_item",
    "add_stage",
    "connect",
    "disconnect",
    "free_name",
    "get_field",
    "move",
    "paste",
    "remove_item",
    "remove_stages",
    "rename_stage",
    "set_field",
    "set_parameter",
    "would_cycle",
]


def add_stage(scenario: Scenario, kind: str, at: Position, id: str | None = None) -> Scenario:
    """With a new stage of that kind; without an `id` it is named after its kind, with a number where that is taken."""
    id = id or free_name(re.sub(r"[^A-Za-z0-9_-]", "_", kind), (stage.id for stage in scenario.pipeline.stages))
    if scenario.pipeline.stage(id):
        raise Refused("id-taken", id=id)
    stages = (*scenario.pipeline.stages, StageUse(id=id, use=kind))
    return move(_with_pipeline(scenario, stages=stages), {id: at})


def remove_stages(scenario: Scenario, ids: Collection[str]) -> Scenario:
    """Without these stages, their links and positions; groups that become empty go too."""
    pipeline = scenario.pipeline
    groups = []
    for group in pipeline.groups:
        left = tuple(stage for stage in group.stages if stage not in ids)
        if left or not group.stages:
            groups.append(group.model_copy(update={"stages": left}))
    changed = _with_pipeline(
        scenario,
        stages=tuple(stage for stage in pipeline.stages if stage.id not in ids),
        links=tuple(link for link in pipeline.links if link.source_stage not in ids and link.target_stage not in ids),
        groups=tuple(groups),
    )
    layout = {id: position for id, position in scenario.layout.items() if id not in ids}
    return changed.model_copy(update={"layout": layout})


def connect(scenario: Scenario, link: Link) -> Scenario:
    """With this link, in the place of the one that ended in the same port."""
    links = scenario.pipeline.links
    if any(other.target == link.target for other in links):
        changed = tuple(link if other.target == link.target else other for other in links)
        return _with_pipeline(scenario, links=tuple(dict.fromkeys(changed)))
    return _with_pipeline(scenario, links=(*links, link))


def disconnect(scenario: Scenario, link: Link) -> Scenario:
    """Without this link."""
    return _with_pipeline(scenario, links=tuple(other for other in scenario.pipeline.links if other != link))


def would_cycle(scenario: Scenario, link: Link) -> tuple[str, ...]:
    """The stages of the cycle that this link would close, its source first and last; empty if it closes none."""
    return cycle_with(scenario.pipeline.links, link)


def move(scenario: Scenario, positions: Mapping[str, Position]) -> Scenario:
    """With stages at these places of the canvas."""
    return scenario.model_copy(update={"layout": scenario.layout | dict(positions)})


def set_parameter(scenario: Scenario, stage_id: str, name: str, value: Any) -> Scenario:
    """With a parameter of a stage at this value; None takes it out, so that the stage's own default holds."""
    stage = _stage(scenario, stage_id)
    parameters = {key: old for key, old in stage.with_.items() if key != name or value is not None}
    if value is not None:
        parameters[name] = written(value)
    return _replaced(scenario, stage_id, stage.model_copy(update={"with_": parameters}))


def rename_stage(scenario: Scenario, old: str, new: str) -> Scenario:
    """With another id for a stage, in its links, groups and position too; Refused if it is taken or no name."""
    if old == new:
        return scenario
    if scenario.pipeline.stage(new):
        raise Refused("id-taken", id=new)
    at = scenario.pipeline.stages.index(_stage(scenario, old))
    changed = set_field(scenario, ("pipeline", "stages", at, "id"), new)
    links = tuple(_renamed(link, {old: new}) for link in scenario.pipeline.links)
    groups = tuple(
        group.model_copy(update={"stages": tuple(new if id == old else id for id in group.stages)})
        for group in scenario.pipeline.groups
    )
    layout = {new if id == old else id: position for id, position in scenario.layout.items()}
    return _with_pipeline(changed, links=links, groups=groups).model_copy(update={"layout": layout})


def paste(
    scenario: Scenario,
    stages: Sequence[StageUse],
    links: Iterable[Link],
    offset: Position,
    positions: Mapping[str, Position] | None = None,
) -> Scenario:
    """With copies of stages and of the links among them, behind all other stages and in the order of `stages`.

    `positions` are those of the originals (by default the ones in the scenario); copies stand `offset` away from them.
    """
    taken = [stage.id for stage in scenario.pipeline.stages]
    new_ids: dict[str, str] = {}
    for stage in stages:
        new_ids[stage.id] = free_name(stage.id, [*taken, *new_ids.values()])
    copies = tuple(stage.model_copy(update={"id": new_ids[stage.id]}) for stage in stages)
    among = tuple(_renamed(link, new_ids) for link in links if {link.source_stage, link.target_stage} <= new_ids.keys())
    stood = scenario.layout if positions is None else positions
    placed = {
        new_ids[id]: Position(x=stood[id].x + offset.x, y=stood[id].y + offset.y) for id in new_ids if id in stood
    }
    changed = _with_pipeline(
        scenario,
        stages=(*scenario.pipeline.stages, *copies),
        links=(*scenario.pipeline.links, *among),
    )
    return move(changed, placed)


def free_name(wanted: str, taken: Iterable[str]) -> str:
    """`wanted`, or the first of `wanted_2`, `wanted_3`, … that is not taken."""
    taken = set(taken)
    names = (wanted if number == 1 else f"{wanted}_{number}" for number in range(1, len(taken) + 2))
    return next(name for name in names if name not in taken)


def _stage(scenario: Scenario, id: str) -> StageUse:
    stage = scenario.pipeline.stage(id)
    if stage is None:
        raise KeyError(f"there is no stage '{id}'")
    return stage


def _replaced(scenario: Scenario, id: str, stage: StageUse) -> Scenario:
    stages = tuple(stage if other.id == id else other for other in scenario.pipeline.stages)
    return _with_pipeline(scenario, stages=stages)


def _renamed(link: Link, ids: Mapping[str, str]) -> Link:
    source = ids.get(link.source_stage, link.source_stage)
    target = ids.get(link.target_stage, link.target_stage)
    return Link(source=f"{source}.{link.source_port}", target=f"{target}.{link.target_port}")


def _with_pipeline(scenario: Scenario, **parts: tuple[Any, ...]) -> Scenario:
    return scenario.model_copy(update={"pipeline": scenario.pipeline.model_copy(update=parts)})
