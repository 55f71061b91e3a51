"""Where stages stand: on a grid, and with a place also for those that a document gives none."""

from workbench.document.scenario import Position, Scenario
from workbench.gui.canvas.layered import layered

GRID = 24


def snapped(x: float, y: float) -> Position:
    """The nearest crossing of the grid."""
    return Position(x=round(x / GRID) * GRID, y=round(y / GRID) * GRID)


def all_places(scenario: Scenario) -> dict[str, Position]:
    """A position for every stage: the document's, and for stages without one that of the layered layout."""
    ids = [stage.id for stage in scenario.pipeline.stages]
    missing = [id for id in ids if id not in scenario.layout]
    found = {id: scenario.layout[id] for id in ids if id in scenario.layout}
    if not missing:
        return found
    arranged = layered(scenario)
    # Stages without a place stand below those that have one, so that nothing is covered.
    below = max((place.y for place in found.values()), default=-GRID * 7) + GRID * 7
    top = min(arranged[id].y for id in missing) if found else 0
    for id in missing:
        found[id] = Position(
            x=arranged[id].x, y=arranged[id].y - top + below if len(missing) < len(ids) else arranged[id].y
        )
    return found


def free_near(scenario: Scenario, wish: Position) -> Position:
    """The grid crossing nearest below `wish` where a new stage covers no other."""
    taken = all_places(scenario).values()
    place = snapped(wish.x, wish.y)
    while any(abs(other.x - place.x) < 192 and abs(other.y - place.y) < 120 for other in taken):
        place = Position(x=place.x, y=place.y + GRID)
    return place
