"""A layered layout: stages stand in columns by their longest way from a source, ordered so that few links cross."""

from collections import defaultdict

from workbench.document.scenario import Position, Scenario

COLUMN, ROW, SWEEPS = 288, 144, 4


def layered(scenario: Scenario) -> dict[str, Position]:
    """A position for every stage; links that close a cycle are passed over."""
    ids = [stage.id for stage in scenario.pipeline.stages]
    before: dict[str, list[str]] = defaultdict(list)
    after: dict[str, list[str]] = defaultdict(list)
    for link in scenario.pipeline.links:
        if link.source_stage in ids and link.target_stage in ids:
            before[link.target_stage].append(link.source_stage)
            after[link.source_stage].append(link.target_stage)
    columns = _columns(ids, before, after)
    for sweep in range(SWEEPS):
        forward = sweep % 2 == 0
        _order(columns if forward else columns[::-1], before if forward else after)
    tallest = max((len(column) for column in columns), default=0)
    return {
        id: Position(x=96 + COLUMN * x, y=96 + ROW * (y + (tallest - len(column)) / 2) // 24 * 24)
        for x, column in enumerate(columns)
        for y, id in enumerate(column)
    }


def _columns(ids: list[str], before: dict[str, list[str]], after: dict[str, list[str]]) -> list[list[str]]:
    depth = dict.fromkeys(ids, 0)
    open_links = {id: len(before[id]) for id in ids}
    ready = [id for id in ids if not open_links[id]]
    while ready:
        id = ready.pop()
        for other in after[id]:
            depth[other] = max(depth[other], depth[id] + 1)
            open_links[other] -= 1
            if not open_links[other]:
                ready.append(other)
    columns: list[list[str]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for id in ids:
        columns[depth[id]].append(id)
    return [column for column in columns if column]


def _order(columns: list[list[str]], neighbours: dict[str, list[str]]) -> None:
    """Sort each column by the mean place of its neighbours in the columns passed before."""
    place: dict[str, float] = {}
    for column in columns:
        old = {id: float(i) for i, id in enumerate(column)}

        def centre(id: str, old: dict[str, float] = old) -> float:
            seen = [place[other] for other in neighbours[id] if other in place]
            return sum(seen) / len(seen) if seen else old[id]

        column.sort(key=centre)
        place.update({id: i - len(column) / 2 for i, id in enumerate(column)})
