"""A step of a grid of members: passes through pipeline and split layers, and the sums that they need."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from workbench.architectures.grid import Grid
from workbench.architectures.operations import AllGather, AllReduce, Operation, Receive, ReduceScatter, Send, Together
from workbench.architectures.pipeline_order import Turn
from workbench.architectures.training import Part, TrainingJob


@dataclass(frozen=True)
class Ways:
    """How a step is made: activations computed again or kept; gradients added up beside the last backward pass or
    after it; the optimiser shared out among replicas or not."""

    recompute: bool = False
    overlap: bool = False
    share_optimiser: bool = False


@dataclass(frozen=True)
class Place:
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
    def first(self) -> float:
        """Where the own share of each layer begins, as a share of all."""
        return self.tensor / self.grid.tensor

    @property
    def layer_team(self) -> tuple[str, ...]:
        return tuple(self.grid.at(tensor, self.stage, self.replica) for tensor in range(self.grid.tensor))

    @property
    def replica_team(self) -> tuple[str, ...]:
        return tuple(self.grid.at(self.tensor, self.stage, replica) for replica in range(self.grid.replicas))

    @property
    def me(self) -> str:
        return self.grid.at(self.tensor, self.stage, self.replica)

    def units(self, own: int) -> list[tuple[int, int]]:
        """An own part in pieces, the last one first: layer by layer where others have a share of each, else at once."""
        first, end = self.parts[own]
        if self.grid.tensor == 1:
            return [(first, end)]
        return [(layer, layer + 1) for layer in reversed(range(first, end))]

    def moved(self, ways: Ways) -> float:
        """The share of the weights that this member moves."""
        return self.share / (len(self.replica_team) if ways.share_optimiser else 1)

    @cached_property
    def first_forwards(self) -> frozenset[int]:
        """The turns in which the first micro-batch goes through each own part."""
        first: dict[int, int] = {}
        for index, turn in enumerate(self.turns):
            first.setdefault(turn.own, index)
        return frozenset(first.values())

    @cached_property
    def last_backwards(self) -> frozenset[int]:
        """The turns in which the last micro-batch goes back through each own part."""
        last = {turn.own: index for index, turn in enumerate(self.turns) if turn.part == "backward"}
        return frozenset(last.values())

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


def step(place: Place, ways: Ways, number: int) -> Part:
    """Both passes, the sum of all replicas' gradients, and the move, which needs the norm of all gradients.

    `number` tells the letters between lanes from those of other steps. A shared-out optimiser moves as many bytes as an
    all-reduce (Rajbhandari et al., "ZeRO", SC 2020, stage 1).
    """
    sums: list[tuple[int, Any]] = []
    if ways.overlap:
        lanes = _passes(place, ways, number, f"{number}"), _beside(place, ways, f"{number}")
        sums = (yield Together(lanes))[-1]
    else:
        yield from _passes(place, ways, number, "")
        for layers in place.parts:
            gradients = yield place.job.perform("gradients", {"layers": layers}, place.share, place.first)
            sums.append((layers[0], (yield from _sum(place, ways, gradients))))
    for layers in place.parts:
        total = [(first, summed) for first, summed in sums if layers[0] <= first < layers[1]]
        item = {"layers": layers, "step": number, "total": total, "tells": not place.tensor and not place.replica}
        yield place.job.perform("apply", item, place.moved(ways), place.first)
    if ways.share_optimiser and not ways.overlap:
        for layers in place.parts:
            yield from _gather(place, ways, layers)


def _beside(place: Place, ways: Ways, name: str) -> Part:
    """The lane that hands weights round before they are first needed, and adds gradients up as they come about; answers
    the sums, each with its first layer."""
    sums = []
    if ways.share_optimiser:
        for index in sorted(place.first_forwards):
            for layers in reversed(place.units(place.turns[index].own)):
                yield from _gather(place, ways, layers)
                yield Send(place.me, None, place.job.tag(f"weights {name} {layers[0]}"))
    for index in sorted(place.last_backwards):
        for layers in place.units(place.turns[index].own):
            letter = yield Receive(place.me, place.job.tag(f"gradients {name} {layers[0]}"))
            sums.append((layers[0], (yield from _sum(place, ways, letter.what))))
    return sums


def _sum(place: Place, ways: Ways, gradients: Any) -> Part:
    team = place.replica_team
    if ways.share_optimiser:
        return (yield ReduceScatter(team, gradients))
    return (yield AllReduce(team, gradients)) if len(team) > 1 else gradients


def _gather(place: Place, ways: Ways, layers: tuple[int, int]) -> Part:
    weights = yield place.job.perform("shard", {"layers": layers}, place.moved(ways))
    yield AllGather(place.replica_team, weights)


def _passes(place: Place, ways: Ways, step: int, beside: str) -> Part:
    """Turn by turn: receive what it needs, go through the own layers, hand on. `beside` names letters between lanes."""
    said: dict[int, Any] = {}  # by the last part, of each micro-batch: the way back begins with it
    for index, (part, micro, own) in enumerate(place.turns):
        number = place.number(own)
        towards = 1 if part == "forward" else -1
        if 0 <= number - towards <= place.last:
            what = yield from _receive(place, place.holder(number - towards), f"{part} {micro} to {number}")
        else:
            what = said.pop(micro) if part == "backward" else None
        if part == "forward":
            awaited = beside if ways.share_optimiser and index in place.first_forwards else ""
            for layers in reversed(place.units(own)):
                if awaited:
                    yield Receive(place.me, place.job.tag(f"weights {awaited} {layers[0]}"))
                what = yield from _forward(place, _piece(place, step, micro, not ways.recompute), layers, what)
            if number == place.last:
                said[micro] = what
        else:
            told = beside if index in place.last_backwards else ""
            for layers in place.units(own):
                what = yield from _backward(place, _piece(place, step, micro), layers, what, ways.recompute)
                if told:
                    gradients = yield place.job.perform("gradients", {"layers": layers}, place.share, place.first)
                    yield Send(place.me, gradients, place.job.tag(f"gradients {told} {layers[0]}"))
        after = number + towards
        if 0 <= after <= place.last:
            yield Send(place.holder(after), what, place.job.tag(f"{part} {micro} to {after}"))


def _piece(place: Place, step: int, micro: int, kept: bool = True) -> dict[str, Any]:
    """Which piece of the batch of a step a replica's micro-batch is."""
    own = place.pieces // place.grid.replicas
    return {"step": step, "of": place.pieces, "micro": place.replica * own + micro, "kept": kept}


def _pass(
    place: Place, part: str, piece: dict[str, Any], layers: tuple[int, int], given: Any
) -> Generator[Operation, Any, Any]:
    item = piece | {"layers": layers, "given": given}
    return (yield place.job.perform(part, item, place.share, place.first))


def _forward(
    place: Place, piece: dict[str, Any], layers: tuple[int, int], given: Any
) -> Generator[Operation, Any, Any]:
    """Through a unit; where others have a share of its layer, what they have is added up."""
    made = yield from _pass(place, "forward", piece, layers, given)
    if place.grid.tensor > 1:
        for _ in range(place.sums[layers[0]]):
            made = yield AllReduce(place.layer_team, made)
    return made


def _backward(
    place: Place, piece: dict[str, Any], layers: tuple[int, int], given: Any, recompute: bool
) -> Generator[Operation, Any, Any]:
    """The way back through a unit, after its activations were computed again where they were not kept."""
    first, end = layers
    middle = first + sum(map(bool, place.sums[first:end]))  # a head keeps its activations
    if recompute and middle > first:
        yield from _forward(place, piece, (first, middle), None)
    made = yield from _pass(place, "backward", piece, layers, given)
    if place.grid.tensor > 1:
        for _ in range(place.sums[first]):
            made = yield AllReduce(place.layer_team, made if first else given)  # the model's input needs no gradient
    return made


def _receive(place: Place, sender: str, name: str) -> Generator[Operation, Any, Any]:
    """The loss of any member breaks the training."""
    letter = yield Receive(sender, place.job.tag(name), team=place.job.team)
    return letter.what


def finish(place: Place) -> Part:
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
            weights.append((yield place.job.perform("weights", {"layers": layers}, place.share, place.first)))
        yield Send(first, weights, place.job.tag("weights"))
        return None
    for other in others:
        yield Send(other, None, place.job.tag("finish"))
    held: list[Any] = []
    for other in others:
        held += (yield from _receive(place, other, "weights")) or ()
    return (yield place.job.perform("finish", held))
