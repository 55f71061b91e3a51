"""Series: what charts draw of a run."""

from __future__ import annotations

from typing import NamedTuple

from workbench.runs.state import RunState


class Level(NamedTuple):
    """A rate that is the mean over a stretch of time."""

    start_s: float
    end_s: float
    value: float


def throughput(state: RunState, most: int = 160) -> list[Level]:
    """Samples a second, stretch by stretch; each stretch ends with a step, so that a standstill shows as a low one.

    Where there are more than `most` steps, a stretch holds several, the same number each.
    """
    count = len(state.step_times)
    stride = -(-count // most) or 1
    ends = [*range(stride - 1, count, stride)]
    if count and (not ends or ends[-1] != count - 1):
        ends.append(count - 1)
    levels = []
    start_s, samples = state.training_began_s or 0.0, 0
    for index in ends:
        end_s, told = state.step_times[index]
        if end_s > start_s:
            levels.append(Level(start_s, end_s, (told - samples) / (end_s - start_s)))
            start_s, samples = end_s, told
    return levels


QUALITY = {"kept_neighbours_at": "dimensions", "cold_start": "observations"}  # what is measured -> against what


def quality(state: RunState) -> dict[str, list[tuple[float, float]]]:
    """The curves that stages measured against something else than time, each of the stage that tells most of it."""
    found = {}
    for name in QUALITY:
        by_stage: dict[str, list[tuple[float, float]]] = {}
        for measure in state.measures.get(name, []):
            by_stage.setdefault(measure.stage, []).append((measure.step, measure.value))
        longest = max(by_stage.values(), key=len, default=[])
        if len(longest) > 1:
            found[name] = longest
    return found


def measured(state: RunState, name: str, most: int = 400) -> list[tuple[float, float]]:
    """(step, or seconds where there are no steps; value) of what was measured, thinned to `most` points, ends kept."""
    points = [(m.step if m.step >= 0 else m.t_s, m.value) for m in state.measures.get(name, [])]
    stride = -(-len(points) // most) or 1
    kept = points[::stride]
    if points and kept[-1] != points[-1]:
        kept.append(points[-1])
    return kept
