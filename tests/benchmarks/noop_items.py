"""Items whose work is nothing: a stage that hands on what it is given, and members that do not even touch values."""

from __future__ import annotations

from typing import Any

from workbench.architectures.operations import Finding, Known
from workbench.architectures.schedule import COUNT
from workbench.engines.real import member
from workbench.stages.base import Cost, Port, Stage
from workbench.stages.registry import STAGES


class NoOp(Stage):
    """Hands its table on."""

    group = "custom"
    title, title_ja, doc, doc_ja = "Nothing", "何もしない", "Hands its table on.", "表をそのまま渡します。"
    inputs = (Port("table", "table"),)
    outputs = (Port("table", "table"),)

    def cost(self, inputs: Any, folder: Any) -> Cost:
        return Cost(0.0, 0.0, {"table": inputs["table"]})

    def work(self, inputs: Any, context: Any) -> dict[str, Any]:
        return {"table": inputs["table"]}


STAGES["no-op"] = NoOp


def with_values(seat: Any, tell: Any) -> Any:
    """Members that read an item's rows and keep what it has led to."""
    return member.from_scenario(seat, tell)


def without_values(seat: Any, tell: Any) -> Any:
    """Members that are handed tasks and report on them, and nothing else."""
    program, perform = member.from_scenario(seat, tell)
    count = perform.__self__.scenario.pipeline.stage("read").with_["rows"]

    def nothing(operation: Any) -> Any:
        if isinstance(operation, Known):
            return Finding(None, "fresh")
        return {"table": "0" * 64} | ({COUNT + "all": count} if operation.stage == "read" else {})

    return program, nothing
