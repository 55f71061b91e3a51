"""C1, C2: language models of 125 million to 70 billion parameters, fully sharded on 8 to 128 GPUs."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.architectures.fully_sharded import FullySharded
from workbench.catalogues.accelerators import ACCELERATORS
from workbench.catalogues.links import LINKS
from workbench.catalogues.models import MODELS
from workbench.engines.simulated.islands import Islands
from workbench.stages.language_model import step_cost
from workbench.studies.score.case import Case, Point
from workbench.studies.score.laboratory import cohort_step_ends_s
from workbench.studies.score.language import StepWork

NODE = 8


@dataclass(frozen=True)
class Row:
    """Sequences of 2048 tokens a GPU and micro-batch, micro-batches a step, whether activations are computed again."""

    model: str
    gpus: int
    micro: int
    micro_batches: int
    recompute: bool
    mfu: float  # model operations as a share of the GPUs' peak


@dataclass(frozen=True)
class Site:
    """The machine of a table: accelerator, link inside a node, and one network adapter for each accelerator."""

    accelerator: str
    inside: str
    between: str


A100 = Site("a100-sxm4-40gb", "nvlink-a100", "roce-200g")
H100 = Site("h100-sxm5-80gb", "nvlink-h100", "roce-400g")

# (model, GPUs, micro-batch, micro-batches, recomputation, MFU); the row of mpt-1b on 32 A100 (0.4539) is left out, for
# its neighbours on 16 and 64 GPUs reach 0.55 both
A100_ROWS = (
    Row("mpt-70b", 64, 2, 1, True, 0.3587),
    Row("mpt-70b", 128, 4, 1, True, 0.4891),
    Row("mpt-30b", 32, 4, 1, True, 0.5174),
    Row("mpt-30b", 128, 6, 1, True, 0.5225),
    Row("mpt-13b", 8, 4, 16, True, 0.4394),
    Row("mpt-13b", 16, 10, 1, True, 0.5250),
    Row("mpt-13b", 32, 14, 1, True, 0.5262),
    Row("mpt-13b", 64, 16, 1, True, 0.5204),
    Row("mpt-13b", 128, 16, 1, True, 0.5193),
    Row("mpt-7b", 8, 12, 4, True, 0.5092),
    Row("mpt-7b", 16, 16, 1, True, 0.5044),
    Row("mpt-7b", 32, 18, 1, True, 0.5155),
    Row("mpt-7b", 64, 18, 1, True, 0.5073),
    Row("mpt-7b", 128, 18, 1, True, 0.5014),
    Row("mpt-3b", 8, 5, 8, False, 0.5782),
    Row("mpt-3b", 16, 5, 1, False, 0.5602),
    Row("mpt-3b", 32, 6, 1, False, 0.5696),
    Row("mpt-3b", 64, 6, 1, False, 0.5594),
    Row("mpt-3b", 128, 6, 1, False, 0.5480),
    Row("mpt-1b", 8, 8, 8, False, 0.5623),
    Row("mpt-1b", 16, 8, 1, False, 0.5569),
    Row("mpt-1b", 64, 10, 1, False, 0.5544),
    Row("mpt-1b", 128, 10, 1, False, 0.5441),
    Row("mpt-760m", 8, 12, 4, False, 0.5289),
    Row("mpt-760m", 16, 12, 1, False, 0.5190),
    Row("mpt-760m", 32, 12, 1, False, 0.5197),
    Row("mpt-760m", 64, 12, 1, False, 0.5144),
    Row("mpt-760m", 128, 12, 1, False, 0.5073),
    Row("mpt-350m", 8, 16, 4, False, 0.4917),
    Row("mpt-350m", 16, 18, 1, False, 0.4866),
    Row("mpt-350m", 32, 18, 1, False, 0.4726),
    Row("mpt-350m", 64, 18, 1, False, 0.4627),
    Row("mpt-350m", 128, 18, 1, False, 0.4561),
    Row("mpt-125m", 8, 26, 3, False, 0.4275),
    Row("mpt-125m", 16, 26, 1, False, 0.4093),
    Row("mpt-125m", 32, 26, 1, False, 0.3986),
    Row("mpt-125m", 64, 26, 1, False, 0.3927),
    Row("mpt-125m", 128, 26, 1, False, 0.3886),
)
H100_ROWS = (
    Row("mpt-70b", 32, 2, 16, True, 0.3615),
    Row("mpt-70b", 64, 8, 4, True, 0.4257),
    Row("mpt-30b", 8, 3, 21, True, 0.3811),
    Row("mpt-30b", 16, 10, 3, True, 0.4307),
    Row("mpt-30b", 32, 14, 3, True, 0.4392),
    Row("mpt-13b", 8, 2, 1, False, 0.3979),
    Row("mpt-13b", 16, 2, 1, False, 0.3958),
    Row("mpt-13b", 32, 2, 1, False, 0.3995),
    Row("mpt-13b", 64, 2, 1, False, 0.3986),
    Row("mpt-7b", 8, 6, 1, False, 0.4644),
    Row("mpt-3b", 16, 10, 3, False, 0.4373),
    Row("mpt-3b", 32, 6, 3, False, 0.4170),
    Row("mpt-3b", 64, 6, 3, False, 0.4080),
    Row("mpt-1b", 8, 14, 1, False, 0.4182),
    Row("mpt-1b", 16, 20, 1, False, 0.4236),
    Row("mpt-1b", 32, 20, 1, False, 0.4152),
    Row("mpt-1b", 64, 20, 1, False, 0.4085),
    Row("mpt-760m", 8, 24, 2, False, 0.3490),
    Row("mpt-760m", 16, 24, 1, False, 0.3789),
    Row("mpt-760m", 32, 24, 1, False, 0.3757),
)


def mfu(row: Row, site: Site) -> float:
    """Model operations of a step, without those that are done again, as a share of what the GPUs' peak would do."""
    model, accelerator = MODELS[row.model], ACCELERATORS[site.accelerator]
    inside, between = LINKS[site.inside], LINKS[site.between]
    team = tuple(f"w{number}" for number in range(row.gpus))
    network = Islands(team, NODE, inside.bytes_per_s, between.bytes_per_s, inside.hop_s, between.hop_s)
    sequences = row.micro * row.micro_batches * row.gpus
    sharded = FullySharded(prefetch=0, micro_batches=row.micro_batches, recompute=row.recompute)
    (end_s,) = cohort_step_ends_s(sharded, team, network, StepWork(step_cost(model, sequences), accelerator))
    return model.step_operations(sequences, recompute=False) / (row.gpus * accelerator.peak_operations_per_s * end_s)


def points(rows: tuple[Row, ...], site: Site) -> tuple[Point, ...]:
    """Every third row is held back from the fit. The null is the efficiency of the model's first row on 16 GPUs."""
    one = {row.model: row.mfu for row in reversed(rows)} | {row.model: row.mfu for row in rows if row.gpus == 16}
    return tuple(
        Point(f"{row.model}, {row.gpus} GPUs", row.mfu, mfu(row, site), null=one[row.model], held_back=number % 3 == 2)
        for number, row in enumerate(rows)
    )


_SOURCE = "mosaicml/llm-foundry, scripts/train/benchmarking/README.md; no forward prefetch, as Composer's defaults are"
_FITTED = "share of the peak and passes over activations, two thirds of the rows"

CASE = Case(
    id="C1",
    title="MPT fully sharded on 8 to 128 A100-40",
    source=_SOURCE,
    unit="MFU",
    target=0.015,
    points=lambda: points(A100_ROWS, A100),
    kind="points",
    calibration=_FITTED,
)

H100_CASE = Case(
    id="C2",
    title="MPT fully sharded on 8 to 64 H100",
    source=_SOURCE + "; adapters of 400 Gbit/s are assumed",
    unit="MFU",
    target=0.015,
    points=lambda: points(H100_ROWS, H100),
    kind="points",
    calibration=_FITTED,
)
