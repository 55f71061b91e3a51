"""What simulated stages find beside their outputs: how many items there are, and metrics that are taken for granted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from workbench.architectures.items import held_bytes, misfit, parted
from workbench.architectures.operations import Perform, StageFailed
from workbench.architectures.random_streams import stream
from workbench.architectures.schedule import COUNT, METRIC
from workbench.document.scenario import Group, Scenario
from workbench.runs.events import Event, Measured
from workbench.stages.sizes import Sized, items


class Found:
    """The findings of a run's stages; those that are drawn are equal whatever is compared, for streams have names."""

    def __init__(self, scenario: Scenario, costs: Mapping[str, Sized], seed: int, replication: int):
        self.costs, self.seed, self.replication = costs, seed, replication
        self.groups = {group.id: group for group in scenario.pipeline.groups if group.foreach}
        self.group_of = {stage: group for group in self.groups.values() for stage in group.stages}
        self.counts = items(scenario.pipeline, costs)
        self.assumed = {stage.id: stage.assume for stage in scenario.pipeline.stages if stage.assume}
        cluster = scenario.cluster
        self.in_flight = 0  # items under way at once, as the orchestration says; all of them if 0
        self.memory_bytes = {name: pool.memory for name, pool in cluster.pools.items()}

    def share(self, operation: Perform, stage: str, port: str) -> float:
        """Which part of an artifact a piece of work takes: an item of a collection, or all of what it is given."""
        group = self.group_of.get(operation.stage)
        return 1 / self.counts[group.id] if group is not None and group.foreach == f"{stage}.{port}" else 1.0

    def beside(self, member: str, operation: Perform) -> dict[str, float]:
        """What a stage tells beside its outputs. StageFailed where the items of a collection do not fit in memory."""
        told: dict[str, float] = {}
        for group in self.groups.values():
            if group.foreach.split(".")[0] == operation.stage:
                self._fit(member, group)
                told[COUNT + group.id] = float(self.counts[group.id])
        for metric, value in self.assumed.get(operation.stage, {}).items():
            told[METRIC + metric] = self._metric(operation, metric, value)
        return told

    def _metric(self, operation: Perform, metric: str, value: float | tuple[float, float]) -> float:
        if not isinstance(value, tuple):
            return value
        instance, _ = parted(operation.of)
        drawn = stream(self.seed, "assume", operation.stage, metric, instance, self.replication).random()
        return value[0] + float(drawn) * (value[1] - value[0])

    def held_bytes(self, group: Group) -> float:
        """What the items take that are held in memory at once, at most."""
        stage, port = group.foreach.split(".")
        count = self.counts[group.id]
        return held_bytes(self.costs[stage].outputs[port].bytes, count, self.in_flight)

    def _fit(self, member: str, group: Group) -> None:
        stage, port = group.foreach.split(".")
        total, room = self.costs[stage].outputs[port].bytes, self.memory_bytes[member]
        if reason := misfit(group.foreach, self.counts[group.id], total, self.in_flight, member, room):
            raise StageFailed(stage, reason)

    def facts(self) -> list[Event]:
        """How many items the groups have, and what they hold in memory at most."""
        facts: list[Event] = []
        for group in self.groups.values():
            stage = group.foreach.split(".")[0]
            facts.append(Measured(name="items_found", value=float(self.counts[group.id]), stage=stage))
            held = self.held_bytes(group)
            facts.append(Measured(name="items_bytes", value=held, unit="B", stage=stage))
            facts.append(Measured(name="items_share", value=held / min(self.memory_bytes.values()), stage=stage))
        return facts


def artifacts_of(inputs: Mapping[str, Any]) -> Iterator[str]:
    """The artifacts in what a stage is given by port, those of all items where a port is given a collection."""
    for given in inputs.values():
        yield from given if isinstance(given, list) else (given,)
