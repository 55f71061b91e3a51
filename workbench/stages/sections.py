"""Parts of a model: what a member holds that trains some layers of it, or a share of each, and what it does there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol

Holds = Literal["everything", "layers", "shards"]  # of a model: all, some layers or columns of them, a share of each


@dataclass(frozen=True)
class Section:
    """Neighbouring layers of a model (`begin`, and `end` after the last), or a share of each of them.

    The share is the `rank`-th of `shares` equal ones.
    """

    begin: int
    end: int
    rank: int = 0
    shares: int = 1


@dataclass(frozen=True)
class Piece:
    """A piece of the batch of a step: the `index`-th of `count` that are as equal as can be.

    What is `kept` on its way forwards need not be computed again for the way back.
    """

    step: int
    index: int = 0
    count: int = 1
    kept: bool = True


class PartLearner(Protocol):
    """A model in training of which this member holds a part. All members of a team see the same batches.

    What travels between members are plain arrays. A gradient is the sum over the samples that it was computed from,
    divided by the size of the global batch, so that those of all pieces add up to the mean.
    """

    steps: int
    samples_per_step: int

    def forward(self, section: Section, piece: Piece, given: Any, weights: Any = None) -> Any:
        """What the section says of a piece of the batch, `given` what the layer before it said (None: the data, or
        once more what it was given). `weights` are those of the section, where the member holds a share of them."""

    def backward(self, section: Section, piece: Piece, given: Any, weights: Any = None) -> Any:
        """The gradient of what the section was given, whose own `given` is; the last layer is given what it said."""

    def gradients(self, section: Section) -> Any:
        """The flat gradient of the section's weights so far."""

    def shard(self, section: Section) -> Any:
        """The own share of the section's weights, flat, for others to borrow."""

    def apply(self, section: Section, step: int, total: Any = None) -> None:
        """One optimiser step of the section, by the gradient of all that went back through it, or by `total`:
        (first layer, flat gradient of that and of some behind it, or of the own shares of one) again and again."""

    def tell(self, step: int) -> None:
        """Tell the loss of what went through the last layer in `step`."""

    def weights(self, section: Section) -> Any:
        """The section's weights as letters carry them: to `finish`, on another member."""

    def state(self, section: Section, step: int) -> Any:
        """Everything needed to go on with the section after `step`: plain data and arrays."""

    def restore(self, section: Section, states: list[Any]) -> None:
        """Go on with what several members saved, whatever each of them held."""

    def finish(self, weights: Any) -> dict[str, Any]:
        """The values of the output ports, with what the other members hold."""
