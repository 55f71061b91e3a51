"""The learner of a perceptron of which each member holds some layers, or some columns of them; sums by torch."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from workbench.stages.perceptron import PerceptronTraining, first_weights, share_of
from workbench.stages.sections import Piece, Section


@dataclass
class Held:
    """What a member holds of a layer: the weights of its columns, their optimiser and gradient.

    `weights` are flat; whoever holds the first columns has the bias behind them.
    """

    columns: range
    outputs: int
    weights: Any
    slots: list[Any]
    gradient: Any = None

    @property
    def has_bias(self) -> bool:
        return self.columns.start == 0

    def matrix(self, flat: Any) -> Any:
        """What of flat weights (or of their gradient) multiplies: (outputs, columns)."""
        return flat[: self.outputs * len(self.columns)].reshape(self.outputs, len(self.columns))

    def bias(self, flat: Any) -> Any:
        return flat[self.outputs * len(self.columns) :]


def rows_of(training: PerceptronTraining, piece: Piece) -> Any:
    """Positions of the rows of a piece of a step's batch."""
    return share_of(training.batch(piece.step), piece.index, piece.count)


class Loss:
    """The cross-entropy of what went through the last layer, on the member that holds it."""

    def __init__(self, training: PerceptronTraining):
        self.training = training
        self.total, self.rows = 0.0, 0

    def slope(self, piece: Piece, said: Any) -> Any:
        """The gradient of the mean loss of a step by what the last layer said of a piece of its batch."""
        import torch

        labels = torch.from_numpy(self.training.dataset.train_y[rows_of(self.training, piece)])
        logs = torch.log_softmax(torch.from_numpy(said), dim=1)
        at = torch.arange(len(labels))
        self.total -= float(logs[at, labels].sum())
        self.rows += len(labels)
        share = logs.exp()
        share[at, labels] -= 1
        return (share / self.training.samples_per_step).numpy()

    def tell(self, step: int) -> None:
        if self.rows:
            self.training.tell_loss(step, self.total / self.rows)
        self.total, self.rows = 0.0, 0


class PerceptronParts(PerceptronTraining):
    """A perceptron in training, of which this member holds the sections that it is asked about; a PartLearner.

    Between members travels what a layer says before it is rectified, and the gradient of that. Who holds columns of a
    layer says an addend of what the layer says, and has the gradient of its own inputs alone, with zeros elsewhere.
    """

    def __init__(self, *of: Any):
        super().__init__(*of)
        self.held: dict[int, Held] = {}
        self.given: dict[tuple[int, int], Any] = {}  # (layer, piece of the batch): what waits for the way back
        self.loss = Loss(self)

    # --- passes --------------------------------------------------------------------------------------------------

    def forward(self, section: Section, piece: Piece, given: Any, weights: Any = None) -> Any:
        import torch

        said = self.given.get((section.begin, piece.index)) if given is None else given
        for layer in range(section.begin, section.end):
            held = self._hold(layer, section)
            if layer and (piece.kept or layer == section.begin):
                self.given[layer, piece.index] = said
            own = torch.from_numpy(held.weights)
            said = self._inputs(layer, held, piece, said) @ held.matrix(own).T
            said = (said + held.bias(own) if held.has_bias else said).numpy()
        return said

    def _inputs(self, layer: int, held: Held, piece: Piece, given: Any) -> Any:
        """The own columns of what a layer computes with."""
        import torch

        columns = slice(held.columns.start, held.columns.stop)
        if layer:
            return torch.relu(torch.from_numpy(given)[:, columns])
        return torch.from_numpy(self.dataset.train_x[rows_of(self, piece)][:, columns])

    def backward(self, section: Section, piece: Piece, given: Any, weights: Any = None) -> Any:
        import torch

        slope = self.loss.slope(piece, given) if section.end == len(self.layers) else given
        after = torch.from_numpy(slope)
        for layer in reversed(range(section.begin, section.end)):
            held = self._hold(layer, section)
            before = self.given.pop((layer, piece.index), None)
            x = self._inputs(layer, held, piece, before)
            found = [(after.T @ x).reshape(-1), *([after.sum(0)] if held.has_bias else [])]
            gradient = torch.cat(found).numpy()
            held.gradient = gradient if held.gradient is None else held.gradient + gradient
            if before is None:
                return np.zeros(0, np.float32)  # the data have no gradient
            own = after @ held.matrix(torch.from_numpy(held.weights)) * (x > 0)
            after = own
            if len(held.columns) < before.shape[1]:
                after = torch.zeros(before.shape)
                after[:, held.columns.start : held.columns.stop] = own
        return after.numpy()

    # --- steps ---------------------------------------------------------------------------------------------------

    def gradients(self, section: Section) -> Any:
        return np.concatenate([self._hold(layer, section).gradient for layer in range(section.begin, section.end)])

    def shard(self, section: Section) -> Any:
        return np.concatenate([self._hold(layer, section).weights for layer in range(section.begin, section.end)])

    def apply(self, section: Section, step: int, total: Any = None) -> None:
        for layer, flat in total or ():
            self._take_gradients(layer, flat)
        for layer in range(section.begin, section.end):
            held = self._hold(layer, section)
            held.weights, held.slots = self.rule.move(step, held.weights, held.slots, held.gradient)
            held.gradient = None

    def _take_gradients(self, layer: int, flat: Any) -> None:
        """Of a layer and of those behind it, as many as there are."""
        while len(flat):
            held = self.held[layer]
            held.gradient, flat = np.split(flat, [len(held.weights)])
            layer += 1

    def tell(self, step: int) -> None:
        self.loss.tell(step)

    # --- what is held --------------------------------------------------------------------------------------------

    def _hold(self, layer: int, section: Section) -> Held:
        """The member's own part of a layer, as it is before the first step when it is first asked for."""
        if layer not in self.held:
            outputs, inputs = self.layers[layer]
            columns = share_of(range(inputs), section.rank, section.shares)
            flat = next(islice(first_weights(self.seed, self.layers), layer, None))
            count = outputs * len(columns) + (outputs if columns.start == 0 else 0)
            self.held[layer] = Held(columns, outputs, np.zeros(count, np.float32), [])
            self._put(self.held[layer], flat, inputs)
        return self.held[layer]

    def _put(self, held: Held, flat: Any, inputs: int, *slots: Any) -> None:
        """Let `held` be its columns of a whole layer's weights, and of each slot of its optimiser."""
        cut = [_cut(held, whole, inputs) for whole in (flat, *slots)]
        held.weights, held.slots = cut[0], cut[1:] or [np.zeros_like(cut[0]) for _ in range(self.rule.slots)]

    def weights(self, section: Section) -> Any:
        return [self._described(layer, section)[:4] for layer in range(section.begin, section.end)]

    def _described(self, layer: int, section: Section) -> list[Any]:
        """[layer, its first column here, the one after the last, weights, slots …]."""
        held = self._hold(layer, section)
        return [layer, held.columns.start, held.columns.stop, held.weights, *held.slots]

    def state(self, section: Section, step: int) -> Any:
        return [self._described(layer, section) for layer in range(section.begin, section.end)]

    def restore(self, section: Section, states: list[Any]) -> None:
        for layer in range(section.begin, section.end):
            pieces = [piece for state in states for piece in state if piece[0] == layer]
            self._put(self._hold(layer, section), *self._joined(layer, pieces))

    def _joined(self, layer: int, pieces: list[list[Any]]) -> list[Any]:
        """[a whole layer's weights, its inputs, slots …], from what several members held of it."""
        outputs, inputs = self.layers[layer]
        assert sum(end - first for _, first, end, *_ in pieces) == inputs, (layer, [piece[:3] for piece in pieces])
        wholes = [np.zeros(outputs * inputs + outputs, np.float32) for _ in pieces[0][3:]]
        for _, first, end, *arrays in pieces:
            held = Held(range(first, end), outputs, None, [])
            for whole, flat in zip(wholes, arrays, strict=True):
                whole[: outputs * inputs].reshape(outputs, inputs)[:, first:end] = held.matrix(flat)
                if held.has_bias:
                    whole[outputs * inputs :] = held.bias(flat)
        return [wholes[0], inputs, *wholes[1:]]

    def finish(self, weights: Any) -> dict[str, Any]:
        section = Section(0, 0)
        own = [self._described(layer, section)[:4] for layer in sorted(self.held)]
        pieces = [*own, *(piece for held in weights for piece in held)]
        wholes = [self._joined(layer, [p for p in pieces if p[0] == layer])[0] for layer in range(len(self.layers))]
        return self.outputs(np.concatenate(wholes))


def _cut(held: Held, whole: Any, inputs: int) -> Any:
    """The columns of `held` from a whole layer's flat weights."""
    matrix = whole[: held.outputs * inputs].reshape(held.outputs, inputs)
    parts = [matrix[:, held.columns.start : held.columns.stop].reshape(-1)]
    return np.concatenate([*parts, *([whole[held.outputs * inputs :]] if held.has_bias else [])])
