"""What is shown of a scenario when no stage is selected: every part of the question except its pipeline."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from pydantic import BaseModel
from PySide6.QtWidgets import QVBoxLayout, QWidget

from workbench.architectures.registry import ORCHESTRATIONS, TRAININGS
from workbench.catalogues.accelerators import ACCELERATORS
from workbench.document import edits
from workbench.document import scenario as models
from workbench.document.problems import Problem
from workbench.document.scenario import Accelerator, Combination, Fault, Scenario, WorkerPool
from workbench.gui.editor import Editor
from workbench.gui.inspector.fields import ChoiceField
from workbench.gui.inspector.sections import ListPart, ModelPart, Part, TextsPart, Where, place_of, section
from workbench.gui.inspector.specs import Spec
from workbench.gui.parts import Section

SIDES: dict[str, Mapping[str, type[BaseModel]]] = {"orchestration": ORCHESTRATIONS, "training": TRAININGS}


class AcceleratorPart(Part):
    """An accelerator by its name in the catalogue, or by figures, whose fields then follow."""

    def __init__(self, editor: Editor, path: Where) -> None:
        super().__init__()
        self.setProperty("role", "clear")
        self._figures = ModelPart(
            editor, Accelerator, (*path, "accelerator"), place=lambda: f"{place_of(path)}.accelerator"
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._figures)
        self._path = path

    def show_scenario(self, scenario: Scenario) -> None:
        by_figures = isinstance(edits.get_field(scenario, (*self._path, "accelerator")), Accelerator)
        self.setVisible(by_figures)
        if by_figures:
            self._figures.show_scenario(scenario)

    def complain(self, problems: Sequence[Problem]) -> None:
        if not self.isHidden():
            self._figures.complain(problems)

    def focus_place(self, place: str) -> bool:
        return not self.isHidden() and self._figures.focus_place(place)


class ScenarioInspector(QWidget):
    """All sections; `show_scenario` puts a scenario into them."""

    def __init__(self, editor: Editor) -> None:
        super().__init__()
        self.setProperty("role", "clear")
        self._editor = editor
        self._parts: list[tuple[Section, Part]] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        for key, parts, folded in self._sections():
            box = section(key, parts, folded)
            column.addWidget(box)
            self._parts += [(box, part) for part in parts]
        column.addStretch(1)

    def _sections(self) -> list[tuple[str, list[Part], bool]]:
        editor = self._editor
        where: Where = ("cluster", "workers")
        pools = ListPart(editor, where, self._pool, self._fresh_pool, "inspector.add-pool", _pool_title, _figures, 1)
        where = ("architectures",)
        add = "inspector.add-combination"
        ways = ListPart(editor, where, self._combination, self._fresh_combination, add, _way_title, _uses, 1)
        faults = ListPart(editor, ("faults",), self._fault, self._fresh_fault, "inspector.add-fault", _fault_title)
        expect = TextsPart(editor, ("expect",), self._fresh_expectation, "inspector.add-expectation", "section.expect")
        return [
            ("section.scenario", [ModelPart(editor, Scenario, (), ("name", "description"))], False),
            ("section.architectures", [ways], False),
            ("section.cluster", [pools], False),
            ("section.network", [ModelPart(editor, models.Network, ("cluster", "network"))], False),
            ("section.faults", [faults], False),
            ("section.expect", [expect], False),
            ("section.run", [ModelPart(editor, models.RunSettings, ("run",))], False),
            ("section.workload", [ModelPart(editor, models.Workload, ("workload",))], True),
        ]

    # --- one card of each list -------------------------------------------------------------------------------------

    def _pool(self, which: int, pool: WorkerPool) -> list[Part]:
        path: Where = ("cluster", "workers", which)
        accelerator = ChoiceField(Spec("accelerator", "choice", choices=tuple(ACCELERATORS)), open_ended=True)
        names = ("id", "count", "accelerator", "memory", "speed", "variation", "bandwidth")
        own = {"accelerator": accelerator}
        by_name = not isinstance(pool.accelerator, Accelerator)
        head = ModelPart(self._editor, WorkerPool, path, names, own if by_name else None)
        return [head] if by_name else [head, AcceleratorPart(self._editor, path)]

    def _combination(self, which: int, combination: Combination) -> list[Part]:
        path: Where = ("architectures", which)

        def place() -> str:
            return f"architectures[{self._editor.scenario.architectures[which].id}]"

        parts: list[Part] = [ModelPart(self._editor, Combination, path, ("id", "label"), place=place)]
        for side, known in SIDES.items():
            choice = getattr(combination, side)
            own = {"use": ChoiceField(Spec("use", "choice", choices=tuple(known)))}
            at_side = partial(_inside, place, side)
            use = ModelPart(self._editor, models.Choice, (*path, side), ("use",), own, at_side)
            use.form.relabel("use", f"field.{side}")
            parts.append(use)
            model = known.get(choice.use)
            if model is not None:
                at_with = partial(_inside, place, f"{side}.with")
                parts.append(ModelPart(self._editor, model, (*path, side, "with"), place=at_with))
        return parts

    def _fault(self, which: int, fault: Fault) -> list[Part]:
        worker = ChoiceField(Spec("worker", "choice", choices=("", *self._editor.scenario.cluster.names)), True)
        return [ModelPart(self._editor, Fault, ("faults", which), own={"worker": worker})]

    # --- what a new one is -------------------------------------------------------------------------------------------

    def _fresh_pool(self, scenario: Scenario) -> BaseModel:
        return WorkerPool(id=edits.free_name("pool", [pool.id for pool in scenario.cluster.workers]))

    def _fresh_combination(self, scenario: Scenario) -> BaseModel:
        used = {combination.training.use for combination in scenario.architectures}
        training = next((name for name in TRAININGS if name not in used), next(iter(TRAININGS)))
        name = edits.free_name("way", [combination.id for combination in scenario.architectures])
        return Combination(id=name, training=models.Choice(use=training))

    def _fresh_fault(self, scenario: Scenario) -> BaseModel:
        return Fault(kind="crash", worker=scenario.cluster.names[-1], at=1.0)

    def _fresh_expectation(self, scenario: Scenario) -> str:
        return f"{scenario.architectures[0].id}.samples_per_second > 100" if scenario.architectures else ""

    # --- shown and told ----------------------------------------------------------------------------------------------

    def show_scenario(self, scenario: Scenario) -> None:
        for _, part in self._parts:
            part.show_scenario(scenario)

    def complain(self, problems: Sequence[Problem]) -> None:
        for _, part in self._parts:
            part.complain(problems)

    def focus_place(self, place: str) -> bool:
        """Unfold the section of a problem's place and put the focus there."""
        for box, part in self._parts:
            if part.focus_place(place):
                box.fold(False)
                part.focus_place(place)
                return True
        return False


def _inside(place: Callable[[], str], name: str) -> str:
    return f"{place()}.{name}"


def _pool_title(pool: WorkerPool) -> str:
    last = f" … {pool.id}{pool.count - 1}" if pool.count > 1 else ""
    return f"{pool.id}0{last}"


def _figures(pool: WorkerPool) -> object:
    return isinstance(pool.accelerator, Accelerator)


def _way_title(combination: Combination) -> str:
    return combination.label or combination.id


def _fault_title(fault: Fault) -> str:
    return f"{fault.kind} {fault.worker}".strip()


def _uses(combination: Any) -> object:
    """What the card of a combination depends on: other architectures have other parameters."""
    return combination.orchestration.use, combination.training.use
