"""Buckets: a gradient cut by layers, each part summed while the backward pass computes the next one."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.architectures.operations import Algorithm, AllReduce, Receive, Send, Together
from workbench.architectures.training import Part, TrainingJob


def cut(layer_bytes: Sequence[float], most_bytes: float) -> list[tuple[int, int]]:
    """Ranges of layers (first, the one after the last), from the last layer to the first, as gradients come about.

    A bucket takes layers as long as they fit in `most_bytes`; a layer that is bigger has one of its own (Li et al.,
    "PyTorch Distributed", VLDB 2020, 3.2.3; Sergeev and Del Balso, "Horovod", 2018, tensor fusion).
    """
    ranges: list[tuple[int, int]] = []
    end, held = len(layer_bytes), 0.0
    for layer in reversed(range(len(layer_bytes))):
        if held and held + layer_bytes[layer] > most_bytes:
            ranges.append((layer + 1, end))
            end, held = layer + 1, 0.0
        held += layer_bytes[layer]
    return [*ranges, (0, end)] if end else ranges


def step(
    me: str,
    job: TrainingJob,
    team: tuple[str, ...],
    attempt: int,
    ranges: list[tuple[int, int]],
    algorithm: Algorithm = "ring",
) -> Part:
    """Both passes over the member's share of a batch, and the sum of its gradient beside the second of them.

    `attempt` tells letters between the lanes from those of a step that a loss has broken off.
    """
    yield Together((_compute(me, job, team, attempt, ranges), _sum(me, job, team, attempt, ranges, algorithm)))


def _tag(job: TrainingJob, attempt: int, first: int) -> str:
    return job.tag(f"bucket {attempt} {first}")


def _compute(me: str, job: TrainingJob, team: tuple[str, ...], attempt: int, ranges: list[tuple[int, int]]) -> Part:
    yield job.perform("forward", {"layers": [0, ranges[0][1]], "of": len(team)})
    for first, end in ranges:
        yield job.perform("backward", {"layers": [first, end], "of": len(team)})
        gradient = yield job.perform("gradients", {"layers": [first, end]})
        yield Send(me, gradient, _tag(job, attempt, first))


def _sum(
    me: str,
    job: TrainingJob,
    team: tuple[str, ...],
    attempt: int,
    ranges: list[tuple[int, int]],
    algorithm: Algorithm,
) -> Part:
    for first, _ in ranges:
        letter = yield Receive(me, _tag(job, attempt, first))
        yield AllReduce(team, letter.what, algorithm)
