"""What may be joined to what while a link is drawn: types must be equal, and no cycle may arise."""

from collections import defaultdict

from workbench.document.scenario import Link, Scenario
from workbench.gui.canvas.faces import Face

End = tuple[str, str, bool]  # stage, port, whether it is an output


def link_between(one: End, other: End) -> Link | None:
    """The link that joins two ends, whichever way round; None if both are inputs or both are outputs."""
    if one[2] == other[2]:
        return None
    source, target = (one, other) if one[2] else (other, one)
    return Link(source=f"{source[0]}.{source[1]}", target=f"{target[0]}.{target[1]}")


def fitting(scenario: Scenario, faces: dict[str, Face], start: End) -> set[End]:
    """Every end that a link from `start` may go to."""
    stage, name, output = start
    port = faces[stage].port(name, output)
    assert port is not None, f"{stage} has no port {name}"
    barred = reachable(scenario, stage, downstream=not output)
    ends: set[End] = set()
    for other in faces.values():
        if other.id in barred:
            continue
        for candidate in other.inputs if output else other.outputs:
            if candidate.type == port.type and port.type:
                ends.add((other.id, candidate.name, not output))
    return ends


def reachable(scenario: Scenario, stage: str, downstream: bool) -> set[str]:
    """The stages that come after (or before) a stage along the links, itself included."""
    neighbours: dict[str, list[str]] = defaultdict(list)
    for link in scenario.pipeline.links:
        here, there = (link.source_stage, link.target_stage) if downstream else (link.target_stage, link.source_stage)
        neighbours[here].append(there)
    found, frontier = {stage}, [stage]
    while frontier:
        for neighbour in neighbours[frontier.pop()]:
            if neighbour not in found:
                found.add(neighbour)
                frontier.append(neighbour)
    return found
