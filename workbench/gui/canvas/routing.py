"""The way of a link between boxes: a plain curve, or one that goes around the boxes which stand in it."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainterPath

AIR = 14  # between a link and the boxes that it passes
TRIES = 4


def curve(start: QPointF, end: QPointF) -> QPainterPath:
    """The way with nothing in it: it leaves to the right and arrives from the left."""
    across = end.x() - start.x()
    bend = max(36.0, across / 2) if across > 0 else min(160.0, 48 - across / 3)
    path = QPainterPath(start)
    path.cubicTo(start + QPointF(bend, 0), end - QPointF(bend, 0), end)
    return path


def route(start: QPointF, end: QPointF, boxes: Sequence[QRectF]) -> QPainterPath:
    """The way around those of `boxes` that the plain curve would cross."""
    plain = curve(start, end)
    crossed = [box for box in boxes if plain.intersects(box)]
    if not crossed or end.x() - start.x() < 80:
        return plain
    for _ in range(TRIES):
        whole = _united(crossed)
        ways = (whole.top() - AIR, whole.bottom() + AIR)
        y = min(ways, key=lambda way: abs(way - start.y()) + abs(way - end.y()))
        left, right = max(whole.left(), start.x() + 40), min(whole.right(), end.x() - 40)
        passage = QRectF(left, y - 4, right - left, 8)
        blocked = [box for box in boxes if box.intersects(passage) and box not in crossed]
        if not blocked:
            return _around(start, end, left, right, y)
        crossed += blocked
    return plain


def _around(start: QPointF, end: QPointF, left: float, right: float, y: float) -> QPainterPath:
    path = QPainterPath(start)
    out, back = (left - start.x()) / 2, (end.x() - right) / 2
    path.cubicTo(start + QPointF(out, 0), QPointF(left - out, y), QPointF(left, y))
    path.lineTo(right, y)
    path.cubicTo(QPointF(right + back, y), end - QPointF(back, 0), end)
    return path


def _united(boxes: Sequence[QRectF]) -> QRectF:
    whole = QRectF()
    for box in boxes:
        whole = whole.united(box)
    return whole
