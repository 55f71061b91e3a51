"""Replicas: models of one training that are simulated in one process, and what they need not each do on their own.

Sums that several are about to ask for are computed together, and a step that several make from the same weights with
the same gradient is made once. Both are the same to the bit as each on its own.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol

import numpy as np

AT_ONCE = 64  # models in one product: more are not sooner done, and take memory
STEPS_KEPT = 4

What = tuple[int, int, int]  # the share of a batch: its step, whose it is, and of how many members


class Replica(Protocol):
    """What is asked of one that takes part."""

    @property
    def weights_now(self) -> Any:
        """Its weights, in an array that is never written to again."""

    @property
    def slots_now(self) -> list[Any]:
        """What its optimiser keeps, in such arrays."""

    def share(self, step: int, rank: int, members: int) -> Any:
        """The rows of a share."""

    def gradients_of(self, weights: list[Any], rows: list[Any]) -> tuple[Any, list[float]]:
        """(gradients, losses) of shares of equal size, each at its own weights or all at the same ones."""


@dataclass(slots=True, eq=False)
class Asked:
    """A gradient that will be asked for, at these weights; it is known once there is an `answer`."""

    replica: Replica
    what: What
    weights: Any
    answer: tuple[Any, float] | None = None
    _rows: Any = None

    @property
    def rows(self) -> Any:
        if self._rows is None:
            self._rows = self.replica.share(*self.what)
        return self._rows


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
        self._weights: Any = None  # at which a gradient was asked for last
        self._count = 0  # how many were, at those
        self._ahead: dict[What, Asked] = {}  # those that nobody has asked for yet

    def shared(self, replica: Replica) -> tuple[Any, list[Any]]:
        """Weights and what the optimiser keeps, for a new replica: the arrays of the first one if equal."""
        if self._first is None:
            self._first = replica
        own, others = ([each.weights_now, *each.slots_now] for each in (replica, self._first))
        if not all(map(np.array_equal, own, others)):
            return replica.weights_now, replica.slots_now
        return self._first.weights_now, self._first.slots_now

    def expect(self, replica: Replica, what: What) -> None:
        """The replica begins to compute its gradient of a share, and will ask for it at the end of that work."""
        self._asked[replica] = Asked(replica, what, replica.weights_now)

    def forget(self, replica: Any) -> None:
        """It is lost, and will ask for nothing."""
        self._asked.pop(replica, None)

    def gradient(self, replica: Replica, what: What) -> tuple[Any, float] | None:
        """(gradient, loss) if `what` was expected, at the weights that it now has; None if not.

        All that are expected are computed with it. Where all members of a team asked at the same weights before, they
        will again, so that the shares of all are computed with the first.
        """
        asked = self._asked.pop(replica, None)
        if asked is None or asked.what != what or asked.weights is not replica.weights_now:
            return None
        if asked.weights is not self._weights:
            all_alike = self._count == what[2]
            self._weights, self._count, self._ahead = asked.weights, 0, {}
            if all_alike:
                self._look_ahead(asked)
        self._count += 1
        asked = self._ahead.pop(what, asked)
        if asked.answer is None:
            alike = (each for each in self._asked.values() if each.answer is None and len(each.rows) == len(asked.rows))
            _compute([asked, *islice(alike, AT_ONCE - 1)])
        return asked.answer

    def _look_ahead(self, asked: Asked) -> None:
        step, _, members = asked.what
        by_size: dict[int, list[Asked]] = {}
        for rank in range(members):
            each = Asked(asked.replica, (step, rank, members), asked.weights)
            self._ahead[each.what] = each
            by_size.setdefault(len(each.rows), []).append(each)
        for size, those in by_size.items():
            for first in range(0, len(those) if size else 0, AT_ONCE):
                _compute(those[first : first + AT_ONCE])

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


def _compute(asked: list[Asked]) -> None:
    """All in one product."""
    weights = [each.weights for each in asked]
    if all(each is weights[0] for each in weights):
        weights = weights[:1]
    gradients, losses = asked[0].replica.gradients_of(weights, [each.rows for each in asked])
    for each, gradient, loss in zip(asked, gradients, losses, strict=True):
        each.answer = gradient, loss
