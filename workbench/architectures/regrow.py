"""Regrowth: how a team that has lost members comes to know whether it could be larger, and makes room for that.

At set steps all members of a short team meet. Its first one hears how far each has come, asks whether a worker is free,
and tells all the same: to go on, or to end this attempt, of which nothing is lost, so that the next one begins with a
larger team, as torch.distributed.elastic does. Nobody leaves before all are known to have finished the step.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from workbench.architectures.operations import Operation, Receive, Send, WorkerLost
from workbench.architectures.training import TrainingJob, checkpoint

Team = tuple[str, ...]
Verdict = tuple[Team, int] | None  # with whom, and from which step on; None to end the attempt


def meet(
    me: str, job: TrainingJob, team: Team, step: int, at: int, lost: tuple[str, ...] = ()
) -> Generator[Operation, Any, Verdict]:
    """What a short team is told at step `at`: `me` has finished `step` steps, and knows of `lost` since it began the
    last one. WorkerLost if the first of the team is lost, of which every other one is told then.
    """
    tag = job.tag(f"meet/{at}")
    if me != team[0]:
        yield Send(team[0], [step, list(lost)], tag)
        letter = yield Receive(team[0], tag)
        return (tuple(letter.what[0]), letter.what[1]) if letter.what else None
    team, step = yield from _hear(team, step, tag)
    ends = step == at and (yield from _could_grow(job, tag))
    if ends:
        yield from checkpoint(job, step - 1)
    for member in team[1:]:
        yield Send(member, None if ends else [list(team), step], tag)
    return None if ends else (team, step)


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


def _could_grow(job: TrainingJob, tag: str) -> Generator[Operation, Any, bool]:
    """Whether a worker is free; where nobody knows that, the next attempt has to show it."""
    if not job.leader:
        return True
    yield Send(job.leader, tag, "short")
    try:
        letter = yield Receive(job.leader, tag)
    except WorkerLost:
        return False
    return bool(letter.what)
