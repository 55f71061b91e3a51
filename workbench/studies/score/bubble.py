"""D13: the bubble of a pipeline, exact for every schedule when stages are equal and letters cost nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workbench.architectures.operations import Perform
from workbench.architectures.pipeline import PipelineParallel
from workbench.engines.simulated.network import Blob, Network
from workbench.studies.score.case import Case, Point
from workbench.studies.score.laboratory import step_ends_s

# (schedule, members p, micro-batches m, parts a member v)
ROWS = (
    ("gpipe", 4, 8, 1),
    ("1f1b", 8, 8, 1),
    ("gpipe", 8, 32, 1),
    ("interleaved", 8, 8, 2),
    ("interleaved", 8, 72, 4),
    ("interleaved", 6, 6, 8),
    ("1f1b", 16, 32, 1),
    ("1f1b", 64, 512, 1),
)


@dataclass(frozen=True)
class EqualLayers:
    """`layers` equal layers; a pass takes `forward_s` or `backward_s` for each of them, everything else no time."""

    layers: int
    forward_s: float = 1.0
    backward_s: float = 2.0
    letter_bytes: float = 0.0
    samples: int = 4096
    steps: int = 1

    def seconds(self, member: str, operation: Perform, now_s: float) -> float:
        pass_s = {"forward": self.forward_s, "backward": self.backward_s}.get(operation.part)
        if pass_s is None:
            return 0.0
        first, end = operation.item["layers"]
        return pass_s * (end - first)

    def answer(self, member: str, operation: Perform) -> Any:
        if operation.part == "open":
            costs = [self.forward_s] * self.layers
            opened = {"steps": self.steps, "samples_per_step": self.samples}
            return opened | {"layer_operations": costs, "layer_sums": [1] * self.layers}
        return Blob(self.letter_bytes)


def overhead(schedule: str, members: int, micro_batches: int, virtual: int) -> float:
    """Time in the bubble as a share of the time that the work would take without one, simulated."""
    architecture = PipelineParallel.model_validate(
        {"schedule": schedule, "micro_batches": micro_batches, "virtual": virtual}
    )
    work = EqualLayers(members * virtual)
    team = tuple(f"w{rank}" for rank in range(members))
    ends_s = step_ends_s(architecture, team, Network(float("inf"), 0.0), work)
    useful_s = micro_batches * virtual * (work.forward_s + work.backward_s)
    return ends_s[0] / useful_s - 1


def points() -> tuple[Point, ...]:
    return tuple(_point(*row) for row in ROWS)


def _point(schedule: str, members: int, micro_batches: int, virtual: int) -> Point:
    name = f"{schedule} p={members} m={micro_batches} v={virtual}"
    published = (members - 1) / (virtual * micro_batches)
    return Point(name, published, overhead(schedule, members, micro_batches, virtual), null=0.0)


CASE = Case(
    id="D13",
    title="Pipeline bubble of equal stages, (p-1)/(v m)",
    source="Huang et al., GPipe, NeurIPS 2019, 2.3; Narayanan et al., Megatron-LM, SC 2021, 2.2",
    unit="of useful time",
    target=0.001,
    most=True,
    points=points,
)
