"""The order in a pipeline: what waits for what, and where that goes round in a circle."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping

from workbench.document.scenario import Link, Pipeline

Arrows = Mapping[str, list[str]]


def cycles(pipeline: Pipeline) -> list[tuple[str, ...]]:
    """A cycle for each knot of stages that wait for each other, such as ("a", "b", "a")."""
    following = _arrows((link.source_stage, link.target_stage) for link in pipeline.links)
    before = _arrows((link.target_stage, link.source_stage) for link in pipeline.links)
    found: list[tuple[str, ...]] = []
    settled = _without_knots(following, before)
    for stage in dict.fromkeys([stage.id for stage in pipeline.stages] + list(following)):
        if stage not in settled:
            knot = _reached(following, stage) & _reached(before, stage)
            settled |= knot | {stage}
            if knot:
                found.append(_way(following, stage, stage))
    return found


def cycle_with(links: Iterable[Link], link: Link) -> tuple[str, ...]:
    """The cycle that `link` closes with `links`, its source first and last; empty if it closes none."""
    source, target = link.source_stage, link.target_stage
    if source == target:
        return (source, source)
    way = _way(_arrows((other.source_stage, other.target_stage) for other in links), target, source)
    return (source, *way) if way else ()


def _arrows(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    arrows: dict[str, list[str]] = {}
    for start, end in pairs:
        arrows.setdefault(start, []).append(end)
    return arrows


def _without_knots(following: Arrows, before: Arrows) -> set[str]:
    """Stages that can be done in some order before every knot: in most pipelines all."""
    waiting_for = {stage: len(sources) for stage, sources in before.items()}
    ready = [stage for stage in following if stage not in before]
    settled = set(ready)
    while ready:
        for stage in following.get(ready.pop(), ()):
            waiting_for[stage] -= 1
            if waiting_for[stage] == 0:
                settled.add(stage)
                ready.append(stage)
    return settled


def _way(following: Arrows, start: str, end: str) -> tuple[str, ...]:
    """The stages on a shortest way of at least one link from `start` to `end`; empty if there is none."""
    came_from: dict[str, str] = {}
    waiting = deque([start])
    while waiting:
        here = waiting.popleft()
        for stage in following.get(here, ()):
            if stage == end:
                way = [end, here]
                while way[-1] != start:
                    way.append(came_from[way[-1]])
                return tuple(reversed(way))
            if stage not in came_from:
                came_from[stage] = here
                waiting.append(stage)
    return ()


def _reached(arrows: Arrows, start: str) -> set[str]:
    """All that lies behind `start`; `start` itself only if it is on a way back to itself."""
    reached: set[str] = set()
    waiting = [start]
    while waiting:
        for stage in arrows.get(waiting.pop(), ()):
            if stage not in reached:
                reached.add(stage)
                waiting.append(stage)
    return reached
