"""A job: one combination of a scenario, as programs for the members of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workbench.architectures import registry
from workbench.architectures.operations import Program
from workbench.architectures.random_streams import stream
from workbench.architectures.schedule import Plan, PlannedStage
from workbench.architectures.single_leader import LEADER, SOURCE, Orchestration, SingleLeader
from workbench.architectures.training import TrainingArchitecture
from workbench.document.scenario import Combination, Fault, Scenario, Workload
from workbench.stages.base import TrainingStage
from workbench.stages.registry import STAGES


@dataclass(frozen=True)
class Job:
    """The members of a run, and the program of each."""

    members: tuple[str, ...]
    followers: tuple[str, ...]
    plan: Plan
    orchestration: SingleLeader
    training: TrainingArchitecture
    makers: dict[str, Any]

    def program(self, member: str) -> Program:
        """A fresh program of `member`, for each of its incarnations."""
        return self.makers[member]()

    @property
    def team_size(self) -> int:
        return min(self.training.members or len(self.followers), len(self.followers))


def build(scenario: Scenario, combination: Combination, replication: int = 0) -> Job:
    """The job of one combination; the scenario must have been checked."""
    orchestration = registry.orchestration(combination.orchestration.use, combination.orchestration.with_)
    training = registry.training(combination.training.use, combination.training.with_)
    followers = scenario.cluster.names
    team = min(training.members or len(followers), len(followers))
    plan = plan_of(scenario, team)
    arrivals = arrivals_s(scenario.workload, scenario.run.seed, replication)
    work = Orchestration(plan, followers, training, arrivals, scenario.run.steps)
    makers = orchestration.programs(work)
    members = (LEADER, *followers, *((SOURCE,) if plan.arrive_later else ()))
    return Job(members, followers, plan, orchestration, training, makers)


def plan_of(scenario: Scenario, team: int) -> Plan:
    """The pipeline as the schedule sees it."""
    needs: dict[str, dict[str, tuple[str, str]]] = {stage.id: {} for stage in scenario.pipeline.stages}
    for link in scenario.pipeline.links:
        needs[link.target_stage][link.target_port] = (link.source_stage, link.source_port)
    stages = tuple(
        PlannedStage(stage.id, needs[stage.id], team if is_training(stage.use) else 0)
        for stage in scenario.pipeline.stages
    )
    return Plan(stages, scenario.workload.instances, scenario.workload.arrivals != "at-once")


def is_training(kind: str) -> bool:
    return kind in STAGES and issubclass(STAGES[kind], TrainingStage)


def arrivals_s(workload: Workload, seed: int, replication: int = 0) -> tuple[float, ...]:
    """When each instance of the pipeline is submitted, in seconds since the run began."""
    if workload.arrivals == "at-once":
        return ()
    rate = workload.rate or 1.0
    if workload.arrivals == "regular":
        return tuple(i / rate for i in range(workload.instances))
    gaps = stream(seed, "arrivals", replication).exponential(1 / rate, workload.instances)
    return tuple(float(at) for at in gaps.cumsum())


@dataclass(frozen=True)
class Strike:
    """A fault that will happen: at a time or at a training step, to a member."""

    kind: str
    worker: str
    at_s: float | None
    at_step: int | None
    lasts_s: float | None
    origin: str = "script"


def strikes(scenario: Scenario, combination: Combination, until_s: float, replication: int = 0) -> list[Strike]:
    """Every fault of the scenario that concerns this combination, random ones drawn up to `until_s`.

    Both engines are struck by the same faults: they are drawn from streams that the scenario's seed names.
    """
    planned: list[Strike] = []
    for index, fault in enumerate(scenario.faults):
        if fault.only and combination.id not in fault.only:
            continue
        if fault.every is None:
            planned.append(_scripted(fault, scenario.cluster.names))
        else:
            planned.extend(_random(fault, index, scenario, until_s, replication))
    return planned


def _scripted(fault: Fault, workers: tuple[str, ...]) -> Strike:
    worker = LEADER if fault.kind == "leader-crash" else fault.worker or workers[-1]
    return Strike(fault.kind, worker, fault.at, fault.at_step, fault.lasts)


def _random(fault: Fault, index: int, scenario: Scenario, until_s: float, replication: int) -> list[Strike]:
    assert fault.every is not None
    draws = stream(scenario.run.seed, "fault", index, replication)
    workers = scenario.cluster.names
    planned, at = [], 0.0
    while (at := at + float(draws.exponential(fault.every))) < until_s:
        drawn = workers[int(draws.integers(len(workers)))]
        worker = LEADER if fault.kind == "leader-crash" else fault.worker or drawn
        planned.append(Strike(fault.kind, worker, at, None, fault.lasts, "random"))
    return planned
