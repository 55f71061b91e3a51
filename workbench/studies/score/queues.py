"""G8: how long work waits for one leader, for several behind one line, and for leaders that share it by chance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, repeat
from math import ceil, inf
from typing import Any

from workbench.architectures.random_streams import stream
from workbench.engines.simulated.clock import Clock
from workbench.engines.simulated.station import Station, arrive
from workbench.studies.score.case import Case, Point

JOBS, WARM_UP, DRAWS = 1_000_000, 20_000, 8192
SEED = 1


@dataclass(frozen=True)
class System:
    """A queue in the terms of its theory: jobs a second that come, and that one of `servers` servers can do.

    With `shards`, as many such queues, of which each job is given one by chance; `rate_per_s` is that of all. `regular`
    services take 1 / `done_per_s` each, others are exponential. A server that breaks down does so every `up_s` of its
    time up and is down for `down_s` (means of exponential times).
    """

    rate_per_s: float
    done_per_s: float = 1.0
    servers: int = 1
    shards: int = 1
    regular: bool = False
    up_s: float = 0.0
    down_s: float = 0.0


@dataclass
class Observed:
    """What `wanted` jobs saw: seconds in line, and from arrival to end; the first `skipped` are not counted."""

    wanted: int
    skipped: int
    waits_s: list[float] = field(default_factory=list)
    times_s: list[float] = field(default_factory=list)

    def began(self, _job: Any, waited_s: float) -> None:
        if self.skipped:
            self.skipped -= 1
        elif len(self.waits_s) < self.wanted:
            self.waits_s.append(waited_s)

    def ended(self, time_s: float) -> None:
        if self.waits_s and not self.complete:
            self.times_s.append(time_s)

    @property
    def complete(self) -> bool:
        return len(self.times_s) == self.wanted


@dataclass(frozen=True)
class Figures:
    """Of many jobs: the share that waits, mean seconds in line and from arrival to end, and within which 99 % end."""

    waiting: float
    wait_s: float
    time_s: float
    p99_s: float


def draws(mean: float, *name: str | int) -> Iterator[float]:
    """Exponential times, in batches."""
    drawn = stream(SEED, *name)
    while True:
        yield from drawn.exponential(mean, DRAWS).tolist()


def observe(system: System, jobs: int = JOBS, warm_up: int = WARM_UP) -> Figures:
    """`jobs` jobs of the system in virtual time, in two runs, after `warm_up` in each that are not counted.

    What makes one run slow makes the other fast, for they exchange the random numbers of arrivals and of services
    (Page, "On Monte Carlo methods in congestion problems", Operations Research 13, 1965).
    """
    runs = [_run(system, Observed(jobs // 2, warm_up), *names) for names in (("a", "b"), ("b", "a"))]
    waits_s, times_s = (list(chain.from_iterable(both)) for both in zip(*runs, strict=True))
    p99_s = sorted(times_s)[ceil(0.99 * jobs) - 1]
    return Figures(sum(wait_s > 0 for wait_s in waits_s) / jobs, sum(waits_s) / jobs, sum(times_s) / jobs, p99_s)


def _run(system: System, seen: Observed, arrival: str, service: str) -> tuple[list[float], list[float]]:
    """(seconds in line, seconds from arrival to end) of the jobs, each drawn from the streams of these names."""
    clock = Clock()
    stations = [Station(clock, system.servers, seen.began) for _ in range(system.shards)]
    mean_s = 1 / system.done_per_s
    services = repeat(mean_s) if system.regular else draws(mean_s, service)
    shards = _choices(system.shards)

    def arrived(_: None) -> None:
        stations[next(shards)].submit(next(services), lambda at_s: seen.ended(clock.now - at_s), clock.now)

    arrive(clock, draws(1 / system.rate_per_s, arrival), arrived)
    if system.up_s:
        for number, station in enumerate(stations):
            _break_down(clock, station, draws(system.up_s, "up", number), draws(system.down_s, "down", number))
    while not seen.complete:
        clock.run_slice(inf, 10_000)
    return seen.waits_s, seen.times_s


def _choices(shards: int) -> Iterator[int]:
    drawn = stream(SEED, "shard")
    while True:
        yield from drawn.integers(shards, size=DRAWS).tolist()


def _break_down(clock: Clock, station: Station, up_s: Iterator[float], down_s: Iterator[float]) -> None:
    def fail(_: None) -> None:
        station.go_down()
        clock.call_in(next(down_s), mend)

    def mend(_: None) -> None:
        station.come_up()
        clock.call_in(next(up_s), fail)

    clock.call_in(next(up_s), fail)


# (name, system, share of jobs that wait, mean wait, mean time), at one job a second and server
ROWS: tuple[tuple[str, System, float, float, float], ...] = (
    ("M/M/1 at 0.9", System(0.9), 0.9, 9.0, 10.0),
    ("M/M/1 at 0.95", System(0.95), 0.95, 19.0, 20.0),
    ("M/D/1 at 0.9", System(0.9, regular=True), 0.9, 4.5, 5.5),
    ("M/M/8 at 0.9", System(7.2, servers=8), 0.70153, 0.87692, 1.87692),
    ("M/M/16 at 0.9", System(14.4, servers=16), 0.59134, 0.36959, 1.36959),
    ("M/M/64 at 0.9", System(57.6, servers=64), 0.31066, 0.04854, 1.04854),
    ("8 shards at 0.9", System(7.2, shards=8), 0.9, 9.0, 10.0),
)


def points() -> tuple[Point, ...]:
    """Against somebody who reckons with no line: nobody waits, and a job takes its service."""
    found = []
    for name, system, waiting, wait_s, time_s in ROWS:
        seen = observe(system)
        found.append(Point(f"{name}: share that waits", waiting, seen.waiting, null=0.0))
        found.append(Point(f"{name}: mean wait", wait_s, seen.wait_s, null=0.0))
        found.append(Point(f"{name}: mean time", time_s, seen.time_s, null=1.0))
        if name == "M/M/1 at 0.9":
            found.append(Point(f"{name}: 99 % done within", 46.05, seen.p99_s, null=4.605))
    return tuple(found)


CASE = Case(
    id="G8",
    title="Waiting for one leader, and for several",
    source="Kleinrock, Queueing Systems I, 1975, 3.2, 3.5 and 5.6; Erlang's C formula (1917) for several servers",
    unit="jobs or seconds of service",
    target=0.02,
    points=points,
)
