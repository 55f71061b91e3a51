"""The machines of a Dask cluster: each member is a long task, which holds a process beside its Dask worker.

Dask places the members and notices nothing else: they talk over sockets of their own, and what is done is in the run's
record. The run folder lies where all machines see it under the same path. A wire leads from each task to whoever placed
it: it carries signals there and the exit code back, and is cut when either end dies.
"""

from __future__ import annotations

import os
import secrets
import selectors
import signal as signals
import socket
import threading
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import msgspec

from workbench.engines.errors import CannotRun
from workbench.engines.real import forkserver
from workbench.engines.real.channels import Channel, connect, listen
from workbench.engines.real.hosts import LocalProcess
from workbench.engines.real.member import Seat, main

MISSING = "a cluster needs the extra: pip install 'workbench-ml[cluster]'"
DAEMONS = (
    "the Dask workers may not start processes of their own; "
    "start them with DASK_DISTRIBUTED__WORKER__DAEMON=False in the environment"
)
NOBODY = "the Dask cluster at {address} has no worker"
_CONNECT_S = 10.0
_UNKNOWN = -int(signals.SIGKILL)  # the exit code of a process of which nobody is left to tell


class DaskProcess:
    """A member's process on a machine of the cluster, as its wire tells of it."""

    def __init__(self) -> None:
        self.sentinel, self._end = os.pipe()
        self._ended = threading.Event()
        self._code: int | None = None
        self._wire: Channel | None = None
        self._asked: list[int] = []  # signals that came before the wire
        self._lock = threading.Lock()

    def signal(self, number: int) -> None:
        with self._lock:
            if self._wire is None:
                self._asked.append(number)
            else:
                self._wire.put(["signal", int(number)])

    def join(self, timeout_s: float) -> int | None:
        self._ended.wait(timeout_s)
        return self._code

    def hold(self, wire: Channel) -> bool:
        """The task is there. False if the process has ended before, and Dask tries to run it again."""
        with self._lock:
            if self._ended.is_set():
                return False
            self._wire = wire
            for number in self._asked:
                wire.put(["signal", number])
            return True

    def end(self, code: int) -> None:
        with self._lock:
            if not self._ended.is_set():
                self._code = code
                self._ended.set()
                os.close(self._end)


class DaskHosts:
    """The workers of a Dask cluster, in turn. CannotRun if there are none, or they may not start processes."""

    def __init__(self, scheduler: str):
        try:
            from distributed import Client
            from distributed.utils import get_ip
        except ImportError:
            raise CannotRun(MISSING) from None
        try:
            self._client: Any = Client(scheduler, timeout=_CONNECT_S, set_as_default=False)
        except OSError as error:
            raise CannotRun(f"no Dask scheduler answers at {scheduler}: {error}") from None
        self._token = secrets.token_hex(16)
        daemons = self._client.run(_is_daemon)
        if not daemons or any(daemons.values()):
            self._client.close()
            raise CannotRun(DAEMONS if daemons else NOBODY.format(address=scheduler))
        self.address = get_ip(_host_of(scheduler))
        self._places: Iterator[str] = cycle(sorted(daemons))
        self.places: dict[str, str] = {}  # the Dask worker beside which each member was started last
        self._warm = False
        self._futures: list[Any] = []
        self._processes: dict[str, DaskProcess] = {}
        self._listener, self._wires = listen(Path(), "", self.address)
        self._wake, self._woken = socket.socketpair()
        threading.Thread(target=self._hear, name="wires", daemon=True).start()

    def ready(self) -> bool:
        self._warm = self._warm or all(self._client.run(forkserver.is_warm).values())
        return self._warm

    def start(self, seat: bytes) -> DaskProcess:
        name = secrets.token_hex(8)
        process = self._processes[name] = DaskProcess()
        place = next(self._places)
        self.places[msgspec.msgpack.decode(seat, type=Seat).me] = place
        future = self._client.submit(
            hold, seat, self._wires, [self._token, name], workers=[place], pure=False, retries=0, key=f"member-{name}"
        )
        future.add_done_callback(lambda done: process.end(_UNKNOWN) if done.status != "finished" else None)
        self._futures.append(future)  # Dask drops a task that nobody holds
        return process

    def close(self) -> None:
        for process in self._processes.values():
            process.signal(signals.SIGKILL)
        for process in self._processes.values():
            process.join(2.0)
        self._wake.close()
        self._client.close()

    def pids(self) -> dict[str, int]:
        """The processes of the Dask workers, by address."""
        return dict(self._client.run(os.getpid))

    def _hear(self) -> None:
        """Who holds which process, and how each ended; a thread of its own until the hosts are closed."""
        wires: dict[Channel, DaskProcess | None] = {}
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    if key.fileobj is self._woken:
                        self._listener.close()
                        return
                    if key.fileobj is self._listener:
                        wire = Channel(self._listener.accept()[0])
                        selector.register(wire, selectors.EVENT_READ)
                        wires[wire] = None
                    elif isinstance(key.fileobj, Channel) and not self._heed(key.fileobj, wires):
                        selector.unregister(key.fileobj)
                        wires.pop(key.fileobj)
                        key.fileobj.close()

    def _heed(self, wire: Channel, wires: dict[Channel, DaskProcess | None]) -> bool:
        """Take in what a wire tells; whether it is to be heard any longer."""
        for message in wire.read():
            process = wires[wire]
            if process is None:
                token, name = message
                found = self._processes.get(name)
                if token != self._token or found is None or not found.hold(wire):
                    return False
                wires[wire] = found
            else:
                process.end(message)
        if wire.ended and (process := wires[wire]) is not None:
            process.end(_UNKNOWN)
        return not wire.ended


def _host_of(address: str) -> str:
    """Of an address such as tcp://10.0.0.1:8786."""
    return address.rpartition("://")[2].rpartition(":")[0]


# --- on a machine of the cluster -------------------------------------------------------------------------------------


def _is_daemon() -> bool:
    """Also warms the forkserver of the Dask worker, if it may have one."""
    import multiprocessing

    if multiprocessing.current_process().daemon:
        return True
    forkserver.warm_up()
    return False


def hold(seat: bytes, wires: list[Any], hello: list[str]) -> None:
    """The task: hold a member's process until it ends, or until whoever placed it is gone."""
    from distributed import get_worker, secede

    host = _host_of(get_worker().address)
    secede()  # it is not the task that computes
    wire = Channel(connect(wires))
    wire.put(hello)
    own = msgspec.structs.replace(msgspec.msgpack.decode(seat, type=Seat), host=host)
    process = LocalProcess(forkserver.start(main, msgspec.msgpack.encode(own)))
    try:
        while process.join(0) is None:
            _pass_on(wire, process)
        wire.put(process.join(0))
    finally:
        process.signal(signals.SIGKILL)
        wire.close()


def _pass_on(wire: Channel, process: LocalProcess) -> None:
    """Wait for news of either end."""
    with selectors.DefaultSelector() as selector:
        selector.register(wire, selectors.EVENT_READ)
        selector.register(process.sentinel, selectors.EVENT_READ)
        selector.select()
    for _, number in wire.read():
        process.signal(number)
    if wire.ended:
        process.signal(signals.SIGKILL)
        process.join(2.0)
