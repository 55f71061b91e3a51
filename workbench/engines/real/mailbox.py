"""The mailbox of a member: letters and losses in the order in which they came, and which of them concern whom."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from workbench.architectures.operations import Letter, Operation, Receive, WorkerLost


@dataclass(frozen=True, slots=True)
class Arrival:
    """A letter, and the incarnations (above 0) of members that its sender's program knew of."""

    letter: Letter
    known: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Loss:
    """An incarnation of a member is gone; its letters are before this, those of its next incarnation behind."""

    worker: str
    incarnation: int
    over: dict[str, str] | None = None  # the work that it was ended over


class Mailbox:
    """Decides what a Receive or a collective is answered. No I/O.

    A loss is told once, at the first operation that it concerns. It is out of date once the program has taken a letter
    whose sender knew of the lost member's return: what the two do from then on is a new beginning.
    """

    def __init__(self) -> None:
        self.known: dict[str, int] = {}
        self._entries: list[Arrival | Loss] = []

    def put(self, entry: Arrival | Loss) -> None:
        self._entries.append(entry)

    def take(self, receive: Receive) -> Any:
        """The answer of `receive`, or None if there is none yet. WorkerLost."""
        places: list[int] = []
        for place, entry in enumerate(self._entries):
            if isinstance(entry, Loss):
                if receive.waits_for(entry.worker):
                    if places:
                        break
                    del self._entries[place]
                    raise WorkerLost(entry.worker, entry.over)
            elif receive.takes(entry.letter):
                places.append(place)
                if len(places) == receive.most:
                    break
        letters = tuple(self._take_out(places))
        if not letters:
            return None
        return letters if receive.most > 1 else letters[0]

    def _take_out(self, places: list[int]) -> list[Letter]:
        taken = [entry for place in places if isinstance(entry := self._entries[place], Arrival)]
        for place in reversed(places):
            del self._entries[place]
        for arrival in taken:
            for worker, incarnation in arrival.known.items():
                if incarnation > self.known.get(worker, 0):
                    self.known[worker] = incarnation
                    self._forget_older(worker, incarnation)
        return [arrival.letter for arrival in taken]

    def _forget_older(self, worker: str, incarnation: int) -> None:
        self._entries = [
            entry
            for entry in self._entries
            if not (isinstance(entry, Loss) and entry.worker == worker and entry.incarnation < incarnation)
        ]

    def has_loss(self, team: tuple[str, ...]) -> bool:
        """Whether a loss in `team` waits to be told."""
        return any(isinstance(entry, Loss) and entry.worker in team for entry in self._entries)

    def tell_loss(self, operation: Operation) -> None:
        """Raise WorkerLost if a loss waits that concerns `operation`."""
        for place, entry in enumerate(self._entries):
            if isinstance(entry, Loss) and operation.waits_for(entry.worker):
                del self._entries[place]
                raise WorkerLost(entry.worker, entry.over)
