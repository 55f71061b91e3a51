"""Topologies: what lies between the members, as capacities of directed links and the links of each route."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from zlib import crc32

from workbench.document import scenario

Route = tuple[int, ...]


@dataclass(frozen=True)
class Topology:
    """Directed links by number: `capacities` in bytes/s, and the links from one member to another in their order.

    `links_of` are the links that are a member's own, both ways; on a ring those to and from its two neighbours.
    `island_of` is the island or site of each worker, where there are such. Between members, or from one to all others,
    there are `far_s` more than the network's latency.
    """

    capacities: tuple[float, ...]
    path: Callable[[str, str], Route]
    links_of: Callable[[str], Route]
    island_of: Mapping[str, int] = field(default_factory=dict)
    site_latency_s: float = 0.0

    def far_s(self, *members: str) -> float:
        """Seconds of the way between two members, or from one to all others, besides the network's latency."""
        if not self.site_latency_s or not members:
            return 0.0
        sites = {self.island_of.get(member) for member in members}
        return self.site_latency_s if len(members) == 1 or len(sites) > 1 else 0.0


class Links:
    """Directed links, numbered as they are laid."""

    def __init__(self) -> None:
        self.capacities: list[float] = []

    def lay(self, count: int, bytes_per_s: float) -> range:
        """`count` equal links."""
        first = len(self.capacities)
        self.capacities += [bytes_per_s] * count
        return range(first, first + count)


def lay(
    network: scenario.Network,
    workers: tuple[str, ...],
    others: tuple[str, ...] = (),
    own: Mapping[str, float] | None = None,
) -> Topology:
    """The network of a cluster. `others`, who are no workers, have a link of their own to its core. `own` are the
    bandwidths of workers at a switch that are not the network's.

    The scenario must have been checked: the fields that its topology needs are there.
    """
    links = Links()
    makers = {
        "switch": _switch,
        "ring": _ring,
        "fat-tree": _fat_tree,
        "nvlink-island": _nvlink_island,
        "wide-area": _wide_area,
    }
    between, access = makers[network.topology](network, workers, links)
    place = {name: number for number, name in enumerate(workers)}
    for name, bandwidth in (own or {}).items():
        for (link,) in access(place[name], ""):  # only a switch has workers with one link each
            links.capacities[link] = bandwidth
    outside = {name: number for number, name in enumerate(others)}
    leave, enter = links.lay(len(others), network.bandwidth), links.lay(len(others), network.bandwidth)

    def path(source: str, target: str) -> Route:
        if source == target:
            return ()
        if source in place and target in place:
            return between(place[source], place[target])
        way = f"{source}>{target}"
        first = (leave[outside[source]],) if source in outside else access(place[source], way)[0]
        last = (enter[outside[target]],) if target in outside else access(place[target], way)[1]
        return first + last

    def links_of(name: str) -> Route:
        if name in outside:
            return leave[outside[name]], enter[outside[name]]
        here, count = place[name], len(workers)  # every topology lays two links a worker first
        ends = ((here, here - 1), (here, (here + 1) % count)) if network.topology == "ring" else ((here,), (here,))
        return tuple(dict.fromkeys(way * count + end % count for way, found in enumerate(ends) for end in found))

    islands = network.islands(workers) if network.topology in ("nvlink-island", "wide-area") else ()
    island_of = {name: number for number, island in enumerate(islands) for name in island}
    return Topology(tuple(links.capacities), path, links_of, island_of, network.site_latency or 0.0)


Between = Callable[[int, int], Route]  # from worker to worker, by number
Access = Callable[[int, str], tuple[Route, Route]]  # from a worker to the core, and back; the text chooses among equals


def _switch(network: scenario.Network, workers: tuple[str, ...], links: Links) -> tuple[Between, Access]:
    """Every worker has a link to one switch that is never the bottleneck."""
    up, down = (links.lay(len(workers), network.bandwidth) for _ in range(2))
    return (lambda a, b: (up[a], down[b])), (lambda a, _: ((up[a],), (down[a],)))


def _ring(network: scenario.Network, workers: tuple[str, ...], links: Links) -> tuple[Between, Access]:
    """Every worker has a link to each of its two neighbours; routes take the shorter way, by the right if both are.

    There is no core: who is no worker reaches each worker by a network of its own.
    """
    count = len(workers)
    right, left = (links.lay(count, network.bandwidth) for _ in range(2))

    def between(a: int, b: int) -> Route:
        hops = (b - a) % count
        if 2 * hops <= count:
            return tuple(right[(a + hop) % count] for hop in range(hops))
        return tuple(left[(a - hop) % count] for hop in range(count - hops))

    return between, lambda _a, _way: ((), ())


def _fat_tree(network: scenario.Network, workers: tuple[str, ...], links: Links) -> tuple[Between, Access]:
    """Racks under a leaf switch each, which has one link to every spine (Al-Fares et al., SIGCOMM 2008).

    A leaf's links to the spines carry 1/oversubscription of what its workers' links do. A route's spine is chosen by a
    hash of its ends, as ECMP does (RFC 2992): the same in every run.
    """
    rack, over = network.rack or 1, network.oversubscription or 1.0
    racks, spines = -(-len(workers) // rack), max(1, int(rack / over))
    up, down = (links.lay(len(workers), network.bandwidth) for _ in range(2))
    rise, fall = (links.lay(racks * spines, rack * network.bandwidth / over / spines) for _ in range(2))

    def spine(way: str) -> int:
        return crc32(way.encode()) % spines

    def between(a: int, b: int) -> Route:
        if a // rack == b // rack:
            return (up[a], down[b])
        by = spine(f"{workers[a]}>{workers[b]}")
        return (up[a], rise[a // rack * spines + by], fall[b // rack * spines + by], down[b])

    def access(a: int, way: str) -> tuple[Route, Route]:
        by = a // rack * spines + spine(way)
        return (up[a], rise[by]), (fall[by], down[a])

    return between, access


def _nvlink_island(network: scenario.Network, workers: tuple[str, ...], links: Links) -> tuple[Between, Access]:
    """Islands of workers on a fast switch of their own; each island has one link to the others."""
    return _islands(network.islands(workers), network.island_bandwidth or network.bandwidth, network.bandwidth, links)


def _wide_area(network: scenario.Network, workers: tuple[str, ...], links: Links) -> tuple[Between, Access]:
    """Sites of workers at a switch each; every site has one link to the others, far away. Who is no worker is, too."""
    return _islands(network.islands(workers), network.bandwidth, network.site_bandwidth or network.bandwidth, links)


def _islands(
    islands: tuple[tuple[str, ...], ...], inside_bytes_per_s: float, bytes_per_s: float, links: Links
) -> tuple[Between, Access]:
    """Workers have a link within their island, and each island has one to the core."""
    own = [number for number, island in enumerate(islands) for _ in island]
    up, down = (links.lay(len(own), inside_bytes_per_s) for _ in range(2))
    leave, enter = (links.lay(len(islands), bytes_per_s) for _ in range(2))

    def between(a: int, b: int) -> Route:
        if own[a] == own[b]:
            return (up[a], down[b])
        return (up[a], leave[own[a]], enter[own[b]], down[b])

    return between, lambda a, _: ((up[a], leave[own[a]]), (enter[own[a]], down[a]))
