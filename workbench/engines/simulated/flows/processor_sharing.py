"""One link shared equally by all that is on it: O(log n) a transfer."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

from workbench.engines.simulated.clock import Call, Clock

TIE = 1 + 1e-14


class ProcessorSharing:
    """One link of `bytes_per_s`, of which n transfers get an nth each.

    Service, the bytes that each one present has been given, grows at B/n; a transfer ends when it has grown by the
    transfer's size (Kleinrock, Queueing Systems II, 1976, section 4.4). Right only where nothing but this link binds.
    """

    def __init__(self, clock: Clock, bytes_per_s: float):
        self.clock, self.bytes_per_s = clock, bytes_per_s
        self.served_bytes, self.served_at_s, self.number = 0.0, 0.0, 0
        self.present: list[tuple[float, int, Callable[[Any], Any], Any]] = []
        self.timer: Call | None = None

    def transfer(self, size_bytes: float, arrived: Callable[[Any], Any], argument: Any = None) -> None:
        """Begin a transfer now; `arrived(argument)` is called when its last byte is through."""
        self._serve()
        self.number += 1
        heappush(self.present, (self.served_bytes + size_bytes, self.number, arrived, argument))
        self._arm()

    def _serve(self) -> None:
        now_s = self.clock.now
        if self.present:
            self.served_bytes += (now_s - self.served_at_s) * self.bytes_per_s / len(self.present)
        self.served_at_s = now_s

    def _arm(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        if self.present:
            left_bytes = (self.present[0][0] - self.served_bytes) * len(self.present)
            self.timer = self.clock.call_in(max(0.0, left_bytes / self.bytes_per_s), self._end)

    def _end(self, _: None) -> None:
        self._serve()
        present, level = self.present, self.present[0][0]
        self.served_bytes = max(self.served_bytes, level)
        ended = []
        while present and present[0][0] <= level * TIE:
            ended.append(heappop(present))
        self._arm()
        for _level, _number, arrived, argument in ended:
            arrived(argument)
