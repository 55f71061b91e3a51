"""The world: members, links and the store of a simulated run, and what every operation does there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from workbench.architectures.narration import narrated
from workbench.architectures.operations import (
    Agree,
    AllGather,
    AllReduce,
    Claim,
    Letter,
    Now,
    Perform,
    Program,
    Recall,
    Receive,
    Record,
    ReduceScatter,
    Release,
    Renew,
    Send,
    TimedOut,
    Together,
    Trouble,
    Wait,
    WorkerLost,
)
from workbench.architectures.orchestration import HEARTBEAT_S
from workbench.engines.simulated.clock import Call, Clock
from workbench.engines.simulated.cohorts import Cohorts
from workbench.engines.simulated.cuts import CORE, Cuts
from workbench.engines.simulated.flows.streams import Streams
from workbench.engines.simulated.gatherings import Gatherings
from workbench.engines.simulated.lanes import Lanes, told_closed
from workbench.engines.simulated.member import PENDING, Informed, Later, Member
from workbench.engines.simulated.network import CONTROL_BYTES, Hop, Network, size_bytes
from workbench.engines.simulated.store import Store
from workbench.engines.simulated.worker import Fetching, Worker
from workbench.engines.window import Window
from workbench.runs.events import Event, MessageSent

Tell = Callable[[Event, str], None]


class World:
    """A simulated run's state. `tell(event, who)` is called in virtual-time order.

    `detection_s` is the time from a loss until the others are told of it. Letters and chunks are told
    within `messages`: when they are sent, or, where links are shared fairly, when they are through.
    With `cohorts`, only those members are added that stand for their equals.
    """

    def __init__(
        self,
        network: Network,
        work: Worker,
        tell: Tell,
        detection_s: float = HEARTBEAT_S,
        messages: Window | None = None,
        cohorts: Cohorts | None = None,
    ):
        self.clock = Clock()
        self.cohorts = cohorts or Cohorts()
        self.network, self.work, self.tell = network, work, tell
        links = network.topology
        self.flows = Streams(self.clock, links) if links is not None else None
        if self.flows is not None:
            network.links.changed = self.flows.slow
        self.detection_s, self.messages = detection_s, messages
        self.members: dict[str, Member] = {}
        self.sent_bytes: defaultdict[str, float] = defaultdict(float)  # letters and chunks, by sender
        self.lost: set[str] = set()
        self.lives: dict[str, int] = {}  # who has come back, and how often; replaced, never changed
        self.notices: dict[str, tuple[float, list[Call]]] = {}  # of a loss: when the others are told of it, and how
        self.store = Store(self.clock)
        self.passive: dict[Call, None] = {}  # timers that end no more than a rest
        self.gatherings = Gatherings(self)
        self.cuts = Cuts(self)
        self.table: dict[type, Callable[[Member, Any], Any]] = {
            Perform: self._perform,
            Send: self._send,
            Receive: self._receive,
            AllReduce: self.gatherings.enter,
            AllGather: self.gatherings.enter,
            ReduceScatter: self.gatherings.enter,
            Agree: self.gatherings.enter,
            Together: self._together,
            Record: self.cuts.within_reach(self.store.record),
            Recall: self.cuts.within_reach(self.store.recall),
            Claim: self.cuts.within_reach(self.store.claim),
            Renew: self.cuts.within_reach(self.store.renew),
            Release: self.cuts.within_reach(self.store.release),
            Wait: self._wait,
            Now: lambda member, operation: self.clock.now,
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
        due_s, notices = self.notices.pop(name, (0.0, []))
        if due_s > self.clock.now:  # the loss is known before the first word of who comes back
            for call in notices:
                call.cancel()
                self.clock.call_in(0.0, self._notice, call.argument)
        if member.incarnation:
            self.lives = self.lives | {name: member.incarnation}
        member.known = self.lives
        # who comes late is told who is not there
        member.lost_notices.extend((lost, self.members[lost].incarnation) for lost in sorted(self.lost))
        return member

    def start(self, names: Iterable[str]) -> None:
        for name in names:
            self.clock.call_in(0.0, lambda m: m.go(), self.members[name])

    def kill(self, name: str) -> None:
        """The member is gone at once; letters to it are dropped, and the others are told `detection_s` later."""
        member = self.members[name]
        for leaf in (*member.leaves(), member):
            if leaf.timer is not None:
                leaf.timer.cancel()
            leaf.program, leaf.ended = _ended(), None  # not closed: a killed member has no last words
            leaf.finished, leaf.operation = True, None  # a letter that is under way to it wakes nobody
        self.lost.add(name)
        self.gatherings.close_with(name)
        self.cuts.drop(name)
        due_s = self.clock.now + (self.detection_s + self.network.late_s(name))
        others = [other for other in self.members.values() if other is not member and not other.finished]
        news = ((other, name, member.incarnation) for other in others)
        self.notices[name] = due_s, [self.clock.call_at(due_s, self._notice, each) for each in news]

    def _notice(self, notice: tuple[Member, str, int]) -> None:
        member, lost, life = notice
        if member.finished or self.members[member.name] is not member or life < member.known.get(lost, 0):
            return
        if member.frozen:
            member.held_back.append((self._notice, notice))
            return
        if self.cuts.cuts and self.cuts.is_cut_off(member.name):
            self.cuts.hold(CORE, member.name, partial(self._notice, notice))
            return
        member.lost_notices.append((lost, life))
        for leaf in member.leaves():
            operation = leaf.operation
            if operation is not None and not isinstance(operation, Perform) and operation.waits_for(lost):
                member.lost_notices.remove((lost, life))
                self._cancel_timer(leaf)
                leaf.go(trouble=WorkerLost(lost))
                return

    def freeze(self, name: str) -> None:
        """The member stops where it is: its processor, and whatever comes to it, wait until `thaw`."""
        self.gatherings.open()
        member = self.members[name]
        member.frozen = True
        for leaf in member.leaves():
            if leaf.timer is not None:
                leaf.timer.cancel()
                left_s = leaf.timer_ends_s - self.clock.now
                member.held_back.append((self.rearm, (*leaf.timer.argument, left_s)))

    def thaw(self, name: str) -> None:
        member = self.members[name]
        member.frozen = False
        held_back, member.held_back = member.held_back, []
        for function, argument in held_back:
            function(argument)

    def rearm(self, what: tuple[Member, Any, Trouble | None, float]) -> None:
        leaf, answer, trouble, left_s = what
        self._arm(leaf, left_s, answer, trouble)

    # --- time passes for a member --------------------------------------------------------------------------------

    def _arm(self, member: Member, seconds: float, answer: Any = None, trouble: Trouble | None = None) -> Any:
        member.timer_ends_s = self.clock.now + seconds
        member.timer = self.clock.call_at(member.timer_ends_s, self._ring_timer, (member, answer, trouble))
        return PENDING

    def _ring_timer(self, what: tuple[Member, Any, Trouble | None]) -> None:
        member, answer, trouble = what
        self.passive.pop(member.timer, None)
        member.timer = None
        if member.root is not member and isinstance(member.operation, Perform):
            self._pass_processor_on(member.root)
        if isinstance(answer, Later):
            try:
                answer = answer.make()
            except Trouble as raised:
                answer, trouble = None, raised
        member.go(answer, trouble)

    def _cancel_timer(self, member: Member) -> None:
        if member.timer is not None:
            self.passive.pop(member.timer, None)
            member.timer.cancel()
            member.timer = None

    def _perform(self, member: Member, operation: Perform) -> Any:
        if self.cuts.cuts and self.cuts.keeps_from(member, operation):
            return PENDING
        if self.flows is not None:
            far = [(holder, size) for holder, size in self.work.inputs(member.name, operation) if holder != member.name]
            if far:
                arrival = (member, self._fetched, Fetching(member, operation, len(far)))
                for holder, size in far:
                    late_s = self.network.late_s(holder, member.name)
                    self._ship((holder, member.name, "artifact"), size, late_s, "artifact", self.chunk_arrives, arrival)
                return PENDING
        return self._work(member, operation)

    def _fetched(self, fetching: Fetching) -> None:
        fetching.missing -= 1
        if not fetching.missing and not fetching.member.finished:
            self._work(fetching.member, fetching.operation)

    def _work(self, member: Member, operation: Perform) -> Any:
        if member.root is not member:
            processor = member.root.processor
            processor.append((member, operation))
            if processor[0][0] is not member:
                return PENDING
        return self._begin(member, operation)

    def _pass_processor_on(self, root: Member) -> None:
        """The lane that performed is done; the next one that still wants to perform begins."""
        processor = root.processor
        processor.popleft()
        while processor and processor[0][0].finished:
            processor.popleft()
        if processor:
            lane, operation = processor[0]
            assert isinstance(operation, Perform)
            self._begin(lane, operation)

    def _begin(self, member: Member, operation: Perform) -> Any:
        seconds = self.work.seconds(member.name, operation, self.clock.now)
        return self._arm(member, seconds, self.work.answer(member.name, operation))

    def _wait(self, member: Member, operation: Wait) -> Any:
        return self._arm(member, operation.seconds)

    # --- letters ---------------------------------------------------------------------------------------------------

    def _send(self, member: Member, operation: Send) -> None:
        if operation.to in self.lost or self.cohorts.speaker.get(operation.to, operation.to) != operation.to:
            return  # whom another stands for reads no letters
        if self.cuts.cuts and self.cuts.part(member.name, operation.to):
            self.cuts.hold(member.name, operation.to, partial(self._send, member, operation))
            return
        size = CONTROL_BYTES + size_bytes(operation.what)
        if operation.to != member.name:  # from lane to lane of one member nothing crosses a link
            self.network.grounds.letter(size)
            self.network.disturb(member.name, operation.to)
            self.sent_bytes[member.name] += size
        target = self.members[operation.to]
        known = member.root.known
        told = member.name, operation.tag, operation.what
        letter = Informed(*told, known) if known else Letter(*told)
        if self.flows is not None:
            arrival = (target, letter)
            latency_s = self.network.late_s(member.name, target.name) if target is not member else 0.0
            stream = (member.name, operation.to, "letter")
            self._ship(stream, size, latency_s, operation.tag, self._letter_arrives, arrival)
            return
        at_s = self.network.transfer(self.clock.now, member.name, operation.to, size)
        self.clock.call_at(at_s, self._letter_arrives, (target, letter))
        self._tell_message(member.name, operation.to, operation.tag, size, at_s)

    def _letter_arrives(self, arrival: tuple[Member, Letter]) -> None:
        member, letter = arrival
        if member.frozen:
            member.held_back.append((self._letter_arrives, arrival))
            return
        member.letters.append(letter)
        for leaf in member.leaves():
            operation = leaf.operation
            if isinstance(operation, Receive):
                answer = leaf.take_letters(operation)
                if answer is not PENDING:
                    self._cancel_timer(leaf)
                    leaf.go(answer)
                    return

    def _receive(self, member: Member, operation: Receive) -> Any:
        answer = member.take_letters(operation)
        if answer is PENDING:
            member.take_notice(operation)
            if operation.timeout_s is not None:
                self._arm(member, operation.timeout_s, trouble=TimedOut())
                if operation.passive:
                    self.passive[member.timer] = None
        return answer

    def _tell_message(self, source: str, target: str, tag: str, size: float, arrives_s: float) -> None:
        if self.messages and self.messages.covers(self.clock.now):
            self.tell(MessageSent(to=target, tag=tag, size_bytes=int(size), arrives_s=arrives_s), source)

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
            at_s = self.network.in_order(*stream[:2], self.clock.now + later_s)
            self.clock.call_at(at_s, arrives, arrival)
            self._tell_message(*stream[:2], tag, size, at_s)  # only now is it known when it arrives

        self.flows.send(stream, size, through)

    # --- collectives ---------------------------------------------------------------------------------------------

    def _together(self, member: Member, operation: Together) -> Any:
        member.operation = operation
        return Lanes(member, operation, self.tell).start()

    def hop_s(self, team: tuple[str, ...], size: float, passes: int) -> Hop:
        return self.network.hop_s(team, size, passes)

    def deliver(
        self,
        source: str,
        target: str,
        size: float,
        hop_s: Hop,
        arrived: Callable[[Any], Any],
        argument: Any,
    ) -> None:
        if self.cuts.cuts and self.cuts.part(source, target):
            self.cuts.hold(source, target, partial(self.deliver, source, target, size, hop_s, arrived, argument))
            return
        self.sent_bytes[source] += size
        if self.flows is not None:
            arrival = (self.members[target], arrived, argument)
            late_s = hop_s[1] + self.network.added_s(source, target, handshake=True)
            self._ship((source, target, "chunk"), size, late_s, "chunk", self.chunk_arrives, arrival)
            return
        clock = self.clock
        at_s = self.network.pass_on(clock._now, source, target, hop_s)
        clock.call_at(at_s, self.chunk_arrives, (self.members[target], arrived, argument))
        if self.messages:
            self._tell_message(source, target, "chunk", size, at_s)

    def chunk_arrives(self, arrival: tuple[Member, Callable[[Any], Any], Any]) -> None:
        """`arrived(argument)` unless the member can take nothing."""
        member, arrived, argument = arrival
        if member.frozen:
            member.held_back.append((self.chunk_arrives, arrival))
        elif not member.finished:
            arrived(argument)

    # --- who waits for whom --------------------------------------------------------------------------------------

    def at_rest(self, but_for: Call | None) -> bool:
        """Whether nothing but `but_for` and the ends of rests is left to happen."""
        if not self.passive:
            return self.clock.is_idle_but_for(but_for)
        return all(call is but_for or call in self.passive for call in self.clock.calls_left)

    @property
    def unfinished(self) -> list[Member]:
        return [member for member in self.members.values() if not member.finished]

    def close(self) -> None:
        """End what still runs, so that every operation that began is told to have ended."""
        self.gatherings.open(at_end=True)
        for member in self.unfinished:
            member.finished = True
            for leaf in dict.fromkeys((*member.leaves(), member)):
                told_closed(leaf, leaf.operation, self.tell)


def _ended() -> Program:
    return
    yield
