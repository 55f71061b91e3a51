"""The world: members, links and the store of a simulated run, and what every operation does there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from workbench.architectures.narration import narrated
from workbench.architectures.operations import (
    Agree,
    AllReduce,
    Letter,
    Perform,
    Program,
    Recall,
    Receive,
    Record,
    Send,
    TimedOut,
    Trouble,
    Wait,
    WorkerLost,
)
from workbench.engines.simulated.clock import Clock
from workbench.engines.simulated.collectives import Ring
from workbench.engines.simulated.flows.streams import Streams
from workbench.engines.simulated.member import PENDING, Member
from workbench.engines.simulated.network import CONTROL_BYTES, Blob, Network, size_bytes
from workbench.runs.events import Event, MessageSent, OperationFinished

Tell = Callable[[Event, str], None]


class Worker(Protocol):
    """What the world needs to know of work: how long it takes, and what it answers."""

    def seconds(self, member: str, operation: Perform, now_s: float) -> float: ...

    def answer(self, member: str, operation: Perform) -> Any: ...

    def inputs(self, member: str, operation: Perform) -> list[tuple[str, float]]:
        """Who holds what the operation needs, and how many bytes; asked only where links are shared fairly."""


@dataclass(slots=True)
class Fetching:
    """A piece of work that waits for inputs which others hold."""

    member: Member
    operation: Perform
    missing: int


class World:
    """A simulated run's state. `tell(event, who)` is called in virtual-time order.

    `detection_s` is the time from a loss until the others are told of it. With `messages`, every letter is told too.
    """

    def __init__(self, network: Network, work: Worker, tell: Tell, detection_s: float = 0.02, messages: bool = False):
        self.clock = Clock()
        self.network, self.work, self.tell = network, work, tell
        links = network.topology
        self.flows = Streams(self.clock, links) if links is not None else None
        self.detection_s, self.messages = detection_s, messages
        self.members: dict[str, Member] = {}
        self.lost: set[str] = set()
        self.store: dict[str, Any] = {}
        self.rings: dict[tuple[type, tuple[str, ...]], list[Ring]] = {}
        self.table: dict[type, Callable[[Member, Any], Any]] = {
            Perform: self._perform,
            Send: self._send,
            Receive: self._receive,
            AllReduce: self._all_reduce,
            Agree: self._agree,
            Record: self._record,
            Recall: self._recall,
            Wait: self._wait,
        }

    # --- members come and go ---------------------------------------------------------------------------------

    def add(self, name: str, program: Program, choices: Iterable[tuple[str, ...]] = ()) -> Member:
        """A member (or a new incarnation of a lost one); it starts with `start`."""
        before = self.members.get(name)
        told = narrated(program, lambda event: self.tell(event, name))
        member = Member(name, told, self.table, before.incarnation + 1 if before else 0)
        member.choices.extend(choices)
        self.members[name] = member
        self.lost.discard(name)
        member.lost_notices.extend(sorted(self.lost))  # who comes late is told who is not there
        return member

    def start(self, names: Iterable[str]) -> None:
        for name in names:
            self.clock.call_in(0.0, lambda m: m.go(), self.members[name])

    def kill(self, name: str) -> None:
        """The member is gone at once; letters to it are dropped, and the others are told `detection_s` later."""
        member = self.members[name]
        if member.timer is not None:
            member.timer.cancel()
        member.program = _ended()  # not closed: a killed member has no last words
        member.finished, member.operation = True, None  # a letter that is under way to it wakes nobody
        self.lost.add(name)
        for rings in self.rings.values():
            for ring in rings:
                if name in ring.team:
                    ring.close()
        for other in self.members.values():
            if other is not member and not other.finished:
                self.clock.call_in(self.detection_s + self.network.latency_s, self._notice, (other, name))

    def _notice(self, notice: tuple[Member, str]) -> None:
        member, lost = notice
        if member.finished or self.members[member.name] is not member:
            return
        if member.frozen:
            member.held_back.append((self._notice, notice))
            return
        member.lost_notices.append(lost)
        operation = member.operation
        if operation is not None and not isinstance(operation, Perform) and operation.waits_for(lost):
            member.lost_notices.remove(lost)
            self._cancel_timer(member)
            member.go(trouble=WorkerLost(lost))

    def freeze(self, name: str) -> None:
        """The member stops where it is: its processor, and whatever comes to it, wait until `thaw`."""
        member = self.members[name]
        member.frozen = True
        if member.timer is not None:
            member.timer.cancel()
            _, answer, trouble = member.timer.argument
            left_s = member.timer_ends_s - self.clock.now
            member.held_back.append((lambda _: self._arm(member, left_s, answer, trouble), None))

    def thaw(self, name: str) -> None:
        member = self.members[name]
        member.frozen = False
        held_back, member.held_back = member.held_back, []
        for function, argument in held_back:
            function(argument)

    # --- time passes for a member --------------------------------------------------------------------------------

    def _arm(self, member: Member, seconds: float, answer: Any = None, trouble: Trouble | None = None) -> Any:
        member.timer_ends_s = self.clock.now + seconds
        member.timer = self.clock.call_at(member.timer_ends_s, self._ring_timer, (member, answer, trouble))
        return PENDING

    def _ring_timer(self, what: tuple[Member, Any, Trouble | None]) -> None:
        member, answer, trouble = what
        member.timer = None
        member.go(answer, trouble)

    def _cancel_timer(self, member: Member) -> None:
        if member.timer is not None:
            member.timer.cancel()
            member.timer = None

    def _perform(self, member: Member, operation: Perform) -> Any:
        if self.flows is not None:
            far = [(holder, size) for holder, size in self.work.inputs(member.name, operation) if holder != member.name]
            if far:
                arrival = (member, self._fetched, Fetching(member, operation, len(far)))
                latency_s = self.network.latency_s
                for holder, size in far:
                    self._ship(
                        (holder, member.name, "artifact"), size, latency_s, "artifact", self._chunk_arrives, arrival
                    )
                return PENDING
        return self._work(member, operation)

    def _fetched(self, fetching: Fetching) -> None:
        fetching.missing -= 1
        if not fetching.missing:
            self._work(fetching.member, fetching.operation)

    def _work(self, member: Member, operation: Perform) -> Any:
        seconds = self.work.seconds(member.name, operation, self.clock.now)
        return self._arm(member, seconds, self.work.answer(member.name, operation))

    def _wait(self, member: Member, operation: Wait) -> Any:
        return self._arm(member, operation.seconds)

    # --- letters ---------------------------------------------------------------------------------------------------

    def _send(self, member: Member, operation: Send) -> None:
        if operation.to in self.lost:
            return
        size = CONTROL_BYTES + size_bytes(operation.what)
        target = self.members[operation.to]
        letter = Letter(member.name, operation.tag, operation.what)
        if self.flows is not None:
            arrival = (target, letter)
            latency_s = self.network.latency_s if target is not member else 0.0
            stream = (member.name, operation.to, "letter")
            self._ship(stream, size, latency_s, operation.tag, self._letter_arrives, arrival)
            return
        at_s = self.network.transfer(self.clock.now, member.name, operation.to, size)
        self.clock.call_at(at_s, self._letter_arrives, (target, letter))
        if self.messages:
            self.tell(
                MessageSent(to=operation.to, tag=operation.tag, size_bytes=int(size), arrives_s=at_s), member.name
            )

    def _letter_arrives(self, arrival: tuple[Member, Letter]) -> None:
        member, letter = arrival
        if member.frozen:
            member.held_back.append((self._letter_arrives, arrival))
            return
        member.letters.append(letter)
        operation = member.operation
        if isinstance(operation, Receive):
            answer = member.take_letters(operation)
            if answer is not PENDING:
                self._cancel_timer(member)
                member.go(answer)

    def _receive(self, member: Member, operation: Receive) -> Any:
        answer = member.take_letters(operation)
        if answer is PENDING:
            member.take_notice(operation)
            if operation.timeout_s is not None:
                self._arm(member, operation.timeout_s, trouble=TimedOut())
        return answer

    # --- links that are shared fairly ------------------------------------------------------------------------------

    def _ship(
        self,
        stream: tuple[str, str, str],
        size: float,
        later_s: float,
        tag: str,
        arrives: Callable[[Any], Any],
        arrival: Any,
    ) -> None:
        """Send on a stream (source, target, kind); `arrives(arrival)` comes `later_s` after the last one is through."""
        assert self.flows is not None

        def through(_: None) -> None:
            at_s = self.clock.now + later_s
            self.clock.call_at(at_s, arrives, arrival)
            if self.messages:  # only now is it known when it arrives
                self.tell(MessageSent(to=stream[1], tag=tag, size_bytes=int(size), arrives_s=at_s), stream[0])

        self.flows.send(stream, size, through)

    # --- collectives ---------------------------------------------------------------------------------------------

    def _all_reduce(self, member: Member, operation: AllReduce) -> Any:
        return self._enter(member, operation, operation.what, _sum, size_bytes)

    def _agree(self, member: Member, operation: Agree) -> Any:
        return self._enter(member, operation, operation.value, min, lambda _: 8 * len(operation.team))

    def _enter(self, member: Member, operation: Any, value: Any, combine: Any, size: Callable[[Any], float]) -> Any:
        member.take_notice(operation)
        rings = self.rings.setdefault((type(operation), operation.team), [])
        rings[:] = [ring for ring in rings if not ring.closed and len(ring.done) < len(ring.team)]
        ring = next((ring for ring in rings if member.name not in ring.given), None)
        if ring is None:
            ring = Ring(self, operation.team, combine, size)
            rings.append(ring)
        if any(name in self.lost for name in operation.team):
            ring.close()
        member.operation = operation
        if len(operation.team) == 1:
            return combine([value])
        ring.enter(member.name, value)
        return PENDING

    def hop_s(self, size: float, members: int) -> tuple[float, float]:
        return self.network.hop_s(size, members)

    def deliver(
        self,
        source: str,
        target: str,
        size: float,
        hop_s: tuple[float, float],
        arrived: Callable[[Any], Any],
        argument: Any,
    ) -> None:
        if self.flows is not None:
            arrival = (self.members[target], arrived, argument)
            self._ship((source, target, "chunk"), size, hop_s[1], "chunk", self._chunk_arrives, arrival)
            return
        at_s = self.network.pass_on(self.clock.now, source, target, hop_s)
        self.clock.call_at(at_s, self._chunk_arrives, (self.members[target], arrived, argument))
        if self.messages:
            self.tell(MessageSent(to=target, tag="chunk", size_bytes=int(size), arrives_s=at_s), source)

    def _chunk_arrives(self, arrival: tuple[Member, Callable[[Any], Any], Any]) -> None:
        member, arrived, argument = arrival
        if member.frozen:
            member.held_back.append((self._chunk_arrives, arrival))
        elif not member.finished:
            arrived(argument)

    def answer(self, member: str, value: Any) -> None:
        self.members[member].go(value)

    # --- the store -----------------------------------------------------------------------------------------------

    def _record(self, member: Member, operation: Record) -> None:
        self.store.update(operation.entries)

    def _recall(self, member: Member, operation: Recall) -> dict[str, Any]:
        return {key: value for key, value in self.store.items() if key.startswith(operation.prefix)}

    # --- who waits for whom --------------------------------------------------------------------------------------

    @property
    def unfinished(self) -> list[Member]:
        return [member for member in self.members.values() if not member.finished]

    def close(self) -> None:
        """End what still runs, so that every operation that began is told to have ended."""
        for member in self.unfinished:
            operation = member.operation
            member.finished = True
            if operation is not None:
                stage = operation.stage if isinstance(operation, Perform) else ""
                self.tell(OperationFinished(label=operation.label, stage=stage, outcome="closed"), member.name)


def waiting_text(members: list[Member]) -> str:
    """Who waits for whom, in words."""
    return "; ".join(f"{m.name} waits in {m.operation.label if m.operation else 'nothing'}" for m in members)


def _sum(values: list[Any]) -> Any:
    if isinstance(values[0], Blob):
        return values[0]
    total = values[0]
    for value in values[1:]:
        total = total + value
    return total


def _ended() -> Program:
    return
    yield
