"""Links that are shaped: how fast, how far and how whole the network between members is to be. No I/O."""

from __future__ import annotations

from math import prod
from typing import Self

import msgspec

from workbench.document.scenario import Scenario

OF_LINKS = ("slow-link", "partition")  # kinds of faults that strike links, where these are shaped
CORE = ""  # the side of a cut on which the store is, and whoever is in no cut


class Links(msgspec.Struct):
    """One full-duplex link a member to a switch, as the scenario's cluster has them, and what has happened to them.

    The supervisor holds one and tells it to members; each side of a link paces by its own copy.
    """

    bytes_per_s: float
    latency_s: float
    own: dict[str, float] = {}  # the rates of links that are not as fast as the others
    handshake: bool = False  # collectives pay a round trip for each step, as gloo's do
    slower: dict[str, list[float]] = {}  # how many times as slow the link of a member has become
    later: dict[str, list[float]] = {}  # seconds that are added to its latency
    cuts: list[list[str]] = []  # members that reach each other, and nobody else

    @classmethod
    def of(cls, scenario: Scenario) -> Self | None:
        """The shaped links of a scenario; None if its real runs use what the machine has."""
        cluster = scenario.cluster
        if scenario.run.links == "local":
            return None
        network = cluster.network
        handshake = network.collectives == "gloo"
        return cls(network.bandwidth, network.latency, cluster.own_bandwidths, handshake)

    def rate(self, member: str) -> float:
        """What the link of a member carries now, in bytes/s, in each direction."""
        return self.own.get(member, self.bytes_per_s) / prod(self.slower.get(member, ()))

    def late_s(self, *ends: str) -> float:
        """How long a byte is on its way between two members."""
        return self.latency_s + sum(sum(self.later.get(end, ())) for end in ends)

    def part(self, one: str, other: str) -> bool:
        """Whether a cut lies between the two."""
        return any((one in cut) != (other in cut) for cut in self.cuts)

    def is_cut_off(self, member: str) -> bool:
        return self.part(member, CORE)

    # --- what happens to them ----------------------------------------------------------------------------------------

    def slow_down(self, member: str, factor: float, late_s: float) -> None:
        """The link of a member carries so many times less, and takes so much longer."""
        self.slower.setdefault(member, []).append(factor)
        self.later.setdefault(member, []).append(late_s)

    def recover(self, member: str, factor: float, late_s: float) -> None:
        """The opposite of `slow_down` with the same figures."""
        self.slower[member].remove(factor)
        self.later[member].remove(late_s)
