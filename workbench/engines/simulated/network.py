"""The network: one full-duplex link a member to a switch, first come first served, kept as arithmetic.

With a topology its links are shared fairly instead, and the world keeps the transfers that are under way.

A message of S bytes from a to b occupies a's uplink and b's downlink for S/B from the moment both are free, and arrives
a latency later. One number a direction says when a link is free, so that a message costs one event: its arrival.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from workbench.catalogues.backends import BACKENDS
from workbench.engines.simulated.grounds import Grounds
from workbench.engines.simulated.impaired import Impaired
from workbench.engines.simulated.topology import Topology

SEQUENCES = (list, tuple)
CONTROL_BYTES = 256  # envelope of a letter: names, tag, framing


@dataclass(frozen=True, slots=True)
class Blob:
    """Data of which the simulator knows only the size."""

    size_bytes: float


@dataclass(frozen=True, slots=True, eq=False)
class Data(Blob):
    """Data itself, which a run that learns passes on; on a link it is as big as what would stand for it."""

    value: Any


def size_bytes(what: Any) -> float:
    """How many bytes `what` would be on a link."""
    if isinstance(what, Blob):
        return what.size_bytes
    if isinstance(what, str):
        return len(what)
    if isinstance(what, dict):
        return sum(size_bytes(key) + size_bytes(value) for key, value in what.items())
    if isinstance(what, SEQUENCES):
        size: float = 0
        for part in what:  # often many names
            size += len(part) if part.__class__ is str else size_bytes(part)
        return size
    return 8


class Hop(NamedTuple):
    """What a chunk of a collective costs: seconds that it occupies a link, seconds until it is there after that.

    `link` names the kind of link, where members have several that do not disturb each other.
    """

    occupied_s: float
    later_s: float
    link: str = ""


class Network:
    """Links by member name; `bytes_per_s` and `latency_s` are equal for all but those who have a rate of their `own`,
    unless a topology says what links are."""

    alike = True  # whether members have one link each, equal for all but for their `own` rates

    def __init__(
        self,
        bytes_per_s: float,
        latency_s: float,
        collectives: str = "ideal",
        topology: Topology | None = None,
        own: Mapping[str, float] | None = None,
    ):
        self.own = dict(own or {})
        self.links = Impaired(self.own, bytes_per_s)
        self.topology = topology
        self.bytes_per_s, self.latency_s = bytes_per_s, latency_s
        self.backend, self.grounds = collectives, Grounds()
        backend = BACKENDS[collectives]
        self.curve = backend.curve
        self.handshake_s = latency_s if backend.handshake else 0.0
        self.up_free_s: dict[str, float] = {}
        self.down_free_s: dict[str, float] = {}
        self.foreseen: frozenset[str] = frozenset()  # whose links are in use without their times being kept up to date
        self.open: Callable[[], None] = lambda: None  # brings them up to date

    def disturb(self, source: str, target: str) -> None:
        """A message is about to be sent from one to the other."""
        if self.foreseen and (source in self.foreseen or target in self.foreseen):
            self.open()

    def hop_s(self, team: tuple[str, ...], size: float, passes: int = 2) -> Hop:
        """What a chunk of a collective of `team` over `size` bytes costs."""
        members = len(team)
        self.grounds.collective(self.backend, members, size, as_measured=passes == 2)  # curves are of all-reduces
        if self.curve is not None:
            return Hop(*self.curve.hop_s(size, members))
        return Hop(size / members / self.bytes_per_s, self.latency_s + self.handshake_s)

    def carries(self, algorithm: str) -> None:
        """ValueError if its collectives cannot travel so."""
        if self.curve is not None and algorithm != "ring":
            raise ValueError(
                f"the curve of {self.backend} was measured around rings, which tells nothing of a {algorithm}"
            )

    def islands(self, team: tuple[str, ...]) -> list[tuple[str, ...]]:
        """The team by island or site; one island of all where the network has none."""
        found: dict[int, tuple[str, ...]] = {}
        for member in team:
            island = self.topology.island_of.get(member, 0) if self.topology is not None else 0
            found[island] = (*found.get(island, ()), member)
        return list(found.values())

    def pass_on(self, now_s: float, source: str, target: str, hop_s: Hop) -> float:
        """Put a chunk of a collective on the links; when it will have arrived, in seconds."""
        if self.foreseen:
            self.disturb(source, target)
        up_s, down_s, begin = self.up_free_s.get(source, 0.0), self.down_free_s.get(target, 0.0), now_s
        if up_s > begin:
            begin = up_s
        if down_s > begin:
            begin = down_s
        end = begin + (hop_s[0] * self.times_longer(source, target) if self.own else hop_s[0])
        self.up_free_s[source] = self.down_free_s[target] = end
        if self.links.late:
            return self.in_order(source, target, end + hop_s[1] + self.added_s(source, target, handshake=True))
        return end + hop_s[1]

    def transfer(self, now_s: float, source: str, target: str, size: float) -> float:
        """Put a message on the links; when it will have arrived, in seconds."""
        if source == target:
            return now_s
        self.disturb(source, target)
        begin = max(now_s, self.up_free_s.get(source, 0.0), self.down_free_s.get(target, 0.0))
        if self.own:
            return self._between_unequals(begin, source, target, size)
        end = begin + size / self.bytes_per_s
        self.up_free_s[source] = self.down_free_s[target] = end
        if self.links.late:
            return self.in_order(source, target, end + self.late_s(source, target))
        return end + self.latency_s

    def _between_unequals(self, begin_s: float, source: str, target: str, size: float) -> float:
        """Each end's link is occupied at its own rate, so that a slow receiver does not keep a fast sender busy."""
        up_s, down_s = (size / self.own.get(end, self.bytes_per_s) for end in (source, target))
        self.up_free_s[source], self.down_free_s[target] = begin_s + up_s, begin_s + down_s
        through_s = begin_s + max(up_s, down_s)
        return self.in_order(source, target, through_s + self.late_s(source, target))

    def times_longer(self, source: str, target: str) -> float:
        """How many times as long as between others a chunk takes, by the slower of both ends."""
        return self.bytes_per_s / min(self.own.get(end, self.bytes_per_s) for end in (source, target))

    # --- links that are slower than they were ----------------------------------------------------------------------

    def added_s(self, *ends: str, handshake: bool = False) -> float:
        """What distance and their links add to the latency of members; a collective with a handshake pays it twice."""
        far_s = self.topology.far_s(*ends) if self.topology is not None else 0.0
        if not self.links.late and not far_s:
            return 0.0
        return (self.links.late_s(*ends) + far_s) * (2 if handshake and self.handshake_s else 1)

    def late_s(self, *ends: str) -> float:
        """The latency of a letter between these members."""
        return self.latency_s + self.added_s(*ends)

    def in_order(self, source: str, target: str, at_s: float) -> float:
        """When what would arrive then does: not before what the same one sent to the same one earlier."""
        return self.links.in_order(source, target, at_s) if self.links.late else at_s
