"""A member of a simulated run: its program, its mailbox, and what it waits for."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from workbench.architectures.operations import Letter, Operation, Program, Receive, Trouble, WorkerLost

PENDING = object()


@dataclass(frozen=True, slots=True)
class Later:
    """An answer that is made when the work is done; may raise Trouble."""

    make: Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Informed(Letter):
    """A letter of a sender whose program knew that members have come back: their incarnations."""

    known: dict[str, int] = field(default_factory=dict, compare=False)


class Member:
    """One program being carried out. `go` sends it an answer and performs what it asks for until it has to wait."""

    __slots__ = (
        "choices",
        "ended",
        "finished",
        "frozen",
        "held_back",
        "incarnation",
        "known",
        "lane",
        "lanes",
        "letters",
        "lost_notices",
        "name",
        "operation",
        "outcome",
        "processor",
        "program",
        "result",
        "root",
        "table",
        "timer",
        "timer_ends_s",
    )

    def __init__(
        self, name: str, program: Program, table: dict[type, Callable[[Member, Any], Any]], incarnation: int = 0
    ):
        self.name, self.program, self.table, self.incarnation = name, program, table, incarnation
        self.letters: deque[Letter] = deque()
        self.lost_notices: list[tuple[str, int]] = []  # (who, which incarnation of it), not yet told to the program
        self.known: dict[str, int] = {}  # who is known to have come back, and how often; replaced, never changed
        self.operation: Operation | None = None  # what it waits in
        self.timer: Any = None  # the call that ends a Perform, a Wait or a timeout
        self.timer_ends_s = 0.0
        self.finished = False
        self.outcome: Trouble | None = None
        self.frozen = False
        self.held_back: list[tuple[Callable[[Any], Any], Any]] = []  # what came while it was frozen
        self.choices: deque[tuple[str, ...]] = deque()  # answers to follow, where an engine has a choice
        self.root = self  # the member itself, of whom this may be a lane
        self.lane = ""
        self.lanes: list[Member] = []  # what it does together just now
        self.processor: deque[tuple[Member, Operation]] = deque()  # whose turn it is, then who waits for one
        self.ended: Callable[[Member], None] | None = None
        self.result: Any = None

    def go(self, answer: Any = None, trouble: Trouble | None = None) -> None:
        self.operation = None
        while True:
            try:
                operation = self.program.throw(trouble) if trouble else self.program.send(answer)
            except StopIteration as stop:
                self.finished, self.result = True, stop.value
                break
            except Trouble as uncaught:
                self.finished, self.outcome = True, uncaught
                break
            answer = trouble = None
            self.operation = operation
            try:
                answer = self.table[operation.__class__](self, operation)
            except Trouble as raised:
                trouble = raised
            if answer is PENDING:
                return
            self.operation = None
        if self.ended is not None:
            self.ended(self)

    def try_again(self, operation: Operation) -> None:
        """Do what could not be done before, unless it was closed or the member is lost since."""
        if self.operation is not operation:
            return
        if self.root.frozen:
            self.root.held_back.append((self.try_again, operation))
            return
        try:
            answer = self.table[type(operation)](self, operation)
        except Trouble as trouble:
            self.go(trouble=trouble)
            return
        if answer is not PENDING:
            self.go(answer)

    def leaves(self) -> list[Member]:
        """Whoever carries operations out for this member: itself, or its lanes and theirs."""
        return [leaf for lane in self.lanes if not lane.finished for leaf in lane.leaves()] if self.lanes else [self]

    def take_notice(self, operation: Operation) -> None:
        """Raise WorkerLost if a loss that concerns `operation` has not yet been told."""
        for notice in self.lost_notices:
            if operation.waits_for(notice[0]):
                self.lost_notices.remove(notice)
                raise WorkerLost(notice[0])

    def learn(self, letters: Iterable[Letter]) -> None:
        """A loss is out of date once the program has taken a letter whose sender knew of the lost member's return."""
        root = self.root
        for letter in letters:
            if isinstance(letter, Informed) and letter.known is not root.known:
                news = {who: life for who, life in letter.known.items() if life > root.known.get(who, 0)}
                root.known = root.known | news
                root.lost_notices[:] = [(who, life) for who, life in root.lost_notices if life >= news.get(who, 0)]

    def take_letters(self, receive: Receive) -> Any:
        """The letters that answer `receive`, or PENDING."""
        if receive.is_choice and self.choices:
            return self._take_chosen(receive)
        taken: list[Letter] = []
        kept: deque[Letter] = deque()
        while self.letters and len(taken) < receive.most:
            letter = self.letters.popleft()
            (taken if receive.takes(letter) else kept).append(letter)
        self.letters.extendleft(reversed(kept))
        if not taken:
            return PENDING
        self.learn(taken)
        return tuple(taken) if receive.most > 1 else taken[0]

    def _take_chosen(self, receive: Receive) -> Any:
        """The letters of the senders that another run's story names, once all of them are here."""
        pool = list(self.letters)
        taken: list[Letter] = []
        for sender in self.choices[0]:
            found = next((x for x in pool if x.sender == sender and receive.takes(x)), None)
            if found is None:
                return PENDING
            pool.remove(found)
            taken.append(found)
        self.choices.popleft()
        self.letters = deque(pool)
        self.learn(taken)
        return tuple(taken) if receive.most > 1 else taken[0]


def waiting_text(members: list[Member]) -> str:
    """Who waits for whom, in words."""
    return "; ".join(
        f"{leaf.name} waits in {leaf.operation.label if leaf.operation else 'nothing'}"
        for member in members
        for leaf in member.leaves()
    )
