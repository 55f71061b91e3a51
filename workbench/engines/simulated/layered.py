"""Work on some layers of a model: what it costs, and how big what it answers is."""

from __future__ import annotations

from typing import Any

from workbench.architectures.operations import Perform
from workbench.engines.simulated.network import Blob
from workbench.stages.base import Layer, StepCost

BYTES = 4.0  # of a weight, in float32
PASSES = {"forward": 1.0, "backward": 2.0}  # the backward pass: once for the inputs, once for the weights


def to_cut(step: StepCost) -> dict[str, Any]:
    """What an opened stage tells of its layers: how many, and the forward operations and the weights of each."""
    return {
        "layers": len(step.layers),
        "layer_operations": [layer.operations for layer in step.layers],
        "layer_bytes": [BYTES * layer.parameters for layer in step.layers],
    }


def is_of_layers(operation: Perform) -> bool:
    """Whether only some layers are worked on: `item["layers"]` are the first, and the one after the last."""
    return operation.part != "run" and isinstance(operation.item, dict) and "layers" in operation.item


def demand(step: StepCost, operation: Perform) -> tuple[float, float]:
    """(operations, bytes of memory moved); a pass reads the weights and writes and reads each activation."""
    layers = _layers(step, operation)
    weights_bytes = BYTES * sum(layer.parameters for layer in layers)
    if operation.part in PASSES:
        passes, micro_batches = PASSES[operation.part], operation.item["of"]
        activations_bytes = sum(layer.activation_bytes for layer in layers) / micro_batches
        operations = sum(layer.operations for layer in layers) / micro_batches
        return passes * operations, passes * (weights_bytes + 2 * activations_bytes)
    match operation.part:
        case "shard" | "gradients":  # views of what is there
            return 0.0, 0.0
        case "apply":
            return step.apply_operations * _share(step, layers), 8 * weights_bytes
        case "state" | "restore":
            return 0.0, 2 * step.state_bytes * _share(step, layers)
        case "weights":
            return 0.0, weights_bytes
    raise AssertionError(operation.part)


def answer(step: StepCost, operation: Perform) -> Blob | None:
    """The activations of the last layer, the gradient of the first one's input, or the state of all, by size."""
    layers = _layers(step, operation)
    match operation.part:
        case "forward":
            return Blob(layers[-1].activation_bytes / operation.item["of"])
        case "backward":
            first = operation.item["layers"][0]
            return Blob(step.layers[first - 1].activation_bytes / operation.item["of"] if first else 0.0)
        case "state":
            return Blob(step.state_bytes * _share(step, layers))
        case "weights" | "shard" | "gradients":
            return Blob(BYTES * sum(layer.parameters for layer in layers) * operation.share)
    return None


def _layers(step: StepCost, operation: Perform) -> tuple[Layer, ...]:
    first, end = operation.item["layers"]
    return step.layers[first:end]


def _share(step: StepCost, layers: tuple[Layer, ...]) -> float:
    """The share of the model's parameters that lies in `layers`."""
    return sum(layer.parameters for layer in layers) / sum(layer.parameters for layer in step.layers)
