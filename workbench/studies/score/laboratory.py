"""A laboratory: the program of an architecture on the simulated world, with work whose duration is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from workbench.architectures.operations import Perform
from workbench.architectures.training import TrainingArchitecture, TrainingJob
from workbench.engines.simulated.cohorts import Cohorts
from workbench.engines.simulated.network import Blob, Network
from workbench.engines.simulated.team.interpreter import NotAsATeam, Team
from workbench.engines.simulated.world import World
from workbench.runs.events import Event, StepsFinished

SLICE_EVENTS = 100_000
TEAM_LEVEL_FROM = 64  # members


@dataclass(frozen=True)
class GivenWork:
    """Work of a training stage: seconds of its parts, nothing where none are given; `size_bytes` of a gradient."""

    size_bytes: float
    steps: int = 1
    compute_s: Callable[[str], float] = lambda member: 0.0
    apply_s: float = 0.0
    save_s: float = 0.0
    restore_s: float = 0.0

    def seconds(self, member: str, operation: Perform, now_s: float) -> float:
        match operation.part:
            case "gradient":
                return self.compute_s(member)
            case "apply":
                return self.apply_s
            case "state":
                return self.save_s
            case "restore":
                return self.restore_s
        return 0.0

    def answer(self, member: str, operation: Perform) -> Any:
        if operation.part == "open":
            return {"steps": self.steps, "samples_per_step": 1}
        return Blob(self.size_bytes * operation.share)

    def inputs(self, member: str, operation: Perform) -> list[tuple[str, float]]:
        return []


def step_ends_s(architecture: TrainingArchitecture, team: tuple[str, ...], network: Network, work: Any) -> list[float]:
    """When each training step was finished by the last member that told it, in seconds since the start.

    At team level where the team is large and the program can be carried out so; the levels agree.
    """
    job = TrainingJob("train", "", {}, team)
    if len(team) >= TEAM_LEVEL_FROM:
        try:
            told = Team(network, work, architecture, job).carry_out()
        except NotAsATeam:
            pass
        else:
            return [at_s for event, at_s in told if isinstance(event, StepsFinished)]
    return _member_by_member(architecture, job, network, work)


def cohort_step_ends_s(
    architecture: TrainingArchitecture, team: tuple[str, ...], network: Network, work: Any
) -> list[float]:
    """The same, with one member of each cohort standing for its equals, as workers that are alike allow."""
    job = TrainingJob("train", "", {}, team)
    return _member_by_member(architecture, job, network, work, Cohorts(architecture.cohorts(team)))


def _member_by_member(
    architecture: TrainingArchitecture, job: TrainingJob, network: Network, work: Any, cohorts: Cohorts | None = None
) -> list[float]:
    ends: dict[int, float] = {}

    def tell(event: Event, who: str) -> None:
        if isinstance(event, StepsFinished):
            ends[event.last] = world.clock.now

    world = World(network, work, tell, cohorts=cohorts)
    carried_out = world.cohorts.speakers(job.team)
    for member in carried_out:
        world.add(member, architecture.program(member, job))
    world.start(carried_out)
    while not world.clock.idle:
        world.clock.run_slice(float("inf"), SLICE_EVENTS)
    return [ends[step] for step in sorted(ends)]
