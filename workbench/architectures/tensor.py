"""Tensor-parallel training, alone or with pipelines and replicas: members share the work within each layer."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from workbench.architectures import part_checkpoints
from workbench.architectures.grid import Grid, equal_parts
from workbench.architectures.operations import AllReduce, Operation, Receive, Say, Send, StageFailed
from workbench.architectures.pipeline_order import Turn, gpipe, interleaved
from workbench.architectures.setting import Setting
from workbench.architectures.training import Part, TrainingArchitecture, TrainingJob
from workbench.runs.events import StepsFinished


@dataclass(frozen=True)
class _Place:
    """Where a member stands: its teams, its parts (first layer, layer after the last), and its turns in a step."""

    job: TrainingJob
    grid: Grid
    tensor: int
    stage: int
    replica: int
    parts: tuple[tuple[int, int], ...]
    sums: tuple[int, ...]  # of each layer of the model, in each direction
    turns: list[Turn]
    pieces: int  # of a batch: micro-batches of all replicas

    @property
    def share(self) -> float:
        return 1 / self.grid.tensor

    @property
    def layer_team(self) -> tuple[str, ...]:
        return tuple(self.grid.at(tensor, self.stage, self.replica) for tensor in range(self.grid.tensor))

    @property
    def replica_team(self) -> tuple[str, ...]:
        return tuple(self.grid.at(self.tensor, self.stage, replica) for replica in range(self.grid.replicas))

    @property
    def last(self) -> int:
        """The number of the pipeline's last part."""
        return len(self.parts) * self.grid.stages - 1

    def number(self, own: int) -> int:
        """The number of an own part in the whole pipeline: parts are dealt to the stages in turn."""
        return own * self.grid.stages + self.stage

    def holder(self, number: int) -> str:
        """Who holds that part for this member's replica and place."""
        return self.grid.at(self.tensor, number % self.grid.stages, self.replica)


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
        return ("simulated",)

    def grid(self, team: tuple[str, ...]) -> Grid:
        """As many whole replicas as the team has members for, and at most those that are wanted."""
        tensor = self.tensor or max(1, len(team) // (self.stages * self.replicas))
        return Grid(team, tensor, self.stages, min(self.replicas, len(team) // (tensor * self.stages)))

    def cohorts(self, team: tuple[str, ...]) -> dict[str, str]:
        """Whoever holds layers of the same stage does the same as its first member."""
        grid = self.grid(team)
        return {member: grid.at(0, grid.place(member)[1], 0) for member in grid.used}

    def program(self, me: str, job: TrainingJob) -> Part:
        opened = yield job.perform("open", job.inputs)
        place = self._place(me, job, opened)
        if place is None:
            return None
        steps = min(opened["steps"], job.most_steps or opened["steps"])
        samples = opened["samples_per_step"]
        step = yield from part_checkpoints.restore(job, place.parts, place.share)
        while step < steps:
            yield from _passes(place, self.recompute)
            yield from _apply(place)
            if job.team[0] == me:  # gradients reach the first stage last
                yield Say(StepsFinished(first=step, last=step, samples=samples, of=steps, stage=job.stage, item=job.of))
            if self.is_checkpoint(step) and not place.replica:
                holders, rank = self.stages * place.grid.tensor, place.stage * place.grid.tensor + place.tensor
                yield from part_checkpoints.record(job, step, rank, holders, place.parts, place.share)
            step += 1
        return (yield from _finish(place))

    def _place(self, me: str, job: TrainingJob, opened: dict[str, Any]) -> _Place | None:
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
        return _Place(job, grid, tensor, stage, replica, own, sums, turns, pieces)


def _passes(place: _Place, recompute: bool) -> Part:
    """One step: receive what a turn needs, go through the own layers, hand on."""
    for part, micro, own in place.turns:
        number = place.number(own)
        towards = 1 if part == "forward" else -1
        what = None
        if 0 <= number - towards <= place.last:
            what = yield from _receive(place, place.holder(number - towards), f"{part} {micro} to {number}")
        if part == "forward":
            made = yield from _forward(place, micro, place.parts[own], what)
        else:
            made = yield from _backward(place, micro, place.parts[own], what, recompute)
        after = number + towards
        if 0 <= after <= place.last:
            yield Send(place.holder(after), made, place.job.tag(f"{part} {micro} to {after}"))


def _pass(place: _Place, part: str, micro: int, layers: tuple[int, int], given: Any) -> Generator[Operation, Any, Any]:
    item = {"layers": layers, "of": place.pieces, "micro": micro, "given": given}
    return (yield place.job.perform(part, item, place.share))


def _forward(place: _Place, micro: int, layers: tuple[int, int], given: Any) -> Generator[Operation, Any, Any]:
    """Layer by layer where others have a share of each, else all at once."""
    if place.grid.tensor == 1:
        return (yield from _pass(place, "forward", micro, layers, given))
    team = place.layer_team
    for layer in range(*layers):
        given = yield from _pass(place, "forward", micro, (layer, layer + 1), given)
        for _ in range(place.sums[layer]):
            yield AllReduce(team, given)
    return given


def _backward(
    place: _Place, micro: int, layers: tuple[int, int], given: Any, recompute: bool
) -> Generator[Operation, Any, Any]:
    """The way back, each layer once its activations were computed again where they were not kept."""
    first, end = layers
    if place.grid.tensor == 1:
        if recompute:
            yield from _pass(place, "forward", micro, (first, first + sum(map(bool, place.sums[first:end]))), None)
        return (yield from _pass(place, "backward", micro, layers, given))
    team = place.layer_team
    for layer in reversed(range(first, end)):
        if recompute and place.sums[layer]:
            yield from _forward(place, micro, (layer, layer + 1), None)
        made = yield from _pass(place, "backward", micro, (layer, layer + 1), given)
        for _ in range(place.sums[layer]):
            yield AllReduce(team, made if layer else given)  # the first layer's input has no gradient that is as big
        given = made
    return given


def _apply(place: _Place) -> Part:
    """Add the gradients of all replicas up, and move the weights by them."""
    for layers in place.parts:
        if place.grid.replicas > 1:
            gradients = yield place.job.perform("gradients", {"layers": layers}, place.share)
            yield AllReduce(place.replica_team, gradients)
        yield place.job.perform("apply", {"layers": layers}, place.share)


def _receive(place: _Place, sender: str, name: str) -> Generator[Operation, Any, Any]:
    """The loss of any member breaks the training."""
    letter = yield Receive(sender, place.job.tag(name), team=place.job.team)
    return letter.what


def _finish(place: _Place) -> Part:
    """The first member gathers the weights of the first replica and makes the outputs.

    It asks for them, for weights that came while it still adds gradients up would be in their way.
    """
    if place.replica:
        return None
    first, *others = (
        place.grid.at(tensor, stage, 0) for stage in range(place.grid.stages) for tensor in range(place.grid.tensor)
    )
    if place.stage or place.tensor:
        yield from _receive(place, first, "finish")
        weights = []
        for layers in place.parts:
            weights.append((yield place.job.perform("weights", {"layers": layers}, place.share)))
        yield Send(first, weights, place.job.tag("weights"))
        return None
    for other in others:
        yield Send(other, None, place.job.tag("finish"))
    for other in others:
        yield from _receive(place, other, "weights")
    return (yield place.job.perform("finish"))
