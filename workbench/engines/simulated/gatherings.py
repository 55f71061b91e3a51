"""Gatherings: the collectives under way in a world, and what each kind of them gives its members."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.architectures.operations import Agree, AllGather, AllReduce, ReduceScatter
from workbench.engines.simulated.collectives import Ring
from workbench.engines.simulated.foreseen import Foreseen, can_be_foreseen
from workbench.engines.simulated.member import PENDING, Member
from workbench.engines.simulated.network import Blob, Data, size_bytes
from workbench.engines.simulated.trees import Hierarchy, Tree

if TYPE_CHECKING:
    from workbench.engines.simulated.world import World

Gathering = AllReduce | AllGather | ReduceScatter | Agree
Way = Ring | Tree | Hierarchy


@dataclass(frozen=True)
class Kind:
    """What a collective makes of its members' values, of how many bytes, in how many rounds of a ring."""

    combine: Callable[[list[Any]], Any]
    size_bytes: Callable[[Any, int], float]
    passes: int


class Gatherings:
    """A world's collectives. Members meet in the order in which each comes to its team's next one of a kind."""

    def __init__(self, world: World):
        self.world = world
        self.rings: dict[tuple[type, tuple[str, ...]], list[Way]] = {}
        self.foreseen: list[Foreseen] = []  # of one team, each of whose members enters one after the other
        world.network.open = world.network.links.changes = self.open

    def enter(self, member: Member, operation: Gathering) -> Any:
        """The answer of a team of one; otherwise the member waits."""
        kind = KINDS[type(operation)]
        value = operation.value if isinstance(operation, Agree) else operation.what
        member.take_notice(operation)
        team = operation.team
        rings = self.rings.setdefault((type(operation), team), [])
        if member.root is not member:
            self.open()
        rings[:] = filter(_is_under_way, rings)
        ring = next((ring for ring in rings if member.name not in ring.given), None)
        if ring is None:
            ring = self._way(member, operation, kind, value)
            rings.append(ring)
        if self.world.lost and not self.world.lost.isdisjoint(team):
            ring.close()
        member.operation = operation
        if len(team) == 1:
            return kind.combine([value])
        ring.enter(member.name, value, lambda answer: None if member.finished else member.go(answer))
        return PENDING

    def open(self, at_end: bool = False) -> None:
        """Whatever is foreseen goes on chunk by chunk; `at_end` of a run nothing does."""
        for ring in list(self.foreseen):
            ring.open(at_end)

    def _over(self, ring: Foreseen) -> None:
        self.foreseen.remove(ring)
        self.world.network.foreseen = frozenset(self.foreseen[0].team if self.foreseen else ())

    def _way(self, member: Member, operation: Gathering, kind: Kind, value: Any) -> Way:
        team, algorithm = operation.team, operation.algorithm if isinstance(operation, AllReduce) else "ring"
        if self.foreseen and (self.foreseen[0].team != team or algorithm != "ring"):
            self.open()
        if algorithm != "ring" and len(team) > 1:
            self.world.network.carries(algorithm)
            islands = self.world.network.islands(team)
            if algorithm == "tree":
                return Tree(self.world, team, kind.combine, kind.size_bytes(value, len(team)))
            if len({len(island) for island in islands}) == 1:
                return Hierarchy(self.world, islands, team, kind.combine, kind.size_bytes(value, len(team)))
        met = self.world.cohorts.who_meets(team)
        what = team, kind.combine, lambda what: kind.size_bytes(what, len(team)), kind.passes, met
        others = [ring for rings in self.rings.values() for ring in rings if _is_under_way(ring)]
        alone = len(others) == len(self.foreseen) and member.root is member
        if alone and kind.passes == 2 and met == team and can_be_foreseen(self.world, team):
            self.foreseen.append(Foreseen(self.world, self._over, *what))
            self.world.network.foreseen = frozenset(team)
            return self.foreseen[-1]
        self.open()
        return Ring(self.world, *what)

    def close_with(self, lost: str) -> None:
        """Nothing more comes of the collectives of a member that is lost."""
        for rings in self.rings.values():
            for ring in rings:
                if lost in ring.team:
                    ring.close()


def _is_under_way(way: Way) -> bool:
    return not way.closed and len(way.done) < len(way.met)


def _sum(values: list[Any]) -> Any:
    if isinstance(values[0], Data):
        return Data(values[0].size_bytes, _sum([value.value for value in values]))
    if isinstance(values[0], Blob):
        return values[0]
    total = values[0] + values[1] if len(values) > 1 else values[0]
    for value in values[2:]:
        total += value
    return total


def _joined(values: list[Any]) -> Any:
    """All shares, in the order of the team."""
    return Blob(sum(value.size_bytes for value in values)) if isinstance(values[0], Blob) else values


def _share(values: list[Blob]) -> Blob:
    """What a member is given of a sum that is scattered; sizes only, for whose share it is nobody asks of a size."""
    return Blob(values[0].size_bytes / len(values))


KINDS: dict[type, Kind] = {
    AllReduce: Kind(_sum, lambda what, team: size_bytes(what), 2),
    AllGather: Kind(_joined, lambda what, team: size_bytes(what) * team, 1),
    ReduceScatter: Kind(_share, lambda what, team: size_bytes(what), 1),
    Agree: Kind(min, lambda what, team: 8 * team, 2),
}
