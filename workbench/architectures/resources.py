"""Resources: what a stage needs, what workers have, and what all work of a run may take together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from workbench.catalogues.accelerators import ACCELERATORS
from workbench.document.scenario import Cluster, Pipeline, StageUse, WorkerPool

CPU = "cpu-core"  # the accelerator of a worker that has none


@dataclass(frozen=True)
class Needs:
    """What work on one item of a stage occupies, on each of its workers; a core, where nothing is said."""

    cpus: int = 1
    gpus: int = 0
    memory_bytes: float = 0.0


ONE_CORE = Needs()


@dataclass(frozen=True)
class Room:
    """What one machine has for all workers of a run."""

    cpus: int
    gpus: int
    memory_bytes: float

    def lacks(self, needs: Needs, beside: Iterable[Needs] = ()) -> str:
        """Which of its resources is too small for such work beside other work; empty if none is."""
        others = list(beside)
        for name in ("cpus", "gpus", "memory_bytes"):
            if getattr(needs, name) + sum(getattr(other, name) for other in others) > getattr(self, name):
                return name
        return ""


def needs_of(use: StageUse) -> Needs:
    return Needs(use.cpus, use.gpus, use.memory or 0.0)


def asks(pipeline: Pipeline) -> bool:
    """Whether any stage says what it needs."""
    return any(needs_of(use) != ONE_CORE for use in pipeline.stages)


def suits(pool: WorkerPool, needs: Needs) -> bool:
    """Whether a worker of a pool can do such work."""
    return needs.memory_bytes <= pool.memory and needs.gpus <= gpus_of(pool)


def gpus_of(pool: WorkerPool) -> int:
    """The accelerators of one worker beside its core."""
    named = pool.accelerator if isinstance(pool.accelerator, str) else ""
    return 0 if named == CPU or (named and named not in ACCELERATORS) else 1


def suited(cluster: Cluster, needs: Needs) -> frozenset[str] | None:
    """The workers that can do such work; None if all can."""
    pools = [pool for pool in cluster.workers if suits(pool, needs)]
    if len(pools) == len(cluster.workers):
        return None
    return frozenset(f"{pool.id}{number}" for pool in pools for number in range(pool.count))
