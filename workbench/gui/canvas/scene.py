"""The scene: the items of a pipeline, redrawn where two documents differ."""

from collections.abc import Iterable, Mapping, Sequence

from PySide6.QtCore import QObject, QPointF, QRectF, Signal
from PySide6.QtWidgets import QGraphicsScene

from workbench.document.problems import Problem
from workbench.document.scenario import Link, Position, Scenario
from workbench.gui import theme, words
from workbench.gui.canvas import places, status
from workbench.gui.canvas.faces import Face, faces
from workbench.gui.canvas.group import GroupItem
from workbench.gui.canvas.link import LinkItem
from workbench.gui.canvas.node import NodeItem
from workbench.gui.canvas.routing import route
from workbench.gui.canvas.rules import End

EMPTY = Scenario()
AIR = 1600  # room around the pipeline for panning
ROUTED = 200  # with so many stages, links go around boxes


class CanvasScene(QGraphicsScene):
    """Nodes by stage id, links by themselves, groups by id. `chosen` is told when the selection has changed."""

    chosen = Signal()
    altered = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.scenario = EMPTY
        self.nodes: dict[str, NodeItem] = {}
        self.links: dict[Link, LinkItem] = {}
        self.groups: dict[str, GroupItem] = {}
        self.faces: dict[str, Face] = {}
        self._links_of: dict[str, list[LinkItem]] = {}
        self.selectionChanged.connect(self.chosen)
        theme.changed.connect(self.update)
        words.changed.connect(self._respeak)

    # --- from one document to the next -----------------------------------------------------------------------------

    def show_scenario(self, scenario: Scenario) -> None:
        """Draw `scenario`, changing only what differs from what is drawn."""
        self.scenario = scenario
        self.faces = faces(scenario)
        renamed = self._show_nodes(scenario)
        self._show_links(scenario)
        self._show_groups(scenario)
        self._mind_room()
        self.altered.emit()
        if renamed:
            self.chosen.emit()

    def _show_nodes(self, scenario: Scenario) -> bool:
        """Bring the boxes up to date; true if one of them goes by another id now."""
        renamed = self._follow_rename()
        for id in [id for id in self.nodes if id not in self.faces]:
            self.removeItem(self.nodes.pop(id))
        standing = places.all_places(scenario)
        for id, seen in self.faces.items():
            node = self.nodes.get(id)
            if node is None:
                node = self.nodes[id] = NodeItem(seen)
                self.addItem(node)
            elif node.face != seen:
                node.put(seen)
            node.setPos(standing[id].x, standing[id].y)
        self.nodes = {id: self.nodes[id] for id in self.faces}
        return renamed

    def _follow_rename(self) -> bool:
        """Keep the box of a stage that has another id now, so that it stays selected; whether there was one."""
        old, new = list(self.nodes), list(self.faces)
        differing = [(was, now) for was, now in zip(old, new, strict=False) if was != now]
        if len(old) != len(new) or len(differing) != 1 or differing[0][1] in self.nodes:
            return False
        was, now = differing[0]
        self.nodes[now] = self.nodes.pop(was)
        return True

    def _show_links(self, scenario: Scenario) -> None:
        # A link whose stage is gone cannot be drawn; the problems panel names it.
        wanted = [
            link
            for link in scenario.pipeline.links
            if link.source_stage in self.nodes and link.target_stage in self.nodes
        ]
        for link in self.links.keys() - set(wanted):
            self.removeItem(self.links.pop(link))
        self._links_of = {id: [] for id in self.nodes}
        linked: dict[str, set[tuple[str, bool]]] = {id: set() for id in self.nodes}
        for link in wanted:
            item = self.links.get(link)
            if item is None:
                item = self.links[link] = LinkItem(link, "")
                self.addItem(item)
            source = self.faces[link.source_stage].port(link.source_port, True)
            target = self.faces[link.target_stage].port(link.target_port, False)
            assert source and target, "faces hold every port that a link names"
            item.port_type = source.type or target.type
            item.wrong = bool(source.type and target.type and source.type != target.type)
            self._links_of[link.source_stage].append(item)
            self._links_of[link.target_stage].append(item)
            linked[link.source_stage].add((link.source_port, True))
            linked[link.target_stage].add((link.target_port, False))
        self._lay_all(self.links.values())
        for id, node in self.nodes.items():
            if node.linked != linked[id]:
                node.linked = frozenset(linked[id])
                node.update()

    def _show_groups(self, scenario: Scenario) -> None:
        wanted = {group.id: group for group in scenario.pipeline.groups}
        for id in [id for id, item in self.groups.items() if wanted.get(id) != item.shown]:
            self.removeItem(self.groups.pop(id))
        for id, group in wanted.items():
            if id not in self.groups:
                self.groups[id] = GroupItem(group)
                self.addItem(self.groups[id])
        self._surround()

    def _surround(self) -> None:
        for item in self.groups.values():
            item.surround([self.nodes[id].box() for id in item.shown.stages if id in self.nodes])

    def _lay_all(self, items: Iterable[LinkItem]) -> None:
        """Lay links around the boxes; in a large pipeline straight through, for that many ways would take too long."""
        boxes = [node.box().adjusted(-4, -4, 4, 4) for node in self.nodes.values()] if len(self.nodes) <= ROUTED else []
        for item in items:
            ends = self.ends_of(item.link)
            if ends:
                own = {item.link.source_stage, item.link.target_stage}
                others = [box for id, box in zip(self.nodes, boxes, strict=False) if id not in own]
                item.lay(route(*ends, others))

    def _mind_room(self) -> None:
        whole = self.content()
        self.setSceneRect(whole.adjusted(-AIR, -AIR, AIR, AIR))

    def _respeak(self) -> None:
        self.show_scenario(self.scenario)

    # --- asked and told by the others ------------------------------------------------------------------------------

    def content(self) -> QRectF:
        """The rectangle around all stages; an empty one at the origin if there are none."""
        whole = QRectF()
        for node in self.nodes.values():
            whole = whole.united(node.box())
        return whole

    def ends_of(self, link: Link) -> tuple[QPointF, QPointF] | None:
        """Where a link starts and ends."""
        source, target = self.nodes.get(link.source_stage), self.nodes.get(link.target_stage)
        if source is None or target is None:
            return None
        return source.spot(link.source_port, True), target.spot(link.target_port, False)

    def shift(self, positions: Mapping[str, Position]) -> None:
        """Draw stages elsewhere while they are dragged; the document does not know yet."""
        for id, position in positions.items():
            self.nodes[id].setPos(position.x, position.y)
        self._lay_all({item for id in positions for item in self._links_of[id]})
        self._surround()
        self.altered.emit()

    def end_at(self, place: QPointF) -> End | None:
        """The port at a place."""
        near = QRectF(place.x() - 16, place.y() - 16, 32, 32)
        for item in self.items(near):
            if isinstance(item, NodeItem) and (end := item.end_at(place)):
                return end
        return None

    def selected_stages(self) -> tuple[str, ...]:
        return tuple(id for id, node in self.nodes.items() if node.isSelected())

    def selected_links(self) -> tuple[Link, ...]:
        return tuple(link for link, item in self.links.items() if item.isSelected())

    def select(self, stages: Iterable[str] = (), links: Iterable[Link] = ()) -> None:
        """Select these and nothing else; `chosen` is told once."""
        wanted, wanted_links = set(stages), set(links)
        self.blockSignals(True)
        for id, node in self.nodes.items():
            node.setSelected(id in wanted)
        for link, item in self.links.items():
            item.setSelected(link in wanted_links)
        self.blockSignals(False)
        self.update()
        self.chosen.emit()

    def show_problems(self, by_stage: Mapping[str, Sequence[Problem]]) -> None:
        """Mark the stages that have problems."""
        for id, node in self.nodes.items():
            node.put_problems(by_stage.get(id, ()))
        self.altered.emit()

    def show_status(self, facts: Mapping[str, status.StageFact], shares: Mapping[str, float]) -> None:
        """Show how each stage stands in a run; an empty mapping takes the marks away."""
        grown = False
        for id, node in self.nodes.items():
            before = node.status is None
            node.put_status(status.of(facts[id], shares.get(id)) if id in facts else None)
            grown = grown or before != (node.status is None)
        if grown:
            self._surround()
            self._lay_all(self.links.values())
        self.altered.emit()
