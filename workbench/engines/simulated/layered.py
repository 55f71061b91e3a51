"""Work on some layers of a model: what it costs, and how big what it answers is."""

from __future__ import annotations

from workbench.architectures.operations import Perform
from workbench.architectures.part_work import share_of
from workbench.catalogues.accelerators import Accelerator
from workbench.engines.simulated.network import Blob
from workbench.stages.base import Layer, StepCost

BYTES = 4.0  # of a weight, in float32
PASSES = {"forward": 1.0, "backward": 2.0}  # the backward pass: once for the inputs, once for the weights


def is_of_layers(operation: Perform) -> bool:
    """Whether only some layers are worked on: `item["layers"]` are the first, and the one after the last."""
    return operation.part != "run" and isinstance(operation.item, dict) and "layers" in operation.item


def demand(step: StepCost, operation: Perform) -> tuple[float, float]:
    """(operations, bytes of memory moved); a pass reads the weights and writes and reads each activation."""
    layers, share = _layers(step, operation), operation.share
    weights_bytes = BYTES * share * sum(layer.parameters for layer in layers)
    if operation.part in PASSES:
        passes, micro_batches = PASSES[operation.part], operation.item["of"]
        activations_bytes = sum(layer.activation_bytes for layer in layers) / micro_batches
        operations = share * sum(layer.operations for layer in layers) / micro_batches
        return passes * operations, passes * (weights_bytes + 2 * activations_bytes)
    match operation.part:
        case "from-host" | "to-host":
            return 0.0, weights_bytes
        case "shard" | "gradients":  # views of what is there
            return 0.0, 0.0
        case "apply":
            return step.apply_operations * share * share_of(step, layers), 8 * weights_bytes
        case "state" | "restore":
            return 0.0, 2 * step.state_bytes * share * share_of(step, layers)
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
            return Blob(step.state_bytes * operation.share * share_of(step, layers))
        case "weights" | "shard" | "gradients":
            return Blob(step.gradient_bytes * operation.share * share_of(step, layers))
    return None


def runs_kernels(step: StepCost | None, operation: Perform) -> bool:
    """Whether it is a pass through layers of a transformer."""
    return step is not None and step.transformer and operation.part in PASSES and is_of_layers(operation)


def largest_pass(step: StepCost, operation: Perform) -> float:
    """The operations of the dearest of its layers, forwards."""
    return operation.share * max(layer.operations for layer in _layers(step, operation)) / float(operation.item["of"])


def kernels_s(step: StepCost, operation: Perform, processor: Accelerator) -> float:
    """Seconds of a pass through layers of a transformer, by the accelerator's kernels for them."""
    share, micro_batches = operation.share, operation.item["of"]
    forward_s = sum(
        processor.kernels.forward_s(
            processor,
            share * layer.operations / micro_batches,
            (layer.whole_bytes + share * layer.split_bytes) / micro_batches,
        )
        for layer in _layers(step, operation)
    )
    return PASSES[operation.part] * forward_s


def _layers(step: StepCost, operation: Perform) -> tuple[Layer, ...]:
    first, end = operation.item["layers"]
    return step.layers[first:end]
