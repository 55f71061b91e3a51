"""Tensor-parallel training, alone or with pipelines and replicas: members share the work within each layer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from workbench.architectures import grid_step, part_checkpoints
from workbench.architectures.grid import Grid, equal_parts
from workbench.architectures.memory import Held, micro_batches_in_flight, some_layers
from workbench.architectures.operations import Say, StageFailed
from workbench.architectures.pipeline_order import gpipe, interleaved
from workbench.architectures.setting import Setting
from workbench.architectures.training import Part, TrainingArchitecture, TrainingJob
from workbench.runs.events import StepsFinished
from workbench.stages.base import StepCost


class TensorParallel(TrainingArchitecture):
    """`tensor` members split each layer and add up what they have, twice a layer and direction, B s h values each time.

    Shoeybi et al., "Megatron-LM", 2019. `stages` such teams make a pipeline, and `replicas` of it add up their
    gradients after each step (Narayanan et al., "Efficient large-scale language model training on GPU clusters using
    Megatron-LM", SC 2021). A lost member takes its share of the model along: the training begins again from its last
    checkpoint, with as many whole replicas as there are members for; the others have nothing to do.
    """

    title = "Tensor parallel"
    title_ja = "テンソル並列"
    doc = "Workers split every layer; such teams may form a pipeline, and the pipeline may have replicas."
    doc_ja = "各層をワーカーで分割します。パイプラインや複製と組み合わせることもできます。"

    holds = "layers"

    tensor: int = Field(
        default=0,
        ge=0,
        description="members that split each layer; 0 means as many as the cluster has for it",
        json_schema_extra={"ja": "各層を分割するメンバー数。0 なら可能な最大数"},
    )
    stages: int = Field(
        default=1,
        ge=1,
        description="stages of the pipeline",
        json_schema_extra={"ja": "パイプラインの段数"},
    )
    replicas: int = Field(
        default=1,
        ge=1,
        description="copies of the pipeline, which share each batch",
        json_schema_extra={"ja": "バッチを分担するパイプラインの複製数"},
    )
    micro_batches: int = Field(
        default=1,
        ge=1,
        le=65536,
        description="pieces into which each replica's batch is cut",
        json_schema_extra={"ja": "複製ごとのバッチを分割する個数"},
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
        description="parts of the model that each stage holds (interleaved only)",
        json_schema_extra={"ja": "各段が持つ部分の数（interleaved のみ）"},
    )
    overlap: bool = Field(
        default=False,
        description="add the replicas' gradients up beside the last backward pass instead of after it",
        json_schema_extra={"ja": "複製の勾配の合計を最後の逆方向計算と並行して行う"},
    )
    share_optimiser: bool = Field(
        default=False,
        description="each replica keeps a share of the optimiser and moves its share of the weights",
        json_schema_extra={"ja": "オプティマイザを複製間で分割し、各自の重みだけを更新する"},
    )
    recompute: bool = Field(
        default=False,
        description="compute activations again in the backward pass instead of keeping them",
        json_schema_extra={"ja": "活性値を保持せず逆方向の計算時に再計算する"},
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.virtual > 1 and self.schedule != "interleaved":
            raise ValueError("more than one virtual stage needs the schedule 'interleaved'")
        if self.virtual > 1 and self.micro_batches % self.stages:
            raise ValueError(
                f"interleaved needs micro-batches in groups of {self.stages} (stages), not {self.micro_batches}"
            )
        if self.replicas == 1 and (self.overlap or self.share_optimiser):
            raise ValueError("overlap and share_optimiser need replicas, whose gradients are added up")
        return self

    @property
    def members(self) -> int:
        return self.tensor * self.stages * self.replicas

    @property
    def needed(self) -> int:
        return max(1, self.tensor) * self.stages * self.replicas

    def idle(self, setting: Setting) -> dict[str, str]:
        alone = self.micro_batches == 1 and self.virtual == 1
        return ({"schedule": "idle-one-micro-batch"} if alone else {}) | super().idle(setting)

    @property
    def engines(self) -> tuple[str, ...]:
        return ("simulated",) if self.share_optimiser else ("simulated", "real")

    @property
    def _ways(self) -> grid_step.Ways:
        return grid_step.Ways(self.recompute, self.overlap, self.share_optimiser)

    def grid(self, team: tuple[str, ...]) -> Grid:
        """As many whole replicas as the team has members for, and at most those that are wanted."""
        tensor = self.tensor or max(1, len(team) // (self.stages * self.replicas))
        return Grid(team, tensor, self.stages, min(self.replicas, len(team) // (tensor * self.stages)))

    def cohorts(self, team: tuple[str, ...]) -> dict[str, str]:
        """Whoever holds layers of the same stage does the same as its first member."""
        grid = self.grid(team)
        return {member: grid.at(0, grid.place(member)[1], 0) for member in grid.used}

    def held(self, rank: int, members: int, step: StepCost) -> Held:
        grid = self.grid(tuple(str(number) for number in range(members)))
        parts, sums = self.stages * self.virtual, tuple(layer.sums for layer in step.layers)
        if str(rank) not in grid.used or sum(map(bool, sums)) < parts:
            return Held()
        _, stage, _ = grid.place(str(rank))
        own = equal_parts(sums, parts)[stage :: self.stages]
        pieces = micro_batches_in_flight(self.schedule, stage, self.stages, self.micro_batches, self.virtual)
        piece = 1 / self.micro_batches / grid.replicas
        held = some_layers(step, own, pieces * piece, grid.tensor, self.recompute, piece)
        return replace(held, optimiser=held.optimiser / grid.replicas) if self.share_optimiser else held

    def program(self, me: str, job: TrainingJob) -> Part:
        opened = yield job.perform("open", job.inputs)
        place = self._place(me, job, opened)
        if place is None:
            return None
        steps = min(opened["steps"], job.most_steps or opened["steps"])
        samples = opened["samples_per_step"]
        step = yield from part_checkpoints.restore(job, place.parts, place.share, place.first)
        while step < steps:
            yield from grid_step.step(place, self._ways, step)
            if job.team[0] == me:  # gradients reach the first stage last
                yield Say(StepsFinished(first=step, last=step, samples=samples, of=steps, stage=job.stage, item=job.of))
            if self.is_checkpoint(step) and not place.replica:
                holders, rank = self.stages * place.grid.tensor, place.stage * place.grid.tensor + place.tensor
                yield from part_checkpoints.record(job, step, rank, holders, place.parts, place.share, place.first)
            step += 1
        return (yield from grid_step.finish(place))

    def _place(self, me: str, job: TrainingJob, opened: dict[str, Any]) -> grid_step.Place | None:
        """Where this member works; None if it is left over."""
        grid = self.grid(job.team)
        pieces, parts = self.micro_batches * grid.replicas, self.stages * self.virtual
        sums = tuple(opened["layer_sums"])
        unfit = ""
        if not grid.replicas:
            unfit = f"{len(job.team)} members are too few for {self.stages} stages of {grid.tensor}"
        elif sum(map(bool, sums)) < parts:
            unfit = f"the model has {sum(map(bool, sums))} layers, too few for {parts} parts"
        elif pieces > opened["samples_per_step"]:
            unfit = f"a batch of {opened['samples_per_step']} has too few samples for {pieces} micro-batches"
        if unfit:
            raise StageFailed(job.stage, unfit)
        if me not in grid.used:
            return None
        tensor, stage, replica = grid.place(me)
        own = tuple(equal_parts(sums, parts)[stage :: self.stages])
        turns = (
            gpipe(self.micro_batches)
            if self.schedule == "gpipe"
            else interleaved(stage, self.stages, self.micro_batches, self.virtual)
        )
        return grid_step.Place(job, grid, tensor, stage, replica, own, sums, turns, pieces)
