"""The timeline: what every member of a run does, bar by bar, with its faults; zoomed and moved by mouse and keys."""

import numpy as np
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFont, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractScrollArea, QToolTip

from workbench.gui import theme, words
from workbench.gui.watch import fault_marks, timeline_ink
from workbench.gui.watch.followed_run import FollowedRun
from workbench.gui.watch.formats import clock
from workbench.gui.watch.lanes import WAIT, LaneBars, Row, RunLanes
from workbench.gui.watch.run_look import Look, title
from workbench.runs.spans import Span

NAMES = 116  # width of the names on the left
RULER = 24
HEAD = 24  # the row that names a run
LANE = 22
BAR = 14
ZOOM = 1.25
LEAST_S = 1e-6


class Timeline(QAbstractScrollArea):
    """Lanes of the runs that it shows, below each other, on one axis of time."""

    pointed = Signal(object)  # seconds under the mouse, or None

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._lanes: list[RunLanes] = []
        self._by_hand: tuple[float, float] | None = None
        self._pointed_s: float | None = None
        self._dragged: QPointF | None = None
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        self.setMinimumHeight(100)
        theme.changed.connect(self._restyle)
        words.changed.connect(self._speak)
        self._restyle()
        self._speak()

    # --- what is shown ---------------------------------------------------------------------------------------------

    def show_runs(self, runs: list[FollowedRun]) -> None:
        """Show these runs from now on."""
        known = {lanes.run: lanes for lanes in self._lanes}
        if [lanes.run for lanes in self._lanes] != runs:
            self._by_hand = None
        self._lanes = [known.get(run) or RunLanes(run) for run in runs]
        self.refresh()

    def refresh(self) -> None:
        """Paint the runs as they are now, if anybody can see it."""
        if not self.isVisible():
            return
        for lanes in self._lanes:
            lanes.take()
        self._measure()
        self._speak()
        self.viewport().update()

    @property
    def shown_s(self) -> tuple[float, float]:
        """The part of the time that is shown."""
        latest = max((lanes.run.state.t_s for lanes in self._lanes), default=0.0)
        return self._by_hand or (0.0, max(latest, 1e-3) * 1.01)

    @property
    def lanes(self) -> list[RunLanes]:
        return self._lanes

    def show_range(self, low: float, high: float) -> None:
        """Show this part of the time until `fit`."""
        self._by_hand = (low, max(high, low + LEAST_S))
        self.viewport().update()

    def fit(self) -> None:
        """Show the whole time, and follow it as it grows."""
        self._by_hand = None
        self.viewport().update()

    def zoom(self, factor: float, around_s: float | None = None) -> None:
        """Show a `factor` less of the time, `around_s` staying where it is."""
        low, high = self.shown_s
        middle = (low + high) / 2 if around_s is None else around_s
        low, high = middle - (middle - low) / factor, middle + (high - middle) / factor
        self.show_range(max(low, 0.0) if factor < 1 else low, high)

    def move_by(self, share: float) -> None:
        """Show what lies `share` of the shown time later."""
        low, high = self.shown_s
        self.show_range(low + share * (high - low), high + share * (high - low))

    def point_at(self, t_s: float | None) -> None:
        """Show the crosshair at a time, or none."""
        if t_s != self._pointed_s:
            self._pointed_s = t_s
            self.viewport().update()

    def span_at(self, place: QPointF) -> tuple[Row, Span] | None:
        """The operation under a point of the viewport."""
        low, high = self.shown_s
        for row, top in self._rows():
            if top <= place.y() < top + LANE and place.x() >= NAMES:
                t_s = self._time_at(place.x())
                span = row.bars.at(t_s, 2 * (high - low) / self._width())
                return (row, span) if span else None
        return None

    # --- painting --------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        low, high = self.shown_s
        width, height = self.viewport().width(), self.viewport().height()
        painter.fillRect(event.rect(), QColor(theme.tokens().panel))
        if not self._lanes:
            painter.end()
            return
        plot = QRectF(NAMES, RULER, self._width(), height - RULER)
        painter.save()
        painter.setClipRect(QRectF(0, RULER, width, height - RULER))
        self._paint_rows(painter)
        painter.restore()
        timeline_ink.paint_ruler(painter, QRectF(NAMES, 0, plot.width(), RULER), height, low, high)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setClipRect(QRectF(0, RULER, width, height - RULER))
        self._paint_marks(painter)
        if self._pointed_s is not None and low <= self._pointed_s <= high:
            painter.setPen(QPen(theme.color(theme.tokens().text2, 0.8), 1))
            x = self._place(self._pointed_s)
            painter.drawLine(QPointF(x, RULER), QPointF(x, height))
        painter.end()

    def _paint_rows(self, painter: QPainter) -> None:
        low, high = self.shown_s
        bottom = self.viewport().height()
        for row, top in self._rows():
            if top + LANE < RULER or top > bottom:
                continue
            self._paint_name(painter, row, top)
            painter.save()
            painter.setClipRect(QRectF(NAMES, top, self._width(), LANE), Qt.ClipOperation.IntersectClip)
            inset = (LANE - BAR) / 2
            bars = row.bars.seen(low, high, self._width())
            timeline_ink.paint_bars(painter, bars, NAMES, top + inset, BAR, _words(row.bars, bars))
            self._paint_open(painter, row, top + inset)
            for stretch in row.stretches:
                left, right = self._place(stretch.start_s), self._place(stretch.end_s)
                room = QRectF(left, top + inset - 1, max(2.0, right - left), BAR + 2)
                timeline_ink.paint_stretch(painter, room, stretch.kind, words.say(f"watch.timeline.{stretch.kind}"))
            painter.restore()

    def _paint_name(self, painter: QPainter, row: Row, top: float) -> None:
        painter.setFont(theme.font(theme.SECONDARY))
        painter.setPen(theme.color(theme.tokens().text2))
        room = QRectF(14, top, NAMES - 18, LANE)
        name = painter.fontMetrics().elidedText(row.name, Qt.TextElideMode.ElideRight, int(room.width()))
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, name)

    def _paint_open(self, painter: QPainter, row: Row, top: float) -> None:
        """What a member is in the middle of: the bar's outline, open to the right."""
        if row.open is None:
            return
        start_s, kind, _ = row.open
        left, right = self._place(start_s), self._place(self._latest_of(row))
        colour = timeline_ink.kind_colours(theme.tokens())[kind]
        if kind == WAIT:
            painter.fillRect(QRectF(left, top + BAR / 2 - 1, right - left, 2), colour)
            return
        painter.setPen(QPen(colour, 1))
        painter.setBrush(theme.color(colour.name(), 0.35))
        painter.drawRect(QRectF(left, top + 0.5, right - left + 4, BAR - 1))

    def _paint_marks(self, painter: QPainter) -> None:
        for lanes, top in self._heads():
            bottom = top + HEAD + LANE * len(lanes.rows)
            self._paint_head(painter, lanes, top)
            placed = []
            for mark in lanes.marks:
                left, right = self._place(mark.start_s), self._place(mark.end_s)
                if right < NAMES or left > self.viewport().width():
                    continue
                fault_marks.band(painter, mark, max(left, NAMES), max(right, NAMES), top + HEAD - 4, bottom)
                if left >= NAMES:
                    placed.append((mark, left))
            for mark, x in placed:
                fault_marks.flag(painter, mark, x, top + HEAD - 3)
            fault_marks.words_of(painter, placed, top + HEAD - 5, NAMES + self._width())

    def _paint_head(self, painter: QPainter, lanes: RunLanes, top: float) -> None:
        state = lanes.run.state
        painter.setPen(QPen(theme.color(theme.tokens().line), 1))
        painter.drawLine(QPointF(0, top + 0.5), QPointF(self.viewport().width(), top + 0.5))
        if state.combination:
            painter.fillRect(QRectF(0, top + 6, 3, HEAD - 10), theme.color(self._look.token(state.combination)))
        painter.setFont(theme.font(theme.SECONDARY, QFont.Weight.DemiBold))
        painter.setPen(theme.color(theme.tokens().text))
        painter.drawText(QRectF(9, top, 400, HEAD), Qt.AlignmentFlag.AlignVCenter, title(lanes.run))

    # --- places ----------------------------------------------------------------------------------------------------

    def _heads(self) -> list[tuple[RunLanes, float]]:
        top = float(RULER - self.verticalScrollBar().value())
        heads = []
        for lanes in self._lanes:
            heads.append((lanes, top))
            top += HEAD + LANE * len(lanes.rows) + 6
        return heads

    def _rows(self) -> list[tuple[Row, float]]:
        return [
            (row, top + HEAD + LANE * number)
            for lanes, top in self._heads()
            for number, row in enumerate(lanes.rows.values())
        ]

    def _latest_of(self, row: Row) -> float:
        return next(lanes.run.state.t_s for lanes in self._lanes if row in lanes.rows.values())

    def _width(self) -> int:
        return max(50, self.viewport().width() - NAMES - 8)

    def _place(self, t_s: float) -> float:
        low, high = self.shown_s
        return NAMES + (t_s - low) / (high - low) * self._width()

    def _time_at(self, x: float) -> float:
        low, high = self.shown_s
        return low + (x - NAMES) / self._width() * (high - low)

    def _measure(self) -> None:
        whole = sum(HEAD + LANE * len(lanes.rows) + 6 for lanes in self._lanes) + RULER
        bar = self.verticalScrollBar()
        bar.setRange(0, max(0, whole - self.viewport().height()))
        bar.setPageStep(self.viewport().height())
        bar.setSingleStep(LANE)

    # --- mouse and keys --------------------------------------------------------------------------------------------

    def wheelEvent(self, event: QWheelEvent) -> None:
        turned = event.angleDelta()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom(ZOOM ** (turned.y() / 120), self._time_at(event.position().x()))
        elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier or turned.x():
            self.move_by(-(turned.x() or turned.y()) / 120 * 0.1)
        else:
            super().wheelEvent(event)
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._dragged = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragged is not None:
            self.move_by((self._dragged.x() - event.position().x()) / self._width())
            bar = self.verticalScrollBar()
            bar.setValue(bar.value() + round(self._dragged.y() - event.position().y()))
            self._dragged = event.position()
            return
        inside = event.position().x() >= NAMES and bool(self._lanes)
        self.pointed.emit(self._time_at(event.position().x()) if inside else None)
        self._tell(event.position(), event.globalPosition().toPoint())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._dragged = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.fit()

    def leaveEvent(self, event: object) -> None:
        self.pointed.emit(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        match event.key():
            case Qt.Key.Key_Plus | Qt.Key.Key_Equal:
                self.zoom(ZOOM)
            case Qt.Key.Key_Minus:
                self.zoom(1 / ZOOM)
            case Qt.Key.Key_Left:
                self.move_by(-0.1)
            case Qt.Key.Key_Right:
                self.move_by(0.1)
            case Qt.Key.Key_Home:
                self.fit()
            case _:
                super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._measure()

    def showEvent(self, event: object) -> None:
        super().showEvent(event)  # type: ignore[arg-type]
        self.refresh()

    def _tell(self, place: QPointF, on_screen: QPoint) -> None:
        found = self.span_at(place)
        if found is None:
            QToolTip.hideText()
            return
        row, span = found
        said = words.say(
            "watch.timeline.tip",
            label=span.label,
            duration=clock(span.end_s - span.start_s),
            start=f"{span.start_s:.4g}",
            member=row.name,
        )
        QToolTip.showText(on_screen, said, self.viewport())

    def _restyle(self) -> None:
        self.viewport().update()

    def _speak(self) -> None:
        self.setAccessibleName(words.say("watch.timeline.name"))
        self.setAccessibleDescription(
            words.say(
                "watch.timeline.describe",
                lanes=sum(len(lanes.rows) for lanes in self._lanes),
                bars=sum(lanes.bar_count for lanes in self._lanes),
                marks=sum(len(lanes.marks) for lanes in self._lanes),
            )
        )
        self.viewport().update()


def _words(spans: LaneBars, bars: timeline_ink.Bars) -> list[str]:
    """The words of those bars that are wide enough for some, without the verb that their look says already."""
    wide = np.flatnonzero((bars.width >= timeline_ink.TEXT_FROM) & (bars.kind != WAIT))
    return [spans.spans[int(bars.span[at])].label.removeprefix("perform ") for at in wide]
