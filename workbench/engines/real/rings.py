"""Sums over a team by a ring of our own, on shaped links: what a library's collective does inside, chunk by chunk."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from itertools import count
from typing import Any

from workbench.engines.real.floor import Floor
from workbench.engines.real.post import Post

Team = tuple[str, ...]

_READY = "ready"


class Rings:
    """The sums of one member. Their names hold the incarnations of the team, so that no survivor can meet the dead.

    A member adds its share to the chunk that comes from the left, and passes the sum on to the right: n-1 steps until
    each chunk is whole somewhere, n-1 more until it is everywhere. On equal links a sum of S bytes takes
    2(n-1)/n * S/B + 2(n-1) * L; with a handshake, where the right neighbour first says that it is ready, a latency more
    for each step.

    Each lane of a member has sums of its own. `names(team)` says which incarnations the team consists of, `gone(team)`
    whether one of them is lost, or the lane closed.
    """

    def __init__(self, post: Post, floor: Floor, names: Callable[[Team], Team], gone: Callable[[Team], bool]):
        self._post, self._floor, self._names, self._gone = post, floor, names, gone
        self._numbers: dict[str, count[int]] = {}  # of the next sum of each ring
        self._teams: dict[str, Team] = {}
        self._chunks: dict[tuple[str, str], Any] = {}  # sender, name -> what has come and is not yet taken
        self._over: set[str] = set()  # rings of which a member is lost
        post.on_chunk = self._keep

    def reduce(self, team: Team, tensor: Any, least: bool = False) -> bool:
        """Sum `tensor` in place over the team (or take the least); False if a member was lost."""
        import numpy

        place, chunks = team.index(self._post.me), numpy.array_split(tensor.view(-1).numpy(), len(team))
        combine = numpy.minimum if least else numpy.add
        name = self._name(team)
        summed = self._go_around(team, f"{name}.sum", chunks, place, lambda into, came: combine(into, came, out=into))
        return summed and self._go_around(team, f"{name}.all", chunks, place + 1, numpy.copyto)

    def gather(self, team: Team, own: Any, whole: Any) -> bool:
        """Put what all members have into `whole`, one behind the other; False if a member was lost."""
        import numpy

        place, chunks = team.index(self._post.me), numpy.array_split(whole.numpy(), len(team))
        numpy.copyto(chunks[place], own.numpy())
        return self._go_around(team, self._name(team), chunks, place, numpy.copyto)

    def scatter(self, team: Team, whole: Any, own: Any) -> bool:
        """Put the own share of the sum of all `whole` into `own`; False if a member was lost."""
        import numpy

        place, chunks = team.index(self._post.me), numpy.array_split(whole.numpy(), len(team))
        name = self._name(team)
        summed = self._go_around(team, name, chunks, place - 1, lambda into, came: numpy.add(into, came, out=into))
        numpy.copyto(own.numpy(), chunks[place])
        return summed

    def _name(self, team: Team) -> str:
        """Of the next collective of a team."""
        ring = self._ring(team)
        return f"{ring}/{next(self._numbers[ring])}"

    def drop(self, worker: str) -> None:
        """Nothing more comes of the sums of which `worker` was a member."""
        for ring in [ring for ring, team in self._teams.items() if worker in team]:
            del self._teams[ring], self._numbers[ring]
            self._over.add(ring)
            self._chunks = {key: data for key, data in self._chunks.items() if not key[1].startswith(ring)}

    def leave(self, lane: str) -> None:
        """A lane was closed: what it waited for is of no use to others."""

    def close(self) -> None:
        """What was sent is on its way; nobody has to be told."""

    def _go_around(
        self, team: Team, name: str, chunks: list[Any], first: int, combine: Callable[[Any, Any], Any]
    ) -> bool:
        """Pass chunks on to the right, from the `first` one backwards; what comes is combined with the own one."""
        members, place = len(team), team.index(self._post.me)
        left, right = team[place - 1], team[(place + 1) % members]
        for step in range(members - 1):
            outgoing, incoming = chunks[(first - step) % members], chunks[(first - step - 1) % members]
            came = self._pass_on(team, left, right, f"{name}.{step}", outgoing)
            if came is None:
                return False
            combine(incoming, came)
        return True

    def _pass_on(self, team: Team, left: str, right: str, name: str, chunk: Any) -> Any:
        """Send a chunk to the right; the one that comes from the left, or None if a member was lost."""
        if self._post.links is not None and self._post.links.handshake:
            self._post.send_chunk(left, f"{name} {_READY}", True)
            if self._await(team, right, f"{name} {_READY}") is None:
                return None
        self._post.send_chunk(right, name, chunk)
        return self._await(team, left, name)

    def _await(self, team: Team, sender: str, name: str) -> Any:
        """What comes from a sender under a name; None if a member was lost."""
        while (came := self._chunks.pop((sender, name), None)) is None:
            if self._gone(team):
                return None
            self._floor.listen(None)
        return came

    def _keep(self, sender: str, name: str, data: Any) -> None:
        if name.partition("/")[0] not in self._over:
            self._chunks[sender, name] = data

    def _ring(self, team: Team) -> str:
        """The name of the ring of a team, in its present incarnations, in this lane."""
        said = " ".join((*self._names(team), self._floor.lane.name))
        ring = hashlib.sha256(said.encode()).hexdigest()[:16]
        self._numbers.setdefault(ring, count())
        self._teams[ring] = team
        return ring
