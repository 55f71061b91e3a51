"""A link on the canvas: a curve from an output to an input, in the colour of what it carries."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPainterPathStroker
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from workbench.document.scenario import Link
from workbench.gui.canvas.ink import ink
from workbench.gui.canvas.routing import curve


class LinkItem(QGraphicsItem):
    """A link. `wrong` draws it dashed in the colour of errors."""

    def __init__(self, link: Link, port_type: str) -> None:
        super().__init__()
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIsSelectable)
        self.link, self.port_type = link, port_type
        self.wrong = False
        self._path = QPainterPath()
        self._shape: QPainterPath | None = None
        self._bounds = QRectF()

    def lay(self, path: QPainterPath) -> None:
        """Run along a path of the scene."""
        if path == self._path:
            return
        self.prepareGeometryChange()
        self._path = path
        self._bounds = self._path.controlPointRect().adjusted(-6, -6, 6, 6)
        self._shape = None

    def boundingRect(self) -> QRectF:
        return self._bounds

    def shape(self) -> QPainterPath:
        if self._shape is None:
            stroker = QPainterPathStroker()
            stroker.setWidth(12)
            self._shape = stroker.createStroke(self._path)
        return self._shape

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        look = ink()
        colour = look.tokens.error if self.wrong else look.tokens.of_type(self.port_type)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self.isSelected():
            painter.setPen(look.pen(look.tokens.accent, 5.0))
            painter.setOpacity(0.45)
            painter.drawPath(self._path)
            painter.setOpacity(1.0)
        painter.setPen(look.pen(colour, 2.0, self.wrong))
        painter.drawPath(self._path)


class DraftLink(QGraphicsItem):
    """The link that is being drawn."""

    def __init__(self, port_type: str) -> None:
        super().__init__()
        self.setZValue(3)
        self._type = port_type
        self._path = QPainterPath()

    def lay(self, start: QPointF, end: QPointF) -> None:
        self.prepareGeometryChange()
        self._path = curve(start, end)

    def boundingRect(self) -> QRectF:
        return self._path.controlPointRect().adjusted(-6, -6, 6, 6)

    def shape(self) -> QPainterPath:
        return QPainterPath()

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        look = ink()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(look.pen(look.tokens.of_type(self._type), 2.5))
        painter.drawPath(self._path)
