"""The shapes of faults, equal on charts and on the timeline: a shape and a word beside the colour."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetricsF, QPainter, QPen, QPolygonF

from workbench.gui import theme, words
from workbench.gui.watch.series import Mark

SIZE = 9.0
WORDS = (
    *("crash", "freeze", "leader-crash", "slow-down", "slow-link", "partition", "storage-full", "corrupt-checkpoint"),
    *("silent", "deadlock", "stopped", "time-limit", "memory-limit", "cancelled"),
)

STAY = ("freeze", "slow-down", "slow-link", "partition", "storage-full", "corrupt-checkpoint")  # these end nobody


def word(mark: Mark) -> str:
    """What happened, in the language of the window: `crash w1`."""
    said = words.say(f"watch.fault.{mark.kind if mark.kind in WORDS else 'other'}")
    return f"{said} {mark.worker}" if mark.worker and mark.kind != "leader-crash" else said


def colour(mark: Mark) -> QColor:
    tokens = theme.tokens()
    return QColor(tokens.warn_fill if mark.kind in STAY else tokens.error)


def shape(kind: str, x: float, y: float) -> QPolygonF:
    """A triangle that points down for a crash, a square for who stays, a diamond for the leader, at its tip."""
    half = SIZE / 2
    if kind in STAY:
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
    fill.setAlphaF(0.10 if theme.tokens().dark else 0.08)
    painter.fillRect(QRectF(left, top, max(1.0, right - left), bottom - top), QBrush(fill))
    tint.setAlphaF(0.75)
    painter.setPen(QPen(tint, 1))
    painter.drawLine(QPointF(left, top), QPointF(left, bottom))


def flag(painter: QPainter, mark: Mark, x: float, tip: float) -> None:
    """The shape of the fault with its tip at (`x`, `tip`)."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour(mark))
    painter.drawPolygon(shape(mark.kind, x, tip))


def words_of(painter: QPainter, placed: list[tuple[Mark, float]], base: float, right_end: float) -> None:
    """The words of marks at their x, in order, each beside its shape; those of a close group behind the group."""
    metrics = QFontMetricsF(theme.font(theme.DETAIL))
    painter.setFont(theme.font(theme.DETAIL))
    painter.setPen(theme.color(theme.tokens().text))
    for group in _groups(placed, metrics):
        said = ", ".join(dict.fromkeys(word(mark) for mark, _ in group))
        left = group[-1][1] + SIZE / 2 + 4
        width = metrics.horizontalAdvance(said)
        if left + width > right_end:
            left = max(0.0, group[0][1] - SIZE / 2 - 4 - width)
        painter.drawText(QPointF(left, base), said)


def _groups(placed: list[tuple[Mark, float]], metrics: QFontMetricsF) -> list[list[tuple[Mark, float]]]:
    """Marks whose words would lie on the next shape go with it."""
    groups: list[list[tuple[Mark, float]]] = []
    for mark, x in placed:
        if groups:
            said = ", ".join(dict.fromkeys(word(each) for each, _ in groups[-1]))
            if x - SIZE <= groups[-1][-1][1] + SIZE / 2 + 4 + metrics.horizontalAdvance(said):
                groups[-1].append((mark, x))
                continue
        groups.append([(mark, x)])
    return groups
