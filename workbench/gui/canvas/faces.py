"""What the canvas shows of a stage: its titles, group and ports, also where its kind is not known."""

from dataclasses import dataclass

from workbench.document.scenario import Scenario, StageUse
from workbench.gui import words
from workbench.stages.base import Port
from workbench.stages.registry import STAGES


@dataclass(frozen=True)
class Face:
    """The visible side of a stage. `known` is false for a placeholder, whose ports are those that its links name."""

    id: str
    title: str
    kind: str
    group: str
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    known: bool = True

    def port(self, name: str, output: bool) -> Port | None:
        return next((port for port in (self.outputs if output else self.inputs) if port.name == name), None)


def faces(scenario: Scenario) -> dict[str, Face]:
    """The faces of all stages by id."""
    used: dict[tuple[str, bool], list[str]] = {}
    for link in scenario.pipeline.links:
        used.setdefault((link.source_stage, True), []).append(link.source_port)
        used.setdefault((link.target_stage, False), []).append(link.target_port)
    return {stage.id: _face(stage, used) for stage in scenario.pipeline.stages}


def kind_title(kind: str) -> str:
    """The title of a kind of stage in the language of the window; the kind itself where it is not known."""
    known = STAGES.get(kind)
    return words.choose(known.title, known.title_ja) if known else kind


def _face(stage: StageUse, used: dict[tuple[str, bool], list[str]]) -> Face:
    kind = STAGES.get(stage.use)
    inputs = _with_named(kind.inputs if kind else (), used.get((stage.id, False), []))
    outputs = _with_named(kind.outputs if kind else (), used.get((stage.id, True), []))
    group = kind.group if kind else "unknown"
    return Face(stage.id, stage.label or stage.id, kind_title(stage.use), group, inputs, outputs, kind is not None)


def _with_named(ports: tuple[Port, ...], names: list[str]) -> tuple[Port, ...]:
    """The ports of the kind, and behind them those that links name although the kind has none so called."""
    known = {port.name for port in ports}
    extra = dict.fromkeys(name for name in names if name not in known)
    return ports + tuple(Port(name, "", optional=True) for name in extra)
