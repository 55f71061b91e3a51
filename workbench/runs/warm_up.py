"""Warm-up: how much of the start of a series is not yet its steady state."""

from __future__ import annotations

from collections.abc import Sequence

BATCH = 5


def mser5(values: Sequence[float]) -> int:
    """How many values at the start MSER-5 leaves out: a multiple of five, and never more than half of them.

    The values are averaged in batches of five. What is left out makes the standard error of the mean of the remaining
    batches least (White, "An effective truncation heuristic for bias reduction in simulation output", Simulation 69:6,
    1997); of equally good choices it is the shortest.
    """
    import numpy

    count = len(values) // BATCH
    if count < 2:
        return 0
    batches = numpy.asarray(values[: count * BATCH], dtype=float).reshape(count, BATCH).mean(axis=1)
    # Sums from the end, around the median: squares of values far from zero would drown their spread.
    reverse = batches[::-1] - numpy.median(batches)
    sizes = numpy.arange(1, count + 1)
    sums, squares = numpy.cumsum(reverse), numpy.cumsum(reverse * reverse)
    errors = (numpy.maximum(squares - sums * sums / sizes, 0.0) / (sizes * sizes))[::-1]
    return BATCH * int(numpy.argmin(errors[: count // 2 + 1]))
