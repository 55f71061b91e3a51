"""Part work: what a training's program asks of a model of which members hold parts, and what that means for it."""

from __future__ import annotations

from typing import Any

from workbench.architectures.operations import Perform
from workbench.stages.base import Layer, StepCost
from workbench.stages.sections import PartLearner, Piece, Section


def to_cut(step: StepCost) -> dict[str, Any]:
    """What an opened stage tells of its layers: how many, and the forward operations, weights and sums of each."""
    return {
        "layers": len(step.layers),
        "layer_operations": [layer.operations for layer in step.layers],
        "layer_bytes": [step.gradient_bytes * share_of(step, (layer,)) for layer in step.layers],
        "layer_sums": [layer.sums for layer in step.layers],
    }


def share_of(step: StepCost, layers: tuple[Layer, ...]) -> float:
    """The share of the model's parameters that lies in `layers`."""
    return sum(layer.parameters for layer in layers) / sum(layer.parameters for layer in step.layers)


def carry_out(learner: PartLearner, operation: Perform) -> Any:
    """The answer of one part of a training on a member that holds a part of the model."""
    item = operation.item
    if operation.part == "finish":
        return learner.finish(item)
    section = _section(operation)
    match operation.part:
        case "forward":
            return learner.forward(section, _piece(item), item["given"], item.get("weights"))
        case "backward":
            return learner.backward(section, _piece(item), item["given"], item.get("weights"))
        case "shard":
            return learner.shard(section)
        case "gradients":
            return learner.gradients(section)
        case "apply":
            learner.apply(section, item["step"], item.get("total"))
            if item.get("tells", True):
                learner.tell(item["step"])
            return None
        case "weights":
            return learner.weights(section)
        case "state":
            return learner.state(section, item["step"])
        case "restore":
            return learner.restore(section, item["states"])
    raise AssertionError(operation.part)


def _section(operation: Perform) -> Section:
    shares = round(1 / operation.share)
    begin, end = (operation.item or {}).get("layers", (0, 0))
    return Section(begin, end, round(operation.first * shares), shares)


def _piece(item: dict[str, Any]) -> Piece:
    return Piece(item["step"], item["micro"], item["of"], item.get("kept", True))
