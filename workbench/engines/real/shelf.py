"""The shelf: values of a run as a member takes and leaves them: whole, the rows of an item, or all items together."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from workbench.architectures.items import held_bytes, misfit, parted
from workbench.architectures.narration import Tell
from workbench.architectures.operations import Perform, StageFailed
from workbench.architectures.schedule import COUNT
from workbench.document.scenario import Group, Scenario
from workbench.runs.events import Measured
from workbench.runs.folder import artifact_path, store_file
from workbench.stages import parts, values
from workbench.stages.base import Measure

MOST_OPEN = 4  # collections that a member keeps open for its next item


class Shelf:
    """Values lie in the run folder by content hash: a stage's inputs and outputs are {port: digest}.

    What a group runs over is stored so that an item's rows can be read without the others. With `in_flight` items at
    most under way a member reads those of the item at hand; where all are under way at once, it holds all of them.
    """

    def __init__(self, me: str, scenario: Scenario, run: Path, tell: Tell, in_flight: int | None):
        self.me, self.run, self.tell, self.in_flight = me, run, tell, in_flight
        self.room_bytes = scenario.cluster.pool_of(me).memory if me in scenario.cluster.names else float("inf")
        self.groups = [group for group in scenario.pipeline.groups if group.foreach]
        self.group_of = {stage: group for group in self.groups for stage in group.stages}
        self.fed = {
            (link.target_stage, link.target_port)
            for link in scenario.pipeline.links
            if (group := self.group_of.get(link.target_stage)) is not None and group.foreach == link.source
        }
        self._open: dict[tuple[str, int], parts.Collection] = {}  # by digest and rows of an item

    def take(self, operation: Perform) -> dict[str, Any]:
        """The inputs of a piece of work, by port."""
        return {port: self._value(operation, port, given) for port, given in operation.item.items()}

    def _value(self, operation: Perform, port: str, given: Any) -> Any:
        if isinstance(given, list):
            return parts.together([self._load(digest) for digest in given])
        if (operation.stage, port) in self.fed:
            number = parted(operation.of)[1]
            assert number is not None
            return self._collection(given, self.group_of[operation.stage].partition or 1).part(number)
        return self._load(given)

    def _load(self, digest: str) -> Any:
        return values.load(artifact_path(self.run, digest))

    def _collection(self, digest: str, partition: int) -> parts.Collection:
        known = self._open.get((digest, partition))
        if known is None:
            while len(self._open) >= (MOST_OPEN if self.in_flight else 1):
                del self._open[next(iter(self._open))]
            path = artifact_path(self.run, digest)
            known = self._open[digest, partition] = parts.collection(path, partition, whole=self.in_flight is None)
        return known

    def keep(self, stage: str, outputs: dict[str, Any], measure: Measure) -> dict[str, Any]:
        """The digests of a stage's outputs, and of how many items those consist that a group runs over."""
        kept: dict[str, Any] = {}
        for port, value in outputs.items():
            over = [group for group in self.groups if group.foreach == f"{stage}.{port}"]
            for group in over:
                kept[COUNT + group.id] = self._count(group, value, measure)
            kept[port] = self._keep(value, over[0].partition if over else None)
        return kept

    def _count(self, group: Group, value: Any, measure: Measure) -> int:
        """How many items there are. StageFailed where as many as may be under way do not fit into this member."""
        count = parts.count(value, group.partition or 1)
        measure("items_found", float(count))
        size = values.size_of(value).bytes
        if reason := misfit(group.foreach, count, size, self.in_flight, self.me, self.room_bytes):
            stage = group.foreach.partition(".")[0]
            self.weigh(stage, held_bytes(size, count, self.in_flight))
            raise StageFailed(stage, reason)
        return count

    def weigh(self, stage: str, bytes_: float) -> None:
        """Tell what items need of this member's memory: of this run only, whoever takes its results over."""
        self.tell(Measured(name="items_bytes", value=bytes_, unit="B", stage=stage))
        self.tell(Measured(name="items_share", value=bytes_ / self.room_bytes, stage=stage))

    def _keep(self, value: Any, partition: int | None) -> str:
        partial = self.run / "artifacts" / f".value-{os.getpid()}"
        try:
            with partial.open("wb") as file:
                values.write(value, file, partition)
            return store_file(self.run, partial)
        finally:
            partial.unlink(missing_ok=True)
