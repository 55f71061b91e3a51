"""E6: how long a step waits for the first k of n workers, by the program of a parameter server with backup workers.

Every step begins with all workers at once, as in the closed form; in a long training with backup workers a late one
would begin the next step late, so that each step is a training of its own there. Chance is taken out by control
variates (Glasserman, "Monte Carlo methods in financial engineering", 2004): how many workers of a step draw more than a
few thresholds, and by how much in all, compared with what is expected of them. They know nothing of n - k, and their
weights come from draws of their own, so that the mean stays unbiased.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from workbench.architectures.parameter_server import ParameterServer
from workbench.architectures.random_streams import stream
from workbench.architectures.training import TrainingJob
from workbench.engines.simulated.network import Network
from workbench.engines.simulated.world import World
from workbench.runs.events import Event, StepsFinished
from workbench.studies.score.case import Case, Point
from workbench.studies.score.laboratory import GivenWork, step_ends_s

if TYPE_CHECKING:
    import numpy

    Array = numpy.ndarray[tuple[int, ...], numpy.dtype[numpy.float64]]

ERROR = 0.004  # of chance, as a share of the figure: two fifths of the tolerance
PILOT = 20_000  # steps drawn, not simulated, from which the weights of the controls and the number of steps come
LEVELS = (0.05, 0.2, 0.4, 0.6, 0.8, 0.95)
CONSTANT_S = 1.0  # what a worker takes at least


@dataclass(frozen=True)
class Row:
    """Workers, how many of them a step waits for, and the expected wait beyond the constant: H_n - H_(n-k)."""

    workers: int
    awaited: int
    extra: float


ROWS = (
    Row(16, 16, 3.3807),
    Row(50, 50, 4.4992),
    Row(51, 50, 3.5188),
    Row(52, 50, 3.0380),
    Row(53, 50, 2.7236),
    Row(54, 50, 2.4921),
    Row(64, 64, 4.7439),
    Row(100, 100, 5.1874),
    Row(104, 100, 3.1431),
)


def extra_wait(row: Row, error: float = ERROR, seed: int = 1) -> float:
    """Mean of what a step takes beyond the constant, in units of the mean of the workers' exponential times."""
    import numpy as np

    pilot = stream(seed, "pilot", row.workers, row.awaited).exponential(size=(PILOT, row.workers))
    first = np.partition(pilot, row.awaited - 1, axis=1)[:, row.awaited - 1]
    thresholds = np.quantile(first, LEVELS)
    surprises = _surprises(pilot, thresholds)
    weights, *_ = np.linalg.lstsq(surprises, first - first.mean(), rcond=None)
    left = float(np.std(first - surprises @ weights))
    steps = math.ceil((left / (error * float(first.mean()))) ** 2)
    draws = stream(seed, "steps", row.workers, row.awaited).exponential(size=(steps, row.workers))
    waits = np.array(waits_s(row, draws))
    return float(np.mean(waits - _surprises(draws, thresholds) @ weights))


def _surprises(draws: Array, thresholds: Array) -> Array:
    """By how much each step's draws differ from what is expected: counts above thresholds, and sums of the excess."""
    import numpy as np

    expected = draws.shape[1] * np.exp(-thresholds)
    counts = np.stack([(draws > threshold).sum(axis=1) for threshold in thresholds], axis=1)
    excess = np.stack([np.maximum(draws - threshold, 0).sum(axis=1) for threshold in thresholds], axis=1)
    return np.concatenate([counts - expected, excess - expected], axis=1)


def waits_s(row: Row, draws: Sequence[Sequence[float]] | Array) -> list[float]:
    """What each step takes beyond the constant, simulated: in step i, worker j computes for constant + draws[i][j]."""
    if row.awaited == row.workers:
        return _waits_for_all_s(row, draws)
    team = ("s", *(f"w{i}" for i in range(row.workers)))
    architecture = ParameterServer(backup=row.workers - row.awaited)
    job = TrainingJob("train", "", {}, team)
    computed_s: dict[str, float] = {}
    waits: list[float] = []
    began_s = 0.0

    def tell(event: Event, who: str) -> None:
        if isinstance(event, StepsFinished):
            waits.append(world.clock.now - began_s - CONSTANT_S)

    work = GivenWork(0.0, compute_s=lambda member: computed_s[member])
    world = World(Network(1e30, 0.0), work, tell)
    for step in draws:
        computed_s.update(zip(team[1:], (CONSTANT_S + float(drawn) for drawn in step), strict=True))
        began_s = world.clock.now
        for member in team:
            world.add(member, architecture.program(member, job))
        world.start(team)
        while world.clock.run_slice(float("inf"), 100_000):
            pass
    return waits


def _waits_for_all_s(row: Row, draws: Sequence[Sequence[float]] | Array) -> list[float]:
    """The same where every step waits for everybody, so that all begin the next one together: one training."""
    team = ("s", *(f"w{i}" for i in range(row.workers)))
    rows = {name: iter(own) for name, own in zip(team[1:], zip(*draws, strict=True), strict=True)}
    work = GivenWork(0.0, len(draws), compute_s=lambda member: CONSTANT_S + float(next(rows[member])))
    ends = [0.0, *step_ends_s(ParameterServer(), team, Network(1e30, 0.0), work)]
    return [end - began - CONSTANT_S for began, end in pairwise(ends)]


def points() -> tuple[Point, ...]:
    return tuple(
        Point(f"the first {row.awaited} of {row.workers}", row.extra, extra_wait(row), null=1.0) for row in ROWS
    )


CASE = Case(
    id="E6",
    title="Backup workers: the wait for the first k of n",
    source="order statistics of exponential times, Renyi 1953: H_n - H_(n-k); backup workers of Chen et al., 2016",
    unit="mean times",
    target=0.01,
    points=points,
    most=True,
)
