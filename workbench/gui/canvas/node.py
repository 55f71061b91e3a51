"""One stage on the canvas: a box with its title, ports, state and problems, painted without child items."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath
from PySide6.QtWidgets import QGraphicsItem, QGraphicsObject, QStyleOptionGraphicsItem, QWidget

from workbench.document.problems import Problem
from workbench.gui import icons, theme, words
from workbench.gui.canvas.faces import Face
from workbench.gui.canvas.ink import Ink, elided, ink, mark, metrics
from workbench.gui.canvas.rules import End
from workbench.gui.canvas.status import Status, clock
from workbench.stages.base import Port

WIDTH, HEAD, PORT_ROW, FOOT, MARGIN = 160, 30, 20, 24, 14
GRAB = 11  # a port is hit within this distance


class NodeItem(QGraphicsObject):
    """A stage. The scene gives it a face, a state and problems; it only draws them."""

    def __init__(self, face: Face) -> None:
        super().__init__()
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIsSelectable)
        self.setZValue(1)
        self.problems: Sequence[Problem] = ()
        self.linked: frozenset[tuple[str, bool]] = frozenset()
        self.status: Status | None = None
        self._candidates: set[End] | None = None
        self._hot: End | None = None
        self.put(face)

    def put(self, face: Face) -> None:
        """Show another face."""
        self.prepareGeometryChange()
        self.face = face
        rows = max(len(face.inputs), len(face.outputs), 1)
        self.height = HEAD + 8 + rows * PORT_ROW + 4 + (FOOT if self.status else 0)
        self._bounds = QRectF(-MARGIN, -MARGIN, WIDTH + 2 * MARGIN, self.height + 2 * MARGIN)
        self._box = QRectF(0, 0, WIDTH, self.height)
        self._shape = QPainterPath()
        self._shape.addRect(self._box.adjusted(-6, 0, 6, 0))
        title = elided(face.title, WIDTH - 36, theme.BODY, strong=True)
        self._title = title
        left = WIDTH - 36 - metrics(theme.BODY, True).horizontalAdvance(title)
        self._kind = elided(face.kind, left, theme.DETAIL) if left > 34 and face.kind != face.title else ""
        self._speak()
        self.update()

    def put_status(self, status: Status | None) -> None:
        """Show how the stage stands in a run, or nothing of a run."""
        if status == self.status:
            return
        grows = (status is None) != (self.status is None)
        self.status = status
        if grows:
            self.put(self.face)
        else:
            self.update(QRectF(0, self.height - FOOT - 2, WIDTH, FOOT + 2))
        self._speak()

    def put_problems(self, problems: Sequence[Problem]) -> None:
        if list(problems) != list(self.problems):
            self.problems = problems
            self._speak()
            self.update()

    def offer(self, candidates: set[End] | None, hot: End | None = None) -> None:
        """While a link is drawn: the ends it may go to (others fade), and the one under the pointer."""
        self._candidates, self._hot = candidates, hot
        self.setOpacity(1.0 if candidates is None or any(end[0] == self.face.id for end in candidates) else 0.35)
        self.update()

    def _speak(self) -> None:
        """Name the node for screen readers and tips."""
        said = words.say("canvas.node.name", title=self.face.title, kind=self.face.kind)
        if self.status:
            said += ", " + words.say(f"status.{self.status.state}")
        if self.problems:
            said += ", " + words.say("canvas.node.problems", n=len(self.problems))
        self.setObjectName(said)
        texts = [problem.words(words.language()) for problem in self.problems]
        self.setToolTip("\n".join(texts))

    # --- where things are ----------------------------------------------------------------------------------------

    def boundingRect(self) -> QRectF:
        return self._bounds

    def shape(self) -> QPainterPath:
        return self._shape

    def box(self) -> QRectF:
        """The box in scene coordinates."""
        return self._box.translated(self.pos())

    def spot(self, name: str, output: bool) -> QPointF:
        """Where a port is, in scene coordinates."""
        return self.pos() + self._spot(name, output)

    def _spot(self, name: str, output: bool) -> QPointF:
        ports = self.face.outputs if output else self.face.inputs
        row = next(i for i, port in enumerate(ports) if port.name == name)
        return QPointF(WIDTH if output else 0, HEAD + 8 + PORT_ROW * (row + 0.5))

    def ends(self) -> list[End]:
        """Every port as an end for links: the inputs, then the outputs."""
        inputs = [(self.face.id, port.name, False) for port in self.face.inputs]
        return inputs + [(self.face.id, port.name, True) for port in self.face.outputs]

    def end_at(self, place: QPointF) -> End | None:
        """The port at a place of the scene."""
        for end in self.ends():
            away = self.spot(end[1], end[2]) - place
            if abs(away.x()) <= GRAB and abs(away.y()) <= min(GRAB, PORT_ROW / 2):
                return end
        return None

    # --- how it looks ----------------------------------------------------------------------------------------------

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        look = ink()
        near = option.levelOfDetailFromTransform(painter.worldTransform()) >= 0.5
        self._paint_box(painter, look)
        bar = look.tokens.of_group(self.face.group)
        painter.setPen(look.none)
        painter.setBrush(look.brush(bar))
        painter.drawRoundedRect(QRectF(10, 8, 3, 15), 1.5, 1.5)
        if near:
            self._paint_words(painter, look)
        for port in self.face.inputs:
            self._paint_port(painter, look, port, False, near)
        for port in self.face.outputs:
            self._paint_port(painter, look, port, True, near)
        if self.status:
            self._paint_status(painter, look, self.status, near)
        if self.problems:
            self._paint_badge(painter, look)

    def _paint_box(self, painter: QPainter, look: Ink) -> None:
        severe = any(problem.severity == "error" for problem in self.problems)
        if self.isSelected():
            pen = look.selected
        elif severe:
            pen = look.wrong
        else:
            pen = look.line if self.face.known else look.dashed
        painter.setPen(pen)
        painter.setBrush(look.panel)
        painter.drawRoundedRect(self._box, theme.RADIUS, theme.RADIUS)
        painter.setPen(look.line)
        painter.drawLine(QPointF(1, HEAD), QPointF(WIDTH - 1, HEAD))

    def _paint_words(self, painter: QPainter, look: Ink) -> None:
        painter.setFont(look.title)
        painter.setPen(look.text)
        painter.drawText(QPointF(20, 20), self._title)
        if self._kind:
            painter.setFont(look.detail)
            painter.setPen(look.text2)
            painter.drawText(QRectF(20, 0, WIDTH - 32, HEAD), _RIGHT, self._kind)

    def _paint_port(self, painter: QPainter, look: Ink, port: Port, output: bool, near: bool) -> None:
        spot = self._spot(port.name, output)
        end = (self.face.id, port.name, output)
        fades = self._candidates is not None and end not in self._candidates
        painter.setOpacity(self.opacity() * (0.3 if fades else 1.0))
        colour = look.tokens.of_type(port.type)
        if near:
            painter.setFont(look.label)
            painter.setPen(look.text2)
            label = QRectF(12, spot.y() - 10, WIDTH - 24, 20)
            painter.drawText(label, _RIGHT if output else _LEFT, elided(port.name, WIDTH / 2 - 16, theme.SECONDARY))
        if end == self._hot:
            painter.setPen(look.none)
            painter.setBrush(theme.color(colour, 0.35))
            painter.drawEllipse(spot, 10, 10)
        painter.translate(spot)
        if (port.name, output) in self.linked or end == self._hot:
            painter.setPen(look.pen(look.tokens.panel))
            painter.setBrush(look.brush(colour))
            painter.drawPath(mark(port.type, 6))
        else:
            painter.setPen(look.pen(colour, 1.6))
            painter.setBrush(look.panel)
            painter.drawPath(mark(port.type, 4.5))
        painter.translate(-spot)
        painter.setOpacity(self.opacity())

    def _paint_status(self, painter: QPainter, look: Ink, status: Status, near: bool) -> None:
        top = self.height - FOOT
        colour = str(getattr(look.tokens, status.token))
        if near:
            icons.paint(painter, status.icon, QRectF(11, top + 1, 14, 14), colour)
        track = QRectF(32, top + 6, WIDTH - 92, 5)
        painter.setPen(look.none)
        painter.setBrush(look.raised if look.tokens.dark else look.brush(look.tokens.line))
        painter.drawRoundedRect(track, 2.5, 2.5)
        if status.share > 0:
            painter.setBrush(look.brush(look.tokens.warn_fill if status.token == "warn" else colour))
            track.setWidth(max(5.0, track.width() * status.share))
            painter.drawRoundedRect(track, 2.5, 2.5)
        if near:
            painter.setFont(look.detail)
            painter.setPen(look.text2)
            painter.drawText(QRectF(WIDTH - 58, top - 2, 46, 20), _RIGHT, status.detail or clock(status.seconds))

    def _paint_badge(self, painter: QPainter, look: Ink) -> None:
        severe = any(problem.severity == "error" for problem in self.problems)
        box = QRectF(WIDTH - 10, -9, 20, 20)
        painter.setPen(look.none)
        painter.setBrush(look.panel)
        painter.drawEllipse(box)
        name, colour = ("error", look.tokens.error) if severe else ("warning", look.tokens.warn)
        icons.paint(painter, name, box.adjusted(2, 2, -2, -2), colour)


_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
