"""Synchronous training by several parameter servers, with backup workers and weights that travel in pieces."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from workbench.architectures.operations import Say
from workbench.architectures.server_team import ServerTeam
from workbench.architectures.training import Part, begin
from workbench.runs.events import StepsFinished


def serve(me: str, team: ServerTeam, backup: int, is_checkpoint: Callable[[int], bool]) -> Part:
    """A server: a step of its share ends with the gradients of all workers but the `backup` slowest."""
    job = team.job
    step, steps, samples = yield from begin(job, team.share, team.begins(me))
    kept: dict[tuple[int, int], list[Any]] = defaultdict(list)
    for piece in range(team.pieces):
        yield from _answer(team, step, steps, _awaited(team, backup), team.begins(me, piece))
    while step < steps:
        for piece in range(team.pieces):
            gradients = yield from _collect(team, (step, piece), kept, backup)
            begins = team.begins(me, piece)
            total = yield job.perform("sum", gradients, team.piece, begins)
            yield job.perform("apply", [step, total], team.piece, begins)
            yield from _answer(team, step + 1, steps, _awaited(team, backup), begins)
        if me == team.first:
            yield Say(StepsFinished(first=step, last=step, samples=samples, of=steps, stage=job.stage, item=job.of))
        if is_checkpoint(step):
            yield from team.save(me, step)
        step += 1
    return (yield from team.finish(me))


def _awaited(team: ServerTeam, backup: int) -> int:
    """How many gradients make a step: a lost worker is first made up for by the backup workers."""
    return max(1, min(team.began - backup, len(team.workers)))


def _answer(team: ServerTeam, step: int, steps: int, awaited: int, begins: float) -> Part:
    weights = yield team.job.perform("weights", None, team.piece, begins)
    yield from team.send_weights(team.workers, [step, steps, awaited], weights)


def _collect(team: ServerTeam, due: tuple[int, int], kept: dict[tuple[int, int], list[Any]], backup: int) -> Part:
    """The first gradients for this step and piece; those that come too late for theirs are dropped."""
    while len(kept[due]) < _awaited(team, backup):
        for letter in (yield from team.receive("gradient")):
            step, piece, gradient = letter.what
            if (step, piece) >= due:
                kept[step, piece].append(gradient)
    return kept.pop(due)[: _awaited(team, backup)]


def work(me: str, team: ServerTeam) -> Part:
    """A worker: once the weights of a step are here from all servers, computes its share of that step's gradient.

    Who was too slow for a step goes on with the newest whose weights are complete. With backup workers a step's batch
    is divided among as many as are waited for, so that every step trains on as many samples as without.
    """
    job, own = team.job, team.all_workers.index(me)
    here = Weights(team)
    yield job.perform("open", job.inputs)
    while True:
        while not here.complete:
            yield from here.take()
        step = max(here.complete)
        if step == here.steps:
            return None
        yield job.perform("load", here.load(step))
        gradient = yield job.perform("gradient", [step, own % here.awaited, here.awaited])
        sent = [0] * len(team.servers)
        yield from team.push(me, gradient, [step], sent, here.answered(step))
        while min(sent) < team.pieces and not here.complete:
            yield from here.take()
            yield from team.push(me, gradient, [step], sent, here.answered(step))


class Weights:
    """What has come to a worker of the weights of each step: by server, the pieces."""

    def __init__(self, team: ServerTeam):
        self.team = team
        self.steps = self.awaited = 0
        self.here: dict[int, list[list[Any]]] = {}

    @property
    def complete(self) -> list[int]:
        """The steps whose weights are all here."""
        return [step for step, shares in self.here.items() if all(len(s) == self.team.pieces for s in shares)]

    def take(self) -> Part:
        """Wait for letters."""
        for letter in (yield from self.team.receive("weights")):
            step, self.steps, self.awaited, weights = letter.what
            shares = self.here.setdefault(step, [[] for _ in self.team.servers])
            shares[self.team.servers.index(letter.sender)].append(weights)

    def load(self, step: int) -> list[Any]:
        """The weights of `step`; what is older is of no use any more."""
        weights = [piece for share in self.here[step] for piece in share]
        self.here = {later: shares for later, shares in self.here.items() if later > step}
        return weights

    def answered(self, step: int) -> list[int]:
        """How many pieces of the gradient of `step` each server has answered."""
        return [len(share) for share in self.here.get(step + 1, [[]] * len(self.team.servers))]
