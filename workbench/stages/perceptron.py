"""The learner of a multi-layer perceptron: gradients by torch, the optimiser as plain arithmetic on arrays."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import lru_cache, partial
from itertools import pairwise
from statistics import median
from typing import Any, Literal

import numpy as np

from workbench.stages import perceptron_sums
from workbench.stages.base import Measure
from workbench.stages.models import predicted
from workbench.stages.replicas import Replicas
from workbench.stages.values import Dataset, Model

EVERYTHING = slice(None)
MOST_LIGHT = 100_000  # weights, up to which NumPy is the faster one
MOST_LOSS_POINTS = 200  # a longer training tells the mean loss of several steps, so that the story of a run stays small


def shapes(features: int, hidden: tuple[int, ...], classes: int) -> list[tuple[int, int]]:
    """(outputs, inputs) of each layer."""
    widths = (features, *hidden, classes)
    return [(after, before) for before, after in pairwise(widths)]


def parameters(layers: list[tuple[int, int]]) -> int:
    """Weights and biases of all layers."""
    return sum(after * before + after for after, before in layers)


@lru_cache(maxsize=16)
def order_of(seed: int, epoch: int, rows: int) -> Any:
    """The order of the rows in an epoch: one and the same array for all members that are simulated in one process."""
    order = np.random.default_rng([seed, 1, epoch]).permutation(rows)
    order.setflags(write=False)
    return order


def share_of(rows: Any, rank: int, members: int) -> Any:
    """The share of one of `members`: as equal parts as can be, the larger ones first."""
    each, more = divmod(len(rows), members)
    first = rank * each + min(rank, more)
    return rows[first : first + each + (rank < more)]


class Momentum:
    """Stochastic gradient descent with momentum: velocity = momentum * velocity + gradient."""

    slots = 1
    operations_per_parameter = 4.0

    def __init__(self, learning_rate: float, momentum: float):
        self.learning_rate, self.momentum = learning_rate, momentum

    def move(self, step: int, weights: Any, slots: list[Any], gradient: Any) -> tuple[Any, list[Any]]:
        velocity = np.float32(self.momentum) * slots[0] + gradient
        return weights - np.float32(self.learning_rate) * velocity, [velocity]


class Adam:
    """Adam (Kingma and Ba, 2015) with its usual decays."""

    slots = 2
    operations_per_parameter = 12.0
    decays = (0.9, 0.999)
    epsilon = np.float32(1e-8)

    def __init__(self, learning_rate: float):
        self.learning_rate = learning_rate

    def move(self, step: int, weights: Any, slots: list[Any], gradient: Any) -> tuple[Any, list[Any]]:
        first, second = (np.float32(decay) for decay in self.decays)
        rate = self.learning_rate / (1 - self.decays[0] ** (step + 1))
        mean, square, work = first * slots[0], second * slots[1], (1 - first) * gradient
        mean += work
        np.multiply(1 - second, gradient, out=work)
        work *= gradient
        square += work
        np.divide(square, np.float32(1 - self.decays[1] ** (step + 1)), out=work)
        np.sqrt(work, out=work)
        work += self.epsilon
        moved = np.float32(rate) * mean
        moved /= work
        return np.subtract(weights, moved, out=moved), [mean, square]


def optimiser(kind: Literal["adam", "momentum"], learning_rate: float, momentum: float) -> Adam | Momentum:
    return Adam(learning_rate) if kind == "adam" else Momentum(learning_rate, momentum)


def first_weights(seed: int, layers: list[tuple[int, int]]) -> Iterator[Any]:
    """The weights and the bias of each layer in turn, flat: uniform within 1/sqrt(inputs) of 0."""
    draws = np.random.default_rng([seed, 0])
    for after, before in layers:
        drawn = draws.uniform(-(before**-0.5), before**-0.5, size=after * before + after)
        yield drawn.astype(np.float32)


def model_of(flat: Any, layers: list[tuple[int, int]], data: Dataset) -> Model:
    """The model that consists of these weights."""
    arrays, at = {}, 0
    for place, (after, before) in enumerate(layers):
        arrays[f"weights_{place}"] = flat[at : at + after * before].reshape(after, before).copy()
        arrays[f"bias_{place}"] = flat[at + after * before : at + after * before + after].copy()
        at += after * before + after
    return Model("perceptron", arrays, data.features, data.classes, data.steps)


class PerceptronTraining:
    """What every learner of a perceptron knows, whatever of it a member holds: its shape, its batches, its loss.

    Each epoch takes the rows in a new order that depends on seed and epoch alone; what does not fill a batch waits
    for another epoch, so that every step has `samples_per_step` rows.
    """

    def __init__(
        self,
        dataset: Dataset,
        hidden: tuple[int, ...],
        epochs: int,
        batch_size: int,
        rule: Adam | Momentum,
        seed: int,
        measure: Measure,
    ):
        self.dataset, self.rule, self.seed, self.measure = dataset, rule, seed, measure
        self.samples_per_step = min(batch_size, len(dataset.train_x))
        self.steps_per_epoch = len(dataset.train_x) // self.samples_per_step
        self.steps = epochs * self.steps_per_epoch
        self.layers = shapes(len(dataset.features), hidden, len(dataset.classes))
        self._losses: list[float] = []
        self._told_every = max(1, self.steps // MOST_LOSS_POINTS)

    def batch(self, step: int) -> Any:
        """Positions of the rows of the global batch of `step`."""
        epoch, place = divmod(step, self.steps_per_epoch)
        order = order_of(self.seed, epoch, len(self.dataset.train_x))
        return order[place * self.samples_per_step : (place + 1) * self.samples_per_step]

    def share(self, step: int, rank: int, members: int) -> Any:
        """Which rows of the batch of `step` are one member's; none where it has fewer rows than there are members."""
        return share_of(self.batch(step), rank, members)

    def tell_loss(self, step: int, loss: float) -> None:
        """The mean loss of a step's samples."""
        self._losses.append(loss)
        if (step + 1) % self._told_every == 0 or step == self.steps - 1:
            self.measure("loss", sum(self._losses) / len(self._losses), step=step)
            self._losses.clear()

    def outputs(self, flat: Any) -> dict[str, Any]:
        """What a training whose weights have become `flat` leads to, by port; tells its accuracy."""
        model = self.model_of(flat)
        right = predicted(model, self.dataset.test_x) == self.dataset.test_y
        self.measure("accuracy", float(right.mean()), "")
        return {"model": model}

    def model_of(self, flat: Any) -> Model:
        """The model that consists of these weights."""
        return model_of(flat, self.layers, self.dataset)


class PerceptronLearner(PerceptronTraining):
    """A perceptron in training on one member; a Learner. Equal arguments make equal learners on every member.

    Weights, and what the optimiser keeps, are never written to but replaced, so that members who are simulated in one
    process may share them.
    """

    def __init__(self, *of: Any):
        super().__init__(*of)
        self.light = False
        self.replicas: Replicas | None = None
        self.step = 0
        self._weights = self._first_weights()
        self._slots = [np.zeros_like(self._weights) for _ in range(self.rule.slots)]
        self._before: tuple[Any, list[Any]] | None = None
        self._gradient_s: list[float] = []

    def _first_weights(self) -> Any:
        return np.concatenate(list(first_weights(self.seed, self.layers)))

    # --- gradients ---------------------------------------------------------------------------------------------

    def gradient(self, step: int, rank: int, members: int) -> Any:
        if rank >= self.samples_per_step:
            return np.zeros_like(self._weights)
        found = self.replicas.gradient(self, (step, rank, members)) if self.replicas is not None else None
        gradient, total = found or self._own_gradient(self.share(step, rank, members))
        if rank == 0:
            self.tell_loss(step, total / len(self.share(step, rank, members)))
        return gradient

    def expect(self, step: int, rank: int, members: int) -> None:
        """This gradient is about to be asked for; it may be computed together with those of other replicas."""
        if self.replicas is not None and self._is_light and rank < self.samples_per_step:
            self.replicas.expect(self, (step, rank, members))

    def _own_gradient(self, share: Any) -> tuple[Any, float]:
        began_s = time.thread_time()
        found = self.gradient_of(share, self.samples_per_step)
        self._gradient_s.append(time.thread_time() - began_s)
        return found

    def gradient_of(self, rows: Any, divisor: int) -> tuple[Any, float]:
        """(gradient of the summed loss of these rows / `divisor`, the summed loss) at the weights as they stand."""
        x, y = self.dataset.train_x[rows], self.dataset.train_y[rows]
        if self._is_light:
            with np.errstate(all="ignore"):  # where a training diverges, its numbers say so
                found, loss = perceptron_sums.gradient(self._weights, self.layers, x, y)
            return found / np.float32(divisor), loss
        import torch

        torch.set_num_threads(1)
        own = self._weights if self._weights.flags.writeable else self._weights.copy()  # torch takes no others
        flat = torch.from_numpy(own).requires_grad_()
        said = self._forward(flat, torch.from_numpy(x))
        total = torch.nn.functional.cross_entropy(said, torch.from_numpy(y), reduction="sum")
        (gradient,) = torch.autograd.grad(total / divisor, flat)
        return gradient.numpy(), float(total.detach())

    def gradients_of(self, weights: list[Any], rows: list[Any]) -> tuple[Any, list[float]]:
        """What several replicas give of a batch, and their summed losses; the weights may be one for all."""
        at = np.array(rows)
        with np.errstate(all="ignore"):
            found, losses = perceptron_sums.gradients(
                np.stack(weights), self.layers, self.dataset.train_x[at], self.dataset.train_y[at]
            )
            found /= np.float32(self.samples_per_step)
        return found, losses.tolist()

    @property
    def _is_light(self) -> bool:
        return self.light and len(self._weights) <= MOST_LIGHT

    def _forward(self, flat: Any, x: Any) -> Any:
        import torch

        at = 0
        for place, (after, before) in enumerate(self.layers):
            weights = flat[at : at + after * before].view(after, before)
            bias = flat[at + after * before : at + after * before + after]
            at += after * before + after
            x = torch.nn.functional.linear(x, weights, bias)
            if place < len(self.layers) - 1:
                x = torch.relu(x)
        return x

    # --- steps -------------------------------------------------------------------------------------------------

    def apply(self, step: int, total: Any) -> None:
        assert step == self.step, (step, self.step)
        self._before = (self._weights, self._slots)
        self.move(step, total)

    def move(self, update: int, gradient: Any, at: slice = EVERYTHING) -> None:
        """One optimiser step on some of the weights; `update` counts those that they have seen."""
        given = np.asarray(gradient, dtype=np.float32)
        if len(given) == len(self._weights):
            move = self.rule.move if self.replicas is None else partial(self.replicas.move, self.rule.move)
            self._weights, self._slots = move(update, self._weights, self._slots, given)
        else:
            weights, slots = self.rule.move(update, self._weights[at], [slot[at] for slot in self._slots], given)
            self._weights = _with(self._weights, at, weights)
            self._slots = [_with(slot, at, moved) for slot, moved in zip(self._slots, slots, strict=True)]
        self.step = update + 1

    def learn(self, rows: Any, epochs: int, draws: np.random.Generator) -> Any:
        """By how much the weights move when they are trained on these rows alone; the optimiser begins anew."""
        before = self.weights()
        self._slots = [np.zeros_like(slot) for slot in self._slots]
        size, update = self.samples_per_step, 0
        for _ in range(epochs):
            order = draws.permutation(rows)
            for place in range(0, len(order), size):
                batch = order[place : place + size]
                gradient, _ = self.gradient_of(batch, len(batch))
                self.move(update, gradient)
                update += 1
        return self._weights - before

    def back(self, step: int) -> None:
        assert self._before is not None and step == self.step - 1, (step, self.step)
        self._weights, self._slots = self._before
        self._before = None
        self.step = step

    @property
    def weights_now(self) -> Any:
        """The weights themselves, which are replaced when they change."""
        return self._weights

    @property
    def slots_now(self) -> list[Any]:
        return self._slots

    def join(self, replicas: Replicas) -> None:
        """Train in one process with others; what is as it is with one of them is shared."""
        self.light, self.replicas = True, replicas
        self._weights, self._slots = replicas.shared(self)

    def weights(self) -> Any:
        return self._given_away(self._weights)

    def _given_away(self, array: Any) -> Any:
        """A copy, or the array itself, which then nobody can write to."""
        if self.replicas is None:
            return array.copy()
        array.setflags(write=False)
        return array

    def _taken(self, given: Any) -> Any:
        """A copy, but of what nobody can write to."""
        if self.replicas is not None and isinstance(given, np.ndarray) and given.dtype == np.float32:
            return given if not given.flags.writeable else given.copy()
        return np.array(given, dtype=np.float32)

    def load_weights(self, weights: Any) -> None:
        given = self._taken(weights)
        assert given.shape == self._weights.shape, (given.shape, self._weights.shape)
        self._weights = given

    def state(self) -> dict[str, Any]:
        slots = {f"slot_{place}": self._given_away(slot) for place, slot in enumerate(self._slots)}
        return {"step": self.step, "weights": self.weights()} | slots

    def load_state(self, state: dict[str, Any]) -> None:
        self.load_weights(state["weights"])
        self._slots = [self._taken(state[f"slot_{place}"]) for place in range(self.rule.slots)]
        self.step = int(state["step"])
        self._before = None

    # --- the end -----------------------------------------------------------------------------------------------

    def model(self) -> Model:
        """The model as it stands."""
        return self.model_of(self._weights)

    def accuracy(self) -> float:
        """The share of the held-out rows whose class the weights as they stand find."""
        with np.errstate(all="ignore"):
            guessed = perceptron_sums.classes(self._weights, self.layers, self.dataset.test_x)
        return float((guessed == self.dataset.test_y).mean())

    def finish(self) -> dict[str, Any]:
        if self._gradient_s and not self.light:  # a simulated run has a clock of its own
            self.measure("gradient_s", median(self._gradient_s), "s")
        return self.outputs(self._weights)


def _with(whole: Any, at: slice, part: Any) -> Any:
    """A copy with another part."""
    copy = whole.copy()
    copy[at] = part
    return copy
