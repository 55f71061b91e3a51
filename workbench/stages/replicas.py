"""Replicas: models of one training that are simulated in one process, and what they need not each do on their own.

Sums that several are about to ask for are computed together, and a step that several make from the same weights with
the same gradient is made once. Both are the same to the bit as each on its own.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

AT_ONCE = 64  # models in one product: more are not sooner done, and take memory
STEPS_KEPT = 4


class Replica(Protocol):
    """What is asked of one that takes part."""

    @property
    def weights_now(self) -> Any:
        """Its weights, in an array that is never written to again."""

    @property
    def slots_now(self) -> list[Any]:
        """What its optimiser keeps, in such arrays."""

    def gradients_of(self, weights: list[Any], rows: list[Any], divisor: int) -> tuple[Any, list[float]]:
        """(gradients, losses) at several weights, each of as many rows; the weights may be one for all."""


@dataclass(slots=True, eq=False)
class Asked:
    """A gradient that will be asked for; `what` tells it from others. It is known once `gradient` is."""

    what: tuple[int, ...]
    weights: Any
    rows: Any
    divisor: int
    gradient: Any = None
    loss: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """What a step was made of, and what came of it: weights and what the optimiser keeps."""

    update: int
    weights: Any
    slots: list[Any]
    gradient: Any
    moved: tuple[Any, list[Any]]


class Replicas:
    """Those of one training."""

    def __init__(self) -> None:
        self._asked: dict[Replica, Asked] = {}
        self._steps: deque[Step] = deque(maxlen=STEPS_KEPT)
        self._first: Replica | None = None

    def shared(self, replica: Replica) -> tuple[Any, list[Any]]:
        """Weights and what the optimiser keeps, for a new replica: the arrays of the first one if equal."""
        if self._first is None:
            self._first = replica
        own, others = ([each.weights_now, *each.slots_now] for each in (replica, self._first))
        if not all(map(np.array_equal, own, others)):
            return replica.weights_now, replica.slots_now
        return self._first.weights_now, self._first.slots_now

    def expect(self, replica: Replica, what: tuple[int, ...], rows: Any, divisor: int) -> None:
        """The replica begins to compute its gradient of these rows, and will ask for it at the end of that work."""
        self._asked[replica] = Asked(what, replica.weights_now, rows, divisor)

    def forget(self, replica: Any) -> None:
        """It is lost, and will ask for nothing."""
        self._asked.pop(replica, None)

    def gradient(self, replica: Replica, what: tuple[int, ...]) -> tuple[Any, float] | None:
        """(gradient, loss) if `what` was expected, at the weights that it now has: all that wait are computed with it.

        None if not: then the replica computes on its own.
        """
        asked = self._asked.pop(replica, None)
        if asked is None or asked.what != what or asked.weights is not replica.weights_now:
            return None
        if asked.gradient is None:
            self._compute(replica, asked)
        return asked.gradient, asked.loss

    def _compute(self, replica: Replica, first: Asked) -> None:
        """This one and those that wait with as many rows."""
        rows, divisor = len(first.rows), first.divisor
        waiting = [first]
        for other in self._asked.values():
            if other.gradient is None and len(other.rows) == rows and other.divisor == divisor:
                waiting.append(other)
                if len(waiting) == AT_ONCE:
                    break
        weights = [asked.weights for asked in waiting]
        if all(each is first.weights for each in weights):
            weights = weights[:1]
        gradients, losses = replica.gradients_of(weights, [asked.rows for asked in waiting], divisor)
        for asked, gradient, loss in zip(waiting, gradients, losses, strict=True):
            asked.gradient, asked.loss = gradient, loss

    def move(
        self, move: Callable[..., tuple[Any, list[Any]]], update: int, weights: Any, slots: list[Any], gradient: Any
    ) -> tuple[Any, list[Any]]:
        """What `move` makes of the same arrays; made once. They must not be written to again."""
        for step in self._steps:
            if step.update == update and step.weights is weights and step.slots is slots and step.gradient is gradient:
                return step.moved
        moved = move(update, weights, slots, gradient)
        self._steps.append(Step(update, weights, slots, gradient, moved))
        return moved
