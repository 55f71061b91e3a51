"""The cost of every stage of a pipeline, and the size of what it hands on, found by following the links."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import TopologicalSorter
from pathlib import Path
from typing import NamedTuple

from workbench.document.scenario import Pipeline
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
    for id in _order(pipeline):
        use = pipeline.stage(id)
        assert use is not None, id
        cost = build(use).cost(inputs_of(pipeline, id, found), folder)
        found[id] = Sized(cost, cost.outputs)
    return found


def inputs_of(pipeline: Pipeline, id: str, found: Mapping[str, Sized]) -> dict[str, Size]:
    """The sizes of what is linked to the inputs of a stage, by port."""
    return {
        link.target_port: found[link.source_stage].outputs[link.source_port]
        for link in pipeline.links
        if link.target_stage == id
    }


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
