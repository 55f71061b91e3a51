"""A population of workflows before one leader: measured, not told one by one, so that whole days can be looked at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from workbench.engines.simulated.clock import Clock
from workbench.engines.simulated.station import Station, arrive


@dataclass
class Waits:
    """How long tasks that were ready waited for their start, by the hour in which they became ready."""

    hour_s: float = 3600.0
    counts: dict[int, int] = field(default_factory=dict)
    sums_s: dict[int, float] = field(default_factory=dict)

    def add(self, ready_s: float, delay_s: float) -> None:
        hour = int(ready_s / self.hour_s)
        self.counts[hour] = self.counts.get(hour, 0) + 1
        self.sums_s[hour] = self.sums_s.get(hour, 0.0) + delay_s

    def mean_s(self, hour: int | None = None) -> float:
        """The mean of one hour, or of all."""
        if hour is not None:
            return self.sums_s[hour] / self.counts[hour]
        return sum(self.sums_s.values()) / sum(self.counts.values())


class _Workflow:
    __slots__ = ("left", "ready_s")

    def __init__(self, left: int, ready_s: float):
        self.left, self.ready_s = left, ready_s


class Workflows:
    """Workflows of `steps` steps, one after the other, each of which the leader hands out and records.

    Both take a time of `decisions_s` of the leader's one processor. A step takes a follower a time of `works_s`; there
    are followers for all. A workflow that waits for the leader asks it for nothing else.
    """

    def __init__(
        self,
        clock: Clock,
        gaps_s: Iterator[float],
        decisions_s: Iterator[float],
        works_s: Iterator[float],
        steps: int = 7,
    ):
        self.clock, self.leader, self.steps = clock, Station(clock), steps
        self.decisions_s, self.works_s = decisions_s, works_s
        self.begun, self.done, self.waits = 0, 0, Waits()
        arrive(clock, gaps_s, self._arrived)

    def _arrived(self, _: None) -> None:
        self.begun += 1
        workflow = _Workflow(self.steps, self.clock.now)
        self.leader.submit(next(self.decisions_s), self._handed_out, workflow)

    def _handed_out(self, workflow: _Workflow) -> None:
        self.waits.add(workflow.ready_s, self.clock.now - workflow.ready_s)
        self.clock.call_in(next(self.works_s), self._performed, workflow)

    def _performed(self, workflow: _Workflow) -> None:
        workflow.ready_s = self.clock.now  # the next step could begin, if only the leader knew
        self.leader.submit(next(self.decisions_s), self._recorded, workflow)

    def _recorded(self, workflow: _Workflow) -> None:
        workflow.left -= 1
        if workflow.left:
            self.leader.submit(next(self.decisions_s), self._handed_out, workflow)
        else:
            self.done += 1
