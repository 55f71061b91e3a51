"""Partitions of the instances of a pipeline: what one owner schedules of them, and how many each worker is to own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from workbench.architectures.operations import Lease
from workbench.architectures.plan import Plan
from workbench.architectures.schedule import Schedule, Task


class Partition(Schedule):
    """The schedule of every `of`-th instance from `number` on, as its owner sees it.

    It is right for as long as `lease` holds: an owner that has lost it and claims it again begins with another one.
    The owner does itself what one worker can do, a task at a time. A stage with a team waits until `team` is set, the
    workers who may be asked, and takes as many of them as it needs.
    """

    def __init__(self, plan: Plan, number: int, of: int, lease: Lease, known: dict[str, Any]):
        super().__init__(plan, (lease.holder,), known=known, instances=range(number, plan.instances, of))
        self.owner, self.lease = lease.holder, lease
        self.team: tuple[str, ...] = ()
        self.here(self.owner)

    @property
    def wants_team(self) -> bool:
        """Whether the task whose turn it is needs a team."""
        return bool(self.ready) and bool(self.ready[0].stage.team)

    @property
    def can_begin(self) -> bool:
        """Whether its owner can begin a task by itself."""
        return bool(self.ready) and not self.ready[0].stage.team and not self.held[self.owner]

    def lose(self, worker: str) -> None:
        super().lose(worker)
        if worker == self.owner:  # it lives, and was only thought lost
            self.here(worker)

    def _workers_for(self, task: Task) -> tuple[str, ...]:
        if not task.stage.team:
            return () if self.held[self.owner] else (self.owner,)
        team, self.team = self.team[: task.stage.team], ()
        if len(team) < task.stage.least:
            return ()
        for worker in team:
            self.here(worker)
        return team


class Holdings:
    """What one worker holds leases of, shared by its lanes: itself being here, partitions, and the right to train."""

    def __init__(self) -> None:
        self.here: Lease | None = None
        self.partitions: dict[int, Lease] = {}
        self.training: Lease | None = None
        self.in_hand: set[int] = set()  # partitions that must not be given up just now

    @property
    def leases(self) -> tuple[Lease, ...]:
        one = (lease for lease in (self.here, self.training) if lease is not None)
        return (*one, *self.partitions.values())

    def keep(self, renewed: tuple[Lease, ...]) -> None:
        """Forget what was not renewed."""
        self.here = self.here if self.here in renewed else None
        self.training = self.training if self.training in renewed else None
        self.partitions = {number: lease for number, lease in self.partitions.items() if lease in renewed}


def ranges(numbers: Iterable[int]) -> str:
    """Numbers as text, neighbours as a range: `0-3 7`."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return " ".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


def quota(worker: str, present: tuple[str, ...], partitions: int) -> tuple[int, int]:
    """(how many partitions a worker is to own, the first that it is to look at): all of them, as evenly as can be.

    Everybody computes the same, so that nobody has to be asked.
    """
    rank = present.index(worker)
    share, rest = divmod(partitions, len(present))
    return share + (rank < rest), rank * share + min(rank, rest)
