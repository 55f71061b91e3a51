"""What can be done with a selection: delete, copy, paste, duplicate, group, arrange. Each is one edit."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from PySide6.QtGui import QGuiApplication

from workbench.document import edits
from workbench.document.scenario import Group, Link, Pipeline, Position, Scenario, StageUse
from workbench.gui import words
from workbench.gui.canvas.layered import layered
from workbench.gui.canvas.places import GRID, all_places, free_near, snapped
from workbench.gui.canvas.rules import End, link_between
from workbench.stages.base import Port
from workbench.stages.registry import STAGES

if TYPE_CHECKING:
    from PySide6.QtCore import QPointF

    from workbench.gui.canvas.view import CanvasView


def place(view: CanvasView, kind: str, at: QPointF | None = None, start: End | None = None) -> None:
    """Add a stage of `kind`; without a place beside the selected stage, or in the middle. `start` is joined to it."""
    scenario = view.editor.scenario
    chosen = view.canvas.selected_stages()
    if at is not None:
        position = snapped(at.x(), at.y())
    elif chosen:
        node = view.canvas.nodes[chosen[-1]]
        position = free_near(scenario, Position(x=node.x() + 9 * GRID, y=node.y()))
    else:
        middle = view.middle()
        position = free_near(scenario, snapped(middle.x() - 80, middle.y() - 40))
    after = edits.add_stage(_seated(scenario), kind, position)
    added = after.pipeline.stages[-1].id
    if start is not None and (joined := _joined(view, kind, added, start)):
        after = edits.connect(after, joined)
    view.editor.edit(after)
    if view.editor.scenario is not after:
        return  # the document cannot be edited, and the user has been told
    view.canvas.select([added])
    view.ensureVisible(view.canvas.nodes[added], 40, 40)


def kinds_for(view: CanvasView, start: End | None) -> list[str]:
    """The kinds of stage that a link from `start` can go to; all kinds without one."""
    return [kind for kind in STAGES if start is None or _port_for(view, kind, start)]


def _port_for(view: CanvasView, kind: str, start: End) -> Port | None:
    port = view.canvas.faces[start[0]].port(start[1], start[2])
    ports = STAGES[kind].inputs if start[2] else STAGES[kind].outputs
    return next((candidate for candidate in ports if port and candidate.type == port.type), None)


def _joined(view: CanvasView, kind: str, added: str, start: End) -> Link | None:
    port = _port_for(view, kind, start)
    return link_between(start, (added, port.name, not start[2])) if port else None


def delete(view: CanvasView) -> None:
    """Remove the selected stages with their links, and the selected links."""
    scenario = view.editor.scenario
    after = scenario
    for link in view.canvas.selected_links():
        after = edits.disconnect(after, link)
    after = edits.remove_stages(after, view.canvas.selected_stages())
    if after != scenario:
        view.editor.edit(after)


def select_all(view: CanvasView) -> None:
    view.canvas.select(view.canvas.nodes)


def copy(view: CanvasView) -> None:
    """Put the selected stages and the links between them on the clipboard, as text that another window can paste."""
    content = _cut_out(view.editor.scenario, view.canvas.selected_stages())
    if content["stages"]:
        text = json.dumps({"workbench": 1, **content}, ensure_ascii=False, indent=1)
        QGuiApplication.clipboard().setText(text)


def cut(view: CanvasView) -> None:
    copy(view)
    if view.canvas.selected_stages():
        delete(view)


def paste(view: CanvasView) -> None:
    """Add what the clipboard holds, somewhat aside; refused with words if it holds no stages."""
    try:
        content = json.loads(QGuiApplication.clipboard().text())
        stages = tuple(StageUse.model_validate(one) for one in content["stages"])
        links = tuple(Link.model_validate(one) for one in content["links"])
        places = {id: Position.model_validate(one) for id, one in content["layout"].items()}
    except (ValueError, KeyError, TypeError, AttributeError, ValidationError):
        view.editor.refused.emit(words.say("refuse.paste"))
        return
    _add_copies(view, stages, links, places)


def duplicate(view: CanvasView) -> None:
    """Copy the selected stages beside themselves, leaving the clipboard alone."""
    content = _cut_out(view.editor.scenario, view.canvas.selected_stages())
    stages = tuple(StageUse.model_validate(one) for one in content["stages"])
    links = tuple(Link.model_validate(one) for one in content["links"])
    if stages:
        _add_copies(view, stages, links, {id: Position.model_validate(at) for id, at in content["layout"].items()})


def _add_copies(
    view: CanvasView, stages: tuple[StageUse, ...], links: tuple[Link, ...], places: dict[str, Position]
) -> None:
    aside = Position(x=2 * GRID, y=2 * GRID)
    after = edits.paste(_seated(view.editor.scenario), stages, links, aside, places)
    view.editor.edit(after)
    view.canvas.select([stage.id for stage in after.pipeline.stages[-len(stages) :]])


def _seated(scenario: Scenario) -> Scenario:
    """With all stages at the place where they are seen, so that none jumps when another gets a place."""
    return edits.move(scenario, {id: at for id, at in all_places(scenario).items() if id not in scenario.layout})


def _cut_out(scenario: Scenario, ids: tuple[str, ...]) -> dict[str, Any]:
    pipeline, places = scenario.pipeline, all_places(scenario)
    return {
        "stages": [stage.model_dump(mode="json", by_alias=True) for stage in pipeline.stages if stage.id in ids],
        "links": [str(link) for link in _between(pipeline, ids)],
        "layout": {id: places[id].model_dump() for id in ids},
    }


def _between(pipeline: Pipeline, ids: tuple[str, ...]) -> list[str]:
    inner = [link for link in pipeline.links if link.source_stage in ids and link.target_stage in ids]
    return [f"{link.source} -> {link.target}" for link in inner]


def group(view: CanvasView) -> None:
    """Draw a named box around the selected stages."""
    scenario, ids = view.editor.scenario, view.canvas.selected_stages()
    if not ids:
        view.editor.refused.emit(words.say("refuse.group"))
        return
    name = edits.free_name("group", [group.id for group in scenario.pipeline.groups])
    view.editor.edit(edits.add_item(scenario, ("pipeline", "groups"), Group(id=name, stages=ids)))


def ungroup(view: CanvasView) -> None:
    """Take away the groups that hold a selected stage."""
    scenario, ids = view.editor.scenario, set(view.canvas.selected_stages())
    groups = tuple(group for group in scenario.pipeline.groups if not ids & set(group.stages))
    if groups != scenario.pipeline.groups:
        view.editor.edit(edits.set_field(scenario, ("pipeline", "groups"), groups))


def arrange(view: CanvasView) -> None:
    """Lay the whole pipeline out anew, in columns from left to right."""
    if view.canvas.nodes:
        view.editor.edit(edits.move(view.editor.scenario, layered(view.editor.scenario)))
        view.fit(0.85)
