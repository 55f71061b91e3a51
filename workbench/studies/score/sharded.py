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
