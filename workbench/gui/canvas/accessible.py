"""The canvas for screen readers: its stages are children with names and with what they are joined to."""

from __future__ import annotations

from PySide6.QtCore import QObject, QRect
from PySide6.QtGui import QAccessible, QAccessibleInterface, QAccessibleObject
from PySide6.QtWidgets import QAccessibleWidget

from workbench.gui import words
from workbench.gui.canvas.node import NodeItem
from workbench.gui.canvas.view import CanvasView

_kept: dict[int, QAccessibleInterface] = {}  # Qt holds no reference that Python sees


class NodeAccess(QAccessibleObject):
    """One stage."""

    def _node(self) -> NodeItem:
        node = self.object()
        assert isinstance(node, NodeItem)
        return node

    def _view(self) -> CanvasView | None:
        scene = self._node().scene()
        views = scene.views() if scene is not None else []
        return views[0] if views and isinstance(views[0], CanvasView) else None

    def role(self) -> QAccessible.Role:
        return QAccessible.Role.Button

    def text(self, which: QAccessible.Text) -> str:
        if which == QAccessible.Text.Name:
            return self._node().objectName()
        if which == QAccessible.Text.Description:
            return "; ".join(self._links())
        return ""

    def _links(self) -> list[str]:
        view, id = self._view(), self._node().face.id
        if view is None:
            return []
        found = []
        for link in view.canvas.links:
            if link.target_stage == id:
                found.append(words.say("canvas.link.from", port=link.target_port, other=link.source))
            elif link.source_stage == id:
                found.append(words.say("canvas.link.to", port=link.source_port, other=link.target))
        return found

    def state(self) -> QAccessible.State:
        state = QAccessible.State()
        state.selectable = True
        state.selected = self._node().isSelected()
        return state

    def rect(self) -> QRect:
        view = self._view()
        if view is None:
            return QRect()
        box = view.mapFromScene(self._node().box()).boundingRect()
        return QRect(view.viewport().mapToGlobal(box.topLeft()), box.size())

    def parent(self) -> QAccessibleInterface | None:  # type: ignore[override]
        view = self._view()
        return QAccessible.queryAccessibleInterface(view) if view is not None else None

    def childCount(self) -> int:
        return 0

    def child(self, index: int) -> QAccessibleInterface | None:  # type: ignore[override]
        return None

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        return -1


class CanvasAccess(QAccessibleWidget):
    """The canvas, whose children are the stages in the order of the document."""

    def _nodes(self) -> list[NodeItem]:
        view = self.object()
        return list(view.canvas.nodes.values()) if isinstance(view, CanvasView) else []

    def role(self) -> QAccessible.Role:
        return QAccessible.Role.Canvas

    def childCount(self) -> int:
        return len(self._nodes())

    def child(self, index: int) -> QAccessibleInterface | None:  # type: ignore[override]
        nodes = self._nodes()
        return QAccessible.queryAccessibleInterface(nodes[index]) if 0 <= index < len(nodes) else None

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        return next((i for i, node in enumerate(self._nodes()) if node is child.object()), -1)


def _make(key: str, object: QObject) -> QAccessibleInterface | None:
    made: QAccessibleInterface | None = None
    if isinstance(object, NodeItem):
        made = NodeAccess(object)
    elif isinstance(object, CanvasView):
        made = CanvasAccess(object)
    if made is not None:
        _kept[id(object)] = made
    return made


def install() -> None:
    """Let Qt ask for these interfaces; once for the life of the program."""
    if not _installed:
        QAccessible.installFactory(_make)
        _installed.append(True)


_installed: list[bool] = []
