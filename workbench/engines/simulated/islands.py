"""Islands: nodes of some accelerators on fast links of their own, each with a share of its node's way to the others."""

from __future__ import annotations

from workbench.catalogues.backends import BACKENDS
from workbench.engines.simulated.network import Hop, Network

INSIDE, BETWEEN = "inside ", "between "  # kinds of links


class Islands(Network):
    """Links of members in nodes of `island`, in the team's order.

    Inside a node each member has a link of `inside_bytes_per_s`; to other nodes it has one of `bytes_per_s`, its share
    of the node's. A collective that leaves the node uses the shares of all its members there, as NCCL does with a ring
    for each network adapter: its hop between nodes has their sum, unless the inside is slower. A chunk that goes around
    meets as many long hops as there are nodes. `inside` names what carries collectives within a node.
    """

    alike = False

    def __init__(
        self,
        members: tuple[str, ...],
        island: int,
        inside_bytes_per_s: float,
        bytes_per_s: float,
        inside_latency_s: float = 0.0,
        latency_s: float = 0.0,
        inside: str = "ideal",
    ):
        super().__init__(bytes_per_s, latency_s)
        self.inside = inside
        self.island_of = {member: number // island for number, member in enumerate(members)}
        self.inside_bytes_per_s, self.inside_latency_s = inside_bytes_per_s, inside_latency_s
        self._ways: dict[tuple[str, ...], tuple[float, float, str]] = {}

    def hop_s(self, team: tuple[str, ...], size: float, passes: int = 2) -> Hop:
        bytes_per_s, later_s, link = self._way(team)
        curve = BACKENDS[self.inside].curve if link == INSIDE else None
        self.grounds.collective(self.inside if curve else self.backend, len(team), size, as_measured=False)
        if curve is not None:
            return Hop(*curve.hop_s(size, len(team)), link)
        return Hop(size / len(team) / bytes_per_s, later_s, link)

    def _way(self, team: tuple[str, ...]) -> tuple[float, float, str]:
        """(bytes/s of the slowest hop, mean latency of a hop, kind of link) of a ring."""
        way = self._ways.get(team)
        if way is None:
            nodes = len({self.island_of[member] for member in team})
            if nodes == 1:
                way = self.inside_bytes_per_s, self.inside_latency_s, INSIDE
            else:
                leave_bytes_per_s = self.bytes_per_s * len(team) / nodes
                mean_s = (nodes * self.latency_s + (len(team) - nodes) * self.inside_latency_s) / len(team)
                way = min(leave_bytes_per_s, self.inside_bytes_per_s), mean_s, BETWEEN
            self._ways[team] = way
        return way

    def pass_on(self, now_s: float, source: str, target: str, hop_s: Hop) -> float:
        up, down = hop_s.link + source, hop_s.link + target
        end_s = max(now_s, self.up_free_s.get(up, 0.0), self.down_free_s.get(down, 0.0)) + hop_s.occupied_s
        self.up_free_s[up] = self.down_free_s[down] = end_s
        return end_s + hop_s.later_s

    def transfer(self, now_s: float, source: str, target: str, size: float) -> float:
        if source == target:
            return now_s
        if self.island_of[source] == self.island_of[target]:
            hop = Hop(size / self.inside_bytes_per_s, self.inside_latency_s, INSIDE)
        else:
            hop = Hop(size / self.bytes_per_s, self.latency_s, BETWEEN)
        return self.pass_on(now_s, source, target, hop)
