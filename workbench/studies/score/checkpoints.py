"""F4: training that fails at random, saves at intervals and starts again, by the programs that do so."""

from __future__ import annotations

import math
from dataclasses import dataclass

from workbench.architectures.random_streams import stream
from workbench.architectures.ring import RingAllReduce
from workbench.architectures.training import TrainingJob
from workbench.engines.simulated.network import Network
from workbench.engines.simulated.world import World
from workbench.runs.events import Event, StepsFinished
from workbench.studies.score.case import Case, Point
from workbench.studies.score.laboratory import GivenWork

FAILURES = 12_000  # of each row, so that the error of chance is a twentieth of a point
HOUR_S = 3600.0


@dataclass(frozen=True)
class Row:
    """Hours: mean time to a failure, stall of a checkpoint, restart; and the published share of useful time."""

    failure_h: float
    save_h: float
    restart_h: float
    useful: float


ROWS = (
    Row(3.093, 0.0167, 0.0833, 0.8758),
    Row(3.093, 0.0833, 0.2500, 0.7240),
    Row(2.700, 0.0083, 0.0500, 0.9065),
    Row(24.000, 0.0833, 0.1667, 0.9126),
    Row(7.900, 0.0100, 0.2500, 0.9209),
)


def useful_share(row: Row, failures: int = FAILURES, seed: int = 1) -> float:
    """Useful time / time, of a member that saves every Young interval (1974), sqrt(2 * save * failure).

    One step of the program is one interval; a failure at any moment, restarts included, begins again at the last
    checkpoint.
    """
    interval_s = math.sqrt(2 * row.save_h * row.failure_h) * HOUR_S
    work = GivenWork(
        0.0,
        steps=2**40,
        compute_s=lambda member: interval_s,
        save_s=row.save_h * HOUR_S,
        restore_s=row.restart_h * HOUR_S,
    )
    saved = 0

    def tell(event: Event, who: str) -> None:
        nonlocal saved
        if isinstance(event, StepsFinished):
            saved = event.last

    world = World(Network(1e9, 0.0), work, tell)
    architecture, job = RingAllReduce(checkpoint_every=1), TrainingJob("train", "", {}, ("w",))
    at_s = 0.0
    for gap_s in stream(seed, "failure", "w").exponential(row.failure_h * HOUR_S, failures):
        world.add("w", architecture.program("w", job))
        world.start(["w"])
        at_s += float(gap_s)
        while world.clock.run_slice(at_s, 100_000):
            pass
        world.clock.advance_to(at_s)
        world.kill("w")
    return saved * interval_s / at_s


def points() -> tuple[Point, ...]:
    return tuple(
        Point(
            f"failure every {row.failure_h:g} h, save {60 * row.save_h:.1f} min, restart {60 * row.restart_h:.0f} min",
            row.useful,
            useful_share(row),
            null=_first_order(row),
        )
        for row in ROWS
    )


def _first_order(row: Row) -> float:
    """What the first-order formula says, which is biased high."""
    interval_h = math.sqrt(2 * row.save_h * row.failure_h)
    lost = row.save_h / interval_h + interval_h / (2 * row.failure_h) + row.restart_h / row.failure_h
    return 1 / (1 + lost)


CASE = Case(
    id="F4",
    title="Useful time with checkpoints and failures",
    source="exact renewal formula after Daly, FGCS 22, 2006; interval of Young, CACM 17, 1974",
    unit="share",
    target=0.002,
    points=points,
    kind="points",
    most=True,
)
