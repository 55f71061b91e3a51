"""E1: parameter servers on the machines of their workers, image models on up to 64 K80 at 10 Gbit/s."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from workbench.architectures.parameter_server import ParameterServer
from workbench.engines.simulated.network import Network
from workbench.studies.score.case import Case, Point
from workbench.studies.score.laboratory import GivenWork, step_ends_s

GPUS = 8  # of a machine; their gradients are summed there before they leave it
MACHINES, PIECES, STEPS = 8, 8, 4
BYTES_PER_S, LATENCY_S = 10e9 / 8, 100e-6
# Rate of a link as it is felt: fitted to ResNet-50 at a batch of 64. It is more than one, for TensorFlow sends while it
# still computes, and the program does not.
FELT = 2.465


@dataclass(frozen=True)
class Row:
    """A model at a batch for each GPU: images/s of one GPU, of one machine, and of eight; its size; its servers."""

    name: str
    batch: int
    alone: float
    machine: float
    published: float
    parameters: float
    servers: int


ROWS = (
    Row("ResNet-50, batch 64", 64, 52.4, 378, 2744, 25.6e6, 8),
    Row("Inception-v3, batch 64", 64, 29.7, 229, 1783, 23.8e6, 6),
    Row("ResNet-152, batch 32", 32, 19.4, 146, 981, 60.2e6, 4),
    Row("Inception-v3, batch 32", 32, 29.2, 219, 1608, 23.8e6, 6),
    Row("ResNet-50, batch 32", 32, 48.4, 333, 2315, 25.6e6, 4),
)


class SharedMachines(Network):
    """Links of machines on which several members live; between those of one machine nothing crosses a link."""

    def __init__(self, bytes_per_s: float, latency_s: float, machine: Mapping[str, str]):
        super().__init__(bytes_per_s, latency_s)
        self.machine = machine

    def transfer(self, now_s: float, source: str, target: str, size: float) -> float:
        return super().transfer(now_s, self.machine[source], self.machine[target], size)


def efficiency(row: Row, felt: float = FELT) -> float:
    """Images a second on all machines, as a share of what as many GPUs would make alone."""
    servers = {f"s{number}": f"m{number}" for number in range(row.servers)}
    workers = {f"w{number}": f"m{number}" for number in range(MACHINES)}
    network = SharedMachines(felt * BYTES_PER_S, LATENCY_S, servers | workers)
    computes_s = GPUS * row.batch / row.machine
    work = GivenWork(4 * row.parameters, steps=STEPS, compute_s=lambda member: computes_s)
    architecture = ParameterServer(workers=MACHINES, servers=row.servers, pieces=PIECES)
    ends = step_ends_s(architecture, (*servers, *workers), network, work)
    step_s = (ends[-1] - ends[0]) / (len(ends) - 1)
    return row.batch / step_s / row.alone


def points() -> tuple[Point, ...]:
    return tuple(
        Point(
            row.name,
            row.published / (MACHINES * GPUS * row.alone),
            efficiency(row),
            null=1.0,
            calibrated=row is ROWS[0],
        )
        for row in ROWS
    )


CASE = Case(
    id="E1",
    title="Parameter servers beside workers, 64 K80 at 10 Gbit/s",
    source="tensorflow/docs, site/en/r1/guide/performance/benchmarks.md: distributed_replicated on EC2 p2.8xlarge",
    unit="efficiency",
    target=0.06,
    points=points,
    kind="points",
    most=True,
    calibration="images/s of one GPU and of one machine; the rate of a link as felt, on ResNet-50 at a batch of 64",
)
