"""The canvas without a mouse: walking from stage to stage, nudging, and joining ports step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF

from workbench.document import edits
from workbench.document.scenario import Position
from workbench.gui import words
from workbench.gui.canvas.places import GRID
from workbench.gui.canvas.rules import End, fitting, link_between

if TYPE_CHECKING:
    from workbench.gui.canvas.scene import CanvasScene
    from workbench.gui.canvas.view import CanvasView


def neighbour(scene: CanvasScene, id: str, dx: int, dy: int) -> str | None:
    """The stage that lies next in a direction: near, and not far off the straight line."""
    here = scene.nodes[id].box().center()
    best: tuple[float, str] | None = None
    for other, node in scene.nodes.items():
        away = node.box().center() - here
        along = away.x() * dx + away.y() * dy
        aside = abs(away.x() * dy) + abs(away.y() * dx)
        if other == id or along <= 1 or aside > along * 3:
            continue
        cost = along + aside * 2
        if best is None or cost < best[0]:
            best = (cost, other)
    return best[1] if best else None


def walk(view: CanvasView, dx: int, dy: int, extend: bool) -> None:
    """Select the next stage in a direction, beside what is selected if `extend`."""
    scene = view.canvas
    chosen = scene.selected_stages()
    if not scene.nodes:
        return
    if not chosen:
        first = min(scene.nodes, key=lambda id: (scene.nodes[id].x(), scene.nodes[id].y()))
        scene.select([first])
    else:
        found = neighbour(scene, view.at or chosen[-1], dx, dy)
        if found is None:
            return
        scene.select([*chosen, found] if extend else [found])
        view.at = found
    view.ensureVisible(scene.nodes[view.at or scene.selected_stages()[-1]], 60, 60)


def nudge(view: CanvasView, dx: int, dy: int) -> None:
    """Move the selected stages by one square of the grid; nudges that follow each other are one step of undo."""
    chosen = view.canvas.selected_stages()
    nodes = view.canvas.nodes
    moved = {id: Position(x=nodes[id].x() + dx * GRID, y=nodes[id].y() + dy * GRID) for id in chosen}
    if moved:
        view.move_stages(moved, merge="nudge " + " ".join(chosen))


class Joining:
    """A link made by keys: first the port it leaves from is chosen, then one of those that it may go to."""

    def __init__(self, view: CanvasView, stage: str) -> None:
        self._view = view
        ends = view.canvas.nodes[stage].ends()
        self._choices = [end for end in ends if end[2]] + [end for end in ends if not end[2]]
        self._start: End | None = None
        self._at = 0
        outputs = [end for end in ends if end[2]]
        if len(outputs) == 1 and self._targets(outputs[0]):
            self._leave_from(outputs[0])
        self._show()

    @property
    def over(self) -> bool:
        """Whether there is nothing to choose from."""
        return not self._choices

    def step(self, by: int) -> None:
        """Go to the next choice, or the one before."""
        if self._choices:
            self._at = (self._at + by) % len(self._choices)
            self._show()

    def take(self) -> bool:
        """Take the present choice; true when the link is made (or cannot be)."""
        chosen = self._choices[self._at]
        if self._start is None:
            if not self._targets(chosen):
                self._view.editor.refused.emit(words.say("join.nothing", port=f"{chosen[0]}.{chosen[1]}"))
                return True
            self._leave_from(chosen)
            self._show()
            return False
        link = link_between(self._start, chosen)
        assert link is not None, "targets are of the opposite side"
        self._view.editor.edit(edits.connect(self._view.editor.scenario, link))
        return True

    def end(self) -> None:
        """Take all marks away."""
        for node in self._view.canvas.nodes.values():
            node.offer(None)

    def hint(self) -> str:
        """What the keys do now, for the strip at the bottom of the canvas."""
        if not self._choices:
            return ""
        stage, port, _ = self._choices[self._at]
        values = {"port": f"{stage}.{port}", "n": self._at + 1, "of": len(self._choices)}
        if self._start is None:
            return words.say("join.from", **values)
        return words.say("join.to", start=f"{self._start[0]}.{self._start[1]}", **values)

    def _targets(self, start: End) -> list[End]:
        scene = self._view.canvas
        ends = fitting(self._view.editor.scenario, scene.faces, start)
        here = scene.nodes[start[0]].spot(start[1], start[2])
        return sorted(ends, key=lambda end: _distance(scene.nodes[end[0]].spot(end[1], end[2]) - here))

    def _leave_from(self, start: End) -> None:
        self._choices = self._targets(start)
        self._start, self._at = start, 0

    def _show(self) -> None:
        if not self._choices:
            return
        hot = self._choices[self._at]
        offered = set(self._choices) | ({self._start} if self._start else set())
        for node in self._view.canvas.nodes.values():
            node.offer(offered, hot if node.face.id == hot[0] else None)
        self._view.ensureVisible(self._view.canvas.nodes[hot[0]], 60, 60)


def _distance(away: QPointF) -> float:
    return abs(away.x()) + abs(away.y())
