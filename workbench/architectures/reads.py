"""Reads: who asks how jobs stand, and who answers: the leader, or followers from their copies of its state."""

from __future__ import annotations

from math import ceil
from typing import Any

from workbench.architectures.operations import (
    Letter,
    Now,
    Program,
    Receive,
    Say,
    Send,
    TimedOut,
    Together,
    Wait,
    WorkerLost,
)
from workbench.architectures.random_streams import stream
from workbench.architectures.training import Part
from workbench.runs.events import Measured

READERS = "readers"
STATE, ANSWER, STOP = "state", "answer", "stop"  # tags of letters


class Readers:
    """The program of all who read: a question at once and then at random times, `per_s` of them a second.

    They go to each of those who `answer` in turn.
    It tells at its end how many questions a second were answered, and after which time.
    """

    def __init__(self, leader: str, answer: tuple[str, ...], per_s: float, seed: int, replication: int):
        self.leader, self.answer, self.per_s = leader, answer, per_s
        self.draws = stream(seed, "reads", replication)
        self.delays_s: list[float] = []

    def program(self) -> Program:
        began_s = yield Now()
        yield Together((self._ask(), self._hear()))
        took_s = (yield Now()) - began_s
        if self.delays_s and took_s > 0:
            delays_s = sorted(self.delays_s)
            last = delays_s[ceil(0.99 * len(delays_s)) - 1]
            yield Say(Measured(name="reads_per_second", value=len(delays_s) / took_s, unit="reads/s"))
            yield Say(Measured(name="read_delay_s", value=sum(delays_s) / len(delays_s), unit="s"))
            yield Say(Measured(name="read_delay_p99_s", value=last, unit="s"))
        for one in self.answer:
            yield Send(one, None, STATE)

    def _ask(self) -> Program:
        """Whom the leader tells that all is done stops asking; a question to somebody who is lost is lost too."""
        number = 0
        next_s = yield Now()
        while not (yield from _stopped(self.leader, next_s)):
            yield Send(self.answer[number % len(self.answer)], {"asked": next_s}, STATE)
            number += 1
            next_s += float(self.draws.exponential(1 / self.per_s))
        yield Send(READERS, None, ANSWER)

    def _hear(self) -> Program:
        while True:
            letters = yield Receive(tag=ANSWER, most=64, heeds_loss=False)
            now_s = yield Now()
            self.delays_s += [now_s - letter.what["asked"] for letter in letters if letter.what is not None]
            if any(letter.what is None for letter in letters):
                return


def _stopped(leader: str, until_s: float) -> Part:
    while (left_s := until_s - (yield Now())) > 0:
        try:
            yield Receive(leader, STOP, timeout_s=left_s)
        except TimedOut:
            return False
        except WorkerLost:
            continue
        return True
    return False


def answering(read_s: float) -> Program:
    """A follower's lane that keeps a copy of the leader's state and answers from it, `read_s` for each question."""
    copy: dict[str, Any] = {}
    while True:
        letters = yield Receive(tag=STATE, most=64, heeds_loss=False)
        for letter in letters:
            if letter.what is None:
                return
            yield from answered(letter, read_s, copy)


def answered(letter: Letter, read_s: float, copy: dict[str, Any]) -> Part:
    """A question is answered, and a piece of news noted."""
    if "asked" in letter.what:
        yield Wait(read_s)
        yield Send(READERS, letter.what | {"known": len(copy)}, ANSWER)
    else:
        copy.update(letter.what)
