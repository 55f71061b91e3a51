"""A chain: passages without a save, one after the other, from a standing on; steady once a standing returns at once."""

from __future__ import annotations

from bisect import bisect_left

from workbench.engines.simulated.grounds import Grounds
from workbench.engines.simulated.steady.passages import Passage, Passages


class Chain:
    """Passage i begins `start_s(i)` after the chain does."""

    def __init__(self, passages: Passages, standing: int):
        self.passages = passages
        self.standings = [standing]  # in which each passage begins
        self.known: list[Passage] = []
        self.starts_s = [0.0]
        self.met_s: list[float] = []  # when the collectives of each are over for everybody
        self.used_by: Grounds | None = None
        self.used = 0  # how many of its passages are known to be part of the run of these grounds
        self.steady = False  # whether all further passages are like the last one

    def grow(self, count: int, step: int) -> None:
        """Know the first `count` passages, none of which saves; `step` is the one told when the first begins."""
        while len(self.known) < count and not self.steady:
            passage = self.passages.after(self.standings[-1], step + len(self.known))
            self.known.append(passage)
            self.met_s.append(self.starts_s[-1] + passage.met_s)
            self.starts_s.append(self.starts_s[-1] + passage.lasts_s)
            self.steady = passage.next == self.standings[-1]
            self.standings.append(passage.next)
        grounds = self.passages.network.grounds
        if self.used_by is not grounds:
            self.used_by, self.used = grounds, 0
        while self.used < min(count, len(self.known)):
            self.known[self.used].used(grounds)
            self.used += 1

    def passage(self, at: int) -> Passage:
        return self.known[min(at, len(self.known) - 1)]

    def start_s(self, at: int) -> float:
        more = at - len(self.known)
        return self.starts_s[at] if more <= 0 else self.starts_s[-1] + more * self.known[-1].lasts_s

    def standing(self, at: int) -> int:
        return self.standings[min(at, len(self.known))]

    def passed(self, until_s: float, count: int) -> int:
        """How many of the first `count` are over for everybody before `until_s`, as to their collectives."""
        known = len(self.known)
        found = bisect_left(self.met_s, until_s, 0, min(count, known))
        if found < known or found == count:
            return found
        last = self.known[-1]
        if last.lasts_s and until_s < self._met_s(count - 1):
            found = min(count, known + max(0, int((until_s - self.met_s[-1]) / last.lasts_s)))
        else:
            found = count
        while found > known and self._met_s(found - 1) >= until_s:
            found -= 1
        while found < count and self._met_s(found) < until_s:
            found += 1
        return found

    def _met_s(self, at: int) -> float:
        return self.start_s(at) + self.known[-1].met_s


def chain_of(passages: Passages, standing: int) -> Chain:
    """The chain that begins so; each is made once."""
    if standing not in passages.chains:
        passages.chains[standing] = Chain(passages, standing)
    return passages.chains[standing]
