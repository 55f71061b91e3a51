"""D5: AmoebaNet-D in a pipeline of 2 to 8 P40 with 1 to 32 micro-batches: which cells are faster than which."""

from __future__ import annotations

from workbench.architectures.tensor import TensorParallel
from workbench.engines.simulated.network import Network
from workbench.studies.score.bubble import EqualLayers
from workbench.studies.score.case import Case, Point
from workbench.studies.score.laboratory import step_ends_s

LAYERS = 24  # as torchgpipe counts them; its partitions were balanced by measured time

# (partitions, micro-batches) -> samples/s
MEASURED = {
    (2, 1): 26.733,
    (2, 4): 41.133,
    (2, 32): 47.386,
    (4, 1): 26.827,
    (4, 4): 44.543,
    (4, 32): 72.412,
    (8, 1): 24.918,
    (8, 4): 70.065,
    (8, 32): 132.413,
}


def points() -> tuple[Point, ...]:
    """Speed relative to two partitions and one micro-batch; the null is a pipeline that never idles."""
    one, one_s = MEASURED[2, 1], step_s(2, 1)
    return tuple(
        Point(f"n={n} m={m}", rate / one, one_s / step_s(n, m), null=n / 2) for (n, m), rate in MEASURED.items()
    )


def step_s(partitions: int, micro_batches: int) -> float:
    """A step over the same samples, activations computed again on the way back."""
    architecture = TensorParallel(
        tensor=1, stages=partitions, micro_batches=micro_batches, schedule="gpipe", recompute=True
    )
    team = tuple(f"w{rank}" for rank in range(partitions))
    work = EqualLayers(LAYERS, 1 / micro_batches, 2 / micro_batches)
    (end_s,) = step_ends_s(architecture, team, Network(float("inf"), 0.0), work)
    return end_s


CASE = Case(
    id="D5",
    title="AmoebaNet-D in a pipeline of P40, order of partitions and micro-batches",
    source="kakaobrain/torchgpipe, docs/benchmarks.rst",
    unit="times",
    target=0.37,
    points=points,
    least_rank=0.9,
    calibration="none; order only: the error is what the bubble alone leaves out",
)
