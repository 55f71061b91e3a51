"""Streams over links that are shared fairly: what one sends to another arrives in the order in which it was sent."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from workbench.engines.simulated.clock import Clock
from workbench.engines.simulated.flows.incremental import IncrementalNetwork
from workbench.engines.simulated.topology import Topology

Stream = tuple[str, str, str]  # source, target, and what kind of traffic it is for
Message = tuple[float, Callable[[Any], Any], Any]


class Streams:
    """One connection for each source, target and kind: each is one flow at a time, whatever waits to be sent on it.

    As TCP's, it keeps the order, and a sender gets no larger share of a link by sending more messages at once.
    """

    def __init__(self, clock: Clock, topology: Topology):
        self.topology = topology
        self.network = IncrementalNetwork(clock, topology.capacities, topology.path)
        self.waiting: dict[Stream, deque[Message]] = {}

    def send(self, stream: Stream, size_bytes: float, through: Callable[[Any], Any], argument: Any = None) -> None:
        """Send after what is already on the stream; `through(argument)` is called when the last byte is through."""
        message = (size_bytes, through, argument)
        if stream in self.waiting:
            self.waiting[stream].append(message)
        else:
            self.waiting[stream] = deque()
            self._begin(stream, message)

    def slow(self, member: str, times: float) -> None:
        """The member's own links are so many times as slow as they were laid."""
        for link in self.topology.links_of(member):
            self.network.limit(link, self.topology.capacities[link] / times)

    def _begin(self, stream: Stream, message: Message) -> None:
        self.network.transfer(stream[0], stream[1], message[0], self._through, (stream, message))

    def _through(self, what: tuple[Stream, Message]) -> None:
        stream, (_size, through, argument) = what
        waiting = self.waiting[stream]
        if waiting:
            self._begin(stream, waiting.popleft())
        else:
            del self.waiting[stream]
        through(argument)
