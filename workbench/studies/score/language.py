"""Steps of large language models, by the program of tensor, pipeline and data parallelism on nodes of eight."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workbench.architectures import part_work
from workbench.architectures.operations import Perform
from workbench.architectures.tensor import TensorParallel
from workbench.catalogues.accelerators import ACCELERATORS, Accelerator
from workbench.catalogues.links import LINKS
from workbench.catalogues.models import LanguageModel
from workbench.engines.simulated import layered
from workbench.engines.simulated.islands import Islands
from workbench.stages.base import StepCost
from workbench.stages.language_model import step_cost
from workbench.studies.score.laboratory import cohort_step_ends_s


@dataclass(frozen=True)
class StepWork:
    """The work of one training stage on equal accelerators, as a run would time it."""

    step: StepCost
    processor: Accelerator

    def seconds(self, member: str, operation: Perform, now_s: float) -> float:
        if not layered.is_of_layers(operation):
            return 0.0
        if layered.runs_kernels(self.step, operation):
            return layered.kernels_s(self.step, operation, self.processor)
        operations, memory_bytes = layered.demand(self.step, operation)
        return max(operations / self.processor.operations_per_s, memory_bytes / self.processor.memory_bytes_per_s)

    def answer(self, member: str, operation: Perform) -> Any:
        if operation.part == "open":
            opened = {"steps": self.step.steps, "samples_per_step": self.step.samples_per_step}
            return opened | part_work.to_cut(self.step)
        return layered.answer(self.step, operation) if layered.is_of_layers(operation) else None

    def inputs(self, member: str, operation: Perform) -> list[tuple[str, float]]:
        return []


@dataclass(frozen=True)
class Machine:
    """Nodes of `node` accelerators; bytes/s of one within the node and of its share of the node's way to others."""

    accelerator: str
    node: int
    inside_bytes_per_s: float
    bytes_per_s: float
    inside: str = "ideal"
    latency_s: float = LINKS["infiniband-200g"].hop_s


# 4 x 200 Gbit/s for eight A100, and an adapter of 400 Gbit/s for each H100
A100_NODES = Machine(
    "a100-sxm4-80gb", 8, LINKS["nvlink-a100"].bytes_per_s, LINKS["infiniband-200g"].bytes_per_s / 2, "nccl-8xa100"
)
H100_NODES = Machine(
    "h100-sxm5-80gb-fp8", 8, LINKS["nvlink-h100"].bytes_per_s, LINKS["infiniband-400g"].bytes_per_s, "nccl-8xh100"
)
TPU_POD = Machine("tpu-v5p", 2**14, 200e9, 200e9, latency_s=1e-6)  # two of six links of a torus, 4,800 Gbit/s in all


def step_s(machine: Machine, model: LanguageModel, batch: int, micro: int, architecture: TensorParallel) -> float:
    """One training step in seconds; `batch` sequences in all, `micro` in a micro-batch."""
    team = tuple(f"w{number}" for number in range(architecture.members))
    network = Islands(
        team,
        machine.node,
        machine.inside_bytes_per_s,
        machine.bytes_per_s,
        latency_s=machine.latency_s,
        inside=machine.inside,
    )
    own = architecture.model_dump() | {"micro_batches": batch // architecture.replicas // micro}
    work = StepWork(step_cost(model, batch), ACCELERATORS[machine.accelerator])
    (end_s,) = cohort_step_ends_s(TensorParallel.model_validate(own), team, network, work)
    return end_s
