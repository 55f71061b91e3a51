"""Pens, brushes and fonts of the canvas, made once for each scheme, and the shapes that mark types and states."""

from functools import cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QPainterPath, QPen, QPolygonF

from workbench.gui import theme
from workbench.gui.theme import Tokens


class Ink:
    """Everything that items paint with in one scheme."""

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens
        self.title = theme.font(theme.BODY, QFont.Weight.DemiBold)
        self.label = theme.font(theme.SECONDARY)
        self.detail = theme.font(theme.DETAIL)
        self.panel = QBrush(QColor(tokens.panel))
        self.raised = QBrush(QColor(tokens.raised))
        self.line = QPen(QColor(tokens.line), 1)
        self.selected = QPen(QColor(tokens.accent), 2)
        self.wrong = QPen(QColor(tokens.error), 1.5)
        self.dashed = QPen(QColor(tokens.text2), 1.2, Qt.PenStyle.DashLine)
        self.text = QPen(QColor(tokens.text))
        self.text2 = QPen(QColor(tokens.text2))
        self.none = QPen(Qt.PenStyle.NoPen)

    @cache  # noqa: B019 - one Ink a scheme, for the life of the program
    def brush(self, colour: str) -> QBrush:
        return QBrush(QColor(colour))

    @cache  # noqa: B019
    def pen(self, colour: str, width: float = 2.0, dashed: bool = False) -> QPen:
        pen = QPen(QColor(colour), width, Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        return pen


@cache
def _ink(tokens: Tokens) -> Ink:
    return Ink(tokens)


def ink() -> Ink:
    """The ink of the scheme that is shown now."""
    return _ink(theme.tokens())


@cache
def metrics(pixels: int, strong: bool = False) -> QFontMetricsF:
    """Measures of a face of the canvas."""
    return QFontMetricsF(theme.font(pixels, QFont.Weight.DemiBold if strong else QFont.Weight.Normal))


def elided(text: str, width: float, pixels: int, strong: bool = False) -> str:
    """The text, cut with an ellipsis where it is wider than `width` pixels."""
    return metrics(pixels, strong).elidedText(text, Qt.TextElideMode.ElideRight, width)


@cache
def mark(port_type: str, radius: float) -> QPainterPath:
    """The shape of a type of port around the origin, so that types differ without colour too."""
    path = QPainterPath()
    r = radius
    if port_type == "dataset":
        path.addRoundedRect(QRectF(-r * 0.9, -r * 0.9, r * 1.8, r * 1.8), 1.5, 1.5)
    elif port_type == "model":
        path.addPolygon(
            QPolygonF([QPointF(0, -r * 1.2), QPointF(r * 1.2, 0), QPointF(0, r * 1.2), QPointF(-r * 1.2, 0)])
        )
        path.closeSubpath()
    elif port_type == "metrics":
        path.addPolygon(QPolygonF([QPointF(-r * 0.9, -r * 1.1), QPointF(r * 1.2, 0), QPointF(-r * 0.9, r * 1.1)]))
        path.closeSubpath()
    elif port_type == "file":
        path.addRect(QRectF(-r * 0.7, -r * 1.1, r * 1.4, r * 2.2))
    else:
        path.addEllipse(QPointF(0, 0), r, r)
    return path
