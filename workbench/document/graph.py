"""The order in a pipeline: what waits for what, and where that goes round in a circle."""

from __future__ import annotations

from collections.abc import Iterable

from workbench.document.scenario import Link, Pipeline


def cycles(pipeline: Pipeline) -> list[tuple[str, ...]]:
    """A cycle for each knot of stages that wait for each other, such as ("a", "b", "a")."""
    following = _following(pipeline.links)
    found: list[tuple[str, ...]] = []
    told: set[str] = set()
    for stage in dict.fromkeys([stage.id for stage in pipeline.stages] + list(following)):
        if stage not in told and (way := _way(following, stage, stage)):
            found.append(way)
            told |= _reached(following, stage) & {other for other in following if stage in _reached(following, other)}
    return found


def cycle_with(links: Iterable[Link], link: Link) -> tuple[str, ...]:
    """The cycle that `link` closes with `links`, its source first and last; empty if it closes none."""
    source, target = link.source_stage, link.target_stage
    if source == target:
        return (source, source)
    way = _way(_following(links), target, source)
    return (source, *way) if way else ()


def _following(links: Iterable[Link]) -> dict[str, list[str]]:
    following: dict[str, list[str]] = {}
    for link in links:
        following.setdefault(link.source_stage, []).append(link.target_stage)
    return following


def _way(following: dict[str, list[str]], start: str, end: str) -> tuple[str, ...]:
    """The stages on a shortest way of at least one link from `start` to `end`; empty if there is none."""
    ways: list[tuple[str, ...]] = [(start,)]
    seen: set[str] = set()
    for way in ways:
        for stage in following.get(way[-1], ()):
            if stage == end:
                return (*way, stage)
            if stage not in seen:
                seen.add(stage)
                ways.append((*way, stage))
    return ()


def _reached(following: dict[str, list[str]], start: str) -> set[str]:
    reached: set[str] = set()
    waiting = [start]
    while waiting:
        for stage in following.get(waiting.pop(), ()):
            if stage not in reached:
                reached.add(stage)
                waiting.append(stage)
    return reached
