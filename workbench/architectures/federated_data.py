"""Which rows lie with which client of a federated training: evenly, by a list of shares, or unevenly by class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from workbench.architectures.random_streams import stream


@dataclass(frozen=True)
class Portion:
    """One client's rows: of the rows of class c, those between the shares `first[c]` and `end[c]` of them."""

    first: tuple[float, ...]
    end: tuple[float, ...]

    def rows(self, of_class: Sequence[float]) -> tuple[int, ...]:
        """How many rows that is in each class, where classes have so many."""
        bounds = zip(self.first, self.end, of_class, strict=True)
        return tuple(round(end * count) - round(first * count) for first, end, count in bounds)

    def of_even_classes(self, rows: float) -> int:
        """How many rows that is in all, where every class has as many."""
        return sum(self.rows([rows / len(self.first)] * len(self.first)))


def divide(
    clients: int, classes: int, shares: Sequence[float], concentration: float | None, seed: int, replication: int
) -> tuple[Portion, ...]:
    """The portions of all clients; together they are all rows, and none lies with two.

    With a `concentration` the rows of each class are divided by a draw from a symmetric Dirichlet distribution: the
    smaller it is, the fewer classes a client has (Hsu, Qi and Brown, "Measuring the effects of non-identical data
    distribution for federated visual classification", 2019).
    """
    divided = []
    for number in range(classes):
        parts: Sequence[float] = shares or [1.0] * clients
        if concentration is not None:
            parts = stream(seed, "portions", number, replication).dirichlet([concentration] * clients).tolist()
        ends = list(accumulate(parts, initial=0.0))
        divided.append(list(pairwise(end / ends[-1] for end in ends)))
    return tuple(
        Portion(tuple(bounds[own][0] for bounds in divided), tuple(bounds[own][1] for bounds in divided))
        for own in range(clients)
    )
