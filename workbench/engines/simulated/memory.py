"""Memory of a simulated run: whether its trainings fit into the workers, told before they begin."""

from __future__ import annotations

from workbench.architectures.memory import Held, amount
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
        pools = cluster.pools
        for stage, step in steps.items():
            held, reasons = Held(), dict[str, str]()  # by pool
            for rank, member in enumerate(team):
                pool = pools[member]
                if rank < 2 or not training.as_a_team:
                    held, reasons = training.held(rank, len(team), step), {}
                if pool.id not in reasons:
                    reasons[pool.id] = self._reason(held, pool)
                if reasons[pool.id]:
                    self.unfit[member, stage] = reasons[pool.id].format(member=member)

    def _reason(self, held: Held, pool: WorkerPool) -> str:
        """Why so much does not fit into a worker of the pool; empty if it does."""
        room = room_bytes(pool)
        self.bytes, self.share = max(self.bytes, held.total), max(self.share, held.total / room)
        if held.total > room:
            return f"does not fit into {{member}}: {held.text(room)}"
        if held.host > pool.memory:
            waits, has = amount(held.host), amount(pool.memory)
            return f"does not fit beside {{member}}: {waits} wait in a memory of {has}"
        return ""


def room_bytes(pool: WorkerPool) -> float:
    """The memory in which a worker of the pool computes."""
    if not isinstance(pool.accelerator, str):
        return pool.accelerator.memory
    return pool.memory if pool.accelerator == HOST else ACCELERATORS[pool.accelerator].memory_bytes
