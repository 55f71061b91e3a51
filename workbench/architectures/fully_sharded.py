"""Fully sharded data-parallel training: every member holds a share of the weights, and borrows the rest."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from workbench.architectures import part_checkpoints
from workbench.architectures.memory import Held, some_layers
from workbench.architectures.operations import (
    AllGather,
    AllReduce,
    Receive,
    ReduceScatter,
    Say,
    Send,
    StageFailed,
    Together,
)
from workbench.architectures.training import Part, TrainingArchitecture, TrainingJob
from workbench.runs.events import StepsFinished
from workbench.stages.base import StepCost


@dataclass(frozen=True)
class _Place:
    """Where a member stands: the members among whom the weights are shared out, and those that hold the same share."""

    me: str
    job: TrainingJob
    group: tuple[str, ...]
    replicas: tuple[str, ...]
    units: int  # layers of the model, each of which is gathered as a whole

    @property
    def parts(self) -> tuple[tuple[int, int], ...]:
        return ((0, self.units),)

    @property
    def share(self) -> float:
        return 1 / len(self.group)

    def layer(self, unit: int, micro_batches: int = 1) -> dict[str, Any]:
        return {"layers": [unit, unit + 1], "of": micro_batches * len(self.job.team)}


class FullySharded(TrainingArchitecture):
    """Weights, gradients and optimiser are shared out; a layer's weights are gathered before it computes.

    A step over n members moves 3(n-1)/n times the weights: two all-gathers and a reduce-scatter, half as much again as
    an all-reduce; with `grad-op` the weights stay from the forward pass to the backward pass, and it is 2(n-1)/n
    (Rajbhandari et al., "ZeRO", SC 2020; Zhao et al., "PyTorch FSDP", VLDB 2023, 3.2). `hybrid` shares out within
    groups and adds up between them. Gathering runs beside computing, `prefetch` layers ahead. A lost member takes its
    share along: the training begins again from its last checkpoint.
    """

    title = "Fully sharded"
    title_ja = "完全シャード"
    doc = "Each worker holds a share of the weights and gathers a layer's rest just before it computes."
    doc_ja = "各ワーカーが重みの一部だけを持ち、層を計算する直前に残りを集めます。"

    workers: int = Field(
        default=0,
        ge=0,
        description="members of the team; 0 means every worker of the cluster",
        json_schema_extra={"ja": "チームのメンバー数。0 なら全ワーカー"},
    )
    sharding: Literal["full", "grad-op", "hybrid"] = Field(
        default="full",
        description="what is shared out: all; gradients and optimiser after the forward pass; all, within groups",
        json_schema_extra={"ja": "分割の対象：すべて／勾配とオプティマイザ／グループ内ですべて"},
    )
    group: int = Field(
        default=0,
        ge=0,
        description="members among whom weights are shared out (hybrid only)",
        json_schema_extra={"ja": "重みを分け合うメンバー数（hybrid のみ）"},
    )
    prefetch: int = Field(
        default=1,
        ge=0,
        le=64,
        description="layers that are gathered ahead of the one that computes",
        json_schema_extra={"ja": "計算中の層より先に集めておく層数"},
    )
    micro_batches: int = Field(
        default=1,
        ge=1,
        le=4096,
        description="pieces into which each worker's batch is cut; weights are gathered for each",
        json_schema_extra={"ja": "各ワーカーのバッチを分割する個数。そのつど重みを集める"},
    )
    offload: bool = Field(
        default=False,
        description="weights, gradients and optimiser wait in the host's memory; copies take turns with computing",
        json_schema_extra={"ja": "重み・勾配・オプティマイザをホストメモリに置く。コピーは計算と交互に行う"},
    )
    recompute: bool = Field(
        default=False,
        description="compute activations again in the backward pass instead of keeping them",
        json_schema_extra={"ja": "活性値を保持せず逆方向の計算時に再計算する"},
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.group and self.sharding != "hybrid":
            raise ValueError("only sharding 'hybrid' has groups")
        if self.sharding == "hybrid" and not self.group:
            raise ValueError("sharding 'hybrid' needs a group: among how many members weights are shared out")
        if self.group and self.workers % self.group:
            raise ValueError(f"{self.workers} workers cannot be cut into groups of {self.group}")
        return self

    @property
    def members(self) -> int:
        return self.workers

    @property
    def engines(self) -> tuple[str, ...]:
        return ("simulated",)

    def cohorts(self, team: tuple[str, ...]) -> dict[str, str]:
        return dict.fromkeys(team, team[0])

    def held(self, rank: int, members: int, step: StepCost) -> Held:
        units = max(1, len(step.layers))
        share = 1 / (self.group or members)
        borrowed = 1.0 if self.sharding == "grad-op" else min(1.0, (self.prefetch + 1) / units)
        kept = some_layers(step, [(0, units)], 1 / (members * self.micro_batches), 1, self.recompute)
        own = Held(share * kept.weights, share * kept.gradients, share * kept.optimiser)
        whole_layer = step.gradient_bytes / units
        on_device = Held() if self.offload else own
        return Held(
            weights=on_device.weights + borrowed * step.gradient_bytes,
            gradients=on_device.gradients + whole_layer,
            optimiser=on_device.optimiser,
            activations=kept.activations,
            host=own.total if self.offload else 0.0,
        )

    def program(self, me: str, job: TrainingJob) -> Part:
        opened = yield job.perform("open", job.inputs)
        place = self._place(me, job, opened["layers"])
        steps = min(opened["steps"], job.most_steps or opened["steps"])
        samples = opened["samples_per_step"]
        if samples < self.micro_batches * len(job.team):
            raise StageFailed(job.stage, f"a batch of {samples} is too small for {self.micro_batches} pieces a worker")
        step = yield from part_checkpoints.restore(job, place.parts, place.share)
        shards = []  # views, which a lane could not ask for without waiting for the processor
        for unit in range(place.units):
            shards.append((yield job.perform("shard", place.layer(unit), place.share)))
        while step < steps:
            yield Together((self._compute(place), self._gather(place, shards), self._scatter(place)))
            yield job.perform("apply-in-host" if self.offload else "apply", share=place.share)
            yield Say(StepsFinished(first=step, last=step, samples=samples, of=steps, stage=job.stage, item=job.of))
            if self.is_checkpoint(step) and me in job.team[: len(place.group)]:
                rank, holders = place.group.index(me), len(place.group)
                yield from part_checkpoints.record(job, step, rank, holders, place.parts, place.share)
            step += 1
        return (yield from _finish(place))

    def _place(self, me: str, job: TrainingJob, units: int) -> _Place:
        team, rank = job.team, job.team.index(me)
        size = self.group if self.sharding == "hybrid" else len(team)
        if not size or len(team) % size:
            raise StageFailed(job.stage, f"a team of {len(team)} cannot be cut into groups of {size}")
        if not units:
            raise StageFailed(job.stage, "the model has no layers that could be shared out")
        first = rank - rank % size
        return _Place(me, job, team[first : first + size], team[rank % size :: size], units)

    def _compute(self, place: _Place) -> Part:
        """The lane that computes, each layer once its weights are here."""
        numbers = count()
        for micro in range(self.micro_batches):
            for unit in range(place.units):
                number = next(numbers)
                yield Receive(place.me, place.job.tag(f"weights {number}"))
                yield from self._fetch(place, unit)
                yield place.job.perform("forward", place.layer(unit, self.micro_batches))
                yield from self._let_go(place, number)
            for unit in reversed(range(place.units)):
                number = -1 if self.sharding == "grad-op" else next(numbers)
                if number >= 0:
                    yield Receive(place.me, place.job.tag(f"weights {number}"))
                    yield from self._fetch(place, unit)
                if self.recompute:
                    yield place.job.perform("forward", place.layer(unit, self.micro_batches))
                yield place.job.perform("backward", place.layer(unit, self.micro_batches))
                gradient = yield place.job.perform("gradients", place.layer(unit))
                if self.offload:
                    yield place.job.perform("to-host", place.layer(unit), place.share)
                yield Send(place.me, gradient, place.job.tag(f"gradient {micro} {unit}"))
                if number >= 0:
                    yield from self._let_go(place, number)

    def _fetch(self, place: _Place, unit: int) -> Part:
        """Copy the own share of a layer from where it waits."""
        if self.offload:
            yield place.job.perform("from-host", place.layer(unit), place.share)

    def _order(self, place: _Place) -> list[int]:
        """The layers in the order in which a step borrows their weights."""
        forwards = list(range(place.units))
        return (forwards if self.sharding == "grad-op" else [*forwards, *reversed(forwards)]) * self.micro_batches

    def _let_go(self, place: _Place, number: int) -> Part:
        """Say that the weights that were borrowed as this `number` are no longer used, if somebody waits for that."""
        if number + self.prefetch + 1 < len(self._order(place)):
            yield Send(place.me, tag=place.job.tag("used"))

    def _gather(self, place: _Place, shards: list[Any]) -> Part:
        """The lane that borrows weights, at most `prefetch` layers ahead of the one that computes."""
        for number, unit in enumerate(self._order(place)):
            if number > self.prefetch:
                yield Receive(place.me, place.job.tag("used"))
            yield AllGather(place.group, shards[unit])
            yield Send(place.me, tag=place.job.tag(f"weights {number}"))

    def _scatter(self, place: _Place) -> Part:
        """The lane that adds gradients up, each member its own share."""
        for micro in range(self.micro_batches):
            for unit in reversed(range(place.units)):
                gradient = yield Receive(place.me, place.job.tag(f"gradient {micro} {unit}"))
                own = yield ReduceScatter(place.group, gradient.what)
                if len(place.replicas) > 1:
                    yield AllReduce(place.replicas, own)


def _finish(place: _Place) -> Part:
    """The first member gathers all weights and makes the outputs."""
    own = yield place.job.perform("weights", share=place.share)
    yield AllGather(place.group, own)
    if place.me != place.job.team[0]:
        return None
    return (yield place.job.perform("finish"))
