"""Memory: what a member of a training team holds, by arithmetic, to say whether a model fits and why not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from workbench.stages.base import Layer, StepCost


@dataclass(frozen=True)
class Held:
    """The most that a member holds at once while it trains, in bytes; `host` is what waits in the host's own memory.

    What a program needs besides (buffers of libraries, fragments) is left out.
    """

    weights: float = 0.0
    gradients: float = 0.0
    optimiser: float = 0.0
    activations: float = 0.0
    host: float = 0.0

    @property
    def total(self) -> float:
        """Without what waits in the host's memory."""
        return self.weights + self.gradients + self.optimiser + self.activations

    def text(self, memory_bytes: float) -> str:
        """Why it does not fit into so many bytes."""
        parts = [
            f"{name} {amount(size)}"
            for name, size in (
                ("weights", self.weights),
                ("gradients", self.gradients),
                ("optimiser", self.optimiser),
                ("activations", self.activations),
            )
            if size
        ]
        return f"{' + '.join(parts)} = {amount(self.total)}, and there are {amount(memory_bytes)}"


def amount(size_bytes: float) -> str:
    """A number of bytes in words."""
    for unit, factor in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if size_bytes >= factor:
            return f"{size_bytes / factor:.3g} {unit}"
    return f"{size_bytes / 1e3:.3g} kB"


def optimiser_bytes(step: StepCost) -> float:
    """What a checkpoint has besides the weights."""
    return max(0.0, step.state_bytes - step.gradient_bytes)


def activations_bytes(layers: Iterable[Layer]) -> float:
    """Activations of the whole global batch that the backward pass needs."""
    return sum(max(layer.activation_bytes, layer.whole_bytes + layer.split_bytes) for layer in layers)


def replica(step: StepCost, members: int) -> Held:
    """A member that holds the whole model and a share of each batch."""
    return Held(
        weights=step.gradient_bytes,
        gradients=step.gradient_bytes,
        optimiser=optimiser_bytes(step),
        activations=activations_bytes(step.layers) / members,
    )


def some_layers(
    step: StepCost,
    parts: Sequence[tuple[int, int]],
    in_flight: float,
    split: int = 1,
    recompute: bool = False,
    piece: float | None = None,
) -> Held:
    """A member that holds 1/`split` of the layers of some parts (first layer, the one after the last).

    `in_flight` is the share of the batch whose activations it keeps at once. With recomputation it keeps what layers
    hand on, and all activations of one layer for the `piece` of the batch that is under way, if that is less.
    """
    layers = [layer for first, end in parts for layer in step.layers[first:end]]
    parameters = sum(layer.parameters for layer in step.layers)
    share = sum(layer.parameters for layer in layers) / parameters / split if parameters else 1 / split
    one_of = [max(layer.activation_bytes, layer.whole_bytes + layer.split_bytes / split) for layer in layers]
    activations = in_flight * sum(one_of)
    if recompute:
        again = max(one_of, default=0.0) * (in_flight if piece is None else piece)
        activations = in_flight * sum(layer.activation_bytes for layer in layers) + again
    return Held(
        weights=share * step.gradient_bytes,
        gradients=share * step.gradient_bytes,
        optimiser=share * optimiser_bytes(step),
        activations=activations,
    )


def micro_batches_in_flight(schedule: str, rank: int, members: int, micro_batches: int, virtual: int = 1) -> float:
    """How many micro-batches a member of a pipeline keeps activations of, in whole passes through all that it holds.

    GPipe keeps all; 1F1B those that are on their way to the end and back (Narayanan et al., SC 2021, 2.2).
    """
    if schedule == "gpipe":
        return micro_batches
    if virtual == 1:
        return min(micro_batches, members - rank)
    passes = 2 * (members - rank - 1) + (virtual - 1) * members + 1
    return min(micro_batches, passes / virtual)
