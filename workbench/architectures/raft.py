"""The election of a leader among servers, by Raft: requests for votes, votes, and heartbeats."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from workbench.architectures.operations import (
    Letter,
    Now,
    Program,
    Receive,
    Say,
    Send,
    TimedOut,
    Wait,
    WorkerLost,
)
from workbench.architectures.training import Part
from workbench.runs.events import Recorded

REQUEST, VOTE, APPEND = "request-vote", "vote", "append-entries"


@dataclass(frozen=True)
class Timing:
    """How long a server hears of no leader until it stands for election, drawn evenly from `least_s` to `most_s`.

    A leader is heard every `heartbeat_s`; a term or a vote counts once it is on the disk, after `write_s`.
    """

    least_s: float
    most_s: float
    write_s: float = 0.0

    @property
    def heartbeat_s(self) -> float:
        """Half of the least timeout, as in Ongaro, Consensus (2014), chapter 9."""
        return self.least_s / 2


@dataclass
class Voter:
    """What a server knows and decides, without clock or links. `log` is how far its log goes.

    `of` is the number of all servers, those that are lost included: more than half of them elect.
    """

    of: int
    log: int
    term: int = 0
    voted_for: str = ""
    role: str = "follower"  # or candidate, or leader
    votes: set[str] = field(default_factory=set)

    def stand(self, me: str) -> tuple[int, int]:
        """Begin an election; what is asked of the others."""
        self.term += 1
        self.role, self.voted_for, self.votes = "candidate", me, {me}
        return self.term, self.log

    def follow(self, term: int) -> bool:
        """Take note of a term; whether it is a new one, which ends what was begun in an older one."""
        if term <= self.term:
            return False
        self.term, self.role, self.voted_for = term, "follower", ""
        return True

    def grants(self, candidate: str, term: int, log: int) -> bool:
        """Whether the candidate is given the vote: one in each term, and only to a log that lacks nothing."""
        if term < self.term or log < self.log or self.voted_for not in ("", candidate):
            return False
        self.voted_for = candidate
        return True

    def count(self, voter: str, term: int) -> bool:
        """Take a vote in; whether it makes this server the leader."""
        if self.role != "candidate" or term != self.term:
            return False
        self.votes.add(voter)
        if len(self.votes) <= self.of // 2:
            return False
        self.role = "leader"
        return True


def serve(me: str, servers: tuple[str, ...], timing: Timing, log: int, draw: Callable[[], float]) -> Program:
    """A server: follows who leads, stands for election when it hears of nobody, and leads once it is elected.

    `draw` answers a number from 0 to 1, anew for each timeout. The first of `servers` leads when they begin.
    Ongaro and Ousterhout, In Search of an Understandable Consensus Algorithm, USENIX ATC 2014, figure 2.
    """
    others = tuple(server for server in servers if server != me)
    voter = Voter(len(servers), log)
    now_s = yield Now()
    patience_s = timing.most_s - timing.least_s
    due_s = now_s + timing.least_s + patience_s * draw()
    if me == servers[0]:
        voter.role, due_s = "leader", now_s
    while True:
        letter = yield from _hear(due_s)
        now_s = yield Now()
        if letter is not None:
            heard = yield from _answer(me, others, voter, letter, timing)
            if heard == "leads":
                due_s = now_s + timing.heartbeat_s
            elif heard:
                due_s = now_s + timing.least_s + patience_s * draw()
        elif voter.role == "leader":
            yield from _to_all(others, (voter.term,), APPEND)
            due_s = now_s + timing.heartbeat_s
        else:
            due_s = now_s + timing.least_s + patience_s * draw()
            yield from _to_all(others, voter.stand(me), REQUEST)
            yield Wait(timing.write_s)  # the vote for itself is written while the others write theirs


def _hear(due_s: float) -> Part:
    """The next letter, or None when it is `due_s`. Nobody is told of a loss: that is what timeouts are for."""
    while True:
        left_s = due_s - (yield Now())
        try:
            return (yield Receive(timeout_s=max(0.0, left_s)))  # a letter that came while it wrote is read in any case
        except TimedOut:
            return None
        except WorkerLost:
            continue


def _answer(me: str, others: tuple[str, ...], voter: Voter, letter: Letter, timing: Timing) -> Part:
    """Do what a letter asks for; "leads", "follows", or "" where patience goes on as it was."""
    term = letter.what[0]
    news = voter.follow(term)
    if letter.tag == REQUEST:
        granted = voter.grants(letter.sender, term, letter.what[1])
        if news or granted:
            yield Wait(timing.write_s)
        yield Send(letter.sender, (voter.term, granted), VOTE)
        return "follows" if granted else ""
    if letter.tag == APPEND:
        return "follows" if term == voter.term else ""
    if letter.what[1] and voter.count(letter.sender, term):
        yield Say(Recorded(kind="elected", key=f"{me} in term {voter.term}"))
        yield from _to_all(others, (voter.term,), APPEND)
        return "leads"
    return ""


def _to_all(others: tuple[str, ...], what: tuple[int, ...], tag: str) -> Part:
    for other in others:
        yield Send(other, what, tag)
