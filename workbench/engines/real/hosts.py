"""Hosts: where the processes of members run. Those of this machine are one; a Dask cluster is another.

The seam has five calls: `ready` and `start` of the hosts, `signal` and `join` of a process, `close` of the hosts.
"""

from __future__ import annotations

import contextlib
import os
import signal as signals
from multiprocessing.process import BaseProcess
from typing import Protocol

from workbench.engines.real import forkserver
from workbench.engines.real.member import main


class Process(Protocol):
    """A member's process, wherever it runs. `sentinel` is a file descriptor that can be read once it has ended."""

    sentinel: int

    def signal(self, number: int) -> None:
        """Send it a signal of the system; nothing if it has ended."""

    def join(self, timeout_s: float) -> int | None:
        """Wait for its end; its exit code (that of who was killed is minus the signal), or None while it lives."""


class Hosts(Protocol):
    """Machines on which members can be started. `address` is the name by which this machine is reached from them, and
    empty where nobody leaves it: files, clock and sockets of the system are then shared."""

    address: str

    def ready(self) -> bool:
        """Whether a member would start at once; nobody should have to wait for that without being able to give up."""

    def start(self, seat: bytes) -> Process:
        """A new process for the member of this encoded seat."""

    def close(self) -> None:
        """Every process that is left ends."""


class LocalProcess:
    """A process of this machine."""

    def __init__(self, process: BaseProcess):
        self._process, self.sentinel = process, process.sentinel

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def signal(self, number: int) -> None:
        if self._process.exitcode is None:
            with contextlib.suppress(ProcessLookupError):  # it has just ended, and its forkserver has not yet said so
                os.kill(self.pid, number)

    def join(self, timeout_s: float) -> int | None:
        self._process.join(timeout_s)
        return self._process.exitcode


class LocalHosts:
    """This machine: members are forked from its one warm forkserver."""

    address = ""

    def __init__(self) -> None:
        forkserver.warm_up()
        self._started: list[LocalProcess] = []

    def ready(self) -> bool:
        return forkserver.is_warm()

    def start(self, seat: bytes) -> LocalProcess:
        self._started.append(LocalProcess(forkserver.start(main, seat)))
        return self._started[-1]

    def close(self) -> None:
        for process in self._started:
            process.signal(signals.SIGKILL)
