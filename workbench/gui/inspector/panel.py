"""The inspector: the form of what is selected, or of the scenario when nothing is."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from workbench.document.scenario import Link
from workbench.document.text import Document
from workbench.gui import theme, words
from workbench.gui.canvas.faces import faces
from workbench.gui.canvas.panel import stage_of
from workbench.gui.editor import Editor
from workbench.gui.inspector.scenario import ScenarioInspector
from workbench.gui.inspector.stage import StageInspector
from workbench.gui.parts import Button, Panel, Text
from workbench.gui.watch.kept import NONE, Results


class Inspector(Panel):
    """Follows the selection of the canvas. `wanted(command)` asks for a command by its id."""

    wanted = Signal(str)

    def __init__(self, editor: Editor) -> None:
        super().__init__("inspector.title")
        self._editor = editor
        self._stages: tuple[str, ...] = ()
        self._links: tuple[Link, ...] = ()
        self._results = NONE
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.body.addWidget(self._area)
        self.scenario = ScenarioInspector(editor)
        self.stage: StageInspector | None = None
        self._other: QWidget | None = None
        holder = QWidget()
        holder.setProperty("role", "clear")
        self._column = QVBoxLayout(holder)
        self._column.setContentsMargins(0, 0, 8, 0)
        self._column.addWidget(self.scenario)
        self._area.setWidget(holder)
        self._area.viewport().setAutoFillBackground(False)
        holder.setAutoFillBackground(False)
        editor.checked.connect(self._complain)
        theme.changed.connect(self._rebuild)
        words.changed.connect(self._complain)

    # --- told by the window ----------------------------------------------------------------------------------------

    def show_document(self, before: Document, after: Document) -> None:
        """Show the values of another document, keeping the form where it fits still."""
        self.scenario.show_scenario(after.scenario)
        use = after.scenario.pipeline.stage(self.stage.id) if self.stage else None
        if self.stage is not None and use is not None and use.use == self.stage.kind and len(self._stages) == 1:
            self.stage.show_use(use)
        else:
            self._rebuild()
        self._complain()

    def show_selection(self, stages: tuple[str, ...], links: tuple[Link, ...]) -> None:
        """Show the form of what is selected."""
        if (stages, links) == (self._stages, self._links):
            return
        self._stages, self._links = stages, links
        if self.stage is None or links or stages != (self.stage.id,):  # the stage of the form was only renamed
            self._rebuild()

    def show_results(self, results: Results) -> None:
        """What the stages made in the run that is shown."""
        self._results = results
        if self.stage is not None:
            self.stage.show_results(results)

    def focus_first(self) -> None:
        """Go to the first parameter of the stage."""
        if self.stage is not None:
            (self.stage.parameters if self.stage.parameters.fields else self.stage.about).focus()

    def focus_place(self, place: str) -> None:
        """Go to the field of a problem's place."""
        if self.stage is not None and stage_of(place, self._editor.scenario) == self.stage.id:
            name = place.split("].", 1)[-1].removeprefix("with.").split(".")[0].split("[")[0]
            (self.stage.parameters if ".with." in place else self.stage.about).focus(name)
        elif self.scenario.isVisible():
            self.scenario.focus_place(place)

    # --- what is shown ---------------------------------------------------------------------------------------------

    def _rebuild(self) -> None:
        for widget in (self.stage, self._other):
            if widget is not None:
                self._column.removeWidget(widget)
                widget.hide()
                widget.deleteLater()
        self.stage = self._other = None
        use = self._editor.scenario.pipeline.stage(self._stages[0]) if len(self._stages) == 1 else None
        if use is not None and not self._links:
            self.stage = StageInspector(self._editor, use, self._results)
            self._column.addWidget(self.stage)
            self.title.put("inspector.title-stage")
        elif self._stages or self._links:
            self._other = self._selection()
            self._column.addWidget(self._other)
            self.title.put("inspector.title-selection")
        else:
            self.title.put("inspector.title-scenario")
        self.scenario.setVisible(self.stage is None and self._other is None)
        self._area.verticalScrollBar().setValue(0)
        self._complain()

    def _selection(self) -> QWidget:
        """A link, or several things: what they are, and what can be done with all of them."""
        box = QWidget()
        box.setProperty("role", "clear")
        column = QVBoxLayout(box)
        column.setContentsMargins(0, 0, 0, 0)
        if len(self._links) == 1 and not self._stages:
            link = self._links[0]
            column.addWidget(Text("inspector.link", "", source=link.source, target=link.target))
            column.addWidget(Text(f"type.{self._type_of(link)}", "secondary"))
        else:
            column.addWidget(Text("inspector.several", "", stages=len(self._stages), links=len(self._links)))
        if self._stages:
            column.addWidget(Button("command.edit.duplicate", lambda: self.wanted.emit("edit.duplicate"), icon="copy"))
            column.addWidget(Button("command.edit.group", lambda: self.wanted.emit("edit.group"), icon="grid"))
        column.addWidget(Button("command.edit.delete", lambda: self.wanted.emit("edit.delete"), "danger", "delete"))
        column.addStretch(1)
        return box

    def _type_of(self, link: Link) -> str:
        source = faces(self._editor.scenario).get(link.source_stage)
        port = source.port(link.source_port, True) if source else None
        return (port.type if port else "") or "unknown"

    def _complain(self) -> None:
        if self.stage is not None:
            self.stage.complain()
        self.scenario.complain(self._editor.problems)
