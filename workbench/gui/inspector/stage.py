"""The inspector of one stage: its title and parameters, what it is, its ports, and how it went in the last run."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from workbench.document import edits
from workbench.document.scenario import StageUse
from workbench.gui import icons, theme, words
from workbench.gui.canvas.faces import kind_title
from workbench.gui.editor import Editor
from workbench.gui.inspector.form import Form, merge_key
from workbench.gui.inspector.result import StageResult
from workbench.gui.inspector.specs import Spec, specs
from workbench.gui.parts import Section
from workbench.gui.watch.kept import NONE, Results
from workbench.stages.registry import STAGES

LIMITS = ("retries", "backoff", "time_limit", "memory_limit", "cpus", "gpus", "memory")
ABOUT = (
    Spec("id", "text"),
    Spec("label", "text", default=""),
    Spec("cost_factor", "number", default=1.0, least=0.0),
    Spec("when", "text", default=""),
    Spec("assume", "other", default={}),
    *(spec for spec in specs(StageUse) if spec.name in LIMITS),
)


class StageInspector(QWidget):
    """Edits one stage; it is made anew for another stage or another kind."""

    def __init__(self, editor: Editor, use: StageUse, results: Results = NONE) -> None:
        super().__init__()
        self.setProperty("role", "clear")
        self._editor = editor
        self.id, self.kind = use.id, use.use
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addLayout(self._head(use))
        known = STAGES.get(use.use)
        self._doc = QLabel()
        self._doc.setProperty("role", "secondary")
        self._doc.setWordWrap(True)
        column.addWidget(self._doc)
        self.parameters = Form(specs(known) if known else _kept(use), editor.folder)
        self.parameters.edited.connect(self._set_parameter)
        if self.parameters.fields:
            section = Section("inspector.parameters")
            section.body.addWidget(self.parameters)
            column.addWidget(section)
        self.result = StageResult(use.id)
        section = Section("result.title")
        section.body.addWidget(self.result)
        column.addWidget(section)
        self.about = Form(ABOUT)
        self.about.edited.connect(self._set_about)
        section = Section("inspector.stage", folded=bool(self.parameters.fields))
        section.body.addWidget(self.about)
        column.addWidget(section)
        column.addStretch(1)
        words.changed.connect(self._speak)
        self._speak()
        self.show_use(use)
        self.show_results(results)

    def show_results(self, results: Results) -> None:
        """Show what the stage made in the run that is shown."""
        self.result.show_results(results, self._editor.scenario)

    def _head(self, use: StageUse) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        group = STAGES[use.use].group if use.use in STAGES else "unknown"
        mark = QLabel()
        mark.setPixmap(icons.icon(group, theme.tokens().of_group(group)).pixmap(18, 18))
        self._title = QLabel()
        self._title.setProperty("role", "title")
        self._kind = QLabel()
        self._kind.setProperty("role", "secondary")
        row.addWidget(mark)
        row.addWidget(self._title)
        row.addStretch(1)
        row.addWidget(self._kind)
        return row

    def _speak(self) -> None:
        known = STAGES.get(self.kind)
        self._kind.setText(kind_title(self.kind))
        self._doc.setText(
            words.choose(known.doc, known.doc_ja) if known else words.say("inspector.unknown", kind=self.kind)
        )

    def show_use(self, use: StageUse) -> None:
        """Show the stage as it is now."""
        self._title.setText(use.label or use.id)
        self.parameters.put(use.with_)
        about = {"id": use.id, "label": use.label, "cost_factor": use.cost_factor, "when": use.when}
        limits = {name: getattr(use, name) for name in LIMITS}
        self.about.put(about | {"assume": use.assume} | limits)

    def complain(self) -> None:
        place = f"pipeline.stages[{self.id}]"
        self.parameters.complain(self._editor.problems, f"{place}.with")
        self.about.complain(self._editor.problems, place)

    def _set_parameter(self, name: str, value: Any, typing: int) -> None:
        merge = merge_key(f"{self.id}.with.{name}", self.parameters.fields[name], typing)
        self._editor.edit(edits.set_parameter(self._editor.scenario, self.id, name, value), merge=merge)

    def _set_about(self, name: str, value: Any, typing: int) -> None:
        scenario = self._editor.scenario
        field = self.about.fields[name]
        merge = merge_key(f"{self.id}.{name}", field, typing)
        try:
            if name == "id":
                after = edits.rename_stage(scenario, self.id, value or "")
                self.id = value
            else:
                at = next(i for i, stage in enumerate(scenario.pipeline.stages) if stage.id == self.id)
                after = edits.set_field(scenario, ("pipeline", "stages", at, name), value)
        except ValueError:
            field.complain([words.say(f"refuse.{name}")])
            return
        field.complain([])
        self._editor.edit(after, merge=merge)


def _kept(use: StageUse) -> list[Spec]:
    """The parameters of a stage whose kind is not known: what the file says, as it says it."""
    return [Spec(name, "other") for name in use.with_]
