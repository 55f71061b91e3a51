"""Collectives of a member: sums, shares and agreements over a team, and what its losses do to them."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.architectures.operations import Agree, AllGather, AllReduce, Operation, ReduceScatter, WorkerLost
from workbench.engines.real.floor import Floor
from workbench.engines.real.group import Groups, Team
from workbench.engines.real.post import Post
from workbench.engines.real.rings import Rings

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

Waiting = Callable[[Operation, Team, str], "AbstractContextManager[None]"]


class Collectives:
    """What a member does in groups; `waiting(operation, whom, kind)` says so while it lasts.

    What the machine has carries sums by gloo; shaped links, by rings of our own.
    """

    def __init__(self, post: Post, floor: Floor, folder: Path, group_s: float, waiting: Waiting):
        self.post, self.floor, self.group_s, self.waiting = post, floor, group_s, waiting
        self.groups: Groups | Rings
        if post.links is None:
            self.groups = Groups(post.me, folder, group_s, self._incarnations, self._is_lost, floor, post.host)
        else:
            self.groups = Rings(post, floor, self._incarnations, self._is_gone)
        post.on_loss = self.groups.drop

    def all_reduce(self, operation: AllReduce) -> Any:
        import numpy
        import torch

        is_tensor = isinstance(operation.what, torch.Tensor)
        total = operation.what.clone() if is_tensor else torch.from_numpy(numpy.array(operation.what, order="C"))
        self._enter(operation, operation.team, lambda: self.groups.reduce(operation.team, total))
        return total if is_tensor else total.numpy()

    def all_gather(self, operation: AllGather) -> Any:
        """The arrays of all members, which are equally long, behind each other."""
        import numpy
        import torch

        own = torch.from_numpy(numpy.ascontiguousarray(operation.what))
        whole = own.repeat(len(operation.team))
        self._enter(operation, operation.team, lambda: self.groups.gather(operation.team, own, whole))
        return whole.numpy()

    def reduce_scatter(self, operation: ReduceScatter) -> Any:
        """Of an array that can be cut into equal shares; a member is given that of its place in the team."""
        import numpy
        import torch

        whole = torch.from_numpy(numpy.array(operation.what, order="C"))
        own = torch.empty(len(whole) // len(operation.team), dtype=whole.dtype)
        if len(operation.team) == 1:
            own = whole
        self._enter(operation, operation.team, lambda: self.groups.scatter(operation.team, whole, own))
        return own.numpy()

    def agree(self, operation: Agree) -> int:
        import torch

        value = torch.full((len(operation.team),), operation.value, dtype=torch.int64)  # something in each chunk
        self._enter(operation, operation.team, lambda: self.groups.reduce(operation.team, value, least=True))
        return int(value[0].item())

    def _enter(self, operation: Operation, team: Team, carry_out: Callable[[], bool]) -> None:
        self._raise_loss(operation, team)
        if team == (self.post.me,):
            return
        mates = tuple(mate for mate in team if mate != self.post.me)
        with self.waiting(operation, mates, "collective"):
            done = carry_out()
            self.floor.check()
            if done:
                return
            until_s = time.monotonic() + self.group_s
            while time.monotonic() < until_s:
                self._raise_loss(operation, team)
                self.floor.listen(0.05)
                self.floor.check()
        raise RuntimeError(f"the group of {' '.join(team)} broke, and nobody was lost")

    def _raise_loss(self, operation: Operation, team: Team) -> None:
        self.floor.listen(0.0)
        self.post.mailbox.tell_loss(operation)
        if lost := self.post.lost_of(team):
            raise WorkerLost(lost)

    def _is_lost(self, team: Team, seconds: float) -> bool:
        self.floor.listen(seconds)
        return self._is_gone(team)

    def _is_gone(self, team: Team) -> bool:
        gone = self.post.mailbox.has_loss(team) or self.post.lost_of(team) is not None
        return gone or self.floor.lane.finished

    def _incarnations(self, team: Team) -> tuple[str, ...]:
        return tuple(f"{name}.{self._incarnation(name)}" for name in team)

    def _incarnation(self, name: str) -> int:
        return self.post.incarnation if name == self.post.me else self.post.peers[name].incarnation
