"""Hands for tests of the window: what a person does with mouse and keys."""

from PySide6.QtCore import QByteArray, QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication

from workbench.document.scenario import Link
from workbench.gui.canvas.panel import KIND_MIME
from workbench.gui.window import MainWindow


class Hands:
    """Works on one window."""

    def __init__(self, window: MainWindow, qtbot):
        self.window, self.qtbot = window, qtbot
        self.editor, self.canvas, self.view = window.editor, window.canvas, window.canvas.view

    @property
    def stages(self) -> list[str]:
        return [stage.id for stage in self.editor.scenario.pipeline.stages]

    @property
    def links(self) -> list[str]:
        return [f"{link.source} -> {link.target}" for link in self.editor.scenario.pipeline.links]

    def port(self, text: str, output: bool) -> QPoint:
        """Where a port such as `train.model` is on the viewport."""
        stage, port = text.split(".")
        return self.view.mapFromScene(self.view.canvas.nodes[stage].spot(port, output))

    def drag(self, start: QPoint, end: QPoint, modifier=Qt.KeyboardModifier.NoModifier) -> None:
        """Press, move by way of the middle, release."""
        surface = self.view.viewport()
        self.qtbot.mousePress(surface, Qt.MouseButton.LeftButton, modifier, start)
        for step in (1, 2, 3):
            self.qtbot.mouseMove(surface, start + (end - start) * step / 3)
        self.qtbot.mouseRelease(surface, Qt.MouseButton.LeftButton, modifier, end)

    def connect(self, source: str, target: str) -> None:
        """Draw a link with the mouse."""
        self.drag(self.port(source, True), self.port(target, False))

    def drop(self, kind: str, x: int, y: int) -> None:
        """Let a kind of stage from the palette fall on the canvas."""
        data = QMimeData()
        data.setData(KIND_MIME, QByteArray(kind.encode()))
        place, action = QPoint(x, y), Qt.DropAction.CopyAction
        buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        QApplication.sendEvent(self.view.viewport(), QDragEnterEvent(place, action, data, buttons, keys))
        QApplication.sendEvent(self.view.viewport(), QDropEvent(QPointF(place), action, data, buttons, keys))

    def key(self, key, modifier=Qt.KeyboardModifier.NoModifier) -> None:
        """A key for whatever has the focus."""
        self.qtbot.keyClick(self.window.focusWidget() or self.window, key, modifier)

    def do(self, command: str) -> None:
        self.window.commands.actions[command].trigger()

    def centre(self, stage: str) -> QPoint:
        """A place on the title of a stage."""
        return self.view.mapFromScene(self.view.canvas.nodes[stage].pos() + QPointF(60, 12))


def link(text: str) -> Link:
    return Link.model_validate(text)
