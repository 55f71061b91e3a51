"""The downlink of a member on shaped links: what comes from several at once takes turns on the one link. No I/O."""

from __future__ import annotations

import heapq
from collections import deque
from itertools import count
from typing import Any, NamedTuple

from workbench.engines.real.links import Links

Stream = Any  # on which the messages of one sender come


class Came(NamedTuple):
    """A message that is here, and when its last byte would have come through the member's link."""

    due_s: float
    number: int
    stream: Stream
    message: Any


class Downlink:
    """Says when what has come is to be delivered: not before the member's own link can have carried it.

    Messages occupy it for S/B each, in the order in which their first bytes came. A message from one sender alone is
    there when its last byte is; the second of two that come at once, after both.
    """

    def __init__(self, me: str, links: Links):
        self.me, self.links = me, links
        self.behind_s = 0.0  # how far the supervisor's clock, in whose time waybills are, is behind this machine's
        self._free_s = 0.0
        self._announced: list[tuple[float, int, int, Stream]] = []  # when its first byte came, size
        self._due_s: dict[Stream, deque[float]] = {}  # of messages that have begun to come
        self._latest_s: dict[Stream, float] = {}
        self._begun: set[Stream] = set()  # on which a message has been announced, and is not yet here
        self._arrived: list[tuple[Stream, Any]] = []
        self._held: list[Came] = []
        self._numbers = count()

    def take(self, stream: Stream, message: Any) -> None:
        """The next that comes on a stream: a waybill, or its message."""
        if stream in self._begun:
            self._begun.discard(stream)
            self._arrived.append((stream, message))
        else:
            self._begun.add(stream)
            begin_s, size_bytes = message
            self._announced.append((begin_s + self.behind_s, next(self._numbers), size_bytes, stream))

    def settle(self) -> None:
        """Let what was announced since the last time take its turn, and hold what has arrived until it is due."""
        for begin_s, _, size_bytes, stream in sorted(self._announced, key=lambda each: each[:2]):
            self._free_s = max(self._free_s, begin_s) + size_bytes / self.links.rate(self.me)
            latest_s = self._latest_s[stream] = max(self._free_s, self._latest_s.get(stream, 0.0))
            self._due_s.setdefault(stream, deque()).append(latest_s)
        self._announced.clear()
        for stream, message in self._arrived:
            heapq.heappush(self._held, Came(self._due_s[stream].popleft(), next(self._numbers), stream, message))
        self._arrived.clear()

    @property
    def next_s(self) -> float | None:
        """When the next message is due; None if none is held."""
        return self._held[0].due_s if self._held else None

    def due(self, now_s: float) -> list[tuple[Stream, Any]]:
        """What is to be delivered by now."""
        found = []
        while self._held and self._held[0].due_s <= now_s:
            came = heapq.heappop(self._held)
            found.append((came.stream, came.message))
        return found

    def end(self, stream: Stream) -> list[tuple[Stream, Any]]:
        """What of a stream is held still: its sender is lost, and nothing more comes."""
        self.settle()
        found = [(came.stream, came.message) for came in sorted(self._held) if came.stream is stream]
        self._held = [came for came in self._held if came.stream is not stream]
        heapq.heapify(self._held)
        self._begun.discard(stream)
        for known in (self._due_s, self._latest_s):
            known.pop(stream, None)
        return found
