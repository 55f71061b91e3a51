"""The view: zoom, panning, the dot grid, the far layer, and which gesture a press begins."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPixmap, QWheelEvent
from PySide6.QtWidgets import QFrame, QGraphicsView, QWidget

from workbench.document import edits
from workbench.document.scenario import Position
from workbench.gui import theme, words
from workbench.gui.canvas import gestures
from workbench.gui.canvas.far import BELOW, Far
from workbench.gui.canvas.link import LinkItem
from workbench.gui.canvas.node import NodeItem
from workbench.gui.canvas.places import GRID
from workbench.gui.canvas.rules import End, link_between
from workbench.gui.canvas.scene import CanvasScene
from workbench.gui.editor import Editor

LEAST, MOST, STEP = 0.1, 3.0, 1.2


class CanvasView(QGraphicsView):
    """`asked` wants the list of stages at a place of the scene, for an end that a link was drawn from (or None)."""

    asked = Signal(QPointF, object)
    zoomed = Signal(float)

    def __init__(self, editor: Editor, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.editor = editor
        self.canvas = CanvasScene(self)
        self.setScene(self.canvas)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.SmartViewportUpdate)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setMouseTracking(True)
        self.at: str | None = None  # the selected stage from which the arrow keys walk
        self._gesture: gestures.Gesture | None = None
        self._box = QRectF()
        self._far = Far()
        self._far_is_old = True
        self._tile: tuple[int, str, QPixmap] | None = None
        self.canvas.altered.connect(self._age_far)
        self.canvas.chosen.connect(self._age_far)
        theme.changed.connect(self._recolour)
        self._recolour()

    # --- zoom and place --------------------------------------------------------------------------------------------

    @property
    def zoom(self) -> float:
        return self.transform().m11()

    def zoom_to(self, zoom: float, about: QPoint | None = None) -> None:
        """Set the zoom so that what lies under `about` (the middle if None) stays there."""
        about = about or self.viewport().rect().center()
        zoom = min(MOST, max(LEAST, zoom))
        before = self.mapToScene(about)
        self.scale(zoom / self.zoom, zoom / self.zoom)
        away = self.mapFromScene(before) - about
        self.pan(away.x(), away.y())
        self.zoomed.emit(self.zoom)

    def zoom_by(self, factor: float) -> None:
        self.zoom_to(self.zoom * factor)

    def fit(self, least: float = LEAST) -> None:
        """Show the whole pipeline, no larger than life and no smaller than `least`."""
        whole = self.canvas.content().adjusted(-16, -32, 16, 32)
        room = self.viewport().size()
        zoom = min(1.0, room.width() / whole.width(), room.height() / whole.height())
        self.zoom_to(max(least, zoom))
        # What does not fit begins at its left and its top, where pipelines begin.
        x = whole.left() + min(whole.width(), room.width() / self.zoom) / 2
        y = whole.top() + min(whole.height(), room.height() / self.zoom) / 2
        self.centerOn(x, y)

    def pan(self, dx: int, dy: int) -> None:
        self.horizontalScrollBar().setValue(self.horizontalScrollBar().value() + dx)
        self.verticalScrollBar().setValue(self.verticalScrollBar().value() + dy)

    def middle(self) -> QPointF:
        """The place of the scene in the middle of the view."""
        return self.mapToScene(self.viewport().rect().center())

    # --- painting --------------------------------------------------------------------------------------------------

    def _recolour(self) -> None:
        self._tile = None
        self.setBackgroundBrush(QColor(theme.tokens().bg))
        self.viewport().update()

    def _age_far(self) -> None:
        self._far_is_old = True

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.zoom >= BELOW:
            super().paintEvent(event)
            return
        if self._far_is_old:
            self._far.gather(self.canvas)
            self._far_is_old = False
        painter = QPainter(self.viewport())
        painter.fillRect(event.rect(), self.backgroundBrush())
        painter.setWorldTransform(self.viewportTransform())
        self._far.paint(painter)
        painter.end()

    def drawBackground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        area = QRectF(rect)
        painter.fillRect(area, self.backgroundBrush())
        if self.zoom < 0.5:
            return
        tile = self._grid_tile()
        brush_scale = GRID / tile.width()
        brush = painter.background()
        brush.setTexture(tile)
        brush.setTransform(brush.transform().scale(brush_scale, brush_scale))
        painter.fillRect(area, brush)

    def _grid_tile(self) -> QPixmap:
        """One square of the dot grid, made for the zoom so that dots stay crisp."""
        side = round(GRID * self.zoom * self.devicePixelRatioF())
        colour = theme.tokens().grid
        if self._tile is None or self._tile[:2] != (side, colour):
            pixmap = QPixmap(side, side)
            pixmap.fill(Qt.GlobalColor.transparent)
            painter = QPainter(pixmap)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colour))
            radius = 1.0 * self.devicePixelRatioF()
            for x in (0, side):
                for y in (0, side):
                    painter.drawEllipse(QPointF(x, y), radius, radius)
            painter.end()
            self._tile = (side, colour, pixmap)
        return self._tile[2]

    def drawForeground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        if self._box.isEmpty():
            return
        accent = theme.tokens().accent
        painter.setPen(theme.color(accent, 0.8))
        painter.setBrush(theme.color(accent, 0.12))
        painter.drawRect(self._box)

    def draw_box(self, box: QRectF) -> None:
        """Draw the box of a selection, an empty one for none."""
        self._box = box
        self.viewport().update()

    # --- the mouse -------------------------------------------------------------------------------------------------

    def wheelEvent(self, event: QWheelEvent) -> None:
        turned = event.angleDelta().y() / 120
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.pan(round(-turned * 80), 0)
        else:
            self.zoom_to(self.zoom * STEP**turned, event.position().toPoint())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._gesture is not None:
            return
        point, place = event.position().toPoint(), self.mapToScene(event.position().toPoint())
        if event.button() == Qt.MouseButton.MiddleButton:
            self._gesture = gestures.Pan(self, point)
            self.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)
        elif event.button() == Qt.MouseButton.LeftButton:
            adding = bool(event.modifiers() & _ADDING)
            self._gesture = self._begin(point, place, adding)
        elif event.button() == Qt.MouseButton.RightButton:
            self._select_at(point, place, False)

    def _begin(self, point: QPoint, place: QPointF, adding: bool) -> gestures.Gesture | None:
        end = self.canvas.end_at(place)
        if end is not None:
            return gestures.Connect(self, end)
        item = self._select_at(point, place, adding)
        if isinstance(item, NodeItem):
            return gestures.Move(self, place) if item.isSelected() else None
        if isinstance(item, LinkItem):
            return None
        return gestures.Box(self, place, self.canvas.selected_stages())

    def _select_at(self, point: QPoint, place: QPointF, adding: bool) -> NodeItem | LinkItem | None:
        """Select what is hit; something selected already stays so with the rest, so that all of it can be dragged."""
        hit = [item for item in self.items(point) if isinstance(item, NodeItem | LinkItem)]
        item = max(hit, key=lambda one: isinstance(one, NodeItem), default=None)
        stages, links = set(self.canvas.selected_stages()), set(self.canvas.selected_links())
        if isinstance(item, NodeItem):
            if adding:
                stages ^= {item.face.id}
            elif item.face.id not in stages:
                stages, links = {item.face.id}, set()
        elif isinstance(item, LinkItem):
            links = links ^ {item.link} if adding else {item.link}
            stages = stages if adding else set()
        elif not adding:
            stages, links = set(), set()
        self.canvas.select(stages, links)
        return item

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        point = event.position().toPoint()
        place = self.mapToScene(point)
        if isinstance(self._gesture, gestures.Pan):
            self._gesture.move_by(point)
        elif self._gesture is not None:
            self._gesture.move(place)
        else:
            over = self.canvas.end_at(place)
            self.viewport().setCursor(Qt.CursorShape.CrossCursor if over else Qt.CursorShape.ArrowCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        gesture, self._gesture = self._gesture, None
        if gesture is not None:
            gesture.finish(self.mapToScene(event.position().toPoint()))
            self.viewport().setCursor(Qt.CursorShape.ArrowCursor)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        place = self.mapToScene(event.position().toPoint())
        if not any(isinstance(item, NodeItem | LinkItem) for item in self.items(event.position().toPoint())):
            self.offer_stages(place, None)

    def cancel_gesture(self) -> bool:
        """Give up what the mouse is doing; false if it does nothing."""
        gesture, self._gesture = self._gesture, None
        if gesture is None:
            return False
        gesture.cancel()
        return True

    # --- what gestures and keys want -------------------------------------------------------------------------------

    def move_stages(self, positions: Mapping[str, Position], merge: str = "") -> None:
        """Put stages elsewhere. Where the document lacks places, all are written, so that none jumps later."""
        scenario = self.editor.scenario
        standing = {id: Position(x=node.x(), y=node.y()) for id, node in self.canvas.nodes.items()}
        missing = {id: place for id, place in standing.items() if id not in scenario.layout}
        self.editor.edit(edits.move(scenario, {**missing, **positions}), merge=merge)

    def refuse_link(self, start: End, end: End) -> None:
        """Say why two ends cannot be joined."""
        link = link_between(start, end)
        if link is None:
            self.editor.refused.emit(words.say("refuse.direction"))
            return
        circle = edits.would_cycle(self.editor.scenario, link)
        if circle:
            self.editor.refused.emit(words.say("refuse.cycle", circle=" → ".join(circle)))
            return
        source = self.canvas.faces[link.source_stage].port(link.source_port, True)
        target = self.canvas.faces[link.target_stage].port(link.target_port, False)
        assert source and target
        gives, takes = words.say(f"type.{source.type or 'unknown'}"), words.say(f"type.{target.type or 'unknown'}")
        self.editor.refused.emit(
            words.say("refuse.type", source=link.source, gives=gives, target=link.target, takes=takes)
        )

    def offer_stages(self, place: QPointF, start: End | None) -> None:
        self.asked.emit(place, start)


_ADDING = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier
