"""G6: how long a cluster of five servers is without a leader, by timeouts drawn from ranges of several widths."""

from __future__ import annotations

from statistics import fmean, median

from workbench.architectures.raft import Timing
from workbench.engines.simulated.elections import without_leader_s
from workbench.studies.score.case import Case, Point

SEED, TRIALS, FEW = 1, 1000, 100  # the trials are as many as were made for real
LONG_S = 10.0
BROADCAST_S = 0.015  # published: until a request has gone out, is written down, and is answered
LATENCY_S = 0.0024  # of a letter: its share of that is not published, and fitted to the median of 150 to 155 ms
LOGS = (5, 4, 3, 2, 1)  # all differ, so that two of the four that remain can win no election


def trials_s(least_ms: float, most_ms: float, trials: int = TRIALS) -> list[float]:
    """Seconds without a leader in each of the trials, `LONG_S` at most."""
    timing = Timing(least_ms / 1e3, most_ms / 1e3, BROADCAST_S - 2 * LATENCY_S)
    return [without_leader_s(timing, LATENCY_S, LOGS, SEED, trial, LONG_S) for trial in range(trials)]


def points() -> tuple[Point, ...]:
    """Against somebody who expects the first server that times out to be elected: at the mean timeout, or the longest,
    half a heartbeat less for those that were under way."""
    narrow, wide, short = (trials_s(*timeouts) for timeouts in ((150, 155), (150, 200), (12, 24)))
    same = trials_s(150, 150, FEW)
    never = sum(time_s >= LONG_S for time_s in same) / FEW
    return (
        Point("150 to 155 ms: median", 0.287, median(narrow), null=0.115, calibrated=True),
        Point("150 to 200 ms: longest of 1,000", 0.513, max(wide), null=0.2, held_back=True),
        Point("12 to 24 ms: mean", 0.035, fmean(short), null=0.015, held_back=True),
        Point("12 to 24 ms: longest of 1,000", 0.152, max(short), null=0.024, held_back=True),
        Point("150 ms for all: share of 100 beyond 10 s", 1.0, never, null=0.0, held_back=True),
    )


CASE = Case(
    id="G6",
    title="Election of a new leader among five servers",
    source="Ongaro, Consensus: bridging theory and practice, 2014, chapter 9; Ongaro and Ousterhout, USENIX ATC 2014",
    unit="s",
    target=0.25,
    stretch=0.2,
    points=points,
    calibration="latency of a letter, fitted to the median of 150 to 155 ms",
)
