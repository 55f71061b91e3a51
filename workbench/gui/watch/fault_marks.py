"""The shapes of faults, equal on charts and on the timeline: a shape and a word beside the colour."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetricsF, QPainter, QPen, QPolygonF

from workbench.gui import theme, words
from workbench.gui.watch.series import Mark

SIZE = 9.0
WORDS = ("crash", "freeze", "leader-crash", "silent", "deadlock", "stopped")
SAME_PLACE = 6.0  # pixels


def word(mark: Mark) -> str:
    """What happened, in the language of the window: `crash w1`."""
    said = words.say(f"watch.fault.{mark.kind if mark.kind in WORDS else 'other'}")
    return f"{said} {mark.worker}" if mark.worker and mark.kind != "leader-crash" else said


def colour(mark: Mark) -> QColor:
    tokens = theme.tokens()
    return QColor(tokens.warn_fill if mark.kind == "freeze" else tokens.error)


def shape(kind: str, x: float, y: float) -> QPolygonF:
    """A triangle that points down for a crash, a square for a freeze, a diamond for the leader, at its tip."""
    half = SIZE / 2
    if kind == "freeze":
        corners = [(-half, -SIZE), (half, -SIZE), (half, 0.0), (-half, 0.0)]
    elif kind == "leader-crash":
        corners = [(0.0, -SIZE - 1), (half + 1, -half), (0.0, 0.0), (-half - 1, -half)]
    else:
        corners = [(-half - 0.5, -SIZE), (half + 0.5, -SIZE), (0.0, 0.0)]
    return QPolygonF([QPointF(x + dx, y + dy) for dx, dy in corners])


def band(painter: QPainter, mark: Mark, left: float, right: float, top: float, bottom: float) -> None:
    """From the fault to the next progress: a faint band with an edge on its left."""
    tint = colour(mark)
    fill = QColor(tint)
    fill.setAlphaF(0.16 if theme.tokens().dark else 0.12)
    painter.fillRect(QRectF(left, top, max(1.0, right - left), bottom - top), QBrush(fill))
    painter.setPen(QPen(tint, 1))
    painter.drawLine(QPointF(left, top), QPointF(left, bottom))


def flag(painter: QPainter, mark: Mark, x: float, tip: float) -> None:
    """The shape of the fault with its tip at (`x`, `tip`)."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour(mark))
    painter.drawPolygon(shape(mark.kind, x, tip))


class Words:
    """Places the words of marks beside their shapes, and leaves out those that would lie on another."""

    def __init__(self, painter: QPainter, right_end: float) -> None:
        self._painter = painter
        self._right_end = right_end
        self._taken = -1e9
        self._said = ""
        self._metrics = QFontMetricsF(theme.font(theme.DETAIL))

    def put(self, mark: Mark, x: float, base: float) -> None:
        said = word(mark)
        width = self._metrics.horizontalAdvance(said)
        left = x + SIZE / 2 + 4
        if left + width > self._right_end:
            left = x - SIZE / 2 - 4 - width
        if left < self._taken or (said == self._said and x < self._taken):
            return
        self._painter.setFont(theme.font(theme.DETAIL))
        self._painter.setPen(theme.color(theme.tokens().text))
        self._painter.drawText(QPointF(left, base), said)
        self._taken = max(self._taken, left + width + 6)
        self._said = said
