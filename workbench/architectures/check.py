"""The check of a whole scenario: what the document, its stages and its architectures have to say about it, at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import BaseModel, ValidationError

from workbench.architectures import fault_traces, registry
from workbench.architectures.idle import idle
from workbench.architectures.job import build, is_training
from workbench.architectures.orchestration import LEADER, SOURCE
from workbench.architectures.reads import READERS
from workbench.architectures.resources import needs_of, suited
from workbench.architectures.ring import RingAllReduce
from workbench.architectures.team_level import hindrance
from workbench.catalogues.accelerators import ACCELERATORS
from workbench.document.problems import Problem, nearest
from workbench.document.scenario import Choice, Combination, Scenario, StageUse
from workbench.document.text import Document, read
from workbench.document.validation import problems_of
from workbench.stages.base import TrainingStage
from workbench.stages.check import check as check_stages
from workbench.stages.installed import unknown
from workbench.stages.registry import STAGES

ISLANDS = ("nvlink-island", "wide-area")  # topologies in which some workers are nearer to each other


def check_all(text: str, folder: Path) -> Document:
    """The document of a text, with every problem that stands between it and a run; `folder` is where it lies."""
    document = read(text)
    found = [*check_stages(document.scenario, folder), *check(document.scenario)]
    document = document.with_problems([*found, *fault_traces.problems(document.scenario, folder)])
    if document.refused:
        return document
    traced = fault_traces.with_traces(document.scenario, folder)
    notes = [note for combination in traced.architectures for note in idle(traced, combination)]
    return document.with_problems([*notes, *_of_team_level(traced)])


def check(scenario: Scenario) -> list[Problem]:
    """The problems of the cluster's accelerators and of the architectures to compare."""
    problems = []
    for index, pool in enumerate(scenario.cluster.workers):
        if isinstance(pool.accelerator, str) and pool.accelerator not in ACCELERATORS:
            values = {"name": pool.accelerator, "nearest": nearest(pool.accelerator, ACCELERATORS)}
            problems.append(Problem("unknown-accelerator", f"cluster.workers[{index}].accelerator", values))
    for name in set(scenario.cluster.names) & {LEADER, SOURCE, READERS}:
        problems.append(Problem("duplicate-worker", "cluster.workers", {"worker": name}))
    problems += _of_needs(scenario)
    for group in scenario.pipeline.groups:
        kinds = {stage: scenario.pipeline.stage(stage) for stage in group.stages if group.foreach}
        for stage in (id for id, use in kinds.items() if use is not None and is_training(use.use)):
            problems.append(Problem("foreach-trains", f"pipeline.groups[{group.id}].stages", {"stage": stage}))
    for combination in scenario.architectures:
        own = _of_combination(combination, len(scenario.cluster.names))
        problems += own or _of_algorithm(scenario, combination)
        problems += _leaderless(scenario, combination)
        problems += _of_event(scenario, combination)
        problems += _of_limits(scenario, combination)
    return problems + (_of_learning(scenario, problems) if scenario.run.learn else [])


def _of_team_level(scenario: Scenario) -> list[Problem]:
    """What stands against simulating every combination as a team, each reason once."""
    found: dict[str, Problem] = {}
    for combination in scenario.architectures if scenario.run.fidelity == "team" else ():
        if code := hindrance(scenario, combination, build(scenario, combination)):
            found.setdefault(code, Problem(code, "run.fidelity", {"combination": combination.id}))
    return list(found.values())


def _of_learning(scenario: Scenario, others: list[Problem]) -> list[Problem]:
    """What stands between a simulated run and the training of its model."""
    problems = []
    for use in scenario.pipeline.stages:
        kind = STAGES.get(use.use)
        if kind is not None and issubclass(kind, TrainingStage) and kind.simulated_only:
            problems.append(Problem("learns-nothing", f"pipeline.stages[{use.id}].use", {"stage": use.id}))
    for combination in () if others else scenario.architectures:
        training = combination.training
        if not registry.training(training.use, training.with_).learns:
            place = f"architectures[{combination.id}].training"
            problems.append(Problem("learns-not", place, {"combination": combination.id}))
    return problems


def _of_combination(combination: Combination, workers: int) -> list[Problem]:
    place = f"architectures[{combination.id}]"
    problems = _of_choice(combination.orchestration, "orchestration", registry.ORCHESTRATIONS, place)
    own = _of_choice(combination.training, "training", registry.TRAININGS, place)
    if not own:
        followers = (
            0
            if problems
            else registry.orchestration(combination.orchestration.use, combination.orchestration.with_).followers
        )
        workers = min(workers, followers or workers)
        needed = registry.training(combination.training.use, combination.training.with_).needed
        if needed > workers:
            values = {"combination": combination.id, "needed": needed, "has": workers}
            own = [Problem("too-few-workers", f"{place}.training", values)]
    return problems + own


def _of_algorithm(scenario: Scenario, combination: Combination) -> list[Problem]:
    """Where the network does not carry all-reduces as the combination wants them."""
    training = registry.training(combination.training.use, combination.training.with_)
    if not isinstance(training, RingAllReduce) or training.algorithm == "ring":
        return []
    place = f"architectures[{combination.id}].training.with.algorithm"
    network, followers = scenario.cluster.network, build(scenario, combination).followers
    values = {"algorithm": training.algorithm, "collectives": network.collectives, "topology": network.topology}
    problems = []
    if network.collectives.startswith("nccl"):
        problems.append(Problem("curve-of-rings", place, values))
    if training.algorithm == "hierarchical":
        team = set(followers[: training.members or len(followers)])
        islands = network.islands(scenario.cluster.names) if network.topology in ISLANDS else ()
        sizes = [size for size in (len(team.intersection(island)) for island in islands) if size]
        if len(sizes) < 2:
            problems.append(Problem("hierarchy-without-islands", place, values))
        elif len(set(sizes)) > 1:
            problems.append(Problem("hierarchy-uneven", place, {"sizes": ", ".join(map(str, sizes))}))
    return problems


def _leaderless(scenario: Scenario, combination: Combination) -> Iterator[Problem]:
    """Faults of a leader that strike a combination which has none."""
    kind = registry.ORCHESTRATIONS.get(combination.orchestration.use)
    if kind is None or LEADER in kind().deciders(()):
        return
    for index, fault in enumerate(scenario.faults):
        if fault.kind == "leader-crash" and (not fault.only or combination.id in fault.only):
            yield Problem("no-leader", f"faults[{index}].only", {"combination": combination.id})


def _of_event(scenario: Scenario, combination: Combination) -> Iterator[Problem]:
    """Re-runs by an event in a combination whose members could not know when all is done."""
    kind = registry.ORCHESTRATIONS.get(combination.orchestration.use)
    if scenario.workload.arrivals == "by-event" and kind is not None and not kind().submits_by_event:
        place = f"architectures[{combination.id}].orchestration.use"
        yield Problem("event-needs-leader", place, {"combination": combination.id})


def _of_needs(scenario: Scenario) -> Iterator[Problem]:
    """Stages that need more than any worker has."""
    for use in scenario.pipeline.stages:
        if suited(scenario.cluster, needs_of(use)) == frozenset():
            name = "gpus" if use.gpus else "memory"
            yield Problem("no-worker-suits", f"pipeline.stages[{use.id}].{name}", {"stage": use.id})


def _of_limits(scenario: Scenario, combination: Combination) -> Iterator[Problem]:
    """Retries and limits of stages where nobody knows of them."""
    kind = registry.ORCHESTRATIONS.get(combination.orchestration.use)
    if kind is None or kind().heeds_limits:
        return
    for use in scenario.pipeline.stages:
        for name in ("retries", "time_limit", "memory_limit", "cpus", "gpus", "memory"):
            if getattr(use, name) != StageUse.model_fields[name].default:
                place = f"pipeline.stages[{use.id}].{name}"
                yield Problem("limits-need-leader", place, {"name": name, "combination": combination.id})


def _of_choice(choice: Choice, side: str, known: Mapping[str, type[BaseModel]], place: str) -> list[Problem]:
    place = f"{place}.{side}"
    if choice.use in registry.NOT_YET[side]:
        return [
            Problem(
                f"not-yet-{side}", f"{place}.use", {"name": choice.use, "done": ", ".join(known)}, severity="not-yet"
            )
        ]
    if choice.use not in known:
        code, values = unknown(choice.use, known, f"unknown-{side}")
        return [Problem(code, f"{place}.use", values)]
    try:
        known[choice.use].model_validate(choice.with_)
    except ValidationError as error:
        return problems_of(error, choice.with_, known[choice.use], f"{place}.with")
    return []
