"""Work of a federated training: a client's rounds on its own rows, and the server's mean of what comes back."""

from __future__ import annotations

import math
from typing import Any

from workbench.architectures.federated_data import Portion
from workbench.architectures.operations import Perform
from workbench.stages.base import StepCost

PARTS = ("local", "average")


def batches(step: StepCost, operation: Perform) -> int:
    """In how many batches a client learns in a round."""
    return int(operation.item["epochs"]) * math.ceil(_rows(step, operation.item) / step.samples_per_step)


def demand(step: StepCost, operation: Perform) -> tuple[float, float]:
    """(operations, bytes of memory moved)."""
    if operation.part == "average":  # reads every update, reads and writes the weights
        return 0.0, step.gradient_bytes * (len(operation.item) + 2)
    count = batches(step, operation)
    rows = operation.item["epochs"] * _rows(step, operation.item)
    operations = step.operations / step.samples_per_step * rows + step.apply_operations * count
    return operations, (step.memory_bytes + 8 * step.gradient_bytes) * count


def _rows(step: StepCost, item: dict[str, Any]) -> int:
    return Portion(tuple(item["first"]), tuple(item["end"])).of_even_classes(step.rows)
