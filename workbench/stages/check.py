"""What can be wrong with the stages of a scenario: their kinds, parameters, ports and the types that links join."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from workbench.document.expectations import ExpectationError, parse
from workbench.document.metrics import OF, measured_by
from workbench.document.problems import Problem, nearest
from workbench.document.scenario import Link, Scenario, StageUse
from workbench.document.validation import problems_of
from workbench.stages.base import Port, Stage, TrainingStage
from workbench.stages.installed import unknown
from workbench.stages.registry import STAGES


def build(use: StageUse) -> Stage:
    """The stage that a scenario asks for; KeyError for an unknown kind, ValidationError for bad parameters."""
    return STAGES[use.use].model_validate(use.with_)


def check(scenario: Scenario, folder: Path) -> list[Problem]:
    """All problems of the scenario's stages at once; links to stages that do not exist are the document's to refuse."""
    problems: list[Problem] = []
    for use in scenario.pipeline.stages:
        problems += _of_stage(use, folder)
    for place, link in enumerate(scenario.pipeline.links):
        problems += _of_link(scenario, link, f"pipeline.links[{place}]")
    linked = {link.target for link in scenario.pipeline.links}
    for use in scenario.pipeline.stages:
        problems += _of_inputs(use, linked)
    return problems + _of_trainings(scenario) + _of_expectations(scenario)


def _of_stage(use: StageUse, folder: Path) -> list[Problem]:
    place = f"pipeline.stages[{use.id}]"
    if use.use not in STAGES:
        code, values = unknown(use.use, STAGES, "unknown-stage-kind")
        return [Problem(code, f"{place}.use", values)]
    try:
        stage = build(use)
    except ValidationError as error:
        return problems_of(error, use.with_, STAGES[use.use], f"{place}.with")
    return [
        Problem(own.code, f"{place}.with.{own.place}", own.values, severity=own.severity)
        for own in stage.problems(folder)
    ]


def _of_link(scenario: Scenario, link: Link, place: str) -> list[Problem]:
    ends = (
        _port(scenario, link.source_stage, link.source_port, "output", place),
        _port(scenario, link.target_stage, link.target_port, "input", place),
    )
    problems = [end for end in ends if isinstance(end, Problem)]
    source, target = ends
    if isinstance(source, Port) and isinstance(target, Port) and source.type != target.type:
        values = {
            "source": link.source,
            "source_type": source.type,
            "target": link.target,
            "target_type": target.type,
        }
        problems.append(Problem("port-types", place, values))
    return problems


def _port(scenario: Scenario, id: str, name: str, side: str, place: str) -> Port | Problem | None:
    """The port; a problem if the stage has none of that name; None if nothing is known of the stage."""
    use = scenario.pipeline.stage(id)
    if use is None or use.use not in STAGES:
        return None
    kind = STAGES[use.use]
    ports = {port.name: port for port in (kind.inputs if side == "input" else kind.outputs)}
    if name in ports:
        return ports[name]
    return Problem("unknown-port", place, {"stage": id, "side": side, "port": name, "nearest": nearest(name, ports)})


def _of_inputs(use: StageUse, linked: set[str]) -> list[Problem]:
    if use.use not in STAGES:
        return []
    return [
        Problem("input-missing", f"pipeline.stages[{use.id}]", {"port": port.name, "stage": use.id})
        for port in STAGES[use.use].inputs
        if not port.optional and f"{use.id}.{port.name}" not in linked
    ]


def _of_trainings(scenario: Scenario) -> list[Problem]:
    trainings = [
        use.id for use in scenario.pipeline.stages if use.use in STAGES and issubclass(STAGES[use.use], TrainingStage)
    ]
    if len(trainings) < 2:
        return []
    values = {"stages": ", ".join(trainings)}
    return [Problem("several-trainings", f"pipeline.stages[{trainings[1]}]", values, severity="not-yet")]


def _of_expectations(scenario: Scenario) -> list[Problem]:
    """Names of measurements that the stage at hand does not make."""
    problems = []
    for place, text in enumerate(scenario.expect):
        try:
            names = parse(text).names
        except ExpectationError:
            continue  # the document's to refuse
        for name in names:
            problems += _of_measure(scenario, f"expect[{place}]", name.metric)
    return problems


def _of_measure(scenario: Scenario, place: str, metric: str) -> list[Problem]:
    found = measured_by(metric, (use.id for use in scenario.pipeline.stages))
    if found is None:
        return []
    measure, id = found
    use = scenario.pipeline.stage(id)
    assert use is not None
    try:
        tells = build(use).tells()
    except (KeyError, ValidationError):
        return []  # told of the stage itself
    if measure in tells:
        return []
    near = nearest(measure, tells)
    return [Problem("unknown-metric", place, {"metric": metric, "nearest": f"{near}{OF}{id}" if near else ""})]
