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

    @property
    def first(self) -> float:
        """Where the own share begins, as a share of all."""
        return self.group.index(self.me) / len(self.group)

    def layer(self, unit: int) -> dict[str, Any]:
        return {"layers": [unit, unit + 1]}

    def passed(self, unit: int, micro: int, micro_batches: int, step: int, given: Any, weights: Any) -> dict[str, Any]:
        """A layer, and what is to pass through it: which piece of the batch, on which borrowed weights."""
        members, rank = len(self.job.team), self.job.team.index(self.me)
        piece = {"of": micro_batches * members, "micro": rank * micro_batches + micro, "step": step}
        return self.layer(unit) | piece | {"given": given, "weights": weights}


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

    holds = "shards"

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
        return ("simulated",) if self.offload else ("simulated", "real")  # a processor has no memory but the host's

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
        step = yield from part_checkpoints.restore(job, place.parts, place.share, place.first)
        shards = []  # views, which a lane could not ask for without waiting for the processor
        for unit in range(place.units):
            shards.append((yield job.perform("shard", place.layer(unit), place.share, place.first)))
        while step < steps:
            borrowed: dict[int, Any] = {}
            lanes = self._compute(place, step, borrowed), self._gather(place, shards, borrowed), self._scatter(place)
            sums = (yield Together(lanes))[-1]
            moved = {"step": step, "total": sums, "tells": me == job.team[0]}
            yield job.perform("apply-in-host" if self.offload else "apply", moved, place.share, place.first)
            yield Say(StepsFinished(first=step, last=step, samples=samples, of=steps, stage=job.stage, item=job.of))
            if self.is_checkpoint(step) and me in job.team[: len(place.group)]:
                rank, holders = place.group.index(me), len(place.group)
                yield from part_checkpoints.record(job, step, rank, holders, place.parts, place.share, place.first)
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

    def _compute(self, place: _Place, step: int, borrowed: dict[int, Any]) -> Part:
        """The lane that computes, each layer once its weights are here: in `borrowed`, by their number."""
        numbers = count()
        kept: dict[int, Any] = {}  # weights that stay until the way back
        for micro in range(self.micro_batches):
            what = None
            for unit in range(place.units):
                number = next(numbers)
                yield Receive(place.me, place.job.tag(f"weights {number}"))
                yield from self._fetch(place, unit)
                item = place.passed(unit, micro, self.micro_batches, step, what, borrowed.pop(number))
                what = yield place.job.perform("forward", item)
                if self.sharding == "grad-op":
                    kept[unit] = item["weights"]
                del item  # and what it borrowed
                yield from self._let_go(place, number)
            for unit in reversed(range(place.units)):
                number = -1 if self.sharding == "grad-op" else next(numbers)
                if number >= 0:
                    yield Receive(place.me, place.job.tag(f"weights {number}"))
                    yield from self._fetch(place, unit)
                weights = kept.pop(unit) if number < 0 else borrowed.pop(number)
                what = yield from self._back(place, place.passed(unit, micro, self.micro_batches, step, what, weights))
                gradient = yield place.job.perform("gradients", place.layer(unit))
                if self.offload:
                    yield place.job.perform("to-host", place.layer(unit), place.share)
                yield Send(place.me, gradient, place.job.tag(f"gradient {micro} {unit}"))
                if number >= 0:
                    yield from self._let_go(place, number)

    def _back(self, place: _Place, item: dict[str, Any]) -> Part:
        """The way back through a layer, after its activations were computed again where they were not kept."""
        if self.recompute:
            yield place.job.perform("forward", item | {"given": None})
        return (yield place.job.perform("backward", item))

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

    def _gather(self, place: _Place, shards: list[Any], borrowed: dict[int, Any]) -> Part:
        """The lane that borrows weights, at most `prefetch` layers ahead of the one that computes."""
        for number, unit in enumerate(self._order(place)):
            if number > self.prefetch:
                yield Receive(place.me, place.job.tag("used"))
            borrowed[number] = yield AllGather(place.group, shards[unit])
            yield Send(place.me, tag=place.job.tag(f"weights {number}"))

    def _scatter(self, place: _Place) -> Part:
        """The lane that adds gradients up, each member its own share; answers these, each with its layer."""
        sums = []
        for micro in range(self.micro_batches):
            for unit in reversed(range(place.units)):
                gradient = yield Receive(place.me, place.job.tag(f"gradient {micro} {unit}"))
                own = yield ReduceScatter(place.group, gradient.what)
                if len(place.replicas) > 1:
                    own = yield AllReduce(place.replicas, own)
                sums.append((unit, own))
        return sums


def _finish(place: _Place) -> Part:
    """The first member gathers all weights and makes the outputs."""
    own = yield place.job.perform("weights", share=place.share, first=place.first)
    weights = yield AllGather(place.group, own)
    if place.me != place.job.team[0]:
        return None
    return (yield place.job.perform("finish", weights))
