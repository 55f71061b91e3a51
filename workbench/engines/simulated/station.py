"""A station: equal servers behind one line, first come first served, as callbacks of the clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from workbench.engines.simulated.clock import Call, Clock

Done = Callable[[Any], Any]


class Job:
    """What a server has in hand: how much of it is left, and what is called at its end."""

    __slots__ = ("argument", "call", "done", "ends_s", "left_s")
    call: Call
    ends_s: float

    def __init__(self, left_s: float, done: Done, argument: Any):
        self.left_s, self.done, self.argument = left_s, done, argument


class Station:
    """`servers` servers that each do one job at a time, and the line before them.

    A job costs one call of the clock: its end. While the station is down nobody serves; jobs in hand are taken up again
    where they were left (preemptive resume). `began(argument, waited_s)` is called when a job's service begins.
    """

    def __init__(self, clock: Clock, servers: int = 1, began: Callable[[Any, float], Any] | None = None):
        self.clock, self.servers, self.began = clock, servers, began
        self.line: deque[tuple[float, Done, Any, float]] = deque()
        self.up = True
        self.in_hand: dict[Job, None] = {}

    def submit(self, service_s: float, done: Done, argument: Any = None) -> None:
        """A job that takes a server `service_s`; `done(argument)` is called at its end."""
        if self.up and len(self.in_hand) < self.servers:
            self._begin(service_s, done, argument, self.clock.now)
        else:
            self.line.append((service_s, done, argument, self.clock.now))

    def go_down(self) -> None:
        """All servers stop where they are."""
        if self.up:
            self.up = False
            for job in self.in_hand:
                job.call.cancel()
                job.left_s = job.ends_s - self.clock.now

    def come_up(self) -> None:
        """Servers go on with what they had in hand, then with the line."""
        if not self.up:
            self.up = True
            for job in self.in_hand:
                self._serve(job)
            while self.line and len(self.in_hand) < self.servers:
                self._begin(*self.line.popleft())

    def _begin(self, service_s: float, done: Done, argument: Any, since_s: float) -> None:
        if self.began is not None:
            self.began(argument, self.clock.now - since_s)
        job = Job(service_s, done, argument)
        self.in_hand[job] = None
        self._serve(job)

    def _serve(self, job: Job) -> None:
        job.ends_s = self.clock.now + job.left_s
        job.call = self.clock.call_at(job.ends_s, self._end, job)

    def _end(self, job: Job) -> None:
        del self.in_hand[job]
        if self.line:
            self._begin(*self.line.popleft())
        job.done(job.argument)


def arrive(clock: Clock, gaps_s: Iterator[float], arrived: Callable[[None], Any]) -> None:
    """Calls `arrived` after every gap, until there is none left; only the next arrival is on the clock."""

    def come(_: None) -> None:
        arrived(None)
        expect()

    def expect() -> None:
        if (gap_s := next(gaps_s, None)) is not None:
            clock.call_in(gap_s, come)

    expect()
