"""The far layer: the whole pipeline as plain rectangles and lines, painted in one go when it is seen from far away."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from PySide6.QtCore import QLineF, QRectF
from PySide6.QtGui import QPainter, QPen

from workbench.gui.canvas.ink import ink

if TYPE_CHECKING:
    from workbench.gui.canvas.scene import CanvasScene

BELOW = 0.35  # the zoom under which the items themselves are not painted any more


class Far:
    """Rectangles by colour and lines, made again when the scene has changed."""

    def __init__(self) -> None:
        self._boxes: dict[str, list[QRectF]] = {}
        self._chosen: list[QRectF] = []
        self._wrong: list[QRectF] = []
        self._lines: list[QLineF] = []

    def gather(self, scene: CanvasScene) -> None:
        """Take over where everything stands."""
        boxes: dict[str, list[QRectF]] = defaultdict(list)
        for node in scene.nodes.values():
            boxes[node.face.group if node.status is None else f"status {node.status.token}"].append(node.box())
        self._boxes = dict(boxes)
        self._chosen = [node.box() for node in scene.nodes.values() if node.isSelected()]
        self._wrong = [node.box() for node in scene.nodes.values() if node.problems]
        self._lines = [QLineF(*ends) for item in scene.links.values() if (ends := scene.ends_of(item.link))]

    def paint(self, painter: QPainter) -> None:
        look = ink()
        thin = QPen(look.line.color(), 0)
        painter.setPen(thin)
        painter.drawLines(self._lines)
        painter.setPen(look.none)
        for group, boxes in self._boxes.items():
            token = group.removeprefix("status ")
            colour = getattr(look.tokens, token) if token != group else look.tokens.of_group(group)
            painter.setBrush(look.brush(colour))
            painter.drawRects(boxes)
        painter.setBrush(look.brush(look.tokens.error))
        painter.drawRects([QRectF(box.right() - 40, box.top() - 20, 60, 60) for box in self._wrong])
        painter.setBrush(look.none.brush())
        painter.setPen(QPen(look.selected.color(), 0))
        painter.drawRects([box.adjusted(-12, -12, 12, 12) for box in self._chosen])
