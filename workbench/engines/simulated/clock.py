"""The clock: a SimPy environment with a tight run loop and light, cancellable calls.

A `Call` is no SimPy event: one callback with one argument. It is cheaper by half, and can be cancelled, which SimPy's
timeouts cannot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from heapq import heappop, heappush
from typing import Any

from simpy.core import Environment
from simpy.events import NORMAL

LAST = NORMAL + 1  # SimPy's priorities are numbers, the lowest first


class Call:
    """One callback at one time. It looks enough like an event for SimPy's own `step` to fire it."""

    __slots__ = ("_ok", "argument", "callbacks", "function")

    def __init__(self, function: Callable[[Any], Any], argument: Any):
        self.function: Callable[[Any], Any] | None = function
        self.argument = argument
        self._ok = True
        self.callbacks = FIRES

    def fire(self) -> None:
        if self.function is not None:
            self.function(self.argument)

    def cancel(self) -> None:
        self.function = None


FIRES = (Call.fire,)


class Clock(Environment):
    """Virtual time, in seconds."""

    def call_in(self, delay_s: float, function: Callable[[Any], Any], argument: Any = None) -> Call:
        return self.call_at(self._now + delay_s, function, argument)

    def call_at(self, at_s: float, function: Callable[[Any], Any], argument: Any = None) -> Call:
        """Absolute times are scheduled as they are: adding and subtracting `now` would cost the last bit."""
        call = Call(function, argument)
        heappush(self._queue, (at_s, NORMAL, next(self._eid), call))  # type: ignore[misc]
        return call

    def call_last(self, function: Callable[[Any], Any], argument: Any = None) -> Call:
        """A call now, but after everything else that happens at this instant."""
        call = Call(function, argument)
        heappush(self._queue, (self._now, LAST, next(self._eid), call))  # type: ignore[misc]
        return call

    def run_slice(self, until_s: float, most: int) -> bool:
        """Carry out at most `most` events that are due by `until_s`; whether any due event is left."""
        queue = self._queue
        for _ in range(most):
            if not queue or queue[0][0] > until_s:
                return False
            self._now, _, _, event = heappop(queue)
            if event.__class__ is Call:
                if event.function is not None:
                    event.function(event.argument)
                continue
            callbacks, event.callbacks = event.callbacks, None  # type: ignore[assignment]
            for callback in callbacks:
                callback(event)
            if not event._ok and not hasattr(event, "_defused"):
                raise event._value
        return bool(queue) and queue[0][0] <= until_s

    def advance_to(self, at_s: float) -> None:
        """Let time pass in which nothing happens."""
        assert self.next_s >= at_s
        self._now = max(self._now, at_s)

    @property
    def idle(self) -> bool:
        """Whether nothing is left to happen."""
        return self.is_idle_but_for(None)

    def is_idle_but_for(self, call: Call | None) -> bool:
        """Whether nothing but `call` is left to happen."""
        self._drop_cancelled()
        return not self._queue or (len(self._queue) == 1 and self._queue[0][3] is call)

    @property
    def calls_left(self) -> Iterator[Any]:
        """What is left to happen, in no order."""
        return (entry[3] for entry in self._queue if entry[3].__class__ is not Call or entry[3].function is not None)

    @property
    def next_s(self) -> float:
        self._drop_cancelled()
        return self._queue[0][0] if self._queue else float("inf")

    def _drop_cancelled(self) -> None:
        queue = self._queue
        while queue and queue[0][3].__class__ is Call and queue[0][3].function is None:
            heappop(queue)
