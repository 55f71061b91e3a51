"""Channels: stream sockets that carry whole messages, with a queue for what the system cannot take at once."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from collections import deque
from pathlib import Path
from typing import Any

from workbench.engines.real.codec import FrameReader, pack

Address = list[Any]  # ["unix", path] or ["tcp", host, port]: plain data, so that it can be told
LOOPBACK = "127.0.0.1"

_SMALL = 1 << 16


def listen(folder: Path, name: str, host: str = "") -> tuple[socket.socket, Address]:
    """A socket that others can reach: those of other machines at `host`, and where none is given those of this one: in
    `folder` where the system has unix sockets, else on the loopback."""
    address: Address
    if hasattr(socket, "AF_UNIX") and not host:
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        address = ["unix", str(folder / name)]
        listener.bind(address[1])
    else:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.bind((host or LOOPBACK, 0))
        address = ["tcp", *listener.getsockname()]
    listener.listen(128)
    listener.setblocking(False)
    return listener, address


def connect(address: Address) -> socket.socket:
    """A stream to whoever listens there. OSError if nobody does."""
    if address[0] == "unix":
        stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        target: Any = address[1]
    else:
        stream = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        target = (address[1], address[2])
    try:
        stream.connect(target)
    except OSError:
        stream.close()
        raise
    return stream


class Channel:
    """One stream. `put` may be called from any thread and never blocks; what does not fit waits in `backlog` bytes."""

    def __init__(self, stream: socket.socket):
        stream.setblocking(False)
        self.stream = stream
        self.broken = False
        self.backlog = 0
        self._reader = FrameReader()
        self._queue: deque[memoryview] = deque()
        self._lock = threading.Lock()

    def fileno(self) -> int:
        return self.stream.fileno()

    @property
    def ended(self) -> bool:
        return self._reader.ended

    def read(self) -> list[Any]:
        return self._reader.read(self.stream)

    def put(self, message: Any) -> bool:
        """Send, or queue, a message; whether something is left to be flushed. A broken channel drops it."""
        parts = pack(message)
        if sum(len(part) for part in parts) <= _SMALL:
            parts = [b"".join(parts)]
        return self.write(parts)

    def write(self, parts: list[Any]) -> bool:
        """The same with bytes, or views of them, of messages that are packed already."""
        with self._lock:
            for part in parts:
                rest = memoryview(part) if self._queue else self._push(memoryview(part))
                if rest:
                    self._queue.append(memoryview(bytes(rest)))  # the sender may change its array meanwhile
                    self.backlog += len(rest)
            return bool(self._queue)

    def flush(self) -> bool:
        """Write what the system takes now; whether something was written."""
        with self._lock:
            before = self.backlog
            while self._queue and not self.broken:
                part = self._queue[0]
                rest = self._push(part)
                if self.broken:
                    break
                self.backlog -= len(part) - len(rest)  # in one step: others read it without the lock
                if rest:
                    self._queue[0] = rest
                    break
                self._queue.popleft()
            return self.backlog < before

    def close(self) -> None:
        with self._lock:
            self._drop()
            self.stream.close()

    def _push(self, part: memoryview) -> memoryview:
        """What the system does not take of `part`; nothing once the channel is broken."""
        while part and not self.broken:
            try:
                part = part[self.stream.send(part) :]
            except BlockingIOError:
                return part
            except OSError:
                self._drop()
        return part[:0]

    def _drop(self) -> None:
        self.broken = True
        self._queue.clear()
        self.backlog = 0


class Porter:
    """A thread that carries on what was queued, while its member computes."""

    def __init__(self) -> None:
        self.moved = 0  # how often it could write something: a sign of life for the watchdog
        self._channels: set[Channel] = set()
        self._lock = threading.Lock()
        self._wake, self._woken = socket.socketpair()
        self._woken.setblocking(False)
        threading.Thread(target=self._carry, name="porter", daemon=True).start()

    def take(self, channel: Channel) -> None:
        """Flush `channel` until nothing is left in it."""
        with self._lock:
            self._channels.add(channel)
        self._wake.send(b"!")

    def _carry(self) -> None:
        while True:
            with self._lock:
                self._channels = {channel for channel in self._channels if channel.backlog}
                waiting = list(self._channels)
            with contextlib.suppress(OSError, ValueError):  # a channel may be closed while we wait for it
                select.select([self._woken], waiting, [])
            with contextlib.suppress(BlockingIOError):
                self._woken.recv(4096)
            for channel in waiting:
                self.moved += channel.flush()
