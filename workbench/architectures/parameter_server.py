"""Data-parallel training by parameter servers: they hold the weights, the others compute gradients."""

from dataclasses import replace
from typing import Literal, Self

from pydantic import Field, model_validator

from workbench.architectures import server_clocks, server_rounds
from workbench.architectures.memory import Held, replica
from workbench.architectures.operations import Receive, Say, Send, WorkerLost
from workbench.architectures.server_team import EVERY_WORKER, ServerTeam
from workbench.architectures.setting import Setting
from workbench.architectures.training import Part, TrainingArchitecture, TrainingJob, begin, checkpoint
from workbench.document.problems import Refused
from workbench.runs.events import StepsFinished
from workbench.stages.base import StepCost


class ParameterServer(TrainingArchitecture):
    """Workers push gradients to the servers, which sum them, update the weights and send them back.

    One server's link carries n weights out and n gradients in at each step. A gradient comes back while later weights
    still go out, so that a step's communication takes (n+1) * S/B + 2 * L for n equal workers: it grows with
    their number (Li et al., "Scaling distributed machine learning with the parameter server", OSDI 2014).

    k `servers` hold 1/k of the weights each. With many `pieces` a step's communication comes down to
    max(S/B, nS/(kB)) (Jiang et al., "A unified architecture for accelerating distributed DNN training in heterogeneous
    GPU/CPU clusters", OSDI 2020). With `backup` workers a step goes on without the slowest, whose late gradients are
    dropped (Chen et al., "Revisiting distributed synchronous SGD", 2016). Asynchronous servers answer each gradient at
    once; bounded ones unless the worker is more than `staleness` steps ahead of the slowest (Ho et al., "More
    effective distributed ML via a stale synchronous parallel parameter server", NIPS 2013).

    A step always is one batch: in the asynchronous and bounded modes, as many gradients as there were workers at the
    start, each of one worker's share of a batch. So steps, checkpoints, faults at a step and samples per second mean
    the same in every mode.
    """

    title = "Parameter server"
    title_ja = "パラメータサーバ"
    doc = "One member holds the weights; the workers send gradients and fetch the new weights at every step."
    doc_ja = "1 台が重みを保持し、各ワーカーは毎ステップ勾配を送って新しい重みを受け取ります。"

    workers: int = Field(
        default=0, ge=0, description="workers beside the servers; 0 means all that the cluster has besides"
    )
    servers: int = Field(default=1, ge=1, description="servers, each with an equal share of the weights")
    mode: Literal["synchronous", "asynchronous", "bounded"] = Field(
        default="synchronous",
        description="all wait for each other at every step, or nobody, or only who is too far ahead",
    )
    staleness: int | None = Field(
        default=None, ge=0, description="steps that the fastest worker may be ahead of the slowest (mode bounded)"
    )
    backup: int = Field(
        default=0, ge=0, description="workers whose gradient a step does not wait for (mode synchronous)"
    )
    pieces: int = Field(default=1, ge=1, description="letters that a server's share travels in (mode synchronous)")

    @model_validator(mode="after")
    def _every_knob_has_an_effect(self) -> Self:
        if self.mode != "bounded" and self.staleness is not None:
            raise Refused("knob-unused", knob="staleness", mode=self.mode)
        if self.mode == "bounded" and self.staleness is None:
            raise Refused("staleness-missing")
        if self.mode != "synchronous" and self.backup:
            raise Refused("knob-unused", knob="backup", mode=self.mode)
        if self.mode != "synchronous" and self.pieces > 1:
            raise Refused("knob-unused", knob="pieces", mode=self.mode)
        if self.workers and self.backup >= self.workers:
            raise Refused("backup-leaves-nobody", backup=self.backup, workers=self.workers)
        return self

    @property
    def _is_plain(self) -> bool:
        """Whether it is one server that waits for all."""
        return self.mode == "synchronous" and self.servers == 1 and self.backup == 0 and self.pieces == 1

    @property
    def learns(self) -> bool:
        return True

    @property
    def members(self) -> int:
        return self.workers + self.servers if self.workers else 0

    @property
    def needed(self) -> int:
        return self.members or self.servers + self.backup + 1

    @property
    def least(self) -> int:
        return self.servers + 1

    def vital(self, team: int) -> int:
        return self.servers

    def idle(self, setting: Setting) -> dict[str, str]:
        alone = setting.team(self.members) - self.servers == 1
        return ({"staleness": "idle-one-member"} if alone else {}) | super().idle(setting)

    def held(self, rank: int, members: int, step: StepCost) -> Held:
        whole = replica(step, max(1, members - self.servers))
        if rank >= self.servers:
            return replace(whole, optimiser=0.0)
        share = 1 / self.servers
        return Held(share * whole.weights, share * whole.gradients, share * whole.optimiser)

    def program(self, me: str, job: TrainingJob) -> Part:
        server, *workers = job.team
        if len(job.team) <= self.servers:
            raise WorkerLost(EVERY_WORKER)
        if not self._is_plain:
            team = ServerTeam(job, job.team[: self.servers], list(job.team[self.servers :]), self.pieces)
            return (yield from self._of_team(me, team))
        if me == server:
            return (yield from self._serve(job, workers))
        return (yield from self._work(me, server, workers, job))

    def _of_team(self, me: str, team: ServerTeam) -> Part:
        serves = me in team.servers
        if self.mode == "synchronous":
            if serves:
                return (yield from server_rounds.serve(me, team, self.backup, self.is_checkpoint))
            return (yield from server_rounds.work(me, team))
        if serves:
            return (yield from server_clocks.serve(me, team, self.staleness, self.is_checkpoint))
        return (yield from server_clocks.work(me, team))

    def _serve(self, job: TrainingJob, workers: list[str]) -> Part:
        step, steps, samples = yield from begin(job)
        weights = yield job.perform("weights")
        while True:
            for worker in workers:
                yield Send(worker, [step, steps, workers, weights], job.tag("weights"))
            if step == steps:
                return (yield job.perform("finish"))
            shares = yield from self._collect(job, workers)
            if not shares:
                raise WorkerLost(EVERY_WORKER)
            total = yield job.perform("sum", shares)
            yield job.perform("apply", [step, total])
            yield Say(StepsFinished(first=step, last=step, samples=samples, of=steps, stage=job.stage, item=job.of))
            if self.is_checkpoint(step):
                yield from checkpoint(job, step)
            step += 1
            weights = yield job.perform("weights")

    def _collect(self, job: TrainingJob, workers: list[str]) -> Part:
        """One gradient from each worker, in the order of the team; a lost worker's share is left out of this step."""
        shares = []
        for worker in list(workers):
            try:
                letter = yield Receive(worker, job.tag("gradient"))
            except WorkerLost:
                workers.remove(worker)
            else:
                shares.append(letter.what)
        return shares

    def _work(self, me: str, server: str, workers: list[str], job: TrainingJob) -> Part:
        yield job.perform("open", job.inputs)
        while True:
            letter = yield Receive(server, job.tag("weights"))
            step, steps, workers, weights = letter.what
            if step == steps:
                return None
            yield job.perform("load", weights)
            gradient = yield job.perform("gradient", [step, workers.index(me), len(workers)])
            yield Send(server, gradient, job.tag("gradient"))
