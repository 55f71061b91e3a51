"""All-reduce at message level by other ways than one ring: over a binomial tree, and in a hierarchy of islands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from workbench.engines.simulated.collectives import Host, Ring
from workbench.engines.simulated.network import Hop

Ended = Callable[[Any], None]


def children(rank: int, members: int) -> list[int]:
    """The ranks below one in a binomial tree whose root is 0, the smallest subtree first."""
    found, step = [], 1
    while rank + step < members and not rank & step:
        found.append(rank + step)
        step *= 2
    return found


def parent(rank: int) -> int:
    """The rank above one that is not the root: without its lowest bit."""
    return rank & (rank - 1)


def _always(size_bytes: float, what: Any) -> float:
    return size_bytes


class Tree:
    """One all-reduce over a binomial tree: sums travel whole from the leaves to the first member, then back down.

    A member sends its sum upwards once it has entered and those of all below it are there, and what it is given
    downwards at once, to the largest subtree first. On equal, idle links a power of two members that enter together
    takes 2 log2(n) * (S/B + L); others take no longer than the next power of two would.
    """

    def __init__(self, host: Host, team: tuple[str, ...], combine: Callable[[list[Any]], Any], size: float):
        self.host, self.team, self.met, self.combine, self.size = host, team, team, combine, size
        self.rank = {member: rank for rank, member in enumerate(team)}
        self.given: dict[str, Any] = {}
        self.ended: dict[str, Ended] = {}
        self.missing = {member: len(children(rank, len(team))) for rank, member in enumerate(team)}
        self.answer: Any = None
        self.done: set[str] = set()
        self.closed = False
        chunk = host.hop_s(team, size, 2)
        self.hop_s = Hop(chunk.occupied_s * len(team), chunk.later_s, chunk.link)  # nothing is cut into chunks

    def enter(self, member: str, value: Any, ended: Ended) -> None:
        """`member` gives its value; `ended(answer)` is called once the collective is over for it."""
        self.given[member], self.ended[member] = value, ended
        self._rise(member)

    def _rise(self, member: str) -> None:
        if member not in self.given or self.missing[member]:
            return
        rank = self.rank[member]
        if rank:
            self._send(member, self.team[parent(rank)], self._summed)
        else:
            self.answer = self.combine([self.given[name] for name in self.team])
            self._fall(member)

    def _summed(self, member: str) -> None:
        if not self.closed:
            self.missing[member] -= 1
            self._rise(member)

    def _fall(self, member: str) -> None:
        if self.closed:
            return
        for child in reversed(children(self.rank[member], len(self.team))):
            self._send(member, self.team[child], self._fall)
        self.done.add(member)
        self.ended[member](self.answer)

    def _send(self, source: str, target: str, arrived: Callable[[str], None]) -> None:
        self.host.deliver(source, target, self.size, self.hop_s, arrived, target)

    def close(self) -> None:
        """A member is lost: whatever is still under way is in vain."""
        self.closed = True


class Hierarchy:
    """One all-reduce in a hierarchy of equal islands: within, between them, within again.

    Each island sums and scatters around a ring of its own; its i-th member sums its share with the i-th of the other
    islands; each island gathers. With m members in each of k islands, links of B and L within, and b for each island's
    way out at L': 2(m-1)/m * S/B + 2(m-1) * L + 2(k-1)/k * S/b + 2(k-1) * L'.
    """

    def __init__(
        self,
        host: Host,
        islands: Sequence[tuple[str, ...]],
        team: tuple[str, ...],
        combine: Callable[[list[Any]], Any],
        size: float,
    ):
        self.team, self.met, self.combine = team, team, combine
        self.given: dict[str, Any] = {}
        self.ended: dict[str, Ended] = {}
        self.answers: list[Any] = []  # the one answer, once it is known
        self.done: set[str] = set()
        self.closed = False
        self.phases: dict[str, list[Ring]] = {member: [] for member in team}
        rails = list(zip(*islands, strict=True))
        self.rings: list[Ring] = []
        for teams, bytes_each, passes in ((islands, size, 1), (rails, size / len(rails), 2), (islands, size, 1)):
            for some in teams:
                ring = Ring(host, some, lambda _: None, partial(_always, bytes_each), passes)
                self.rings.append(ring)
                for member in some:
                    self.phases[member].append(ring)

    def enter(self, member: str, value: Any, ended: Ended) -> None:
        """`member` gives its value; `ended(answer)` is called once the collective is over for it."""
        self.given[member], self.ended[member] = value, ended
        self._go(member, 0)

    def _go(self, member: str, phase: int) -> None:
        if phase < len(self.phases[member]):
            self.phases[member][phase].enter(member, None, lambda _: self._go(member, phase + 1))
            return
        self.done.add(member)
        if not self.answers:
            self.answers.append(self.combine([self.given[name] for name in self.team]))
        self.ended[member](self.answers[0])

    def close(self) -> None:
        """A member is lost: whatever is still under way is in vain."""
        self.closed = True
        for ring in self.rings:
            ring.close()
