"""Gestures of the mouse: each is one object from press to release, and ends in at most one edit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QPoint, QPointF, QRectF

from workbench.document import edits
from workbench.document.scenario import Link, Position, Scenario
from workbench.gui.canvas.link import DraftLink
from workbench.gui.canvas.places import GRID
from workbench.gui.canvas.rules import End, fitting, link_between

if TYPE_CHECKING:
    from workbench.gui.canvas.view import CanvasView


class Gesture(Protocol):
    """What the mouse does while its button is down; places are in the scene."""

    def move(self, place: QPointF) -> None: ...
    def finish(self, place: QPointF) -> None: ...
    def cancel(self) -> None: ...


class Move:
    """The selected stages are dragged, in steps of the grid."""

    def __init__(self, view: CanvasView, start: QPointF) -> None:
        self._view, self._start = view, start
        nodes = view.canvas.nodes
        self._old = {id: Position(x=nodes[id].x(), y=nodes[id].y()) for id in view.canvas.selected_stages()}
        self._new = self._old

    def move(self, place: QPointF) -> None:
        away = place - self._start
        dx, dy = round(away.x() / GRID) * GRID, round(away.y() / GRID) * GRID
        self._new = {id: Position(x=old.x + dx, y=old.y + dy) for id, old in self._old.items()}
        self._view.canvas.shift(self._new)

    def finish(self, place: QPointF) -> None:
        self.move(place)
        if self._new != self._old:
            self._view.move_stages(self._new)

    def cancel(self) -> None:
        self._view.canvas.shift(self._old)


class Box:
    """A box is drawn around stages to select them; `kept` were selected before and stay so."""

    def __init__(self, view: CanvasView, start: QPointF, kept: tuple[str, ...]) -> None:
        self._view, self._start, self._kept = view, start, kept

    def move(self, place: QPointF) -> None:
        box = QRectF(self._start, place).normalized()
        self._view.draw_box(box)
        inside = [id for id, node in self._view.canvas.nodes.items() if node.box().intersects(box)]
        self._view.canvas.select([*self._kept, *inside])

    def finish(self, place: QPointF) -> None:
        self._view.draw_box(QRectF())

    def cancel(self) -> None:
        self._view.draw_box(QRectF())
        self._view.canvas.select(self._kept)


class Pan:
    """The canvas is moved under the pointer."""

    def __init__(self, view: CanvasView, start: QPoint) -> None:
        self._view, self._last = view, start

    def move_by(self, point: QPoint) -> None:
        away = point - self._last
        self._last = point
        self._view.pan(-away.x(), -away.y())

    def move(self, place: QPointF) -> None: ...
    def finish(self, place: QPointF) -> None: ...
    def cancel(self) -> None: ...


class Connect:
    """A link is drawn from a port; drawn off an input that has one, that link is picked up instead."""

    def __init__(self, view: CanvasView, end: End) -> None:
        self._view = view
        self._scene = view.canvas
        self._picked = next((link for link in self._scene.links if not end[2] and _arrives_at(link, end)), None)
        self._start: End = (self._picked.source_stage, self._picked.source_port, True) if self._picked else end
        self._fitting = fitting(self._scenario(), self._scene.faces, self._start)
        port = self._scene.faces[self._start[0]].port(self._start[1], self._start[2])
        assert port is not None
        self._draft = DraftLink(port.type)
        self._scene.addItem(self._draft)
        if self._picked:
            self._scene.links[self._picked].setVisible(False)
        self._offer(None)

    def _scenario(self) -> Scenario:
        """The pipeline without the link that was picked up, whose place is free again."""
        scenario = self._view.editor.scenario
        return edits.disconnect(scenario, self._picked) if self._picked else scenario

    def _offer(self, hot: End | None) -> None:
        for node in self._scene.nodes.values():
            mine = node.face.id in (self._start[0], hot[0] if hot else "")
            node.offer(
                self._fitting | {self._start},
                (self._start if node.face.id == self._start[0] else hot) if mine else None,
            )

    def move(self, place: QPointF) -> None:
        hot = self._scene.end_at(place)
        hot = hot if hot in self._fitting else None
        self._offer(hot)
        fixed = self._scene.nodes[self._start[0]].spot(self._start[1], self._start[2])
        loose = self._scene.nodes[hot[0]].spot(hot[1], hot[2]) if hot else place
        self._draft.lay(*((fixed, loose) if self._start[2] else (loose, fixed)))

    def finish(self, place: QPointF) -> None:
        end = self._scene.end_at(place)
        self.cancel()
        if end is None:
            self._drop_on_nothing(place)
        elif end in self._fitting:
            self._join(end)
        elif end != self._start:
            self._view.refuse_link(self._start, end)

    def _join(self, end: End) -> None:
        link = link_between(self._start, end)
        assert link is not None, "fitting ends are of opposite sides"
        if link != self._picked:
            self._view.editor.edit(edits.connect(self._scenario(), link))

    def _drop_on_nothing(self, place: QPointF) -> None:
        if self._picked:
            self._view.editor.edit(self._scenario())
        else:
            self._view.offer_stages(place, self._start)

    def cancel(self) -> None:
        if self._draft.scene() is not None:
            self._scene.removeItem(self._draft)
        if self._picked and self._picked in self._scene.links:
            self._scene.links[self._picked].setVisible(True)
        for node in self._scene.nodes.values():
            node.offer(None)


def _arrives_at(link: Link, end: End) -> bool:
    return (link.target_stage, link.target_port) == end[:2]
