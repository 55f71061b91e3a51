"""One live chart: a title row with unit and legend, thin curves, and the marks of faults above them."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from workbench.gui import theme, words
from workbench.gui.watch import fault_marks
from workbench.gui.watch.formats import clock, compact, time_unit
from workbench.gui.watch.legend import Key, Legend
from workbench.gui.watch.series import Line, Mark

HEAD_ROOM = 16  # pixels above the curves, for the shapes and words of faults


class Curve(NamedTuple):
    """A line with its name and look; `token` is a colour `#RRGGBB`."""

    name: str
    line: Line
    token: str
    dashed: bool


class Axis(pg.AxisItem):
    """An axis with short numbers."""

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        return [compact(round(value * scale, 9), 1000) for value in values]


class Overlay(pg.GraphicsObject):
    """What lies over the curves, in pixels: bands and shapes of faults, the crosshair, the words of an empty chart."""

    def __init__(self, chart: "Chart") -> None:
        super().__init__(chart.plot.plotItem)
        self._chart = chart
        self.setZValue(50)

    def boundingRect(self) -> QRectF:
        return self._chart.plot.plotItem.boundingRect()

    def paint(self, painter: QPainter, option: object, widget: object = None) -> None:
        chart = self._chart
        view = chart.plot.plotItem.vb
        box = view.mapRectToItem(chart.plot.plotItem, view.rect())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if chart.empty_words:
            painter.setFont(theme.font(theme.SECONDARY))
            painter.setPen(theme.color(theme.tokens().text2))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, chart.empty_words)
            return
        (low, high), _ = view.viewRange()
        scale = box.width() / (high - low)
        self._paint_marks(painter, box, lambda t_s: box.left() + (t_s - low) * scale)
        if chart.pointed_s is not None and low <= chart.pointed_s <= high:
            self._paint_pointed(painter, box, box.left() + (chart.pointed_s - low) * scale)

    def _paint_marks(self, painter: QPainter, box: QRectF, place: Callable[[float], float]) -> None:
        placed = []
        for mark in self._chart.marks:
            left, right = place(mark.start_s), min(place(mark.end_s), box.right())
            if left > box.right() or right < box.left():
                continue
            fault_marks.band(painter, mark, max(left, box.left()), right, box.top() + HEAD_ROOM - 4, box.bottom())
            if left >= box.left():
                placed.append((mark, left))
        for mark, x in placed:
            fault_marks.flag(painter, mark, x, box.top() + HEAD_ROOM - 3)
        fault_marks.words_of(painter, placed, box.top() + HEAD_ROOM - 5, box.right())

    def _paint_pointed(self, painter: QPainter, box: QRectF, x: float) -> None:
        tokens = theme.tokens()
        painter.setPen(QPen(theme.color(tokens.text2, 0.8), 1))
        painter.drawLine(QPointF(x, box.top()), QPointF(x, box.bottom()))
        if not self._chart.plot.underMouse():
            return
        rows = self._chart.values_at_pointer()
        metrics = QFontMetricsF(theme.font(theme.DETAIL))
        width = max(metrics.horizontalAdvance(text) for text, _ in rows) + 26
        room = QRectF(x + 8, box.top() + HEAD_ROOM, width, 6 + 16 * len(rows))
        if room.right() > box.right():
            room.moveRight(x - 8)
        painter.setBrush(theme.color(tokens.raised, 0.95))
        painter.setPen(QPen(theme.color(tokens.line), 1))
        painter.drawRoundedRect(room, 5, 5)
        painter.setFont(theme.font(theme.DETAIL))
        for row, (text, token) in enumerate(rows):
            base = room.top() + 15 + 16 * row
            if token:
                painter.fillRect(QRectF(room.left() + 6, base - 8, 8, 8), theme.color(token))
            painter.setPen(theme.color(tokens.text))
            painter.drawText(QPointF(room.left() + (18 if token else 6), base), text)


class Chart(QWidget):
    """Curves over the time of the runs. Ranges are set from outside, so that nothing jumps by itself."""

    pointed = Signal(object)  # seconds under the mouse, or None
    ranged_by_hand = Signal(float, float)
    fit_asked = Signal()

    def __init__(self, title: str, unit: str) -> None:
        super().__init__()
        self.setProperty("role", "clear")
        self.title, self.unit = title, unit
        self.curves: list[Curve] = []
        self.marks: list[Mark] = []
        self.pointed_s: float | None = None
        self.empty_words = ""
        self._items: list[pg.PlotCurveItem] = []
        self._looks: dict[pg.PlotCurveItem, tuple[str, bool]] = {}
        self._ranges: tuple[float, ...] = ()
        self._time_sign = "s"
        self._axes = (Axis("bottom"), Axis("left"))
        self.plot = pg.PlotWidget(axisItems={"bottom": self._axes[0], "left": self._axes[1]})
        self.legend = Legend()
        self._build()
        self._overlay = Overlay(self)
        theme.changed.connect(self._restyle)
        words.changed.connect(self._speak)
        self._restyle()
        self._speak()

    def _build(self) -> None:
        self._title, self._unit = QLabel(), QLabel()
        self._title.setProperty("role", "title")
        self._unit.setProperty("role", "secondary")
        head = QHBoxLayout()
        head.setSpacing(theme.GAP)
        head.addWidget(self._title)
        head.addWidget(self._unit)
        head.addStretch(1)
        head.addWidget(self.legend, 100)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(head)
        column.addWidget(self.plot, 1)
        item = self.plot.plotItem
        item.hideButtons()
        item.setMenuEnabled(False)
        item.disableAutoRange()
        item.vb.setMouseEnabled(x=True, y=False)
        item.vb.sigRangeChangedManually.connect(self._ranged)
        self.plot.setFrameShape(pg.PlotWidget.Shape.NoFrame)
        self.plot.setMinimumSize(160, 90)
        self.plot.scene().sigMouseMoved.connect(self._mouse_moved)
        self.plot.viewport().setMouseTracking(True)
        self.plot.leaveEvent = lambda event: self.pointed.emit(None)
        self.plot.mouseDoubleClickEvent = lambda event: self.fit_asked.emit()
        self._axes[1].setWidth(44)

    def put_unit(self, unit: str) -> None:
        """Have the values in another unit (a key of the words)."""
        if unit != self.unit:
            self.unit = unit
            self._speak()

    def draw(
        self,
        curves: list[Curve],
        marks: list[Mark],
        shown_s: tuple[float, float],
        top: float,
        bottom: float = 0.0,
    ) -> None:
        """Show these curves and marks over these times, the axis of values from `bottom` to `top`."""
        self.curves, self.marks = curves, marks
        while len(self._items) < len(curves):
            item = pg.PlotCurveItem()
            self.plot.addItem(item, ignoreBounds=True)
            self._items.append(item)
        for item, curve in zip(self._items, curves, strict=False):
            item.setData(curve.line.x, curve.line.y, connect="all", skipFiniteCheck=True)
            look = (curve.token, curve.dashed)
            if self._looks.get(item) != look:
                self._looks[item] = look
                item.setPen(self._pen(curve))
        for item in self._items[len(curves) :]:
            item.setData([], [])
        self._set_ranges(shown_s, bottom, top)
        self._overlay.update()
        self.setAccessibleDescription(self._described())
        self.plot.scene().prepareForPaint()

    def show_legend(self, keys: list[Key]) -> None:
        self.legend.show_keys(keys)

    def say_empty(self, text: str) -> None:
        """Words instead of curves; none shows the curves."""
        if text != self.empty_words:
            self.empty_words = text
            self._overlay.update()

    def point_at(self, t_s: float | None) -> None:
        """Show the crosshair at a time, or none."""
        if t_s != self.pointed_s:
            self.pointed_s = t_s
            self._overlay.update()

    def values_at_pointer(self) -> list[tuple[str, str]]:
        """The time under the crosshair and the value of each curve there, with its colour."""
        assert self.pointed_s is not None
        rows = [(clock(max(0.0, self.pointed_s)), "")]
        for curve in self.curves:
            line = curve.line
            if len(line.x) and line.x[0] <= self.pointed_s <= line.x[-1]:
                value = float(np.interp(self.pointed_s, line.x, line.y))
                rows.append((f"{curve.name}  {compact(float(f'{value:.4g}'))}", curve.token))
        return rows

    def _set_ranges(self, shown_s: tuple[float, float], bottom: float, top: float) -> None:
        view = self.plot.plotItem.vb
        room = view.height() or 100.0
        # The head room above the highest value belongs to the shapes of faults.
        upper = top + (top - bottom) * (HEAD_ROOM + 2) / max(40.0, room - HEAD_ROOM)
        lower = bottom - 0.02 * (top - bottom)
        # Axes draw all their numbers anew whenever they are told anything, so they are told only what has changed.
        ranges = (*shown_s, lower, upper)
        if ranges != self._ranges or ranges[:2] != tuple(view.viewRange()[0]):
            self._ranges = ranges
            view.setRange(xRange=shown_s, yRange=(lower, upper), padding=0, disableAutoRange=True)
        seconds, sign = time_unit(shown_s[1] - shown_s[0])
        if sign != self._time_sign:
            self._time_sign = sign
            self._axes[0].setScale(1 / seconds)
            self._label_time()

    def _label_time(self) -> None:
        style = {"color": theme.tokens().text2, "font-size": f"{theme.DETAIL}px"}
        self._axes[0].setLabel(words.say("watch.chart.time", unit=self._time_sign), **style)

    def _pen(self, curve: Curve) -> QPen:
        # Wider than one pixel is ten to a hundred times slower to draw.
        style = Qt.PenStyle.DashLine if curve.dashed else Qt.PenStyle.SolidLine
        return pg.mkPen(curve.token, width=1, style=style)

    def _described(self) -> str:
        said = [
            words.say("watch.chart.describe_last", name=curve.name, value=compact(float(f"{curve.line.y[-1]:.4g}")))
            for curve in self.curves
            if len(curve.line.y)
        ]
        said += [fault_marks.word(mark) for mark in self.marks]
        title, unit = words.say(self.title), words.say(self.unit)
        return words.say("watch.chart.describe", title=title, unit=unit, series="; ".join(said))

    def _ranged(self, *_: object) -> None:
        (low, high), _y = self.plot.plotItem.vb.viewRange()
        self.ranged_by_hand.emit(low, high)

    def _mouse_moved(self, at: QPointF) -> None:
        view = self.plot.plotItem.vb
        inside = view.sceneBoundingRect().contains(at) and not self.empty_words
        self.pointed.emit(view.mapSceneToView(at).x() if inside else None)

    def _restyle(self) -> None:
        tokens = theme.tokens()
        self.plot.setBackground(tokens.panel)
        for axis in self._axes:
            axis.setPen(pg.mkPen(tokens.line, width=1))
            axis.setTextPen(pg.mkPen(tokens.text2))
            axis.setStyle(tickFont=theme.font(theme.DETAIL), tickLength=-3)
        self.plot.plotItem.showGrid(x=False, y=True, alpha=0.12)
        self._label_time()

    def _speak(self) -> None:
        self._title.setText(words.say(self.title))
        self._unit.setText(words.say(self.unit))
        self.setAccessibleName(words.say(self.title))
        self.plot.setAccessibleName(words.say(self.title))
        self._label_time()
