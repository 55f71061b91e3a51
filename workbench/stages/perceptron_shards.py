"""The learner of a perceptron of which each member holds a share of every layer, and borrows the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.stages.perceptron import PerceptronTraining, first_weights, parameters
from workbench.stages.perceptron_parts import Held, Loss, rows_of
from workbench.stages.sections import Piece, Section


@dataclass
class Shard:
    """A member's share of a layer: `weights` from `begin` of the layer's flat ones on, and their optimiser.

    Shares are equally long; zeros stand behind the layer's end. What others borrow is seen as it is after each step.
    """

    begin: int
    weights: Any
    slots: list[Any]


class PerceptronShards(PerceptronTraining):
    """A perceptron in training, of which this member holds a share of each layer; a PartLearner.

    A layer is worked on with the flat weights of all of it, which its program has borrowed, and says what it says
    before it is rectified.
    """

    def __init__(self, *of: Any):
        super().__init__(*of)
        self.shards: dict[int, Shard] = {}
        self.shares = 1  # into which each layer is cut
        self.given: dict[tuple[int, int], Any] = {}  # (layer, piece of the batch): what waits for the way back
        self.gradient: dict[int, Any] = {}
        self.loss = Loss(self)

    # --- passes --------------------------------------------------------------------------------------------------

    def forward(self, section: Section, piece: Piece, given: Any, weights: Any = None) -> Any:
        import torch

        key = section.begin, piece.index
        if section.begin and given is not None:
            self.given[key] = given
        layer = self._whole(section.begin, weights)
        own = torch.from_numpy(layer.weights)
        return (self._inputs(key, piece) @ layer.matrix(own).T + layer.bias(own)).numpy()

    def _whole(self, layer: int, weights: Any) -> Held:
        outputs, inputs = self.layers[layer]
        return Held(range(inputs), outputs, weights[: parameters([(outputs, inputs)])], [])

    def _inputs(self, key: tuple[int, int], piece: Piece) -> Any:
        import torch

        if key[0]:
            return torch.relu(torch.from_numpy(self.given[key]))
        return torch.from_numpy(self.dataset.train_x[rows_of(self, piece)])

    def backward(self, section: Section, piece: Piece, given: Any, weights: Any = None) -> Any:
        import torch

        key = section.begin, piece.index
        after = torch.from_numpy(self.loss.slope(piece, given) if section.end == len(self.layers) else given)
        layer, x = self._whole(section.begin, weights), self._inputs(key, piece)
        self.gradient[section.begin] = torch.cat([(after.T @ x).reshape(-1), after.sum(0)]).numpy()
        if self.given.pop(key, None) is None:
            return np.zeros(0, np.float32)  # the data have no gradient
        return (after @ layer.matrix(torch.from_numpy(layer.weights)) * (x > 0)).numpy()

    # --- steps ---------------------------------------------------------------------------------------------------

    def gradients(self, section: Section) -> Any:
        """Of a layer, as long as all its shares together; it is held no longer."""
        flat = self.gradient.pop(section.begin)
        return _filled_up(flat, len(self.shards[section.begin].weights) * self.shares)

    def apply(self, section: Section, step: int, total: Any = None) -> None:
        """`total` are (layer, the own share of its gradient), of every micro-batch."""
        sums: dict[int, Any] = {}
        for layer, own in total:
            sums[layer] = sums[layer] + own if layer in sums else own
        for layer, gradient in sums.items():
            shard = self._shard(layer, section)
            shard.weights[:], shard.slots = self.rule.move(step, shard.weights, shard.slots, gradient)

    def tell(self, step: int) -> None:
        self.loss.tell(step)

    # --- what is held --------------------------------------------------------------------------------------------

    def shard(self, section: Section) -> Any:
        """The own share of a layer, as others borrow it: what is answered once changes with every step."""
        return self._shard(section.begin, section).weights

    def _shard(self, layer: int, section: Section) -> Shard:
        if not self.shards:
            for number, flat in enumerate(first_weights(self.seed, self.layers)):
                self._put(number, section, [flat])
        return self.shards[layer]

    def _put(self, layer: int, section: Section, wholes: list[Any]) -> None:
        """Hold the own share of a whole layer's weights, and of what its optimiser keeps."""
        self.shares = section.shares
        each = -(-len(wholes[0]) // section.shares)
        begin = section.rank * each
        weights, *slots = (_filled_up(whole[begin : begin + each], each) for whole in wholes)
        self.shards[layer] = Shard(begin, weights, slots or [np.zeros_like(weights) for _ in range(self.rule.slots)])

    def weights(self, section: Section) -> Any:
        return np.concatenate([self._shard(layer, section).weights for layer in range(len(self.layers))])

    def state(self, section: Section, step: int) -> Any:
        held = ((layer, self._shard(layer, section)) for layer in range(section.begin, section.end))
        return [[layer, shard.begin, shard.weights, *shard.slots] for layer, shard in held]

    def restore(self, section: Section, states: list[Any]) -> None:
        for layer in range(section.begin, section.end):
            pieces = sorted((piece[1:] for state in states for piece in state if piece[0] == layer), key=lambda p: p[0])
            count = parameters([self.layers[layer]])
            wholes = [np.concatenate(shares)[:count] for shares in zip(*(piece[1:] for piece in pieces), strict=True)]
            assert all(len(whole) == count for whole in wholes), layer
            self._put(layer, section, wholes)

    def finish(self, weights: Any) -> dict[str, Any]:
        """`weights` are what `weights` answered, of every member in turn."""
        flats, at = [], 0
        by_member = weights.reshape(-1, sum(len(shard.weights) for shard in self.shards.values()))
        for layer, shape in enumerate(self.layers):
            each = len(self.shards[layer].weights)
            flats.append(by_member[:, at : at + each].reshape(-1)[: parameters([shape])])
            at += each
        return self.outputs(np.concatenate(flats))


def _filled_up(flat: Any, length: int) -> Any:
    """A copy with zeros behind its end."""
    filled = np.zeros(length, np.float32)
    filled[: len(flat)] = flat
    return filled
