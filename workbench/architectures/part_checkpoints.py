"""Checkpoints of a training whose members hold parts of the model: each records its own, and all together count."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from workbench.architectures.operations import Operation, Recall, Record
from workbench.architectures.training import Part, TrainingJob

Layers = tuple[int, int]  # the first, and the one after the last


def record(
    job: TrainingJob,
    step: int,
    rank: int,
    holders: int,
    parts: tuple[Layers, ...],
    share: float = 1.0,
    first: float = 0.0,
) -> Part:
    """Make the own parts' state after `step` durable; it counts once all `holders`, numbered by rank, have done so."""
    states = []
    for layers in parts:
        states.append((yield job.perform("state", {"layers": layers, "step": step}, share, first)))
    yield Record(((f"{job.checkpoint_key}/{step + 1}/{rank}", [holders, states]),))


def restore(
    job: TrainingJob, parts: tuple[Layers, ...], share: float = 1.0, at: float = 0.0
) -> Generator[Operation, Any, int]:
    """The first step to do: the one after the last checkpoint that is whole, whoever held what of the model then.

    All members find the same one, for nobody finishes a step, and records it, before all have begun.
    """
    saved = yield Recall(f"{job.checkpoint_key}/")
    missing: dict[tuple[int, int], int] = {}  # (step, of how many holders) -> holders whose state was not recorded
    for key, (holders, _) in saved.items():
        made = int(key.split("/")[-2]), holders
        missing[made] = missing.get(made, holders) - 1
    first = max((step for (step, _), lacking in missing.items() if not lacking), default=0)
    if first:
        states = [state for key, (_, states) in saved.items() if int(key.split("/")[-2]) == first for state in states]
        for layers in parts:
            yield job.perform("restore", {"layers": layers, "states": states}, share, at)
    return first
