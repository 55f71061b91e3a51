"""Passages: what a team does from the telling of one training step to that of the next, carried out by its program."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from workbench.architectures.operations import (
    Agree,
    Algorithm,
    AllReduce,
    Operation,
    Perform,
    Recall,
    Record,
    Say,
    StageFailed,
)
from workbench.architectures.training import TrainingArchitecture, TrainingJob
from workbench.engines.simulated.grounds import Grounds
from workbench.engines.simulated.network import Blob, Network
from workbench.engines.simulated.team.interpreter import Alike, Part, Team, Worker
from workbench.engines.simulated.team.recurrences import Times
from workbench.runs.events import StepsFinished

if TYPE_CHECKING:
    from workbench.engines.simulated.steady.chain import Chain

GRAIN_S = 2.0**-40  # to which standings are rounded, so that one that returns is seen to; a millionth of a microsecond


class Did(NamedTuple):
    """An operation of the first member, from when to when, and how many collectives of the passage came before.

    `saves` is how many steps more are durable after it than had been told when the passage began, from 0 on; or 0.
    """

    label: str
    stage: str
    began_s: float
    ended_s: float
    after: int
    saves: int = 0


class Meeting(NamedTuple):
    """A collective: when each member enters it, when its link is free, and when it is over for it.

    All have entered by `entered_s`, when `last_in` of them do; it is over for the first at `over_from_s`, and for all
    at `over_until_s`.
    """

    began_s: Times
    free_s: Times
    ended_s: Times
    size_bytes: float
    entered_s: float
    last_in: int
    over_from_s: float
    over_until_s: float
    algorithm: Algorithm = "ring"


@dataclass(slots=True)
class Passage:
    """Seconds since the passage's beginning: when the first of the members was at its start.

    `told_s` is when each member says the step, or, where none is left to do, has ended its program; `lasts_s` when
    the first one does, which is where the next passage begins. `next` is the standing in which it does.
    """

    did: list[Did] = field(default_factory=list)
    meetings: list[Meeting] = field(default_factory=list)
    told_s: Times = field(default_factory=lambda: np.empty(0))
    lasts_s: float = 0.0
    met_s: float = -inf  # when its collectives are over for everybody
    next: int = -1
    step: StepsFinished | None = None  # as it is said; None where the program ends
    notable: list[Did] = field(default_factory=list)  # told where it is no plain step: how it opens, saves or ends
    grounds: Grounds = field(default_factory=Grounds)  # what its figures rest on
    used_by: Grounds | None = None  # those of the last run that came to it

    def used(self, grounds: Grounds) -> Passage:
        """It is part of a run that rests on these grounds."""
        if self.used_by is not grounds:
            self.used_by = grounds
            grounds.join(self.grounds)
        return self


class Passages:
    """All passages of one team, each carried out once. A standing is a number: how members and their links lag behind
    the first of them; 0 is that of a team that is about to begin."""

    def __init__(
        self,
        network: Network,
        work: Worker,
        architecture: TrainingArchitecture,
        job: TrainingJob,
        alike: Alike | None = None,
    ):
        self.network, self.work, self.architecture, self.job, self.alike = network, work, architecture, job, alike
        self.standings: list[tuple[Times, Times]] = [(np.zeros(len(job.team)), np.zeros((2, len(job.team))))]
        self._numbers: dict[tuple[float, float], list[int]] = {}  # by the sums of a standing, which are quick to tell
        self._walk: Walk | None = None  # the last one, if it can go on
        self._known: dict[tuple[int, bool, bool], Passage] = {}
        self.chains: dict[int, Chain] = {}  # by the standing in which they begin
        self.said: StepsFinished | None = None  # one step, as it is told

    @property
    def steps(self) -> int:
        """Of the whole training; 0 as long as it has not begun."""
        return self.said.of if self.said else 0

    def beginning(self, step: int) -> Passage:
        """From opening the training until its first step from `step` on is said."""
        key = 0, step > 0, 0 < self.steps <= step
        if key not in self._known:
            self._known[key] = self._carried_out(step, 0)
        return self._known[key].used(self.network.grounds)

    def after(self, standing: int, step: int) -> Passage:
        """From the telling of `step`, in which the members stood so, to that of the next."""
        key = standing, self.architecture.is_checkpoint(step), step + 1 == self.steps
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._carried_out(step, standing)
        return found.used(self.network.grounds)

    def _carried_out(self, step: int, standing: int) -> Passage:
        """The same, with what it rests on kept apart: another run may come to it without having carried it out."""
        of_run = self.network.grounds
        try:
            return self._walked(step, standing)
        except StageFailed:
            of_run.join(self.network.grounds)
            raise
        finally:
            self.network.grounds = of_run

    def _walked(self, step: int, standing: int) -> Passage:
        """From the telling of `step` in a standing; or, in standing 0, from the opening of the training."""
        self.network.grounds = Grounds()
        walk = self._walk
        if walk is None or (walk.step, walk.standing) != (step, standing) or not standing:
            walk = Walk(self, step)
            if standing:
                walk.go()  # does `step`, of which nothing counts
                self.network.grounds = Grounds()
            walk.place(*self.standings[standing])
        passage = walk.go()
        passage.grounds = self.network.grounds
        passage.lasts_s = float(passage.told_s.min())
        if passage.meetings:
            passage.met_s = passage.meetings[-1].over_until_s
        passage.notable = _notable(passage)
        self._walk = None
        if passage.step is not None:
            self.said = passage.step
            lag_s = _rounded(passage.told_s - passage.lasts_s)
            busy_s = _rounded(np.maximum(walk.free - passage.lasts_s, 0.0))
            passage.next = self._number(lag_s, busy_s)
            walk.place(lag_s, busy_s)
            self._walk, walk.step, walk.standing = walk, passage.step.last, passage.next
        return passage

    def _number(self, lag_s: Times, busy_s: Times) -> int:
        alike = self._numbers.setdefault((float(lag_s.sum()), float(busy_s.sum())), [])
        for number in alike:
            lagged_s, was_busy_s = self.standings[number]
            if np.array_equal(lagged_s, lag_s) and np.array_equal(was_busy_s, busy_s):
                return number
        alike.append(len(self.standings))
        self.standings.append((lag_s, busy_s))
        return alike[-1]


def _notable(passage: Passage) -> list[Did]:
    saves = [at for at, did in enumerate(passage.did) if did.saves]
    if passage.step is None:
        return passage.did
    return passage.did[: saves[-1] + 1] if saves else [did for did in passage.did if not did.after]


def _rounded(times_s: Times) -> Times:
    grains = times_s / GRAIN_S
    np.rint(grains, out=grains)
    grains *= GRAIN_S
    return grains


class Walk(Team):
    """A team's program, carried out from one telling of a step to the next; it waits there until it is to go on.

    It begins with `step`, from its opening, or with what is saved before it.
    """

    def __init__(self, passages: Passages, step: int):
        super().__init__(passages.network, passages.work, passages.architecture, passages.job, passages.alike)
        self.check()
        self.step, self.standing, self.key = step, 0, passages.job.checkpoint_key
        if step > 0:
            self.store[self.key] = [step, Blob(0.0)]
        self.passage = Passage()

    def place(self, lag_s: Times, busy_s: Times) -> None:
        """Members and links stand so; what is told from now on counts from here."""
        self.times, self.free = lag_s.copy(), busy_s.copy()

    def go(self) -> Passage:
        self.passage = Passage(told_s=np.zeros(len(self.members)))
        for part in self.parts:
            self._go(part)
        while not all(part.finished or part.operation is None for part in self.parts):
            answer = self._meet()
            for part in self.parts:
                self._go(part, answer)
        self.passage.told_s = self.times.copy()
        return self.passage

    def _go(self, part: Part, answer: Any = None) -> None:
        """Up to the next operation in which it needs the others, or the telling of a step."""
        part.operation = None
        while True:
            try:
                operation = part.program.send(answer)
            except StopIteration:
                part.finished = True
                return
            if isinstance(operation, AllReduce | Agree):
                part.operation = operation
                return
            if isinstance(operation, Say) and isinstance(operation.event, StepsFinished):
                self.passage.step = operation.event
                return
            began_s = float(self.times[part.own][0])
            answer = self._alone(part, operation)
            if part is self.parts[0] and isinstance(operation, Perform | Record | Recall):
                ended_s, after = float(self.times[0]), len(self.passage.meetings)
                stage = operation.stage if isinstance(operation, Perform) else ""
                self.passage.did.append(Did(operation.label, stage, began_s, ended_s, after, self._saves(operation)))

    def _saves(self, operation: Operation) -> int:
        saved = dict(operation.entries) if isinstance(operation, Record) else {}
        return saved[self.key][0] - self.step if self.key in saved else 0

    def _meet(self) -> Any:
        began_s, free_s, operation = self.times.copy(), self.free, self.parts[0].operation
        answer = super()._meet()
        assert isinstance(operation, AllReduce | Agree)
        ended_s = self.times.copy()
        entered_s = float(began_s.max())
        self.passage.meetings.append(
            Meeting(
                began_s=began_s,
                free_s=free_s,
                ended_s=ended_s,
                size_bytes=self.size_bytes(operation),
                entered_s=entered_s,
                last_in=int(np.count_nonzero(began_s == entered_s)),
                over_from_s=float(ended_s.min()),
                over_until_s=float(ended_s.max()),
                algorithm=operation.algorithm if isinstance(operation, AllReduce) else "ring",
            )
        )
        return answer
