"""A layered layout: stages stand in columns by their longest way from a source, ordered so that few links cross."""

from collections import defaultdict

from workbench.document.scenario import Position, Scenario

COLUMN, ROW, PASSING, SWEEPS = 216, 120, 48, 8
GRID = 24

Neighbours = dict[str, list[str]]


def layered(scenario: Scenario) -> dict[str, Position]:
    """A position for every stage; links that close a cycle are passed over."""
    ids = [stage.id for stage in scenario.pipeline.stages]
    links = [
        (link.source_stage, link.target_stage)
        for link in scenario.pipeline.links
        if link.source_stage in ids and link.target_stage in ids
    ]
    depth = _depths(ids, links)
    columns, before, after = _with_ways(ids, links, depth)
    for sweep in range(SWEEPS):
        _order(columns if sweep % 2 == 0 else columns[::-1], before if sweep % 2 == 0 else after)
    heights = {id: ROW if id in depth else PASSING for column in columns for id in column}
    y = _heights(columns, before, after, heights)
    top = min((y[id] for id in ids), default=0)
    return {id: Position(x=COLUMN * depth[id], y=round((y[id] - top) / GRID) * GRID) for id in ids}


def _depths(ids: list[str], links: list[tuple[str, str]]) -> dict[str, int]:
    """The column of each stage: the length of the longest way to it."""
    depth = dict.fromkeys(ids, 0)
    after: Neighbours = defaultdict(list)
    waiting = dict.fromkeys(ids, 0)
    for source, target in links:
        after[source].append(target)
        waiting[target] += 1
    ready = [id for id in ids if not waiting[id]]
    while ready:
        id = ready.pop()
        for other in after[id]:
            depth[other] = max(depth[other], depth[id] + 1)
            waiting[other] -= 1
            if not waiting[other]:
                ready.append(other)
    return depth


def _with_ways(
    ids: list[str], links: list[tuple[str, str]], depth: dict[str, int]
) -> tuple[list[list[str]], Neighbours, Neighbours]:
    """The columns, with a way through each column that a link passes, so that no stage stands in it."""
    columns: list[list[str]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    before: Neighbours = defaultdict(list)
    after: Neighbours = defaultdict(list)
    for id in ids:
        columns[depth[id]].append(id)
    for source, target in links:
        last = source
        for column in range(depth[source] + 1, depth[target]):
            way = f"{source} -> {target} {column}"
            if way not in columns[column]:
                columns[column].append(way)
                after[last].append(way)
                before[way].append(last)
            last = way
        after[last].append(target)
        before[target].append(last)
    return columns, before, after


def _order(columns: list[list[str]], neighbours: Neighbours) -> None:
    """Sort each column by the mean place of its neighbours in the columns passed before."""
    place: dict[str, float] = {}
    for column in columns:
        old = {id: i - len(column) / 2 for i, id in enumerate(column)}

        def centre(id: str, old: dict[str, float] = old) -> float:
            seen = [place[other] for other in neighbours[id] if other in place]
            return sum(seen) / len(seen) if seen else old[id]

        column.sort(key=centre)
        place.update({id: i - len(column) / 2 for i, id in enumerate(column)})


def _heights(columns: list[list[str]], before: Neighbours, after: Neighbours, room: dict[str, int]) -> dict[str, float]:
    """How far down each lies: near the middle of its neighbours, in the order of its column, with room around it."""
    y: dict[str, float] = {}
    for column in columns:
        _place(column, dict.fromkeys(column, 0.0), room, y)
    for sweep in range(SWEEPS):
        forward = sweep % 2 == 0
        for column in columns if forward else columns[::-1]:
            wish = {}
            for id in column:
                near = [y[other] for other in (before[id] if forward else after[id])]
                wish[id] = sum(near) / len(near) if near else y[id]
            _place(column, wish, room, y)
    return y


def _place(column: list[str], wish: dict[str, float], room: dict[str, int], y: dict[str, float]) -> None:
    least = float("-inf")
    placed: dict[str, float] = {}
    for i, id in enumerate(column):
        if i:
            least = placed[column[i - 1]] + (room[column[i - 1]] + room[id]) / 2
        placed[id] = max(wish[id], least)
    pushed = sum(placed[id] - wish[id] for id in column) / max(len(column), 1)
    y.update({id: place - pushed for id, place in placed.items()})
