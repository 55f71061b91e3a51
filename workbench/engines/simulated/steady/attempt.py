"""An attempt: one team's training from its last save until it is done, or a loss ends it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import inf
from typing import NamedTuple

import numpy as np

from workbench.engines.simulated.steady.chain import Chain, chain_of
from workbench.engines.simulated.steady.passages import Meeting, Passage, Passages
from workbench.engines.simulated.team.recurrences import Times
from workbench.engines.window import Window


class Stretch(NamedTuple):
    """Steps first…last, and when the last of them is told first."""

    first: int
    last: int
    told_s: float


class Done(NamedTuple):
    """An operation of the first member. `ended_s` is None if it does not come to that; `saved` is how many steps are
    durable then, or -1 where it saves none."""

    label: str
    stage: str
    began_s: float
    ended_s: float | None
    saved: int


class Death(NamedTuple):
    """When a member is lost, and when the others are told."""

    at_s: float
    noticed_s: float


@dataclass(frozen=True)
class Ending:
    """When nobody is busy with the attempt any more, and whether the training is done. `known` are the members whose
    loss was waited for."""

    at_s: float
    finished: bool
    known: tuple[int, ...] = ()


class Attempt:
    """Seconds are since it began. It is carried on with `pass_until`, and comes to an end by `finish`, `lose` or `cut`;
    then `stretches` and `done` are what is told of it. Stretches end with the steps of `stops`, and before a save.
    `seen` are the passages with a time in `window`, and when each begins; nothing in them is later than `seen_until_s`.
    """

    def __init__(self, passages: Passages, first: int, stops: Iterable[int] = (), window: Window | None = None):
        self.passages, self.untold, self.stops = passages, first, set(stops)
        self.window, self.seen_until_s = window, inf
        self.seen: list[tuple[Passage, float]] = []
        self.step = first - 1  # the last one that was told before the current passage
        self.began_s = self.before_s = 0.0  # when the current passage does, and `before`, the one before it
        self.passage = passages.beginning(first)
        self.before: Passage | None = None
        self.loss: Loss | None = None
        self.notable = True  # whether the first member's operations in it are told
        self.stretches: list[Stretch] = []
        self.done: list[Done] = []

    # --- going on ------------------------------------------------------------------------------------------------

    def pass_until(self, until_s: float) -> None:
        """Go on to the first passage whose collectives are not over for everybody before `until_s`."""
        while (passage := self.passage).step is not None and self.began_s + passage.met_s < until_s:
            self._note(passage, self.began_s, self.step, inf)
            self._see(passage, self.began_s)
            step, began_s = self.step + 1, self.began_s + passage.lasts_s
            if step in self.stops:
                self._tell_until(step, began_s)
            count = min([self._plain_steps(step), *(stop - step for stop in self.stops if stop > step)])
            chain = chain_of(self.passages, passage.next)
            chain.grow(count, step)
            passed = chain.passed(until_s - began_s, count)
            if self.window is not None:
                self._see_chain(chain, began_s, passed, self.window)
            self.before, self.before_s = passage, self.began_s
            if passed:
                self.before, self.before_s = chain.passage(passed - 1), began_s + chain.start_s(passed - 1)
            self._enter(step + passed, began_s + chain.start_s(passed), chain.standing(passed))

    def _see(self, passage: Passage, began_s: float) -> None:
        window = self.window
        if window is not None and began_s < window.until_s and began_s + passage.met_s >= window.from_s:
            self.seen.append((passage, began_s))

    def _see_chain(self, chain: Chain, began_s: float, passed: int, window: Window) -> None:
        at = chain.passed(window.from_s - began_s, passed)
        while at < passed and began_s + chain.start_s(at) < window.until_s:
            self.seen.append((chain.passage(at), began_s + chain.start_s(at)))
            at += 1

    def _enter(self, step: int, began_s: float, standing: int) -> None:
        self.step, self.began_s = step, began_s
        self.passage = self.passages.after(standing, step)
        self.notable = not self._plain_steps(step)
        if self.notable or step in self.stops:
            self._tell_until(step, began_s)

    def _plain_steps(self, step: int) -> int:
        """How many passages from the telling of `step` on have neither a save nor the end in them."""
        every, last = self.passages.architecture.checkpoint_every, self.passages.steps - 1
        return (min(last, -(-(step + 1) // every) * every - 1) if every else last) - step

    def _tell_until(self, last: int, told_s: float) -> None:
        if last >= self.untold:
            self.stretches.append(Stretch(self.untold, last, told_s))
            self.untold = last + 1

    def _note(self, passage: Passage, began_s: float, step: int, until_s: float, meetings: int = 10**9) -> None:
        """What the first member did in a passage before `until_s` and until it entered so many collectives."""
        if not self.notable:
            return
        for did in passage.notable:
            if did.after > meetings or began_s + did.began_s >= until_s:
                return
            ended_s = began_s + did.ended_s if began_s + did.ended_s < until_s else None
            saved = step + did.saves if did.saves and ended_s is not None else -1
            self.done.append(Done(did.label, did.stage, began_s + did.began_s, ended_s, saved))

    def single_out(self) -> None:
        """Something happens now: how far the training is, and its next two steps, are told one by one."""
        self._tell_until(self.step, self.began_s)
        self.stops |= {self.step + 1, self.step + 2}

    # --- coming to an end ----------------------------------------------------------------------------------------

    @property
    def finish_s(self) -> float:
        """When the training is done if nobody is lost any more; infinite as long as its end is not reached."""
        return self.began_s + float(self.passage.told_s[0]) if self.passage.step is None else inf

    def finish(self) -> Ending:
        self._note(self.passage, self.began_s, self.step, inf)
        return Ending(self.finish_s, True)

    def cut(self, at_s: float) -> None:
        """Nothing is told that comes later; all passages whose collectives were over by then must have been passed."""
        self._see(self.passage, self.began_s)
        self.seen_until_s = at_s
        if self.stretches and self.stretches[-1].told_s > at_s:
            self.untold = self.stretches.pop().first
        if self.began_s > at_s:
            self._tell_until(self.step - 1, self.before_s)
            return
        told_s = self.began_s + self.passage.lasts_s
        if self.passage.step is not None and told_s <= at_s:
            self._tell_until(self.step + 1, told_s)
        else:
            self._tell_until(self.step, self.began_s)
        self._note(self.passage, self.began_s, self.step, at_s)

    def lose(self, deaths: Mapping[int, Death]) -> Ending:
        """How it ends for a team that loses members, the first of them first; all passages whose collectives were over
        by then must have been passed. Nothing is noted, so that a further death may be told."""
        loss = self.loss = Loss(self, deaths)
        return Ending(loss.at_s, loss.finished, () if loss.finished else tuple(loss.known))

    def note_loss(self) -> None:
        """Note what the attempt still comes to, when it ends with the losses that were told last."""
        loss = self.loss
        assert loss is not None
        self.seen_until_s = loss.began_s
        self._see(self.passage, self.began_s)
        if loss.next_began_s > self.began_s:
            self._see(loss.next, loss.next_began_s)
        if loss.told_s < inf:
            self._tell_until(self.step + 1, loss.told_s)
        else:
            self._tell_if_told(loss)
        self._note(self.passage, self.began_s, self.step, loss.until_s, loss.entered)
        if loss.next is not self.passage and loss.goes_on:
            self.notable = not self._plain_steps(self.step + 1)
            self._note(loss.next, loss.next_began_s, self.step + 1, loss.until_s, 0)

    def _tell_if_told(self, loss: Loss) -> None:
        """The last step was over for everybody, as to its collectives; it is told by whoever lives to do so."""
        if self.before is None:
            return
        if all(self.before_s + self.before.told_s[member] < death.at_s for member, death in loss.deaths.items()):
            self._tell_until(self.step, self.before_s + self.before.lasts_s)
            return
        told_s = self.before_s + self.before.told_s
        tellers = told_s < loss.lives_s(len(told_s))
        if self.stretches and self.stretches[-1].last == self.step and not tellers[told_s.argmin()]:
            self.untold = self.stretches.pop().first
        if tellers.any():
            self._tell_until(self.step, float(told_s[tellers].min()))
        else:
            self._tell_until(self.step - 1, self.before_s)


class Loss:
    """What becomes of a team when members of it die.

    Who lives goes on until it enters a collective that cannot end: the first one that is not over for itself when the
    first member dies, or, where that one is over for it, the next one. There it is told of the loss.
    """

    def __init__(self, attempt: Attempt, deaths: Mapping[int, Death]):
        here, began_s = attempt.passage, attempt.began_s
        self.deaths = deaths
        self.first_of_all, self.first = next(iter(deaths.items()))
        self.began_s = self.first.at_s
        self.until_s = deaths[0].at_s if 0 in deaths else inf
        self.told_s, self.next, self.next_began_s = inf, here, began_s
        at = next((i for i, met in enumerate(here.meetings) if began_s + met.over_until_s >= self.first.at_s), 0)
        if here.meetings and began_s + here.meetings[at].over_from_s >= self.first.at_s:
            self._hold(here.meetings[at], began_s, at)
        else:
            self._part(attempt, at)

    def lives_s(self, members: int) -> Times:
        """When each member dies."""
        lives_s = np.full(members, inf)
        for member, death in self.deaths.items():
            lives_s[member] = death.at_s
        return lives_s

    def _hold(self, met: Meeting, began_s: float, at: int) -> None:
        """Nobody is through the collective `at` when the first member dies: all leave there, once they are told."""
        self.goes_on, self.entered, self.finished = False, at, False
        noticed_s = self.first.noticed_s
        leaves_s = {m: max(began_s + float(met.began_s[m]), noticed_s) for m in self.deaths}
        self.known = [m for m, death in self.deaths.items() if m == self.first_of_all or leaves_s[m] >= death.at_s]
        told_s = [self.deaths[m].noticed_s for m in self.known]
        lost_last = sum(float(met.began_s[m]) == met.entered_s for m in self.known)
        others_s = met.entered_s if lost_last < met.last_in else np.delete(met.began_s, self.known).max(initial=-inf)
        self.at_s = max(began_s + float(others_s), *told_s)

    def _part(self, attempt: Attempt, at: int) -> None:
        """Members leave at times of their own; the collective `at` is the first that is not over for all."""
        here, began_s, first = attempt.passage, attempt.began_s, self.first
        lives_s = self.lives_s(len(here.told_s))
        if not here.meetings:
            leaves_s: Times = began_s + here.told_s
            self.goes_on, self.entered, ends = True, 0, True
        else:
            through = began_s + here.meetings[at].ended_s < first.at_s
            following = at + 1
            if following == len(here.meetings) and here.step is not None:
                told_s = began_s + here.told_s
                tellers = through & (told_s < lives_s)
                self.told_s = float(told_s[tellers].min()) if tellers.any() else inf
                self.next_began_s, following = began_s + here.lasts_s, 0
                self.next = attempt.passages.after(here.next, attempt.step + 1)
            ends = following == len(self.next.meetings)
            goes_s = self.next_began_s + (self.next.told_s if ends else self.next.meetings[following].began_s)
            stuck_s = np.maximum(began_s + here.meetings[at].began_s, first.noticed_s)
            leaves_s = np.where(through, goes_s if ends else np.maximum(goes_s, first.noticed_s), stuck_s)
            self.goes_on = bool(through[0])
            self.entered = at + self.goes_on
        self.finished = self.goes_on and ends and bool(leaves_s[0] < lives_s[0])
        self.known = [m for m, death in self.deaths.items() if m == self.first_of_all or leaves_s[m] >= death.at_s]
        for member in self.known:
            leaves_s[member] = self.deaths[member].noticed_s
        self.at_s = float(leaves_s[0] if self.finished else leaves_s.max())
