"""Links that are slower than they were: by which factor, and how much later what passes them arrives."""

from __future__ import annotations

from collections.abc import Callable
from math import prod


class Impaired:
    """The impairments of members' links. `own` are the rates of links in bytes/s that are not `bytes_per_s`: kept true.

    `changed(member, times)` is told how many times as slow as usual a member's link is from now on, and `changes()`
    before anything does change.
    A message that is on a link already goes through as it began, where messages take turns; one that shares its links
    fairly goes on at another rate at once.
    """

    def __init__(self, own: dict[str, float], bytes_per_s: float):
        self.own, self.usual = own, dict(own)
        self.bytes_per_s = bytes_per_s
        self.changed: Callable[[str, float], None] = lambda member, times: None
        self.changes: Callable[[], None] = lambda: None
        self.factors: dict[str, list[float]] = {}
        self.late: dict[str, list[float]] = {}  # seconds; empty until a link has been late for the first time
        self.latest_s: dict[tuple[str, str], float] = {}  # when the last message from one to another arrives

    def begin(self, member: str, factor: float, late_s: float) -> None:
        self.changes()
        if factor != 1.0:
            self.factors.setdefault(member, []).append(factor)
            self._set_rate(member)
        if late_s:
            self.late.setdefault(member, []).append(late_s)

    def end(self, member: str, factor: float, late_s: float) -> None:
        self.changes()
        if factor != 1.0:
            self.factors[member].remove(factor)
            self._set_rate(member)
        if late_s:
            self.late[member].remove(late_s)

    def _set_rate(self, member: str) -> None:
        times = prod(self.factors[member])
        rate = self.usual.get(member, self.bytes_per_s) / times
        if rate == self.bytes_per_s:
            self.own.pop(member, None)
        else:
            self.own[member] = rate
        self.changed(member, times)

    def late_s(self, *members: str) -> float:
        return sum(sum(self.late.get(member, ())) for member in members)

    def in_order(self, source: str, target: str, at_s: float) -> float:
        at_s = max(at_s, self.latest_s.get((source, target), 0.0))
        self.latest_s[source, target] = at_s
        return at_s
