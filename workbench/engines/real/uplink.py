"""The uplink of a member on shaped links: what it sends leaves at the rate of its link, and arrives a latency later."""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable
from itertools import count
from math import ceil
from typing import NamedTuple

from workbench.engines.real.channels import Channel
from workbench.engines.real.codec import pack
from workbench.engines.real.links import Links

CHUNK_BYTES = 32 << 10


class Chunk(NamedTuple):
    """Bytes of a message, and when the last of them arrives."""

    due_s: float
    number: int
    channel: Channel
    parts: list[bytes | memoryview]


class Held(NamedTuple):
    """A message that waits for a cut to end."""

    to: str
    channel: Channel
    data: bytes


class Uplink:
    """Paces what one member sends. All its messages share one link, in the order in which they were sent.

    A message of S bytes occupies the link for S/B from the moment it is free. Its chunks are handed to the system when
    they are to arrive, by a thread: the way of a byte through this machine takes next to no time. Before it goes a
    waybill (when its first byte arrives, and how many there are), from which the receiver knows what its own link is
    occupied with. `flush(channel)` sees to what the system did not take at once.
    """

    def __init__(self, me: str, links: Links, flush: Callable[[Channel], None]):
        self.me, self.links = me, links
        self.behind_s = 0.0  # how far the supervisor's clock, in whose time waybills are, is behind this machine's
        self.sent_bytes = 0
        self.moved = 0  # how often a chunk left: a sign of life for the watchdog
        self._flush = flush
        self._free_s = 0.0
        self._chunks: list[Chunk] = []
        self._numbers = count()
        self._latest_s: dict[Channel, float] = {}  # when the last chunk of each is due: they must not overtake
        self._waiting: dict[Channel, int] = {}  # bytes that have not been handed to the system
        self._held: list[Held] = []
        self._news = threading.Condition(threading.Lock())
        threading.Thread(target=self._release, name="uplink", daemon=True).start()

    def send(self, to: str, channel: Channel, message: object) -> None:
        """Put a message on the link; a cut keeps it until it has ended, as a transport that tries again does."""
        data = b"".join(pack(message))
        with self._news:
            if self.links.part(self.me, to):
                self._held.append(Held(to, channel, data))
            else:
                self._put(to, channel, data)

    def changed(self) -> None:
        """The links are others: whatever is no longer held by a cut sets out, in its order."""
        with self._news:
            held, self._held = self._held, []
            for each in held:
                if self.links.part(self.me, each.to):
                    self._held.append(each)
                else:
                    self._put(*each)

    def backlog(self, channel: Channel) -> int:
        """Bytes for `channel` that have not left."""
        return self._waiting.get(channel, 0)

    @property
    def is_empty(self) -> bool:
        """Whether all has left that is not held by a cut."""
        return not self._chunks

    def _put(self, to: str, channel: Channel, data: bytes) -> None:
        begin_s = max(time.monotonic(), self._free_s)
        rate, late_s = self.links.rate(self.me), self.links.late_s(self.me, to)
        self._free_s = begin_s + len(data) / rate
        self.sent_bytes += len(data)
        waybill = b"".join(pack([begin_s + late_s - self.behind_s, len(data)]))
        self._waiting[channel] = self._waiting.get(channel, 0) + len(waybill) + len(data)
        first = self._chunks[0] if self._chunks else None
        view, due_s = memoryview(data), self._latest_s.get(channel, 0.0)
        chunk_bytes = ceil(len(view) / max(1, round(len(view) / CHUNK_BYTES)))  # no small rest
        for start in range(0, len(view), chunk_bytes):
            part = view[start : start + chunk_bytes]
            due_s = max(due_s, begin_s + (start + len(part)) / rate + late_s)
            chunk = Chunk(due_s, next(self._numbers), channel, [part] if start else [waybill, part])
            heapq.heappush(self._chunks, chunk)
        self._latest_s[channel] = due_s
        if self._chunks[0] is not first:
            self._news.notify()

    def _release(self) -> None:
        while True:
            with self._news:
                while (left_s := self._left_s()) != 0.0:
                    self._news.wait(left_s)
                chunk = heapq.heappop(self._chunks)
                self._waiting[chunk.channel] -= sum(map(len, chunk.parts))
                if chunk.channel.broken:
                    del self._waiting[chunk.channel]
                    self._forget(chunk.channel)
                    continue
            if chunk.channel.write(chunk.parts):
                self._flush(chunk.channel)
            self.moved += 1

    def _left_s(self) -> float | None:
        """How long until the next chunk is due; None if there is none."""
        return max(0.0, self._chunks[0].due_s - time.monotonic()) if self._chunks else None

    def _forget(self, channel: Channel) -> None:
        """Nobody reads what is left for it."""
        self._chunks = [chunk for chunk in self._chunks if chunk.channel is not channel]
        heapq.heapify(self._chunks)
        self._latest_s.pop(channel, None)
