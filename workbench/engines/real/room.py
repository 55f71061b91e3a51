"""The room of this machine: what it has for the work of a run."""

from __future__ import annotations

import os
import sys

import psutil

from workbench.architectures.resources import ONE_CORE, Room, needs_of
from workbench.document.scenario import Pipeline


def room_here(pipeline: Pipeline) -> Room:
    """Cores that this process may use, memory, and accelerators, for which only a pipeline that needs one asks."""
    cpus = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    gpus = _gpus() if any(use.gpus for use in pipeline.stages) else 0
    return Room(cpus, gpus, float(psutil.virtual_memory().total))


def _gpus() -> int:
    import torch

    return torch.cuda.device_count()


def refusals(pipeline: Pipeline) -> list[str]:
    """One sentence for every stage that needs more than this machine has."""
    if all(needs_of(use) == ONE_CORE for use in pipeline.stages):
        return []
    room, said = room_here(pipeline), []
    for use in pipeline.stages:
        if short := room.lacks(needs_of(use)):
            wanted, has = getattr(needs_of(use), short), getattr(room, short)
            name = short.removesuffix("_bytes")
            said.append(f"the stage '{use.id}' needs {wanted:g} of {name}, and this machine has {has:g}")
    return said
