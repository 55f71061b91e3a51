"""The interpreter: one program stands for the first member of a team, and one for all others at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from workbench.architectures.operations import (
    Agree,
    AllReduce,
    Operation,
    Perform,
    Program,
    Recall,
    Record,
    Say,
    Wait,
)
from workbench.architectures.training import TrainingArchitecture, TrainingJob
from workbench.engines.simulated.network import Network, size_bytes
from workbench.engines.simulated.team.recurrences import Times, ring, ring_of_equal_links, tree
from workbench.runs.events import Event

Indices = np.ndarray[Any, np.dtype[np.int64]]
CLOSED_FORM_FROM = 1024  # members; with fewer, the recurrence is as fast as anybody can see, and equal to the bit


class Worker(Protocol):
    """What the team needs to know of work: how long it takes, and what it answers."""

    def seconds(self, member: str, operation: Perform, now_s: float) -> float: ...

    def answer(self, member: str, operation: Perform) -> Any: ...


class NotAsATeam(Exception):
    """The program asks for something that only members one by one can do; the message level carries it out."""


class Alike:
    """Which members of a team take equally long for everything: those of one kind, a number for each member.

    For the first member and for the others: (where the first of each kind is among them, which kind each is of).
    """

    def __init__(self, kinds: Sequence[int] | Indices):
        self.kinds: Indices = np.asarray(kinds)
        self.first = self._of(slice(0, 1))
        self.others = self._of(slice(1, None))

    def _of(self, own: slice) -> tuple[Indices, Indices]:
        _, asked, kind = np.unique(self.kinds[own], return_index=True, return_inverse=True)
        return asked, kind


@dataclass
class Part:
    """Members that do the same: `speaker` runs the program for the members `own`, a slice of the team."""

    speaker: str
    own: slice
    program: Program
    operation: Operation | None = None
    said: list[tuple[Event, float]] = field(default_factory=list)
    finished: bool = False


class Team:
    """One training without losses, carried out for the whole team; what is told is (event, seconds).

    The first member has a program of its own because it does what only one does: checkpoints, the end. An event is told
    once, when the last member that says it does so. `alike` says which members take equally long
    for everything; where it is left out, each is asked.
    """

    def __init__(
        self,
        network: Network,
        work: Worker,
        architecture: TrainingArchitecture,
        job: TrainingJob,
        alike: Alike | None = None,
    ):
        self.network, self.work, self.members = network, work, job.team
        self.times: Times = np.zeros(len(job.team))
        self.free: Times = np.zeros((2, len(job.team)))  # when a member's link is, outwards and inwards
        self.store: dict[str, Any] = {}
        self.told: list[tuple[Event, float]] = []
        first, *others = job.team
        self.parts = [Part(first, slice(0, 1), architecture.program(first, job))]
        if others:
            self.parts.append(Part(others[0], slice(1, None), architecture.program(others[0], job)))
        self.alike = alike or Alike(range(len(job.team)))

    def carry_out(self) -> list[tuple[Event, float]]:
        """To the end; what was told. NotAsATeam where the work is to be done member by member."""
        self.check()
        for part in self.parts:
            self._go(part)
        while not all(part.finished for part in self.parts):
            answer = self._meet()
            for part in self.parts:
                self._go(part, answer)
        return self.told

    def check(self) -> None:
        if self.network.topology is not None or self.network.own or not self.network.alike:
            raise NotAsATeam("links that are shared fairly")

    def _go(self, part: Part, answer: Any = None) -> None:
        """Carry the program out up to the next operation in which it needs the others."""
        while True:
            try:
                operation = part.program.send(answer)
            except StopIteration:
                part.finished = True
                self._tell()
                return
            if isinstance(operation, AllReduce | Agree):
                part.operation = operation
                self._tell()
                return
            answer = self._alone(part, operation)

    def _alone(self, part: Part, operation: Operation) -> Any:
        match operation:
            case Perform():
                self.times[part.own] += self._took_s(part, operation)
                return self.work.answer(part.speaker, operation)
            case Wait():
                self.times[part.own] += operation.seconds
            case Record():
                self.store.update(operation.entries)
            case Recall():
                return {key: value for key, value in self.store.items() if key.startswith(operation.prefix)}
            case Say():
                part.said.append((operation.event, float(self.times[part.own].max())))
            case _:
                raise NotAsATeam(operation.label)
        return None

    def _took_s(self, part: Part, operation: Perform) -> Times | float:
        first, now_s = part.own.start, self.times[part.own]
        asked, kind = self.alike.first if first == 0 else self.alike.others
        took_s = [self.work.seconds(self.members[first + at], operation, float(now_s[at])) for at in asked.tolist()]
        return np.array(took_s)[kind] if len(took_s) > 1 else took_s[0]

    def _tell(self) -> None:
        """What all parts have said is told; what one alone says, is told once the others are past it."""
        while all(part.said for part in self.parts):
            (event, at_s), *others = [part.said.pop(0) for part in self.parts]
            self.told.append((event, max([at_s, *(at for _, at in others)])))

    def _meet(self) -> Any:
        """The collective in which all parts have arrived; its answer."""
        operations = [part.operation for part in self.parts]
        first = operations[0]
        if any(part.finished for part in self.parts) or any(op.__class__ is not first.__class__ for op in operations):
            raise NotAsATeam("the members part")
        assert isinstance(first, AllReduce | Agree)
        if isinstance(first, AllReduce):
            answer, algorithm = first.what, first.algorithm
        else:
            answer, algorithm = min(op.value for op in operations if isinstance(op, Agree)), "ring"
        if getattr(first, "team", ()) != self.members:
            raise NotAsATeam("a collective of some members")
        if algorithm == "hierarchical":
            raise NotAsATeam("islands")
        self.network.carries(algorithm)
        if len(self.members) > 1:
            (self._ring if algorithm == "ring" else self._tree)(self.size_bytes(first))
        return answer

    def size_bytes(self, operation: AllReduce | Agree) -> float:
        """What is summed."""
        return size_bytes(operation.what) if isinstance(operation, AllReduce) else 8.0 * len(self.members)

    def _tree(self, size: float) -> None:
        chunk_s, delay_s, _ = self.network.hop_s(self.members, size)
        self.times, self.free = tree(self.times, chunk_s * len(self.members), delay_s, self.free)

    def _ring(self, size: float) -> None:
        occupied_s, delay_s, _ = self.network.hop_s(self.members, size)
        if len(self.members) > CLOSED_FORM_FROM and self.free.max() <= self.times.min():
            self.times = ring_of_equal_links(self.times, occupied_s, delay_s)
            inwards_s = self.times - delay_s  # a link's last chunk is what its receiver waited for
            self.free = np.stack([np.roll(inwards_s, -1), inwards_s])
            return
        links = np.ones(len(self.members))
        free_s = np.maximum(self.free[0], np.roll(self.free[1], -1))
        self.times, free_s = ring(self.times, occupied_s * links, delay_s * links, free_s)
        self.free = np.stack([free_s, np.roll(free_s, 1)])
