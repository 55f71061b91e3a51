"""The supervisor: starts the members of a run from a warm forkserver, notices who is lost, hears what they say."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import selectors
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import msgspec

from workbench.engines.errors import CannotRun
from workbench.engines.real import codec, store
from workbench.engines.real import member as members
from workbench.engines.real.merge import Merge

PRELOAD = [
    "torch",
    "torch.distributed",
    "torch._dynamo",  # the first optimiser would import it, for seconds
    "numpy",
    "pyarrow",
    "sklearn.datasets",
    "sklearn.decomposition",
    "sklearn.linear_model",
    "workbench.engines.real.member",
    "workbench.engines.real.workshop",
    "workbench.architectures.job",
    "workbench.document.text",
]
START_UP_S = 90.0
MEMBER_BYTES = 400e6


def warm_up() -> multiprocessing.context.ForkServerContext:
    """The context whose forkserver has torch imported; the first call starts it, later ones find it running."""
    if not hasattr(os, "fork"):
        raise CannotRun("real runs need a system that can fork; this one cannot")
    for library in ("OMP", "OPENBLAS", "MKL"):
        # each member is one worker; libraries that started threads for all cores would fight each other
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOAD)
    from multiprocessing import forkserver

    forkserver.ensure_running()
    return context


@dataclass
class Life:
    """One incarnation of a member, as the supervisor sees it."""

    name: str
    incarnation: int
    process: BaseProcess
    control: socket.socket | None = None
    ready: bool = False
    ended: bool = False  # its program is over
    waits_in: str = ""
    since_s: float = 0.0
    beat_s: float = field(default_factory=time.monotonic)
    frozen: bool = False


class Supervisor:
    """Members of one run. Whoever uses it calls `turn` again and again, and `close` in the end.

    It is the only one to declare a member lost: by the end of its process.
    """

    def __init__(
        self,
        run: Path,
        folder: Path,
        names: tuple[str, ...],
        combination: str,
        factory: str = members.FROM_SCENARIO,
        beat_s: float = members.BEAT_S,
    ):
        self.context = warm_up()
        self.run, self.folder, self.names, self.combination = run, folder, names, combination
        self.factory, self.beat_s = factory, beat_s
        self.sockets = Path(tempfile.mkdtemp(prefix="workbench-"))
        self.t0_s = 0.0
        self.began = False
        self.failure = ""
        self.lives: dict[str, Life] = {}
        self.incarnations = dict.fromkeys(names, 0)
        self.on_lost: Callable[[str], None] = lambda name: None
        self.on_joined: Callable[[str], None] = lambda name: None
        self._selector = selectors.DefaultSelector()
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(self.sockets / "control"))
        self._listener.listen(128)
        self._selector.register(self._listener, selectors.EVENT_READ, None)
        self._frames: dict[socket.socket, codec.Frames] = {}
        store.create(run)
        self.merge = Merge(run / "members")

    # --- starting --------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start all members and let them begin together. CannotRun if they are not ready in time."""
        for name in self.names:
            self._spawn(name)
        deadline_s = time.monotonic() + START_UP_S
        while not all(life.ready for life in self.lives.values()):
            self.turn(0.02)
            late = [name for name, life in self.lives.items() if not life.ready]
            if self.failure:
                raise CannotRun(self.failure)
            if time.monotonic() > deadline_s:
                raise CannotRun(f"not ready after {START_UP_S:.0f} s: {', '.join(late)}")
        self.t0_s = time.monotonic()
        self.began = True
        for life in self.lives.values():
            self._say(life, {"begin": self.t0_s})

    def _spawn(self, name: str) -> None:
        seat = members.Seat(
            me=name,
            incarnation=self.incarnations[name],
            incarnations=self.incarnations,
            sockets=str(self.sockets),
            run=str(self.run),
            folder=str(self.folder),
            combination=self.combination,
            factory=self.factory,
            beat_s=self.beat_s,
            environment={key: value for key, value in os.environ.items() if key.startswith("WORKBENCH_")},
        )
        process = self.context.Process(
            target=members.main, args=(msgspec.msgpack.encode(seat),), name=name, daemon=True
        )
        process.start()
        self.lives[name] = Life(name, self.incarnations[name], process)

    def restart(self, name: str) -> None:
        """Begin a new life of a lost member, at the same address; the others are told once it is ready."""
        self.incarnations[name] += 1
        self._spawn(name)

    # --- one turn ----------------------------------------------------------------------------------------------

    @property
    def now_s(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self.t0_s if self.began else 0.0

    def turn(self, seconds: float) -> None:
        """Hear what members say for up to `seconds`, and declare lost whose process has ended."""
        for key, _ in self._selector.select(seconds):
            if key.fileobj is self._listener:
                control, _ = self._listener.accept()
                self._frames[control] = codec.Frames()
                self._selector.register(control, selectors.EVENT_READ, None)
            else:
                self._hear(key.fileobj)  # type: ignore[arg-type]
        for life in list(self.lives.values()):
            if not life.process.is_alive():
                self._lost(life)

    def _hear(self, control: socket.socket) -> None:
        try:
            data = control.recv(1 << 16)
        except ConnectionError:
            data = b""
        if not data:
            self._selector.unregister(control)
            return
        self._frames[control].feed(data)
        while (message := self._frames[control].take()) is not codec.Frames.NOTHING:
            self._told(control, message)

    def _told(self, control: socket.socket, message: dict[str, Any]) -> None:
        if "hello" in message:
            life = self.lives[message["hello"]]
            if life.incarnation == message["incarnation"]:
                life.control = control
            return
        life_or_none = next((life for life in self.lives.values() if life.control is control), None)
        if life_or_none is None:
            return
        life = life_or_none
        if "beat" in message:
            life.beat_s, life.waits_in, life.since_s = time.monotonic(), message["beat"], message["since"]
        elif "ready" in message:
            life.ready = True
            if self.began:
                self._joins(life)
        else:
            life.ended = True
            if "failed" in message and not self.failure:
                self.failure = f"{life.name}: {message['reason']}"

    def _joins(self, life: Life) -> None:
        for other in self.lives.values():
            if other is not life:
                self._say(other, {"joined": life.name, "incarnation": life.incarnation})
        self.on_joined(life.name)
        self._say(life, {"begin": self.t0_s})

    def _lost(self, life: Life) -> None:
        del self.lives[life.name]
        life.process.join()
        if life.ended or not self.began:
            if not life.ended and not self.failure:
                self.failure = f"{life.name} ended before it was ready (exit code {life.process.exitcode})"
            return
        self.on_lost(life.name)
        for other in self.lives.values():
            self._say(other, {"lost": life.name, "incarnation": life.incarnation})

    def _say(self, life: Life, message: dict[str, Any]) -> None:
        if life.control is not None:
            with contextlib.suppress(OSError):  # it has just died, and its loss is told in its turn
                for part in codec.pack(message):
                    life.control.sendall(part)

    # --- signals and the end -----------------------------------------------------------------------------------

    def signal(self, name: str, number: int) -> bool:
        """Send a signal to a living member; whether there is one."""
        life = self.lives.get(name)
        if life is None or life.ended or life.process.pid is None:
            return False
        os.kill(life.process.pid, number)
        return True

    @property
    def all_ended(self) -> bool:
        return all(life.ended or life.frozen for life in self.lives.values())

    def close(self) -> None:
        """End every process and forget the sockets; SIGKILL, for a stopped process hears nothing else."""
        for life in self.lives.values():
            if life.process.pid is not None and life.process.is_alive():
                os.kill(life.process.pid, signal.SIGKILL)
        for life in self.lives.values():
            life.process.join()
        self._selector.close()
        self._listener.close()
        for control in self._frames:
            control.close()
        shutil.rmtree(self.sockets, ignore_errors=True)
