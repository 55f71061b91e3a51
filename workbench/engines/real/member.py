"""A member: a process that carries out one program, operation by operation."""

from __future__ import annotations

import contextlib
import importlib
import multiprocessing
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from workbench.architectures.narration import Tell, narrated
from workbench.architectures.operations import (
    Agree,
    AllGather,
    AllReduce,
    Claim,
    Known,
    Now,
    Operation,
    Perform,
    Program,
    Recall,
    Receive,
    Record,
    ReduceScatter,
    Release,
    Renew,
    Say,
    Send,
    StageFailed,
    TimedOut,
    Together,
    Trouble,
    Wait,
)
from workbench.architectures.training_work import LEARNING
from workbench.engines.real import left
from workbench.engines.real.channels import Address
from workbench.engines.real.collectives import Collectives
from workbench.engines.real.floor import Floor
from workbench.engines.real.lanes import Lane, Lanes
from workbench.engines.real.links import Links
from workbench.engines.real.post import Post
from workbench.engines.real.store import Full, Store
from workbench.engines.real.watchdog import IDLE, Activity, Heart
from workbench.runs.events import Event, Warned, encode

Performer = Callable[[Perform | Known], Any]

FROM_SCENARIO = "workbench.engines.real.member:from_scenario"
_LINGER_S = 5.0
_TRY_AGAIN_S = 0.02  # between two tries to record something in a store that is full
_SWITCH_S = 5e-4  # for how long a lane that computes may keep a letter waiting that is due


class Seat(msgspec.Struct, frozen=True):
    """What a member's process is started with: names and paths, from which it makes everything else itself.

    `factory` is `module:function`, called with the seat and `tell`; it answers the member's program and what performs
    the work of stages. `arguments` are for it alone. `environment` holds the variables of ours that the user has set:
    the forkserver's own are as old as the forkserver.
    """

    me: str
    incarnation: int
    run: str
    scratch: str
    told: str  # the folder in which the member tells and prints
    supervisor: Address
    token: str
    factory: str
    arguments: dict[str, Any]
    environment: dict[str, str]
    beat_s: float
    group_s: float
    links: Links | None = None  # where they are shaped
    host: str = ""  # by which other machines reach the member's; empty where all members are on one


class Teller:
    """Writes events to the member's own file, one write each: what was told survives the member's death."""

    def __init__(self, path: Path, member: str):
        self.member = member
        self.began_s = 0.0
        self._file = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)

    def tell(self, event: Event) -> None:
        now_s = round(time.monotonic() - self.began_s, 6)
        os.write(self._file, encode(msgspec.structs.replace(event, t_s=now_s, who=self.member)))


class Member:
    """Performs what a program and its lanes ask for, with the member's post, groups and store."""

    def __init__(self, seat: Seat, post: Post, store: Store, tell: Tell, perform: Performer):
        self.post, self.tell, self.performer = post, tell, perform
        self.floor = floor = Floor(post)
        self.root = Lane("", _nothing())
        self.learns = False  # whether it has computed on the data of a training
        self.collectives = Collectives(post, floor, Path(seat.scratch) / "groups", seat.group_s, self._waiting)
        self.table: dict[type, Callable[[Any], Any]] = {
            Perform: self._perform,
            Send: self._send,
            Receive: self._receive,
            AllReduce: self.collectives.all_reduce,
            AllGather: self.collectives.all_gather,
            ReduceScatter: self.collectives.reduce_scatter,
            Agree: self.collectives.agree,
            Together: self._together,
            Record: self._within_reach(lambda operation: self._record(store, operation)),
            Recall: self._within_reach(lambda operation: store.recall(operation.prefix)),
            Claim: self._within_reach(lambda operation: store.claim(post.me, operation.name, operation.for_s)),
            Renew: self._within_reach(lambda operation: store.renew(operation.leases)),
            Release: self._within_reach(lambda operation: store.release(operation.lease)),
            Wait: self._wait,
            Now: lambda operation: time.monotonic(),
            Known: perform,
            Say: lambda operation: tell(operation.event),
        }

    def carry_out(self, program: Program) -> Any:
        """Drive `program` to its end; answers what it returns. The Trouble that it does not meet is raised."""
        self.root = Lane("", program)
        with self.floor.held_by(self.root):
            return self.root.go(self._carry, self.tell)

    def _carry(self, operation: Operation) -> Any:
        return self.table[operation.__class__](operation)

    def _perform(self, operation: Perform) -> Any:
        self.learns = self.learns or operation.part in LEARNING
        return self.floor.work(lambda: self.performer(operation))

    def _within_reach(self, performed: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """An operation on the store, which waits while its member is cut off from it."""

        def perform(operation: Operation) -> Any:
            while self.post.links is not None and self.post.links.is_cut_off(self.post.me):
                with self._waiting(operation, (), "store"):
                    self.floor.listen(None)
                    self.floor.check()
            return performed(operation)

        return perform

    def _record(self, store: Store, operation: Record) -> None:
        """While the storage is full, it waits, and other lanes go on."""
        if _fits(store, operation):
            return
        text = f"{self.post.me} waits to {operation.label}: the storage is full"
        self.tell(Warned(code="storage-full", text=text))
        with self._waiting(operation, (), "storage"):
            while not _fits(store, operation):
                self.floor.listen(_TRY_AGAIN_S)
                self.floor.check()

    def _together(self, operation: Together) -> tuple[Any, ...]:
        return Lanes(self.floor, operation, self._carry, self.tell, self.collectives.groups.leave).carry_out()

    @contextlib.contextmanager
    def _waiting(self, operation: Operation, whom: tuple[str, ...], kind: str) -> Iterator[None]:
        lane = self.floor.lane
        lane.activity = Activity(operation.label, whom, time.monotonic(), kind)
        try:
            yield
        finally:
            lane.activity = IDLE

    def _send(self, operation: Send) -> None:
        with self._waiting(operation, (operation.to,), "send"):
            while self.post.is_full(operation.to):
                self.floor.listen(0.01)
                self.floor.check()
        self.post.send(operation.to, operation.tag, operation.what)
        if operation.to == self.post.me:
            self.floor.wake()

    def _wait(self, operation: Wait) -> None:
        until_s = time.monotonic() + operation.seconds
        while (left_s := until_s - time.monotonic()) > 0:
            self.floor.listen(left_s)
            self.floor.check()

    def _receive(self, operation: Receive) -> Any:
        self.floor.listen(0.0)
        answer = self.post.mailbox.take(operation)
        if answer is not None:
            return answer
        until_s = None if operation.timeout_s is None else time.monotonic() + operation.timeout_s
        whom = (operation.sender,) if operation.sender else ()
        kind = "receive" if until_s is None else "rest" if operation.passive else "timed receive"
        with self._waiting(operation, whom, kind):
            while answer is None:
                left_s = None if until_s is None else until_s - time.monotonic()
                if left_s is not None and left_s <= 0:
                    raise TimedOut
                self.floor.listen(left_s)
                self.floor.check()
                answer = self.post.mailbox.take(operation)
        return answer

    def leave(self, **last_word: Any) -> None:
        """Part from the teams, see the last letters off, and tell the supervisor."""
        with self.floor.held_by(self.root):
            self.collectives.groups.close()
        self.post.tell_supervisor(**last_word, sent_bytes=self.post.sent_bytes, learns=self.learns)
        _see_off(self.post)


def _fits(store: Store, operation: Record) -> bool:
    """Record it, if there is room."""
    try:
        store.record(operation.entries, operation.under)
    except Full:
        return False
    return True


def _nothing() -> Program:
    return
    yield


def from_scenario(seat: Seat, tell: Tell) -> tuple[Program, Performer]:
    """The program of a member and its workshop, made from the scenario that lies in the run folder."""
    from workbench.architectures.job import build
    from workbench.document.text import read
    from workbench.engines.real.earlier import Earlier
    from workbench.engines.real.looks import OwnLooks
    from workbench.engines.real.room import room_here
    from workbench.engines.real.workshop import Workshop

    run = Path(seat.run)
    scenario = read((run / "scenario.yaml").read_text(encoding="utf-8")).scenario
    combination = scenario.combination(seat.arguments["combination"])
    assert combination is not None
    folder = Path(seat.arguments["folder"])
    earlier = Earlier(scenario, combination, folder, run, seat.arguments["fresh"])
    gone_on_s = seat.arguments["gone_on_s"]
    room = room_here(scenario.pipeline) if seat.arguments["one_machine"] else None
    job = build(scenario, combination, gone_on_s=gone_on_s, recalls=True, room=room)
    in_flight, holds = job.orchestration.in_flight or None, job.training.holds
    looks = OwnLooks(Path(seat.scratch) / "replicas", scenario.run.steps, scenario.run.learn)
    workshop = Workshop(seat.me, scenario, folder, run, tell, earlier, looks, in_flight, holds)
    return job.program(seat.me), workshop.perform


def main(encoded: bytes) -> None:
    """What a member's process runs; it is given its encoded Seat."""
    seat = msgspec.msgpack.decode(encoded, type=Seat)
    os.environ.update(seat.environment)
    _prepare(seat)
    own = Path(seat.told) / f"{seat.me}.{seat.incarnation}"
    teller = Teller(own.with_name(own.name + ".events"), seat.me)
    module, _, function = seat.factory.partition(":")
    try:
        factory = getattr(importlib.import_module(module), function)
        program, perform = factory(seat, teller.tell)
    except Exception as error:  # noqa: BLE001 - told to the supervisor, who ends the run
        traceback.print_exc()
        post = _join(seat)
        post.tell_supervisor(kind="failed", reason=in_words(error))
        _see_off(post)
        return
    if seat.links is not None:
        sys.setswitchinterval(_SWITCH_S)
    post = _join(seat)
    store = Store(Path(seat.run), lambda: time.monotonic() - post.behind_s)
    member = Member(seat, post, store, teller.tell, perform)
    while post.go is None:
        post.pump(None)
    teller.began_s = post.go["began_s"] + post.behind_s
    Heart(lambda: member.root.activities(), post, seat.beat_s).start()
    try:
        result = member.carry_out(narrated(program, teller.tell))
    except Trouble as trouble:
        member.leave(kind="failed", reason=in_words(trouble))
    except Exception as error:  # noqa: BLE001 - told to the supervisor, who ends the run
        traceback.print_exc()
        member.leave(kind="failed", reason=in_words(error))
    else:
        member.leave(kind="finished", result=result)


def _end_with_holder() -> None:
    """Who asked the forkserver for this process is not its parent: its death would go unnoticed."""
    holder = multiprocessing.parent_process()
    assert holder is not None
    holder.join()
    os._exit(1)


def _join(seat: Seat) -> Post:
    return Post(seat.me, seat.incarnation, Path(seat.scratch), seat.supervisor, seat.token, seat.links, seat.host)


def _see_off(post: Post) -> None:
    """Stay until the last letter has left this process."""
    until_s = time.monotonic() + _LINGER_S
    while post.backlog and (post.paces or time.monotonic() < until_s):
        post.pump(0.005)


def in_words(error: BaseException) -> str:
    """The error in one line: the stage and the cause of a failed stage, else its kind and what it says."""
    if isinstance(error, StageFailed):
        return f"{error.stage}: {error.cause}"
    said = ": ".join(str(argument) for argument in error.args)
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def _prepare(seat: Seat) -> None:
    """Die with the parent, leave Ctrl-C to the supervisor, and print into a file of one's own."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    if seat.host:
        threading.Thread(target=_end_with_holder, name="holder", daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    left.live_in(Path(seat.told))
    path = Path(seat.told) / f"{seat.me}.{seat.incarnation}.out"
    output = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
    os.dup2(output, 1)
    os.dup2(output, 2)
    sys.stdout = os.fdopen(1, "w", buffering=1, closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)
    import torch

    torch.set_num_threads(1)
