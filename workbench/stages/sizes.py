"""The cost of every stage of a pipeline, and the size of what it hands on, found by following the links."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from graphlib import TopologicalSorter
from math import ceil
from pathlib import Path
from typing import NamedTuple

from workbench.document.scenario import Group, Link, Pipeline
from workbench.stages.base import Cost, Size, StepCost, TrainingStage
from workbench.stages.check import build


class Sized(NamedTuple):
    """The cost of one execution of a stage, and the sizes of its outputs by port."""

    cost: Cost
    outputs: Mapping[str, Size]


def sizes(pipeline: Pipeline, folder: Path) -> dict[str, Sized]:
    """Every stage by id, in an order in which each comes after those that it needs.

    The pipeline must have been checked. `cost_factor` is not applied. BadInput if a file cannot be sized up.
    """
    found: dict[str, Sized] = {}
    for id in _order(pipeline):  # a stage that runs for every item has the cost and the sizes of one item
        use = pipeline.stage(id)
        assert use is not None, id
        cost = build(use).cost(inputs_of(pipeline, id, found), folder)
        found[id] = Sized(cost, cost.outputs)
    return found


def inputs_of(pipeline: Pipeline, id: str, found: Mapping[str, Sized]) -> dict[str, Size]:
    """The sizes of what is linked to the inputs of a stage, by port."""
    return {
        link.target_port: _passed(pipeline, link, found[link.source_stage].outputs[link.source_port], found)
        for link in pipeline.links
        if link.target_stage == id
    }


def items(pipeline: Pipeline, found: Mapping[str, Sized]) -> dict[str, int]:
    """How many items each group with foreach has, by id: as many as partitions are needed for all rows."""
    return {group.id: _count(group, found) for group in pipeline.groups if group.foreach}


def _count(group: Group, found: Mapping[str, Sized]) -> int:
    stage, port = group.foreach.split(".")
    return max(1, ceil(found[stage].outputs[port].rows / (group.partition or 1)))


def _passed(pipeline: Pipeline, link: Link, size: Size, found: Mapping[str, Sized]) -> Size:
    """What arrives over a link: an item of a collection where it leads into a group, all of them where it leads out."""
    into, out_of = (_group_of(pipeline, stage) for stage in (link.target_stage, link.source_stage))
    if into is not None and link.source == into.foreach:
        return _times(size, 1 / _count(into, found))
    if out_of is not None and out_of is not into:
        return _times(size, _count(out_of, found))
    return size


def _group_of(pipeline: Pipeline, stage: str) -> Group | None:
    return next((group for group in pipeline.groups if group.foreach and stage in group.stages), None)


def _times(size: Size, factor: float) -> Size:
    rows, test_rows = (max(1, round(n * factor)) if n else 0 for n in (size.rows, size.test_rows))
    return replace(size, rows=rows, test_rows=test_rows, bytes=size.bytes * factor)


def step_costs(pipeline: Pipeline, folder: Path) -> dict[str, StepCost]:
    """What a step of each training stage costs, by id."""
    found = sizes(pipeline, folder)
    stages = {use.id: build(use) for use in pipeline.stages}
    return {
        id: stage.step_cost(inputs_of(pipeline, id, found))
        for id, stage in stages.items()
        if isinstance(stage, TrainingStage)
    }


def _order(pipeline: Pipeline) -> tuple[str, ...]:
    before: dict[str, set[str]] = {use.id: set() for use in pipeline.stages}
    for link in pipeline.links:
        before[link.target_stage].add(link.source_stage)
    return tuple(TopologicalSorter(before).static_order())
