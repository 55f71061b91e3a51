"""Collectives at message level: what a library's all-reduce does inside, chunk by chunk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from workbench.engines.simulated.network import Hop


class Host(Protocol):
    """What a collective needs of the world."""

    def hop_s(self, team: tuple[str, ...], size: float, passes: int) -> Hop:
        """What a chunk of a ring of `team` over `size` bytes costs on a link."""

    def deliver(
        self,
        source: str,
        target: str,
        size: float,
        hop_s: Hop,
        arrived: Callable[[Any], Any],
        argument: Any,
    ) -> None:
        """Send a chunk; `arrived(argument)` is called when it is there and its receiver is not frozen."""


class Ring:
    """One collective around a ring in chunks of S/n: n-1 steps of reduce-scatter, n-1 of all-gather, or both.

    `passes` is 2 for an all-reduce, which does one after the other.

    Member i sends chunk k+1 once chunk k has come from its left neighbour and it has entered itself, for a chunk is
    summed with the member's own data. On equal links a ring takes 2(n-1)/n * S/B + 2(n-1) * L; with gloo's handshake
    2(n-1)/n * S/B + 4(n-1) * L; by a measured curve what the curve says.

    `met` are the members that are carried out: all of the team, or the one that stands for its equals. What an equal
    sends is then what that one sends, at the same moment, so that its own chunk comes to it from the left.
    """

    def __init__(
        self,
        host: Host,
        team: tuple[str, ...],
        combine: Callable[[list[Any]], Any],
        size_of: Callable[[Any], float],
        passes: int = 2,
        met: tuple[str, ...] | None = None,
    ):
        self.host, self.team, self.combine, self.size_of = host, team, combine, size_of
        self.met = met or team
        self.right = dict(zip(self.met, (*self.met[1:], self.met[0]), strict=True))
        self.passes, self.last_chunk = passes, passes * (len(team) - 1)
        self.given: dict[str, Any] = {}
        self.ended: dict[str, Callable[[Any], None]] = {}
        self.answers: list[Any] = []  # the one answer, once it is known
        self.received = dict.fromkeys(self.met, 0)
        self.waiting = dict.fromkeys(self.met, 0)
        self.done: set[str] = set()
        self.closed = False

    def enter(self, member: str, value: Any, ended: Callable[[Any], None]) -> None:
        """`member` gives its value; `ended(answer)` is called once the collective is over for it."""
        self.given[member], self.ended[member] = value, ended
        size = self.size_of(value)
        self.chunk_bytes = size / len(self.team)
        if len(self.team) == 1:
            ended(self.combine([value]))
            return
        self.hop_s = self.host.hop_s(self.team, size, self.passes)
        self._send(member)
        while self.waiting[member]:
            self.waiting[member] -= 1
            self._receive(member)

    def _send(self, member: str) -> None:
        right = self.right[member]
        self.host.deliver(member, right, self.chunk_bytes, self.hop_s, self._arrive, right)

    def _arrive(self, member: str) -> None:
        if self.closed:
            return
        if member not in self.given:
            self.waiting[member] += 1
        else:
            self._receive(member)

    def _receive(self, member: str) -> None:
        self.received[member] = received = self.received[member] + 1
        if received < self.last_chunk:
            right = self.right[member]
            self.host.deliver(member, right, self.chunk_bytes, self.hop_s, self._arrive, right)
            return
        self.done.add(member)
        if not self.answers:
            times = len(self.team) // len(self.met)
            self.answers.append(self.combine([self.given[name] for name in self.met] * times))
        self.ended[member](self.answers[0])

    def close(self) -> None:
        """A member is lost: whatever is still under way is in vain."""
        self.closed = True
