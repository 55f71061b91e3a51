"""D3, D4: steps of GPT-3 175B on thousands of accelerators, as MLPerf's logs tell them."""

from __future__ import annotations

from typing import NamedTuple

from workbench.architectures.tensor import TensorParallel
from workbench.catalogues.models import MODELS
from workbench.studies.score.case import Case, Point
from workbench.studies.score.language import H100_NODES, TPU_POD, Machine, step_s

MODEL = MODELS["gpt3-175b"]


class Row(NamedTuple):
    """Stages, parts a stage, replicas; sequences of the batch and of a micro-batch; seconds of a step."""

    stages: int
    virtual: int
    replicas: int
    batch: int
    micro: int
    step_s: float


H100_ROWS = (Row(8, 4, 16, 2304, 2, 10.94), Row(6, 8, 448, 2688, 1, 0.9207), Row(6, 8, 484, 2904, 1, 0.9214))
# the layout is not published; assumed are teams of eight and one micro-batch of at most four sequences
TPU_ROWS = (
    Row(1, 1, 128, 2048, 4, 23.815),
    Row(1, 1, 256, 2048, 4, 11.813),
    Row(1, 1, 384, 3072, 4, 11.951),
    Row(1, 1, 1536, 6144, 4, 5.968),
)


def h100() -> tuple[Point, ...]:
    return _points(H100_NODES, 4, False, H100_ROWS)


def tpu() -> tuple[Point, ...]:
    return _points(TPU_POD, 8, True, TPU_ROWS)


def _points(machine: Machine, tensor: int, recompute: bool, rows: tuple[Row, ...]) -> tuple[Point, ...]:
    """The first row is the one that a constant was fitted to; the null is that tokens/s of an accelerator stay."""
    first = rows[0]
    found = []
    for row in rows:
        architecture = TensorParallel(
            tensor=tensor,
            stages=row.stages,
            replicas=row.replicas,
            schedule="interleaved" if row.virtual > 1 else "1f1b",
            virtual=row.virtual,
            micro_batches=row.stages,
            overlap=True,
            share_optimiser=True,
            recompute=recompute,
        )
        simulated_s = step_s(machine, MODEL, row.batch, row.micro, architecture)
        work = row.batch / (row.stages * row.replicas) / (first.batch / (first.stages * first.replicas))
        name = f"{architecture.members} accelerators"
        found.append(Point(name, row.step_s, simulated_s, work * first.step_s, row is not first, row is first))
    return tuple(found)


_SOURCE = "mlcommons/training_results_v4.0, {}, GPT-3 175B, result logs"

GPT3_H100 = Case(
    id="D3",
    title="GPT-3 175B, step on 10,752 and 11,616 H100",
    source=_SOURCE.format("NVIDIA/results/eos"),
    unit="s",
    target=0.12,
    most=True,
    points=h100,
    calibration="share of the peak reached, on 512",
)

GPT3_TPU = Case(
    id="D4",
    title="GPT-3 175B, step on 2,048 to 12,288 TPU v5p",
    source=_SOURCE.format("Google/results/cloud-tpu-v5p"),
    unit="s",
    target=0.02,
    most=True,
    points=tpu,
    calibration="share of the peak reached, on 1,024; the layout is assumed",
)
