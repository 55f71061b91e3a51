"""The pace of a member: how many times as long as usual its work takes, and since when."""

from __future__ import annotations


class Pace:
    """Work of a slowed member idles until it has taken as long as it would have on a slower processor.

    What is done at full speed in w seconds from b on has advanced by the integral of 1/times since b, and is due when
    that is w. So a member that is slowed, or quick again, in the midst of its work is late by what lay in between.
    """

    def __init__(self) -> None:
        self.changes: list[tuple[float, float]] = []  # from when on, and how many times as long

    def change(self, at_s: float, times: float) -> None:
        if times != (self.changes[-1][1] if self.changes else 1.0):
            self.changes.append((at_s, times))

    def due_s(self, began_s: float, work_s: float) -> float:
        """When work is done that began then, if the pace stays as it is now."""
        at_s, times, left_s = began_s, 1.0, work_s
        for from_s, then in self.changes:
            if from_s > at_s:
                if (advanced_s := (from_s - at_s) / times) >= left_s:
                    break
                at_s, left_s = from_s, left_s - advanced_s
            times = then
        return at_s + left_s * times
