"""The canvas as the window sees it: the view with what lies over it, and its keys."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QKeyEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout

from workbench.document.problems import Problem
from workbench.document.scenario import Link, Scenario
from workbench.document.text import Document
from workbench.gui import theme, words
from workbench.gui.canvas import accessible, doing, keyboard
from workbench.gui.canvas.faces import kind_title
from workbench.gui.canvas.rules import End
from workbench.gui.canvas.status import StageFact
from workbench.gui.canvas.view import STEP, CanvasView
from workbench.gui.editor import Editor
from workbench.gui.finder import Choice, Finder
from workbench.gui.parts import Button, IconButton, Text
from workbench.stages.registry import STAGES

KIND_MIME = "application/x-workbench-kind"
HINT_MS = 5000


class Canvas(QFrame):
    """The pipeline, editable. `selected(stages, links)` is told when the selection has changed."""

    selected = Signal(tuple, tuple)
    entered = Signal(str)  # Enter on a stage: its parameters are wanted

    def __init__(self, editor: Editor) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self.editor = editor
        accessible.install()
        self.view = CanvasView(editor, self)
        self.scene = self.view.canvas
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 1)
        column.addWidget(self.view)
        self.view.setAcceptDrops(True)
        self.view.viewport().installEventFilter(self)
        self.view.installEventFilter(self)
        self.setFocusProxy(self.view)
        self.finder: Finder | None = None
        self._joining: keyboard.Joining | None = None
        self._fit_at_first_sight = True
        self._build_overlays()
        self.scene.chosen.connect(self._tell_selection)
        self.view.asked.connect(self.offer_stages)
        editor.refused.connect(self.tell)
        words.changed.connect(self._speak)
        self._speak()

    def _build_overlays(self) -> None:
        self.hint = QLabel(self)
        self.hint.setProperty("role", "hint")
        self.hint.hide()
        self._hint_timer = QTimer(self)
        self._hint_timer.setSingleShot(True)
        self._hint_timer.setInterval(HINT_MS)
        self._hint_timer.timeout.connect(self.hint.hide)
        self.empty = QFrame(self)
        column = QVBoxLayout(self.empty)
        column.setSpacing(10)
        title = Text("empty.title", "figure")
        text = Text("empty.text", "secondary")
        for label in (title, text):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(label)
        row = QHBoxLayout()
        row.addStretch(1)
        self.first_stage = Button("empty.add", lambda: self.offer_stages(self.view.middle(), None), "primary", "plus")
        self.example = Button("empty.example", lambda: None, icon="open")
        row.addWidget(self.first_stage)
        row.addWidget(self.example)
        row.addStretch(1)
        column.addSpacing(4)
        column.addLayout(row)
        self._build_zoom()

    def _build_zoom(self) -> None:
        self.zoom_bar = QFrame(self)
        self.zoom_bar.setProperty("role", "panel")
        row = QHBoxLayout(self.zoom_bar)
        row.setContentsMargins(3, 3, 3, 3)
        row.setSpacing(0)
        row.addWidget(IconButton("command.view.zoom-out", "minus", lambda: self.view.zoom_by(1 / STEP)))
        self._zoom_text = QLabel("100 %")
        self._zoom_text.setProperty("role", "detail")
        self._zoom_text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._zoom_text.setMinimumWidth(42)
        row.addWidget(self._zoom_text)
        row.addWidget(IconButton("command.view.zoom-in", "plus", lambda: self.view.zoom_by(STEP)))
        row.addWidget(IconButton("command.view.fit", "fit", self.view.fit))
        self.view.zoomed.connect(lambda zoom: self._zoom_text.setText(f"{zoom:.0%}".replace("%", " %")))

    def _speak(self) -> None:
        for part in (self.view, self.view.viewport()):
            part.setAccessibleName(words.say("canvas.name"))
        self.view.setAccessibleDescription(words.say("canvas.keys"))

    # --- documents, problems, runs -----------------------------------------------------------------------------------

    def show_document(self, before: Document, after: Document) -> None:
        """Draw what differs; another file is shown from its beginning."""
        self._end_joining()
        self.view.cancel_gesture()
        self.scene.show_scenario(after.scenario)
        self.empty.setVisible(not after.scenario.pipeline.stages)
        self._lay_overlays()

    def look_at_all(self) -> None:
        """Bring the pipeline into view, at a size that can be read."""
        self._fit_at_first_sight = not self.isVisible()
        self.view.fit(0.85)

    def show_problems(self, problems: Sequence[Problem]) -> None:
        """Mark the stages that have problems."""
        by_stage: dict[str, list[Problem]] = {}
        for problem in problems:
            if stage := stage_of(problem.place, self.scene.scenario):
                by_stage.setdefault(stage, []).append(problem)
        self.scene.show_problems(by_stage)

    def show_status(self, facts: Mapping[str, StageFact], shares: Mapping[str, float] | None = None) -> None:
        """Show how each stage stands in a run, and how much of its work is done where that is known (0 to 1)."""
        self.scene.show_status(facts, shares or {})

    # --- selection ---------------------------------------------------------------------------------------------------

    def select(self, stages: Iterable[str] = (), links: Iterable[Link] = ()) -> None:
        """Select these, and bring them into view."""
        chosen = [id for id in stages if id in self.scene.nodes]
        self.scene.select(chosen, links)
        for id in chosen[:1]:
            self.view.ensureVisible(self.scene.nodes[id], 60, 60)

    def _tell_selection(self) -> None:
        stages = self.scene.selected_stages()
        if self.view.at not in stages:
            self.view.at = stages[-1] if stages else None
        self.selected.emit(stages, self.scene.selected_links())

    # --- stages to add -----------------------------------------------------------------------------------------------

    def offer_stages(self, place: QPointF, start: End | None) -> None:
        """Open the list of stages at a place of the scene: those that fit `start`, or all."""
        assert self.finder is not None, "the window gives the canvas its finder"
        choices = [
            Choice(
                kind_title(kind),
                partial(doing.place, self.view, kind, place, start),
                detail=words.say(f"group.{STAGES[kind].group}"),
                icon=STAGES[kind].group,
                token=theme.tokens().of_group(STAGES[kind].group),
                also=f"{kind} {STAGES[kind].title}",
            )
            for kind in doing.kinds_for(self.view, start)
        ]
        spot = self.view.viewport().mapTo(self.finder.over, self.view.mapFromScene(place))
        self.finder.open(words.say("finder.stage"), choices, spot + QPoint(8, 8), 320)

    # --- keys, drops and what lies over the view ---------------------------------------------------------------------

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        match event:
            case QKeyEvent() if event.type() == QEvent.Type.KeyPress and watched is self.view:
                return self._key(event)
            case QDragEnterEvent() | QDragMoveEvent() if event.mimeData().hasFormat(KIND_MIME):
                event.acceptProposedAction()
                return True
            case QDropEvent() if event.mimeData().hasFormat(KIND_MIME):
                kind = bytes(event.mimeData().data(KIND_MIME).data()).decode()
                place = self.view.mapToScene(event.position().toPoint()) - QPointF(80, 16)
                doing.place(self.view, kind, place)
                self.view.setFocus()
                event.acceptProposedAction()
                return True
            case _:
                return False

    def _key(self, event: QKeyEvent) -> bool:
        key = Qt.Key(event.key())
        if self._joining is not None:
            return self._key_joining(key)
        arrow = _ARROWS.get(key)
        chosen = self.scene.selected_stages()
        if arrow and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            keyboard.nudge(self.view, *arrow)
        elif arrow:
            keyboard.walk(self.view, *arrow, extend=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        elif key == Qt.Key.Key_Escape:
            if not self.view.cancel_gesture():
                self.scene.select()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and chosen:
            self.entered.emit(chosen[-1])
        else:
            return False
        return True

    def _key_joining(self, key: Qt.Key) -> bool:
        joining = self._joining
        assert joining is not None
        if key in _ARROWS:
            joining.step(sum(_ARROWS[key]))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            if joining.take():
                self._end_joining()
                return True
        elif key == Qt.Key.Key_Escape:
            self._end_joining()
            return True
        else:
            return True
        self.tell(joining.hint(), stays=True)
        return True

    def begin_joining(self) -> None:
        """Start to make a link by keys from the selected stage."""
        chosen = self.scene.selected_stages()
        if not chosen:
            self.tell(words.say("join.select"))
            return
        self._end_joining()
        joining = keyboard.Joining(self.view, chosen[-1])
        if not joining.over:
            self._joining = joining
            self.view.setFocus()
            self.tell(joining.hint(), stays=True)

    def _end_joining(self) -> None:
        if self._joining is not None:
            self._joining.end()
            self._joining = None
            self.hint.hide()

    def tell(self, text: str, stays: bool = False) -> None:
        """Say something in a strip at the bottom of the canvas, for a moment or until the next thing is said."""
        self.hint.setText(text)
        self.hint.adjustSize()
        self._lay_overlays()
        self.hint.show()
        self.hint.raise_()
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self.view, text))
        self._hint_timer.stop()
        if not stays:
            self._hint_timer.start()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_overlays()
        if self._fit_at_first_sight and self.isVisible():
            self.look_at_all()

    def _lay_overlays(self) -> None:
        self.empty.adjustSize()
        middle = self.rect().center()
        self.empty.move(middle - self.empty.rect().center())
        self.zoom_bar.adjustSize()
        self.zoom_bar.move(self.width() - self.zoom_bar.width() - 12, self.height() - self.zoom_bar.height() - 12)
        self.hint.move(middle.x() - self.hint.width() // 2, self.height() - self.hint.height() - 16)


def stage_of(place: str, scenario: Scenario) -> str:
    """The stage that a problem's place is about: one that is named, or the one where a link ends; else empty.

    Places are like `pipeline.stages[train].with.epochs` and `pipeline.links[2]`.
    """
    match = _PLACE.match(place)
    if not match:
        return ""
    if match["part"] == "stages":
        return match["which"]
    links = scenario.pipeline.links
    return links[int(match["which"])].target_stage if int(match["which"]) < len(links) else ""


_PLACE = re.compile(r"pipeline\.(?P<part>stages|links)\[(?P<which>[^\]]+)\]")
_ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
