"""Rings that are foreseen: as long as nothing disturbs a collective, when it ends follows from who entered when.

Its chunks are then numbers in a recurrence instead of events on the clock. Whatever could make a difference (another
message on a member's link, a fault, a look at single chunks) has it opened first: what has happened so far is gone
through chunk by chunk, and the rest goes on as a ring at message level does, to the bit and in the same order.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from heapq import heapify, heappop, heappush
from itertools import repeat
from operator import add
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.engines.simulated.collectives import Ring
from workbench.engines.simulated.team.recurrences import Times, ring

if TYPE_CHECKING:
    from workbench.engines.simulated.clock import Call
    from workbench.engines.simulated.world import World

LEAST_MEMBERS = 4  # of fewer, the messages are sooner carried out than the recurrence


def can_be_foreseen(world: World, team: tuple[str, ...]) -> bool:
    """Whether a ring of this team would have the links to itself, and nobody wants to see its chunks."""
    network = world.network
    return (
        len(team) >= LEAST_MEMBERS
        and network.alike
        and world.flows is None
        and world.messages is None
        and not network.links.late
        and not world.cuts.cuts
        and not any(world.members[name].frozen for name in team)
    )


class Foreseen(Ring):
    """A ring of which it is known who entered when, and, once all have, when it ends for each.

    `over` is called when it is at its end, or has been opened.
    """

    def __init__(self, world: World, over: Callable[[Foreseen], None], *ring: Any):
        super().__init__(world, *ring)
        self.world, self.over = world, over
        self.opened = False
        self.size = 0.0
        self.entered_s: dict[str, float] = {}
        self.ends: dict[str, Call] = {}

    def enter(self, member: str, value: Any, ended: Callable[[Any], None]) -> None:
        if not self.given and not self.opened:
            self.size = self.size_of(value)
            self.chunk_bytes = self.size / len(self.team)
            self.hop_s = self.host.hop_s(self.team, self.size, self.passes)
            if not self.hop_s.occupied_s + self.hop_s.later_s:
                self.open()  # all chunks come at once, so that only their order tells what was before what
        elif not self.opened and self.size_of(value) != self.size:
            self.open()
        if self.opened:
            super().enter(member, value, ended)
            return
        self.given[member], self.ended[member] = value, ended
        self.entered_s[member] = self.world.clock.now
        if len(self.given) == len(self.team):
            self._foresee()

    def close(self) -> None:
        self.open()
        super().close()

    # --- as a whole ------------------------------------------------------------------------------------------------

    def _foresee(self) -> None:
        """Put the end for each member on the clock."""
        start = [self.entered_s[name] for name in self.team]
        self.occupied_s, free = self._links()
        if len(set(start)) == 1 and len(set(self.occupied_s)) == 1 and max(free) <= start[0]:
            ends, self.free_s = self._of_equals(start[0])
            order = self._round(self.last_chunk)
        else:
            of = np.array(start), np.array(self.occupied_s), self.hop_s[1], np.array(free)
            last, link = ring(*of)
            ends, self.free_s = last.tolist(), link.tolist()
            order = sorted(range(len(ends)), key=ends.__getitem__)
            if len(set(ends)) < len(ends):
                order = self._in_order(*of)
        for place in order:
            member = self.team[place]
            self.ends[member] = self.world.clock.call_at(ends[place], self._end, member)

    def _links(self) -> tuple[list[float], list[float]]:
        """How long a chunk occupies the link that leads from each member, and when that is free of older traffic."""
        network = self.world.network
        usual = self.hop_s[0] * 1.0
        occupied_s, free_s = [], []
        for member, right in self.right.items():
            times = network.times_longer(member, right) if network.own else 1.0
            occupied_s.append(self.hop_s[0] * times if network.own else usual)
            free_s.append(max(network.up_free_s.get(member, 0.0), network.down_free_s.get(right, 0.0)))
        return occupied_s, free_s

    def _of_equals(self, start_s: float) -> tuple[list[float], list[float]]:
        """Members that enter together, with equal and idle links, do everything together."""
        (occupied_s, *_), later_s = self.occupied_s, self.hop_s[1]
        ready_s, free_s = start_s, 0.0
        for _ in range(self.last_chunk):
            free_s = max(ready_s, free_s) + occupied_s
            ready_s = free_s + later_s
        return [ready_s] * len(self.team), [free_s] * len(self.team)

    def _round(self, chunks: int) -> list[int]:
        """Who receives that chunk in which order, by place in the team, if it goes from each to the next at once."""
        place = {member: number for number, member in enumerate(self.team)}
        return [(place[member] + chunks) % len(self.team) for member in self.given]

    def _in_order(self, entered_s: Times, occupied_s: Times, later_s: float, free_s: Times) -> list[int]:
        """Members by when it ends for them. Where two end at once, the one to whom the earlier chunk was sent is first;
        so it is asked from one to the left to the next, back to who entered first."""
        members, last = len(entered_s), self.last_chunk
        history: list[Times] = []
        ring(entered_s, occupied_s, later_s, free_s, history)
        rank = np.empty(members)
        rank[self._round(0)] = np.arange(members)
        keys = [rank[(np.arange(members) - last) % members]]
        for chunk, (came, ready) in enumerate(zip(history[::2], history[1::2], strict=True), 1):
            at = (np.arange(members) - (last - chunk)) % members
            waited = np.where(came < entered_s, rank, members)  # what had come before they entered is taken as they do
            keys += [waited[at], ready[at]]
        return np.lexsort(keys).tolist()

    def _end(self, member: str) -> None:
        """It ends for this member."""
        del self.ends[member]
        if not self.ends:
            self._leave_links(dict.fromkeys(self.team, self.last_chunk), self.free_s)
            self.opened = True
            self.over(self)
        self.received[member] = self.last_chunk - 1
        self.world.chunk_arrives((self.world.members[member], self._arrive, member))

    def _leave_links(self, sent: dict[str, int], free_s: list[float]) -> None:
        """The links as they are behind so many chunks of each member, and what has passed them."""
        network, bytes_by = self.world.network, self.world.sent_bytes
        sums: dict[tuple[float, int], float] = {}
        for (member, right), free in zip(self.right.items(), free_s, strict=True):
            if count := sent[member]:
                network.up_free_s[member] = network.down_free_s[right] = free
                before = bytes_by[member], count
                if before not in sums:  # added up one by one, as messages do
                    sums[before] = reduce(add, repeat(self.chunk_bytes, count), before[0])
                bytes_by[member] = sums[before]

    # --- chunk by chunk --------------------------------------------------------------------------------------------

    def open(self, at_end: bool = False) -> None:
        """Go through what has happened by now, and put the chunks that are under way on the clock.

        What happens just now is still to come, but `at_end` of a run.
        """
        if self.opened:
            return
        self.opened = True
        self.over(self)
        if not self.given:
            return
        for call in self.ends.values():
            call.cancel()
        self.occupied_s, free_s = self._links()
        sent, under_way = self._go_through(free_s, at_end)
        self._leave_links(sent, free_s)
        for at_s, _, _, member in sorted(under_way):
            arrival = (self.world.members[member], self._arrive, member)
            self.world.clock.call_at(at_s, self.world.chunk_arrives, arrival)

    def _go_through(
        self, free_s: list[float], at_end: bool
    ) -> tuple[dict[str, int], list[tuple[float, int, bool, str]]]:
        """(how many chunks each member has sent, those that are under way); keeps `free_s` and what was received."""
        now_s, later_s, over = self.world.clock.now, self.hop_s[1], set(self.done)
        early: list[tuple[float, int, bool, str]] = []
        place = {member: number for number, member in enumerate(self.team)}
        sent, entered = dict.fromkeys(self.team, 0), set()
        self.received = dict.fromkeys(self.team, 0)
        due = [(at_s, number, True, member) for number, (member, at_s) in enumerate(self.entered_s.items())]
        heapify(due)
        number = len(due)

        def send(member: str, at_s: float) -> None:
            nonlocal number
            link, number = place[member], number + 1
            free_s[link] = max(at_s, free_s[link]) + self.occupied_s[link]
            sent[member] += 1
            heappush(due, (free_s[link] + later_s, number, False, self.right[member]))

        def receive(member: str, at_s: float) -> None:
            if self.received[member] == self.last_chunk - 1 and member not in over:
                early.append((at_s, number, False, member))  # it ends now, but has not been told
                return
            self.received[member] += 1
            if self.received[member] < self.last_chunk:
                send(member, at_s)
            else:
                over.discard(member)

        while due and (due[0][2] or due[0][0] < now_s or over or (at_end and due[0][0] == now_s)):
            at_s, _, enters, member = heappop(due)
            if enters:
                entered.add(member)
                send(member, at_s)
                for _ in range(self.waiting[member]):
                    receive(member, at_s)
                self.waiting[member] = 0
            elif member in entered:
                receive(member, at_s)
            else:
                self.waiting[member] += 1
        return sent, [*early, *due]
