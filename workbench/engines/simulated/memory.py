"""Memory of a simulated run: whether its trainings fit into the workers, told before they begin."""

from __future__ import annotations

from workbench.architectures.memory import amount
from workbench.architectures.training import TrainingArchitecture
from workbench.catalogues.accelerators import ACCELERATORS
from workbench.document.scenario import Cluster, WorkerPool
from workbench.stages.base import StepCost

HOST = "cpu-core"  # an accelerator that computes in the host's own memory


class Memory:
    """What the team of a run needs. `bytes` and `share` are those of the fullest member; `unfit` says who cannot hold
    its part of which stage, and why."""

    def __init__(
        self, training: TrainingArchitecture, team: tuple[str, ...], steps: dict[str, StepCost], cluster: Cluster
    ):
        self.bytes = self.share = 0.0
        self.unfit: dict[tuple[str, str], str] = {}
        for stage, step in steps.items():
            for rank, member in enumerate(team):
                held = training.held(rank, len(team), step)
                pool = cluster.pool_of(member)
                room = room_bytes(pool)
                self.bytes, self.share = max(self.bytes, held.total), max(self.share, held.total / room)
                if held.total > room:
                    self.unfit[member, stage] = f"does not fit into {member}: {held.text(room)}"
                elif held.host > pool.memory:
                    waits, has = amount(held.host), amount(pool.memory)
                    self.unfit[member, stage] = f"does not fit beside {member}: {waits} wait in a memory of {has}"


def room_bytes(pool: WorkerPool) -> float:
    """The memory in which a worker of the pool computes."""
    if not isinstance(pool.accelerator, str):
        return pool.accelerator.memory
    return pool.memory if pool.accelerator == HOST else ACCELERATORS[pool.accelerator].memory_bytes
