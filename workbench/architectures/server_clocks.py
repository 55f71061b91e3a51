"""Training by parameter servers that wait for nobody, or only until the slowest worker is near enough."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from workbench.architectures.operations import Letter, Operation, Say, Send
from workbench.architectures.server_team import ServerTeam
from workbench.architectures.training import Part, begin
from workbench.runs.events import StepsFinished


class Clocks:
    """How many gradients each worker has given, and who waits for new weights.

    A worker may begin its next gradient while it has given at most `staleness` more than the slowest of those who are
    left; None bounds nothing.
    """

    def __init__(self, team: ServerTeam, step: int, staleness: int | None):
        self.team, self.staleness = team, staleness
        self.given = dict.fromkeys(team.workers, step)
        self.waiting = set(team.workers)

    def tick(self, worker: str) -> None:
        self.given[worker] += 1
        self.waiting.add(worker)

    def let_go(self) -> list[str]:
        """Those who may go on, in the order of the team; they wait no longer."""
        slowest = min(self.given[worker] for worker in self.team.workers)
        free = [
            worker
            for worker in self.team.workers
            if worker in self.waiting and (self.staleness is None or self.given[worker] - slowest <= self.staleness)
        ]
        self.waiting.difference_update(free)
        return free


def serve(me: str, team: ServerTeam, staleness: int | None, is_checkpoint: Callable[[int], bool]) -> Part:
    """A server: applies every gradient to its share at once, as it comes.

    A step is as many gradients as there were workers at first, from whomever they come. Each is of that worker's share
    of a batch, so that a step trains on as many samples as a synchronous one.
    """
    job = team.job
    step, steps, samples = yield from begin(job, team.share, team.begins(me))
    clocks, applied = Clocks(team, step, staleness), 0
    while step < steps or me != team.first:
        yield from _let_go(me, team, clocks)
        for letter in (yield from team.receive("gradient")):
            if letter.sender == team.first:  # which alone counts the steps
                if letter.what is None:
                    return (yield from team.finish(me))
                yield from team.save(me, letter.what)
                continue
            yield from _apply(me, team, clocks, letter)
            applied += 1
            if me == team.first and applied % team.began == 0:
                yield Say(StepsFinished(first=step, last=step, samples=samples, of=steps, stage=job.stage, item=job.of))
                if is_checkpoint(step):
                    yield from _tell_servers(team, step)
                    yield from team.save(me, step)
                step += 1
                if step == steps:
                    break
            yield from _let_go(me, team, clocks)
    yield from _tell_servers(team, None)
    for worker in team.workers:
        yield Send(worker, None, job.tag("weights"))
    return (yield from team.finish(me))


def _apply(me: str, team: ServerTeam, clocks: Clocks, letter: Letter) -> Part:
    """A gradient moves the weights by its mean over the worker's own samples: the share of a batch counts as a whole
    one (Dean et al., "Large scale distributed deep networks", NIPS 2012)."""
    clock, _, gradient = letter.what
    yield team.job.perform("apply", [clock, gradient, team.began], team.share, team.begins(me))
    if letter.sender in clocks.given:
        clocks.tick(letter.sender)


def _let_go(me: str, team: ServerTeam, clocks: Clocks) -> Generator[Operation, Any, None]:
    if free := clocks.let_go():
        weights = yield team.job.perform("weights", None, team.share, team.begins(me))
        for worker in free:
            yield from team.send_weights([worker], [clocks.given[worker]], weights)


def _tell_servers(team: ServerTeam, what: int | None) -> Part:
    """From the first server to the others: a step to save, or that training is over."""
    for server in team.servers[1:]:
        yield Send(server, what, team.job.tag("gradient"))


def work(me: str, team: ServerTeam) -> Part:
    """A worker: with new weights from all servers, computes its share of a batch, at its own pace, until it is over."""
    job, own = team.job, team.all_workers.index(me)
    yield job.perform("open", job.inputs)
    while True:
        here: dict[str, Any] = {}
        while len(here) < len(team.servers):
            for letter in (yield from team.receive("weights")):
                if letter.what is None:
                    return None
                clock, weights = letter.what
                here[letter.sender] = weights
        yield job.perform("load", [here[server] for server in team.servers])
        gradient = yield job.perform("gradient", [clock, own, team.began])
        nothing = [0] * len(team.servers)
        yield from team.push(me, gradient, [clock], list(nothing), nothing)
