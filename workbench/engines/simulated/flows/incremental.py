"""Max-min fair rates kept exact as transfers come and go, by looking only at the flows that a change reaches."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from heapq import heapify, heappop, heappush
from typing import Any

from workbench.engines.simulated.clock import Call, Clock

TOLERANCE = 1e-9  # of rates that ought to be equal
ROUND = 1 + 1e-12
INSTANT = 1 + 1e-15
ENDED = -1


class Flow:
    """One transfer under way: the bytes left at `at_s`, the rate since, and the link that holds it back."""

    __slots__ = ("argument", "arrived", "at_s", "bottleneck", "left_bytes", "path", "rate", "version")

    def __init__(
        self, path: tuple[int, ...], left_bytes: float, at_s: float, arrived: Callable[[Any], Any], argument: Any
    ):
        self.path, self.left_bytes, self.at_s = path, left_bytes, at_s
        self.arrived, self.argument = arrived, argument
        self.rate, self.bottleneck, self.version = 0.0, -1, 0


class IncrementalNetwork:
    """Links of `capacities` (bytes/s, above zero) that share fairly what runs over them; `path` names a route's links.

    A change is solved for the new flows and those held back by the links that it touched, within what the others leave;
    then whoever has lost its bottleneck, or is faster than a new one allows, joins them, and it is solved again. At
    the end every flow has a bottleneck, so the rates are the max-min rates. All changes of one instant are solved once.
    """

    def __init__(self, clock: Clock, capacities: Iterable[float], path: Callable[[Any, Any], tuple[int, ...]]):
        self.clock, self.path = clock, path
        self.capacities = list(capacities)
        # dictionaries, not sets: the order of flows, and with it the last bit of sums, is the same in every run
        self.on: list[dict[Flow, None]] = [{} for _ in self.capacities]
        self.new: list[Flow] = []
        self.changed: dict[int, None] = {}
        self.ends: list[tuple[float, int, int, Flow]] = []
        self.number = 0
        self.solving = False
        self.timer: Call | None = None
        self.timer_s = 0.0

    def transfer(
        self,
        source: Any,
        target: Any,
        size_bytes: float,
        arrived: Callable[[Any], Any],
        argument: Any = None,
    ) -> None:
        """Begin a transfer now; `arrived(argument)` is called when its last byte is through, at once without a link."""
        now_s, path = self.clock.now, self.path(source, target)
        if not path:
            self.clock.call_at(now_s, arrived, argument)
            return
        flow = Flow(path, size_bytes, now_s, arrived, argument)
        self.new.append(flow)
        for link in path:
            self.on[link][flow] = None
            self.changed[link] = None
        self._solve_soon()

    def limit(self, link: int, bytes_per_s: float) -> None:
        """Give a link another capacity from now on; what is under way goes on at the rates that follow."""
        self.capacities[link] = bytes_per_s
        self.changed[link] = None
        self._solve_soon()

    def rates(self) -> dict[Flow, float]:
        """The rate of every flow under way, as last solved."""
        return {flow: flow.rate for flows in self.on for flow in flows}

    # --- solving -------------------------------------------------------------------------------------------------

    def _solve_soon(self) -> None:
        if not self.solving:
            self.solving = True
            self.clock.call_last(self._solve)

    def _solve(self, _: None) -> None:
        self.solving = False
        before = {flow: flow.rate for flow in self.new}
        for link in self.changed:
            for flow in self.on[link]:
                if flow.bottleneck == link:
                    before[flow] = flow.rate
        touched = self.changed
        self.new, self.changed = [], {}
        while True:
            left, count = self._residual(before)
            touched.update(dict.fromkeys(left))
            levels = self._fill(before, left, count)
            more = self._unsettled(touched, levels, before)
            if not more:
                break
            for flow in more:
                before.setdefault(flow, flow.rate)
        self._reschedule(before)
        self._arm()

    def _residual(self, affected: dict[Flow, float]) -> tuple[dict[int, float], dict[int, int]]:
        """What the flows that stay as they are leave of the links of the affected, and how many of these each has."""
        count: dict[int, int] = {}
        for flow in affected:
            for link in flow.path:
                count[link] = count.get(link, 0) + 1
        left = {}
        for link in count:
            taken = 0.0
            for flow in self.on[link]:
                if flow not in affected:
                    taken += flow.rate
            left[link] = max(self.capacities[link] - taken, 0.0)
        return left, count

    def _fill(self, affected: dict[Flow, float], left: dict[int, float], count: dict[int, int]) -> dict[int, float]:
        """Water-fill the affected; the level of every link that became a bottleneck."""
        open_ = set(affected)
        levels: dict[int, float] = {}
        heap = [(left[link] / number, link) for link, number in count.items()]
        heapify(heap)
        while open_:
            said, link = heappop(heap)
            number = count[link]
            if not number:
                continue
            level = left[link] / number
            if level > said * ROUND:
                heappush(heap, (level, link))
                continue
            levels[link] = level
            for flow in self.on[link]:
                if flow in open_:
                    open_.remove(flow)
                    flow.rate, flow.bottleneck = level, link
                    for hop in flow.path:
                        count[hop] -= 1
                        rest = left[hop] - level
                        left[hop] = rest if rest > 0.0 else 0.0
        return levels

    def _unsettled(self, links: dict[int, None], levels: dict[int, float], affected: dict[Flow, float]) -> list[Flow]:
        """The flows that the last filling left as they were, and that are no longer right."""
        more = []
        for link in links:
            flows, capacity = self.on[link], self.capacities[link]
            total, fastest = 0.0, 0.0
            for flow in flows:
                rate = flow.rate
                total += rate
                if rate > fastest:
                    fastest = rate
            too_full = total > capacity * (1 + TOLERANCE)
            # whoever is held back here must be among the fastest of a full link
            due = fastest * (1 - TOLERANCE) if total >= capacity * (1 - TOLERANCE) else float("inf")
            most = levels.get(link, float("inf")) * (1 + TOLERANCE)
            for flow in flows:
                if flow in affected:
                    continue
                if too_full or flow.rate > most or (flow.bottleneck == link and flow.rate < due):
                    more.append(flow)
        return more

    # --- ends ----------------------------------------------------------------------------------------------------

    def _reschedule(self, before: dict[Flow, float]) -> None:
        now_s, ends = self.clock.now, self.ends
        for flow, rate in before.items():
            if flow.rate != rate or not flow.version:
                flow.left_bytes = max(flow.left_bytes - rate * (now_s - flow.at_s), 0.0)
                flow.at_s = now_s
                flow.version += 1
                self.number += 1
                heappush(ends, (now_s + flow.left_bytes / flow.rate, self.number, flow.version, flow))

    def _arm(self) -> None:
        ends = self.ends
        while ends and ends[0][2] != ends[0][3].version:
            heappop(ends)
        if self.timer is not None:
            if ends and ends[0][0] == self.timer_s:
                return
            self.timer.cancel()
            self.timer = None
        if ends:
            self.timer_s = ends[0][0]
            self.timer = self.clock.call_at(self.timer_s, self._end)

    def _end(self, _: None) -> None:
        self.timer = None
        ends, until_s, ended = self.ends, self.clock.now * INSTANT, []
        while ends and ends[0][0] <= until_s:
            version, flow = heappop(ends)[2:]
            if version == flow.version:
                flow.version = ENDED
                ended.append(flow)
                for link in flow.path:
                    del self.on[link][flow]
                    self.changed[link] = None
        if ended:
            self._solve_soon()
        else:
            self._arm()
        for flow in ended:
            flow.arrived(flow.argument)
