"""The workers of a long training: who is lost, since when, until when, and who is there to begin again."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from heapq import heappop, heappush
from itertools import count, pairwise
from math import inf

from workbench.engines.simulated.steady.attempt import Death
from workbench.runs.events import Event, FaultEnded, WorkerJoined


class Workers:
    """By name, in the order of the cluster; only the few that are lost are looked at one by one."""

    def __init__(self, names: tuple[str, ...], notice_s: float):
        self.names, self.notice_s = names, notice_s
        self.place = {name: index for index, name in enumerate(names)}
        self.lost: dict[str, Death] = {}
        self.back_s: dict[str, float] = {}  # when who was lost before came back last
        self._back: list[tuple[float, int, str, str]] = []
        self._count = count()

    def lose(self, name: str, at_s: float, lasts_s: float | None, kind: str) -> Death:
        """The worker is lost; everybody knows when they are told, or when it is back before that."""
        back_s = inf if lasts_s is None else at_s + lasts_s
        if back_s < inf:
            heappush(self._back, (back_s, next(self._count), name, kind))
        self.lost[name] = Death(at_s, min(at_s + self.notice_s, back_s))
        return self.lost[name]

    def know_by(self, at_s: float, team: Team, ranks: Iterable[int]) -> None:
        """Everybody knows of these members' losses by then: so it is, whatever the last bit of a time says."""
        known = set(ranks)
        for name, death in self.lost.items():
            if death.noticed_s > at_s and team.rank(name) in known:
                self.lost[name] = Death(death.at_s, at_s)

    @property
    def next_back_s(self) -> float:
        """When the next one is back; infinite if nobody will be."""
        return self._back[0][0] if self._back else inf

    def join_until(self, at_s: float) -> list[Event]:
        """Who is back by then."""
        told: list[Event] = []
        while self._back and self._back[0][0] <= at_s:
            back_s, _, name, kind = heappop(self._back)
            del self.lost[name]
            self.back_s.pop(name, None)  # in the order in which they come
            self.back_s[name] = back_s
            told += [FaultEnded(t_s=back_s, kind=kind, worker=name), WorkerJoined(t_s=back_s, worker=name)]
        return told

    def team(self, now_s: float, size: int, least: int) -> Team | None:
        """The first of those who are there, or are not yet known to be lost; None where these are too few."""
        away = [self.place[name] for name, death in self.lost.items() if death.noticed_s <= now_s]
        # who comes back at this moment has not said so yet, and is waited for only as far as somebody is needed
        coming = [self.place[name] for name, back_s in self.back_s.items() if back_s == now_s and name not in self.lost]
        there = len(self.names) - len(away)
        needed = max(0, least - (there - len(coming)))
        return Team(self, size, tuple(sorted(away + coming[needed:]))) if there >= least else None


class Team:
    """Workers that train together: the first `size` but for those that are `away`, by their places."""

    def __init__(self, workers: Workers, size: int, away: tuple[int, ...]):
        within = [place for at, place in enumerate(away) if place - at < size]
        self.workers, self.away = workers, within
        self.end = min(len(workers.names), size + len(within))
        bounds = [-1, *within, self.end]
        self.parts = [slice(before + 1, after) for before, after in pairwise(bounds)]

    def __len__(self) -> int:
        return sum(part.stop - part.start for part in self.parts)

    @property
    def names(self) -> tuple[str, ...]:
        return sum((self.workers.names[part] for part in self.parts), ())

    @property
    def speaker(self) -> str:
        """Its first member."""
        return next(self.workers.names[part.start] for part in self.parts if part.start < part.stop)

    def rank(self, name: str) -> int | None:
        """Which of the team the worker is, from 0 on; None if it is none of them."""
        place = self.workers.place[name]
        before = bisect_left(self.away, place)
        if place >= self.end or (before < len(self.away) and self.away[before] == place):
            return None
        return place - before
