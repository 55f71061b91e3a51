"""Regrowth: how a team that has lost members comes to know whether it could be larger, and makes room for that.

At set steps all members of a short team meet. Its first one hears how far each has come, asks whether a worker is free,
and tells all the same: to go on, or to end this attempt, of which nothing is lost, so that the next one begins with a
larger team, as torch.distributed.elastic does. Nobody leaves before all are known to have finished the step.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from workbench.architectures.operations import Agree, Operation, Receive, Send, WorkerLost
from workbench.architectures.training import TrainingJob, checkpoint, regroup, resume

Team = tuple[str, ...]
Verdict = tuple[Team, int] | None  # with whom, and from which step on; None to end the attempt


class Meetings:
    """One member's part in the meetings of an attempt."""

    def __init__(self, me: str, job: TrainingJob):
        self.me, self.job = me, job
        self.leader = job.leader
        self.deaf = False  # a leader that was lost, and begins anew, knows nothing of a team that it has not called

    def begin(self, opened: dict[str, Any], step: int) -> Generator[Operation, Any, tuple[Team, int]]:
        """With whom, and from which step on: the latest checkpoint that one of the team has found counts for all.

        A member of an earlier attempt may have recorded one after others had looked.
        """
        team = self.job.team
        try:
            latest = -(yield Agree(team, -step))
        except WorkerLost as lost:
            step, _, _ = yield from resume(self.job, opened)
            return (yield from regroup(team, step, lost))
        if step < latest:
            step, _, _ = yield from resume(self.job, opened)
        return team, step

    def meet(self, team: Team, step: int, at: int, lost: tuple[str, ...] = ()) -> Generator[Operation, Any, Verdict]:
        """What a short team is told at step `at`; the member has finished `step` steps, and knows of `lost` since it
        began the last one. WorkerLost if the first of the team is lost, of which every other one is told then.
        """
        tag = self.job.tag(f"meet/{at}")
        if self.me != team[0]:
            yield Send(team[0], [step, list(lost)], tag)
            letter = yield Receive(team[0], tag)
            return (tuple(letter.what[0]), letter.what[1]) if letter.what else None
        team, step = yield from _hear(team, step, tag)
        ends = step == at and (yield from self._could_grow(tag))
        if ends:
            yield from checkpoint(self.job, step - 1)
        for member in team[1:]:
            yield Send(member, None if ends else [list(team), step], tag)
        return None if ends else (team, step)

    def _could_grow(self, tag: str) -> Generator[Operation, Any, bool]:
        """Whether a worker is free; where nobody knows that, the next attempt has to show it."""
        if not self.leader or self.deaf:
            return not self.deaf
        yield Send(self.leader, tag, "short")
        try:
            letter = yield Receive(self.leader, tag)
        except WorkerLost:
            self.deaf = True
            return False
        return bool(letter.what)


def _hear(team: Team, step: int, tag: str) -> Generator[Operation, Any, tuple[Team, int]]:
    """Who is left of the team, and the least number of steps that one of them has finished."""
    reached, gone = {team[0]: step}, set[str]()
    for member in team[1:]:
        try:
            letter = yield Receive(member, tag)
        except WorkerLost:
            gone.add(member)
            continue
        reached[member] = letter.what[0]
        gone.update(letter.what[1])
    left = tuple(member for member in team if member not in gone)
    return left, min(reached[member] for member in left)
