"""A job: one combination of a scenario, as programs for the members of a run."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from math import gamma
from typing import TYPE_CHECKING, Any

from workbench.architectures import registry
from workbench.architectures.items import PlannedGroup
from workbench.architectures.operations import Program
from workbench.architectures.orchestration import LEADER, Orchestration, OrchestrationArchitecture
from workbench.architectures.plan import Plan, PlannedStage
from workbench.architectures.random_streams import stream
from workbench.architectures.resources import Room, asks, needs_of, suited
from workbench.architectures.setting import struck_by
from workbench.architectures.training import TrainingArchitecture
from workbench.document.expectations import parse
from workbench.document.scenario import Cluster, Combination, Fault, Group, Scenario, Workload
from workbench.stages.base import TrainingStage
from workbench.stages.registry import STAGES

if TYPE_CHECKING:
    from numpy.random import Generator

STRUCK = {"leader-crash": (LEADER,), "storage-full": ("",), "corrupt-checkpoint": ("",)}  # kinds that strike no worker
PLANNED_ARRIVALS = ("regular", "poisson")  # instances are submitted at times that nothing in the run changes
COMMAND = "command"  # the origin of faults that somebody orders while the run goes on
FACTOR = 2.0  # how many times as slow as before what is slowed becomes, where nobody says it


@dataclass(frozen=True)
class Job:
    """The members of a run, and the program of each."""

    members: tuple[str, ...]
    followers: tuple[str, ...]
    plan: Plan
    orchestration: OrchestrationArchitecture
    training: TrainingArchitecture
    makers: dict[str, Any]
    deciders: tuple[str, ...]

    def program(self, member: str) -> Program:
        """A fresh program of `member`, for each of its incarnations."""
        return self.makers[member]()

    @property
    def team_size(self) -> int:
        return min(self.training.members or len(self.followers), len(self.followers))


def build(
    scenario: Scenario,
    combination: Combination,
    replication: int = 0,
    gone_on_s: float = 0.0,
    recalls: bool = False,
    room: Room | None = None,
) -> Job:
    """The job of one combination; the scenario must have been checked.

    A run that is resumed has `gone_on_s` before; one that `recalls` takes over what earlier runs led to. Where stages
    say what they need, all work has to fit into the `room` of a machine.
    """
    orchestration = registry.orchestration(combination.orchestration.use, combination.orchestration.with_)
    training = registry.training(combination.training.use, combination.training.with_)
    followers = scenario.cluster.names[: orchestration.followers or None]
    team = min(training.members or len(followers), len(followers))
    plan = plan_of(scenario, orchestration, team, training.least)
    plan = replace(plan, room=room if asks(scenario.pipeline) else None)
    arrivals = arrivals_s(scenario.workload, scenario.run.seed, replication)
    work = Orchestration(plan, followers, training, arrivals, scenario.run.steps, scenario.run.seed, replication)
    work.gone_on_s, work.recalls = gone_on_s, recalls
    makers = orchestration.programs(work)
    deciders = orchestration.deciders(followers)
    members = (*(d for d in deciders if d == LEADER), *followers, *orchestration.outsiders(plan))
    return Job(members, followers, plan, orchestration, training, makers, deciders)


def plan_of(scenario: Scenario, orchestration: OrchestrationArchitecture, team: int, least: int = 1) -> Plan:
    """The pipeline as the schedule sees it."""
    needs: dict[str, dict[str, tuple[str, str]]] = {stage.id: {} for stage in scenario.pipeline.stages}
    for link in scenario.pipeline.links:
        needs[link.target_stage][link.target_port] = (link.source_stage, link.source_port)
    stages = tuple(
        PlannedStage(
            stage.id,
            needs[stage.id],
            *((team, least) if is_training(stage.use) else (0, 1)),
            when=parse(stage.when) if stage.when else None,
            retries=stage.retries,
            backoff_s=stage.backoff,
            occupies=needs_of(stage),
            suited=suited(scenario.cluster, needs_of(stage)),
        )
        for stage in scenario.pipeline.stages
    )
    groups = tuple(_planned(group, orchestration) for group in scenario.pipeline.groups if group.foreach)
    workload = scenario.workload
    again = parse(workload.event) if workload.arrivals == "by-event" else None
    return Plan(stages, workload.instances, workload.arrivals in PLANNED_ARRIVALS, groups, again)


def _planned(group: Group, orchestration: OrchestrationArchitecture) -> PlannedGroup:
    source, _, port = group.foreach.partition(".")
    in_flight, at_least = orchestration.in_flight or None, 1.0 if group.at_least is None else group.at_least
    return PlannedGroup(group.id, source, port, group.stages, in_flight, orchestration.puts_in_order, at_least)


def is_training(kind: str) -> bool:
    return kind in STAGES and issubclass(STAGES[kind], TrainingStage)


def arrivals_s(workload: Workload, seed: int, replication: int = 0) -> tuple[float, ...]:
    """When each instance of the pipeline is submitted, in seconds since the run began."""
    if workload.arrivals not in PLANNED_ARRIVALS:
        return ()
    rate = workload.rate or 1.0
    if workload.arrivals == "regular":
        return tuple(i / rate for i in range(workload.instances))
    gaps = stream(seed, "arrivals", replication).exponential(1 / rate, workload.instances)
    return tuple(float(at) for at in gaps.cumsum())


@dataclass(frozen=True)
class Strike:
    """A fault that will happen: at a time or at a training step, to a member, and to those `beside` it at once.

    `worker` is empty where no member is struck. `factor` is how many times as slow a member or its link becomes,
    `late_s` what is added to the link's latency, `room_bytes` what still fits into the storage.
    """

    kind: str
    worker: str
    at_s: float | None
    at_step: int | None
    lasts_s: float | None
    origin: str = "script"
    factor: float = FACTOR
    late_s: float = 0.0
    beside: tuple[str, ...] = ()
    room_bytes: float = 0.0

    @property
    def workers(self) -> tuple[str, ...]:
        """All who are struck."""
        return (self.worker, *self.beside)


def strikes_by_step(scenario: Scenario, combination: Combination) -> list[Strike]:
    """The faults that wait for a training step."""
    return [
        _scripted(fault, scenario.cluster)
        for _, fault in _concerning(scenario, combination)
        if fault.every is None and fault.at is None
    ]


def strikes_by_time(scenario: Scenario, combination: Combination, replication: int = 0) -> Iterator[Strike]:
    """The faults that have a time, in the order of their times; without end where random ones are among them.

    Both engines are struck by the same faults: they are drawn from streams that the scenario's seed names.
    """
    sources: list[Iterable[Strike]] = []
    for index, fault in _concerning(scenario, combination):
        if fault.every is not None:
            sources.append(_random(fault, index, scenario, replication))
        elif fault.at is not None:
            sources.append([_scripted(fault, scenario.cluster)])
    return heapq.merge(*sources, key=lambda strike: strike.at_s or 0.0)


def _concerning(scenario: Scenario, combination: Combination) -> list[tuple[int, Fault]]:
    """The faults of a combination, each with its place in the scenario, which names its stream."""
    return [(i, fault) for i, fault in enumerate(scenario.faults) if not fault.only or combination.id in fault.only]


def _scripted(fault: Fault, cluster: Cluster) -> Strike:
    return _strike(fault, struck_by(fault, cluster) or cluster.names[-1:], fault.at, "script")


def _random(fault: Fault, index: int, scenario: Scenario, replication: int) -> Iterator[Strike]:
    assert fault.every
    draws = stream(scenario.run.seed, "fault", index, replication)
    workers, named, at = scenario.cluster.names, struck_by(fault, scenario.cluster), 0.0
    while True:
        at += _gap_s(draws, fault.every, fault.shape or 1.0)
        drawn = workers[int(draws.integers(len(workers)))]
        yield _strike(fault, named or (drawn,), at, "random")


def _gap_s(draws: Generator, mean_s: float, shape: float) -> float:
    """A time between two faults (Weibull), of this mean whatever the shape; of shape 1 it is exponential."""
    if shape == 1.0:
        return float(draws.exponential(mean_s))
    return mean_s / gamma(1 + 1 / shape) * float(draws.weibull(shape))


def _strike(fault: Fault, workers: tuple[str, ...], at_s: float | None, origin: str) -> Strike:
    first, *others = STRUCK.get(fault.kind, workers)
    factor, late_s = fault.factor or (1.0 if fault.latency else FACTOR), fault.latency or 0.0
    more = (origin, factor, late_s, tuple(others), fault.room or 0.0)
    return Strike(fault.kind, first, at_s, fault.at_step, fault.lasts, *more)


def ordered(command: dict[str, Any]) -> Strike:
    """The fault that a command orders: it strikes now."""
    kind, late_s = command["kind"], float(command.get("latency", 0.0))
    worker, *others = STRUCK.get(kind) or command.get("workers") or (command["worker"],)
    factor = float(command.get("factor", 1.0 if late_s else FACTOR))
    more = (COMMAND, factor, late_s, tuple(others), float(command.get("room", 0.0)))
    return Strike(kind, worker, None, None, command.get("lasts"), *more)
