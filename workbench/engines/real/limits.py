"""What a real run cannot do yet, by name: it is refused before anything starts, never left out."""

from __future__ import annotations

from workbench.architectures import registry
from workbench.architectures.orchestration import HEARTBEAT_S
from workbench.document.flow import metrics_asked
from workbench.document.scenario import Combination, Pipeline, Scenario
from workbench.engines.real import room
from workbench.engines.real.links import OF_LINKS
from workbench.stages.base import TrainingStage
from workbench.stages.check import build
from workbench.stages.parts import PARTED
from workbench.stages.registry import STAGES

TOPOLOGIES = ("switch",)


def _of_questions(scenario: Scenario) -> list[str]:
    """Metrics that conditions or the event ask for, and that no work measures."""
    said = []
    for id, metrics in metrics_asked(scenario.pipeline, scenario.workload).items():
        use = scenario.pipeline.stage(id)
        told = build(use).tells() if use is not None else ()
        for metric in metrics:
            if metric not in told:
                knows = f"it measures {', '.join(told)}" if told else "it measures nothing"
                said.append(f"{metric} of the stage '{id}', about which is asked, can only be simulated; {knows}")
    return said


def _of_groups(pipeline: Pipeline) -> list[str]:
    """Groups that run for every item of what has no rows, and items that no stage can be given together."""
    said = []
    within = {stage: group for group in pipeline.groups if group.foreach for stage in group.stages}
    for group in pipeline.groups:
        if group.foreach and _type_of(pipeline, group.foreach) not in PARTED:
            said.append(f"a group over {group.foreach}, which has no rows, can only be simulated")
    for link in pipeline.links:
        leads_out = link.source_stage in within and within.get(link.target_stage) is not within[link.source_stage]
        if leads_out and (kind := _type_of(pipeline, link.source)) not in PARTED:
            said.append(f"a {kind} of every item ({link.source}), given to {link.target_stage}, can only be simulated")
    return said


def _type_of(pipeline: Pipeline, end: str) -> str:
    id, _, name = end.partition(".")
    use = pipeline.stage(id)
    return next(port.type for port in STAGES[use.use].outputs if port.name == name) if use else ""


def refusals(scenario: Scenario, combination: Combination) -> list[str]:
    """One sentence for everything in this combination that only a simulated run carries out."""
    said = []
    training = registry.training(combination.training.use, combination.training.with_)
    if "real" not in training.engines:
        said.append(f"'{combination.id}' trains by {training.title} with parameters that only a simulated run knows")
    orchestration = registry.orchestration(combination.orchestration.use, combination.orchestration.with_)
    if "real" not in orchestration.engines:
        said.append(f"'{combination.id}' is orchestrated as {orchestration.title}, which can only be simulated")
    if orchestration.heartbeat != HEARTBEAT_S:
        said.append("a heartbeat of its own can only be simulated; a real loss is known when a pipe closes")
    if combination.orchestration.with_.get("election"):
        said.append("the election of a new leader can only be simulated; a real one is started again")
    for stage in scenario.pipeline.stages:
        kind = STAGES.get(stage.use)
        if kind is None or not issubclass(kind, TrainingStage):
            continue
        if kind.simulated_only:
            said.append(f"the stage '{stage.id}' ({kind.title}) can only be simulated")
        elif training.holds != "everything" and not kind.in_parts:
            parts = f"'{combination.id}' ({training.title}) deals out the model of '{stage.id}' ({kind.title})"
            said.append(f"{parts}, which can only be simulated; a perceptron can be dealt out for real")
    said += _of_questions(scenario)
    said += _of_groups(scenario.pipeline)
    said += room.refusals(scenario.pipeline)
    topology = scenario.cluster.network.topology
    if topology not in TOPOLOGIES:
        said.append(f"a network of topology '{topology}' can only be simulated")
    if scenario.cluster.network.collectives.startswith("nccl"):
        said.append("collectives by a curve measured with NCCL can only be simulated")
    if scenario.cluster.network.sharing == "fair":
        said.append("links that are shared fairly can only be simulated; a real network shares as it does")
    for fault in scenario.faults:
        if fault.only and combination.id not in fault.only:
            continue
        if fault.kind in OF_LINKS and scenario.run.links == "local":
            said.append(f"a fault of kind '{fault.kind}' can only be simulated, unless links are shaped (run.links)")
    return list(dict.fromkeys(said))
