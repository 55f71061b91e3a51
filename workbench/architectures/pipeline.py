"""Pipeline-parallel training: every member holds some layers, and micro-batches pass through the members."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any, Literal, Self

from pydantic import Field, PositiveInt, model_validator

from workbench.architectures import part_checkpoints
from workbench.architectures.memory import Held, micro_batches_in_flight, some_layers
from workbench.architectures.operations import Operation, Receive, Say, Send, StageFailed
from workbench.architectures.pipeline_order import Turn, even_cut, gpipe, interleaved
from workbench.architectures.setting import Setting
from workbench.architectures.training import Part, TrainingArchitecture, TrainingJob
from workbench.runs.events import StepsFinished
from workbench.stages.base import StepCost


@dataclass(frozen=True)
class _Place:
    """Where a member stands: its rank, its parts (first layer, layer after the last), and its turns in a step."""

    me: str
    job: TrainingJob
    rank: int
    parts: tuple[tuple[int, int], ...]
    turns: list[Turn]
    micro_batches: int

    @property
    def last(self) -> int:
        """The number of the pipeline's last part."""
        return len(self.parts) * len(self.job.team) - 1

    def number(self, own: int) -> int:
        """The number of an own part in the whole pipeline: parts are dealt to the members in turn."""
        return own * len(self.job.team) + self.rank

    def holder(self, number: int) -> str:
        return self.job.team[number % len(self.job.team)]


class PipelineParallel(TrainingArchitecture):
    """A step of m micro-batches over p members with v equal parts each idles for (p-1)/(v m) of its useful time.

    GPipe: all forward passes, then all backward passes (Huang et al., "GPipe", NeurIPS 2019). 1F1B: one of each in
    turn, which keeps at most p micro-batches in memory. Interleaved: each member holds v parts that lie apart
    (Narayanan et al., "Efficient large-scale language model training on GPU clusters using Megatron-LM", SC 2021).
    A lost member takes its layers along: the training begins again from its last checkpoint.
    """

    title = "Pipeline parallel"
    title_ja = "パイプライン並列"
    doc = "Each worker holds some of the layers; micro-batches pass from worker to worker, forwards and back."
    doc_ja = "各ワーカーが一部の層を持ち、マイクロバッチがワーカー間を順方向と逆方向に流れます。"

    holds = "layers"

    stages: int = Field(
        default=0,
        ge=0,
        description="members of the pipeline; 0 means every worker of the cluster",
        json_schema_extra={"ja": "パイプラインの段数。0 なら全ワーカー"},
    )
    micro_batches: int = Field(
        default=8,
        ge=1,
        le=4096,
        description="pieces into which each batch is cut",
        json_schema_extra={"ja": "各バッチを分割する個数"},
    )
    schedule: Literal["gpipe", "1f1b", "interleaved"] = Field(
        default="1f1b",
        description="in which order passes are made",
        json_schema_extra={"ja": "順方向と逆方向の計算の順序"},
    )
    virtual: int = Field(
        default=1,
        ge=1,
        le=64,
        description="parts of the model that each member holds (interleaved only)",
        json_schema_extra={"ja": "各メンバーが持つ部分の数（interleaved のみ）"},
    )
    cut: tuple[PositiveInt, ...] = Field(
        default=(),
        description="layers in each part of the model; none means that parts cost as nearly the same as can be",
        json_schema_extra={"ja": "各部分の層数。空なら計算量が均等になるように分割"},
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.virtual > 1 and self.schedule != "interleaved":
            raise ValueError("more than one virtual stage needs the schedule 'interleaved'")
        if self.stages and (said := self._unfit(self.stages)):
            raise ValueError(said)
        return self

    def _unfit(self, members: int) -> str:
        """Why `members` cannot work like this; empty if they can."""
        parts = members * self.virtual
        if self.virtual > 1 and self.micro_batches % members:
            return f"interleaved needs micro-batches in groups of {members} (stages), not {self.micro_batches}"
        if self.cut and len(self.cut) != parts:
            return f"the cut has {len(self.cut)} parts, but {members} stages with {self.virtual} each have {parts}"
        return ""

    def idle(self, setting: Setting) -> dict[str, str]:
        alone = self.micro_batches == 1 and self.virtual == 1
        return ({"schedule": "idle-one-micro-batch"} if alone else {}) | super().idle(setting)

    @property
    def members(self) -> int:
        return self.stages

    def held(self, rank: int, members: int, step: StepCost) -> Held:
        costs = [layer.operations for layer in step.layers]
        if self._unfit(members) or members * self.virtual > len(costs) or sum(self.cut or (len(costs),)) != len(costs):
            return Held()
        pieces = micro_batches_in_flight(self.schedule, rank, members, self.micro_batches, self.virtual)
        return some_layers(step, self._parts(rank, members, costs), pieces / self.micro_batches)

    def _parts(self, rank: int, members: int, costs: Sequence[float]) -> tuple[tuple[int, int], ...]:
        """The parts of the model that a member holds."""
        cut = self.cut or even_cut(costs, members * self.virtual)
        return tuple(pairwise([0, *accumulate(cut)]))[rank::members]

    def program(self, me: str, job: TrainingJob) -> Part:
        opened = yield job.perform("open", job.inputs)
        place = self._place(me, job, opened)
        steps = min(opened["steps"], job.most_steps or opened["steps"])
        samples = opened["samples_per_step"]
        step = yield from part_checkpoints.restore(job, place.parts)
        while step < steps:
            yield from _passes(place, step)
            for layers in place.parts:
                yield job.perform("apply", {"layers": layers, "step": step})
            if place.rank == 0:  # gradients reach the first part last
                yield Say(StepsFinished(first=step, last=step, samples=samples, of=steps, stage=job.stage, item=job.of))
            if self.is_checkpoint(step):
                yield from part_checkpoints.record(job, step, place.rank, len(job.team), place.parts)
            step += 1
        return (yield from _finish(place))

    def _place(self, me: str, job: TrainingJob, opened: dict[str, Any]) -> _Place:
        members, rank = len(job.team), job.team.index(me)
        costs = opened["layer_operations"]
        parts = members * self.virtual
        unfit = self._unfit(members)
        if not unfit and parts > len(costs):
            unfit = f"the model has {len(costs)} layers, too few for {parts} parts"
        if not unfit and self.cut and sum(self.cut) != len(costs):
            unfit = f"the cut names {sum(self.cut)} layers, but the model has {len(costs)}"
        if not unfit and self.micro_batches > opened["samples_per_step"]:
            unfit = (
                f"a batch of {opened['samples_per_step']} has too few samples for {self.micro_batches} micro-batches"
            )
        if unfit:
            raise StageFailed(job.stage, unfit)
        own = self._parts(rank, members, costs)
        turns = (
            gpipe(self.micro_batches)
            if self.schedule == "gpipe"
            else interleaved(rank, members, self.micro_batches, self.virtual)
        )
        return _Place(me, job, rank, own, turns, self.micro_batches)


def _passes(place: _Place, step: int) -> Part:
    """One step: receive what a turn needs, compute, hand on. What the last part says begins the way back."""
    said: dict[int, Any] = {}
    for part, micro, own in place.turns:
        number = place.number(own)
        towards = 1 if part == "forward" else -1
        if 0 <= number - towards <= place.last:
            what = yield from _receive(place, number - towards, f"{part} {micro} to {number}")
        else:
            what = said.pop(micro) if part == "backward" else None
        item = {"layers": place.parts[own], "of": place.micro_batches, "micro": micro, "step": step, "given": what}
        made = yield place.job.perform(part, item)
        if part == "forward" and number == place.last:
            said[micro] = made
        after = number + towards
        if 0 <= after <= place.last:
            yield Send(place.holder(after), made, place.job.tag(f"{part} {micro} to {after}"))


def _receive(place: _Place, number: int, name: str) -> Generator[Operation, Any, Any]:
    """A letter from the holder of part `number`; the loss of any member breaks the pipeline."""
    letter = yield Receive(place.holder(number), place.job.tag(name), team=place.job.team)
    return letter.what


def _finish(place: _Place) -> Part:
    """The first member gathers the weights of all and makes the outputs."""
    if place.rank:
        weights = []
        for layers in place.parts:
            weights.append((yield place.job.perform("weights", {"layers": layers})))
        yield Send(place.job.team[0], weights, place.job.tag("weights"))
        return None
    others = []
    for number in range(1, len(place.job.team)):
        others += yield from _receive(place, number, "weights")
    return (yield place.job.perform("finish", others))
