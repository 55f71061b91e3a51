"""A member process: carries out one program and tells what it does."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from workbench.architectures.narration import narrated
from workbench.architectures.operations import (
    Agree,
    AllReduce,
    Perform,
    Program,
    Recall,
    Receive,
    Record,
    Send,
    StageFailed,
    Trouble,
    Wait,
)
from workbench.engines.real.group import Groups
from workbench.engines.real.post import Post
from workbench.engines.real.store import Store
from workbench.runs.events import Event, encode

BEAT_S = 1.0
FROM_SCENARIO = "workbench.engines.real.member:from_scenario"
COMMUNICATION = (Receive, AllReduce, Agree)
Performer = Callable[[Perform], Any]


class Seat(msgspec.Struct, frozen=True):
    """What a member process is told at its start: plain data, from which it makes everything else itself.

    `environment` holds the variables of ours that the user has set.
    `factory` names the function `module:function` that makes (program, performer) from (seat, tell).
    """

    me: str
    incarnation: int
    incarnations: dict[str, int]
    sockets: str
    run: str
    folder: str
    combination: str
    replication: int = 0
    factory: str = FROM_SCENARIO
    beat_s: float = BEAT_S
    environment: dict[str, str] = {}


class Member:
    """The program of one process, its post, its store and its groups."""

    def __init__(self, seat: Seat):
        self.seat = seat
        self.begin = threading.Event()
        self.t0_s = 0.0
        self.waits_in, self.since_s = "", time.monotonic()
        path = Path(seat.run) / "members" / f"{seat.me}.{seat.incarnation}.jsonl"
        self.events = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self.store = Store(Path(seat.run))
        self.post = Post(Path(seat.sockets), seat.me, seat.incarnations, self._supervisor_says)
        self.groups = Groups(self.post, Path(seat.sockets))
        self.performer: Performer | None = None
        self.table: dict[type, Callable[[Any], Any]] = {
            Perform: self._perform,
            Send: lambda op: self.post.send(op.to, op.tag, op.what),
            Receive: self._receive,
            AllReduce: self.groups.all_reduce,
            Agree: self.groups.agree,
            Record: lambda op: self.store.record(op.entries),
            Recall: lambda op: self.store.recall(op.prefix),
            Wait: lambda op: time.sleep(op.seconds),
        }

    def _supervisor_says(self, message: dict[str, Any] | None) -> None:
        if message is None or "end" in message:
            os._exit(0)  # the supervisor is gone, or wants no more of us: nobody would read what we do
        self.t0_s = message["begin"]
        self.begin.set()

    def tell(self, event: Event) -> None:
        """One write for each event, so that what a killed member has told is complete."""
        stamped = msgspec.structs.replace(event, t_s=round(time.monotonic() - self.t0_s, 6), who=self.seat.me)
        os.write(self.events, encode(stamped))

    def beat(self) -> None:
        while True:
            self.post.tell_supervisor({"beat": self.waits_in, "since": self.since_s})
            time.sleep(self.seat.beat_s)

    def carry_out(self, program: Program) -> Any:
        """Give the program what it asks for, until it returns. Trouble that it does not meet is raised."""
        answer: Any = None
        trouble: Trouble | None = None
        while True:
            try:
                operation = program.throw(trouble) if trouble else program.send(answer)
            except StopIteration as stop:
                return stop.value
            answer = trouble = None
            self.waits_in = operation.label if isinstance(operation, COMMUNICATION) else ""
            self.since_s = time.monotonic()
            try:
                answer = self.table[operation.__class__](operation)
            except Trouble as raised:
                trouble = raised.with_traceback(None)
                trouble.__cause__ = trouble.__context__ = None
            self.waits_in = ""

    def _perform(self, operation: Perform) -> Any:
        assert self.performer is not None
        return self.performer(operation)

    def _receive(self, operation: Receive) -> Any:
        letters = self.post.receive(operation.takes, operation.waits_for, operation.timeout_s, operation.most)
        return tuple(letters) if operation.most > 1 else letters[0]


def from_scenario(seat: Seat, tell: Callable[[Event], None]) -> tuple[Program, Performer]:
    """The program of a member and its workshop, made from the scenario that lies in the run folder."""
    from workbench.architectures.job import build
    from workbench.document.text import read
    from workbench.engines.real.workshop import Workshop

    scenario = read((Path(seat.run) / "scenario.yaml").read_text(encoding="utf-8")).scenario
    combination = scenario.combination(seat.combination)
    assert combination is not None
    job = build(scenario, combination, seat.replication)
    workshop = Workshop(scenario, Path(seat.folder), Path(seat.run), tell)
    return job.program(seat.me), workshop.perform


def main(seat_bytes: bytes) -> None:
    """The life of a member process."""
    _die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the supervisor, which ends us in good order
    import torch

    torch.set_num_threads(1)
    seat = msgspec.msgpack.decode(seat_bytes, type=Seat)
    os.environ.update(seat.environment)  # the forkserver's own is as old as the forkserver
    member = Member(seat)
    module, _, function = seat.factory.partition(":")
    __import__(module)
    program, member.performer = getattr(sys.modules[module], function)(seat, member.tell)
    threading.Thread(target=member.beat, daemon=True, name="heartbeat").start()
    member.post.tell_supervisor({"ready": seat.me})
    member.begin.wait()
    end: dict[str, Any] = {"done": seat.me}
    try:
        member.carry_out(narrated(program, member.tell))
    except StageFailed as failed:
        end = {"failed": seat.me, "reason": f"{failed.stage}: {failed.cause}"}
    except Trouble as trouble:
        end = {"failed": seat.me, "reason": f"{type(trouble).__name__} {' '.join(map(str, trouble.args))}"}
    member.groups.drop()
    member.post.tell_supervisor(end)
    threading.Event().wait()  # the supervisor says when all are done: letters of ours may still be read


def _die_with_parent() -> None:
    """Linux: be killed when the forkserver dies; elsewhere the closed control socket does it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
