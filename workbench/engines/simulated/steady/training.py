"""A long training with losses: attempt after attempt, each from the last save, by whoever is there when it begins."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import inf, nextafter

from msgspec.structs import replace

from workbench.architectures.job import Strike
from workbench.engines.simulated.steady.attempt import Attempt, Death, Ending
from workbench.engines.simulated.steady.chunks import messages
from workbench.engines.simulated.steady.passages import Passages
from workbench.engines.simulated.steady.workers import Team, Workers
from workbench.engines.window import Window
from workbench.runs.events import (
    Event,
    FaultBegan,
    OperationFinished,
    OperationStarted,
    Warned,
    WorkerFailed,
)

MOST_MESSAGES = 1_000_000
TOO_WIDE = "the window of messages ends here: it holds more than can be told"


@dataclass
class LongTraining:
    """What the leader, the followers and their training come to when letters take no time.

    `passages_of(team)` are those of a team. `told` yields what happens, part by part, each in the order of time.
    """

    workers: Workers
    team_size: int
    least: int
    passages_of: Callable[[Team], Passages]
    strikes: Iterator[Strike]
    until_s: float = inf
    messages: Window | None = None
    saved: int = 0  # steps that are durable
    furthest: int = -1  # the last step that was ever told
    finished: bool = False
    stuck: bool = False  # nobody will ever be there to go on
    ended_s: float = 0.0

    def __post_init__(self) -> None:
        self._next = next(self.strikes, None)
        self.room = MOST_MESSAGES

    def told(self) -> Iterator[list[Event]]:
        now_s = 0.0
        while now_s <= self.until_s and not self.stuck:
            told: list[Event] = []
            team = self.workers.team(now_s, self.team_size, self.least)
            now_s = self._wait(told) if team is None else self._attempt(now_s, team, told)
            told.sort(key=lambda event: event.t_s)
            yield told
            if self.finished:
                self.ended_s = now_s
                return
        self.ended_s = self.until_s

    def _wait(self, told: list[Event]) -> float:
        """Too few are left: until somebody is back. Strikes meanwhile hit those who are there."""
        while min(self.workers.next_back_s, self._struck_s) <= self.until_s and self.workers.next_back_s < inf:
            back_s = self.workers.next_back_s
            if back_s < self._struck_s:
                told += self.workers.join_until(back_s)
                return back_s
            self._strike(told)
        self.stuck = self.workers.next_back_s == inf
        return inf

    @property
    def _struck_s(self) -> float:
        return inf if self._next is None or self._next.at_s is None else self._next.at_s

    def _strike(self, told: list[Event]) -> list[tuple[str, Death]]:
        """The next strike; who is lost by it, and when others know."""
        strike, self._next = self._next, next(self.strikes, None)
        assert strike is not None and strike.at_s is not None
        at_s, lost = strike.at_s, []
        told += self.workers.join_until(at_s)
        for name in strike.workers:
            if name not in self.workers.lost and name in self.workers.place:
                told.append(FaultBegan(t_s=at_s, kind=strike.kind, worker=name, origin=strike.origin))
                told.append(WorkerFailed(t_s=at_s, worker=name, cause="crash"))
                lost.append((name, self.workers.lose(name, at_s, strike.lasts_s, strike.kind)))
        return lost

    # --- one attempt ----------------------------------------------------------------------------------------------

    def _attempt(self, began_s: float, team: Team, told: list[Event]) -> float:
        """Until nobody is busy with it any more."""
        window = self.messages and Window(self.messages.from_s - began_s, self.messages.until_s - began_s)
        attempt = Attempt(self.passages_of(team), self.saved, range(self.furthest, self.furthest + 3), window)
        dead = sorted((death, team.rank(name)) for name, death in self.workers.lost.items())
        deaths = {rank: _since(began_s, death) for death, rank in dead if rank is not None}
        ending = self._until_first_loss(began_s, attempt, team, deaths, told)
        if ending is None and deaths:
            ending = self._until_all_left(began_s, attempt, team, deaths, told)
            attempt.note_loss()
        elif ending is None:
            attempt.cut(self.until_s - began_s)
        self._tell(attempt, began_s, team.speaker, told)
        if attempt.seen and self.messages:
            until_s = min(self.messages.until_s, began_s + attempt.seen_until_s)
            told += self._messages(attempt, began_s, team.names, Window(self.messages.from_s, until_s))
        if ending is None:
            return inf
        ended_s = began_s + ending.at_s
        self.workers.know_by(ended_s, team, ending.known)
        told += self.workers.join_until(min(ended_s, self.until_s))
        self.finished = ending.finished and ended_s <= self.until_s
        return ended_s

    def _until_first_loss(
        self, began_s: float, attempt: Attempt, team: Team, deaths: dict[int, Death], told: list[Event]
    ) -> Ending | None:
        """The end of a training that is done; None when a member is lost, or time is over."""
        while not deaths:
            struck_s = self._struck_s
            over_s = min(struck_s, nextafter(self.until_s, inf))
            attempt.pass_until(over_s - began_s)
            if began_s + attempt.finish_s < over_s:
                return attempt.finish()
            if over_s < struck_s or struck_s == inf:
                told += self.workers.join_until(self.until_s)
                return None
            lost = self._strike(told)
            for name, death in lost:
                if (rank := team.rank(name)) is not None:
                    deaths[rank] = _since(began_s, death)
            if lost and not deaths:
                attempt.single_out()
        attempt.pass_until(next(iter(deaths.values())).at_s)
        return None

    def _until_all_left(
        self, began_s: float, attempt: Attempt, team: Team, deaths: dict[int, Death], told: list[Event]
    ) -> Ending:
        """The end for those who live on; they may be struck too before they have left."""
        ending = attempt.lose(deaths)
        while self._struck_s < min(began_s + ending.at_s, nextafter(self.until_s, inf)):
            for name, death in self._strike(told):
                rank = team.rank(name)
                if rank is not None and rank not in deaths:
                    deaths[rank] = _since(began_s, death)
                    ending = attempt.lose(deaths)
        return ending

    def _messages(self, attempt: Attempt, began_s: float, names: tuple[str, ...], window: Window) -> Iterator[Event]:
        """The chunks of what was seen of an attempt; from a loss on none are told."""
        for passage, passage_s in attempt.seen:
            for meeting in passage.meetings:
                if self.room <= 0:
                    return
                for message in messages(meeting, began_s + passage_s, attempt.passages.network, names, window):
                    yield message
                    self.room -= 1
                    if self.room <= 0:
                        yield Warned(t_s=message.t_s, code="window-too-wide", text=TOO_WIDE)
                        return

    def _tell(self, attempt: Attempt, began_s: float, who: str, told: list[Event]) -> None:
        """What the attempt came to, told by its first member, until the time is over."""
        said, until_s = attempt.passages.said, self.until_s
        for first, last, at_s in attempt.stretches:
            if said is None or began_s + at_s > until_s:
                break
            self.furthest = max(self.furthest, last)
            samples = said.samples * (last - first + 1)
            told.append(replace(said, t_s=began_s + at_s, who=who, first=first, last=last, samples=samples))
        for label, stage, from_s, to_s, saved in attempt.done:
            if began_s + from_s <= until_s:
                told.append(OperationStarted(t_s=began_s + from_s, who=who, label=label, stage=stage))
            if to_s is not None and began_s + to_s <= until_s:
                told.append(OperationFinished(t_s=began_s + to_s, who=who, label=label, stage=stage))
                self.saved = max(self.saved, saved)


def _since(began_s: float, death: Death) -> Death:
    return Death(death.at_s - began_s, death.noticed_s - began_s)
