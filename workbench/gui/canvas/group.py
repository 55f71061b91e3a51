"""A group on the canvas: a titled box around its stages, behind everything."""

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter, QPainterPath
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from workbench.document.scenario import Group
from workbench.gui import theme
from workbench.gui.canvas.ink import ink

AROUND, TOP = 24, 40


class GroupItem(QGraphicsItem):
    """A group; the scene says where its stages stand."""

    def __init__(self, group: Group) -> None:
        super().__init__()
        self.setZValue(-2)
        self.shown = group
        self._box = QRectF()

    def surround(self, boxes: list[QRectF]) -> None:
        """Enclose these boxes."""
        self.prepareGeometryChange()
        whole = QRectF()
        for box in boxes:
            whole = whole.united(box)
        self._box = whole.adjusted(-AROUND, -TOP, AROUND, AROUND) if boxes else QRectF()

    def boundingRect(self) -> QRectF:
        return self._box.adjusted(-2, -2, 2, 2)

    def shape(self) -> QPainterPath:
        return QPainterPath()  # a group lets the pointer through to what it encloses

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        if self._box.isEmpty():
            return
        look = ink()
        painter.setPen(look.pen(look.tokens.line, 1.2, True))
        painter.setBrush(theme.color(look.tokens.accent, 0.05))
        painter.drawRoundedRect(self._box, 12, 12)
        painter.setFont(look.label)
        painter.setPen(look.text2)
        title = self.shown.label or self.shown.id
        painter.drawText(self._box.topLeft() + QPointF(14, 22), title)
