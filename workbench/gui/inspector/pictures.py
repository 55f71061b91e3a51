"""Small pictures of values: bars of a column, a matrix of confusions, and points on a plane."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.gui import theme, words
from workbench.gui.watch.formats import compact
from workbench.stages.preview import Bars, Scatter

SHAPES = ("circle", "square", "triangle", "diamond", "cross", "plus")
MOST_LETTERS = 9
MARGIN = 4
WIDEST_BAR = 48


class Picture(QWidget):
    """A painted part of fixed height that tells its content in words, too."""

    def __init__(self, height: int) -> None:
        super().__init__()
        self.setFixedHeight(height)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font(theme.DETAIL))
        self.draw(painter, QRectF(self.rect()).adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN))

    def draw(self, painter: QPainter, room: QRectF) -> None:
        raise NotImplementedError


class BarChart(Picture):
    """How often the values of a column occur."""

    def __init__(self) -> None:
        super().__init__(132)
        self.bars: Bars | None = None

    def show_bars(self, bars: Bars) -> None:
        self.bars = bars
        self.setAccessibleName(words.say("result.bars", column=bars.column, most=f"{max(bars.counts):,}"))
        self.update()

    def draw(self, painter: QPainter, room: QRectF) -> None:
        if self.bars is None:
            return
        tokens, metrics = theme.tokens(), painter.fontMetrics()
        foot, head = metrics.height() + 4, metrics.height() + 2
        most = max(*self.bars.counts, 1)
        width = room.width() / len(self.bars.counts)
        gap = 1.0 if self.bars.edges else max(min(6.0, width * 0.25), width - WIDEST_BAR)
        high = room.height() - foot - head
        base = room.bottom() - foot
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tokens.chart[0]))
        for at, count in enumerate(self.bars.counts):
            tall = high * count / most
            painter.drawRect(QRectF(room.left() + at * width + gap / 2, base - tall, max(1.0, width - gap), tall))
        painter.setPen(QColor(tokens.line))
        painter.drawLine(QPointF(room.left(), base + 0.5), QPointF(room.right(), base + 0.5))
        painter.setPen(QColor(tokens.text2))
        painter.drawText(QRectF(room.left(), room.top(), room.width(), head), Qt.AlignmentFlag.AlignRight, f"{most:,}")
        below = QRectF(room.left(), base + 4, room.width(), foot)
        if self.bars.edges:
            painter.drawText(below, Qt.AlignmentFlag.AlignLeft, compact(self.bars.edges[0]))
            painter.drawText(below, Qt.AlignmentFlag.AlignRight, compact(self.bars.edges[-1]))
            return
        for at, name in enumerate(self.bars.names):
            text = metrics.elidedText(name, Qt.TextElideMode.ElideRight, int(width))
            painter.drawText(
                QRectF(below.left() + at * width, below.top(), width, foot), Qt.AlignmentFlag.AlignHCenter, text
            )


class MatrixChart(Picture):
    """How many rows of each true class (down) were said to be of which class (across)."""

    def __init__(self) -> None:
        super().__init__(60)
        self.matrix: tuple[tuple[int, ...], ...] = ()
        self.classes: tuple[str, ...] = ()

    def show_matrix(self, matrix: tuple[tuple[int, ...], ...], classes: tuple[str, ...]) -> None:
        self.matrix, self.classes = matrix, classes
        self.setFixedHeight(min(300, 36 + 24 * len(matrix)) if matrix else 0)
        right, rows = sum(matrix[i][i] for i in range(len(matrix))), sum(map(sum, matrix))
        self.setAccessibleName(words.say("result.matrix", right=f"{right:,}", rows=f"{rows:,}"))
        self.setToolTip(self.accessibleName())
        self.update()

    def draw(self, painter: QPainter, room: QRectF) -> None:
        count = len(self.matrix)
        if not count:
            return
        tokens, metrics = theme.tokens(), painter.fontMetrics()
        names = [name if len(name) <= MOST_LETTERS else name[: MOST_LETTERS - 1] + "…" for name in self.classes]
        side = max(metrics.horizontalAdvance(name) for name in names) + 8
        head = metrics.height() + 4
        width, high = (room.width() - side) / count, (room.height() - head) / count
        fits = metrics.horizontalAdvance("000") < width and metrics.height() <= high + 2
        painter.setPen(QColor(tokens.text2))
        for at, name in enumerate(names if fits else ()):
            over = QRectF(room.left() + side + at * width, room.top(), width, head)
            text = metrics.elidedText(name, Qt.TextElideMode.ElideRight, int(width))
            painter.drawText(over, Qt.AlignmentFlag.AlignCenter, text)
            beside = QRectF(room.left(), room.top() + head + at * high, side - 8, high)
            painter.drawText(beside, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, name)
        for true, row in enumerate(self.matrix):
            for said, rows in enumerate(row):
                cell = QRectF(room.left() + side + said * width, room.top() + head + true * high, width, high)
                self._draw_cell(painter, cell.adjusted(0.5, 0.5, -0.5, -0.5), rows / max(1, *row), true == said)
                if rows and fits:
                    painter.setPen(QColor(tokens.text))
                    painter.drawText(cell, Qt.AlignmentFlag.AlignCenter, compact(rows, 999.5))

    def _draw_cell(self, painter: QPainter, cell: QRectF, share: float, right: bool) -> None:
        """Right ones on the diagonal, in one colour; wrong ones in another, and framed."""
        tokens = theme.tokens()
        colour = QColor(tokens.chart[0] if right else tokens.error)
        colour.setAlphaF(0.55 * share if right else 0.15 + 0.45 * share if share else 0.0)
        painter.fillRect(cell, QColor(tokens.raised))
        painter.fillRect(cell, colour)
        if share and not right:
            painter.setPen(QPen(QColor(tokens.error), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(cell)


class ScatterChart(Picture):
    """Points on a plane, each class in a colour and a shape of its own."""

    def __init__(self) -> None:
        super().__init__(220)
        self.scatter: Scatter | None = None

    def show_points(self, scatter: Scatter | None) -> None:
        self.scatter = scatter
        if scatter is not None:
            self.setAccessibleName(
                words.say("result.scatter", points=f"{len(scatter.x):,}", classes=len(scatter.classes))
            )
        self.update()

    def draw(self, painter: QPainter, room: QRectF) -> None:
        if self.scatter is None or not self.scatter.x:
            return
        tokens, metrics = theme.tokens(), painter.fontMetrics()
        shown = self.scatter
        named = [name for name in shown.classes if name]
        legend = (metrics.height() + 3) * -(-len(named) // 5) if len(named) > 1 else 0
        field = room.adjusted(4, 4, -4, -4 - legend)
        (left, right), (low, high) = (_span(shown.x), _span(shown.y))
        for x, y, of in zip(shown.x, shown.y, shown.of, strict=True):
            place = QPointF(
                field.left() + (x - left) / (right - left) * field.width(),
                field.bottom() - (y - low) / (high - low) * field.height(),
            )
            _draw_shape(painter, place, of, QColor(tokens.chart[of % len(tokens.chart)]))
        if not legend:
            return
        width = room.width() / 5
        for at, name in enumerate(named):
            row, column = divmod(at, 5)
            spot = QPointF(room.left() + column * width + 6, field.bottom() + 12 + row * (metrics.height() + 3))
            _draw_shape(painter, spot, at, QColor(tokens.chart[at % len(tokens.chart)]))
            painter.setPen(QColor(tokens.text2))
            text = metrics.elidedText(name, Qt.TextElideMode.ElideRight, int(width - 16))
            painter.drawText(QPointF(spot.x() + 8, spot.y() + metrics.ascent() / 2 - 1), text)


def _span(values: tuple[float, ...]) -> tuple[float, float]:
    least, most = min(values), max(values)
    return (least, most) if most > least else (least - 1, most + 1)


def _draw_shape(painter: QPainter, at: QPointF, number: int, colour: QColor, size: float = 2.6) -> None:
    """The shape changes where the colours begin again, and before."""
    kind = SHAPES[(number + number // len(SHAPES)) % len(SHAPES)]
    painter.setBrush(colour)
    painter.setPen(Qt.PenStyle.NoPen)
    x, y = at.x(), at.y()
    match kind:
        case "circle":
            painter.drawEllipse(at, size, size)
        case "square":
            painter.drawRect(QRectF(x - size, y - size, 2 * size, 2 * size))
        case "triangle":
            painter.drawPolygon([QPointF(x, y - size), QPointF(x + size, y + size), QPointF(x - size, y + size)])
        case "diamond":
            painter.drawPolygon(
                [
                    QPointF(x, y - size * 1.3),
                    QPointF(x + size * 1.3, y),
                    QPointF(x, y + size * 1.3),
                    QPointF(x - size * 1.3, y),
                ]
            )
        case _:
            painter.setPen(QPen(colour, 1.5))
            turned = size if kind == "cross" else 0.0
            painter.drawLine(QPointF(x - size, y - turned), QPointF(x + size, y + turned))
            painter.drawLine(QPointF(x - turned, y + size), QPointF(x + turned, y - size))
