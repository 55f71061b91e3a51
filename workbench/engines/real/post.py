"""The post of a member: letters from and to the others, and what the supervisor says, over stream sockets."""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from workbench.architectures.operations import Letter, Operation, TimedOut, WorkerLost
from workbench.engines.real import codec

READ_BYTES = 1 << 18
MOST_WAITING = 4096  # letters that may wait unread while the member is busy; beyond it senders are made to wait


class Post:
    """Sockets of one member of one incarnation in `folder`; a thread of its own reads whatever comes.

    `incarnations` tells which life of every member is the current one, as far as is known. `on_control` is called, on
    that thread, with every message of the supervisor, and with None when the supervisor is gone.
    """

    def __init__(self, folder: Path, me: str, incarnations: dict[str, int], on_control: Callable[[Any], None]):
        self.folder, self.me, self.incarnations = folder, me, dict(incarnations)
        self.on_control = on_control
        self.lost: dict[str, int] = {}  # member -> the life that was lost
        self.letters: deque[Letter] = deque()
        self.notices: list[str] = []
        self.changed = threading.Condition()
        self._hungry = False  # whether the member waits for letters right now
        self._outgoing: dict[tuple[str, int], socket.socket] = {}
        self._selector = selectors.DefaultSelector()
        self._mourned: list[str] = []  # lost, with letters that may still have to be read
        self._listener = _listen(address(folder, me, incarnations[me]))
        self._control = _connect(folder / "control")
        self._control_lock = threading.Lock()
        self._frames: dict[socket.socket, codec.Frames] = {}
        self._names: dict[socket.socket, str] = {}
        for sock in (self._listener, self._control):
            sock.setblocking(sock is self._control)
            self._selector.register(sock, selectors.EVENT_READ)
        self._frames[self._control] = codec.Frames()
        self.tell_supervisor({"hello": me, "incarnation": incarnations[me], "pid": os.getpid()})
        threading.Thread(target=self._read_for_ever, daemon=True, name="post").start()

    # --- sending -----------------------------------------------------------------------------------------------

    def tell_supervisor(self, message: Any) -> None:
        with self._control_lock:
            for part in codec.pack(message):
                self._control.sendall(part)

    def send(self, to: str, tag: str, what: Any) -> None:
        """Put a letter on the link; dropped if the receiver is lost."""
        if to == self.me:
            with self.changed:
                self.letters.append(Letter(self.me, tag, what))
            return
        incarnation = self.incarnations[to]
        if self.lost.get(to, -1) >= incarnation:
            return
        with contextlib.suppress(ConnectionError, FileNotFoundError):
            link = self._link(to, incarnation)
            for part in codec.pack([tag, what]):
                link.sendall(part)

    def _link(self, to: str, incarnation: int) -> socket.socket:
        link = self._outgoing.get((to, incarnation))
        if link is None:
            link = self._outgoing[to, incarnation] = _connect(address(self.folder, to, incarnation))
            for part in codec.pack([self.me, self.incarnations[self.me]]):
                link.sendall(part)
        return link

    # --- receiving -----------------------------------------------------------------------------------------------

    def receive(
        self,
        takes: Callable[[Letter], bool],
        waits_for: Callable[[str], bool],
        timeout_s: float | None = None,
        most: int = 1,
    ) -> list[Letter]:
        """Up to `most` letters, at least one. WorkerLost, once for each loss that concerns the waiter; TimedOut."""
        with self.changed:
            while not (taken := self._take(takes, most)):
                self._raise_notice(waits_for)
                self._hungry = True
                came = self.changed.wait(timeout_s)
                self._hungry = False
                if not came:
                    raise TimedOut()
            return taken

    def check(self, operation: Operation) -> None:
        """WorkerLost if a loss that concerns `operation` has not yet been told."""
        with self.changed:
            self._raise_notice(operation.waits_for)

    def await_loss(self, operation: Operation, timeout_s: float) -> None:
        """WorkerLost as soon as the supervisor declares a loss that concerns `operation`; returns if none comes."""
        with self.changed:
            self._raise_notice(operation.waits_for)
            while self.changed.wait(timeout_s):
                self._raise_notice(operation.waits_for)

    def _raise_notice(self, waits_for: Callable[[str], bool]) -> None:
        for worker in self.notices:
            if waits_for(worker):
                self.notices.remove(worker)
                raise WorkerLost(worker)

    def _take(self, takes: Callable[[Letter], bool], most: int) -> list[Letter]:
        taken: list[Letter] = []
        kept: deque[Letter] = deque()
        while self.letters and len(taken) < most:
            letter = self.letters.popleft()
            (taken if takes(letter) else kept).append(letter)
        self.letters.extendleft(reversed(kept))
        if taken:
            self.changed.notify_all()
        return taken

    # --- the reading thread --------------------------------------------------------------------------------------

    def _read_for_ever(self) -> None:
        while True:
            ready = self._selector.select(timeout=0 if self._mourned else None)
            for key, _ in ready:
                self._read(key.fileobj)  # type: ignore[arg-type]
            if self._mourned and not ready:
                self._tell_losses()

    def _tell_losses(self) -> None:
        """Everything that the lost ones had sent has been read: their loss may be told."""
        with self.changed:
            self.notices.extend(self._mourned)
            self._mourned.clear()
            self.changed.notify_all()

    def _read(self, sock: socket.socket) -> None:
        if sock is self._listener:
            with contextlib.suppress(BlockingIOError):
                link, _ = sock.accept()
                link.setblocking(True)
                self._frames[link] = codec.Frames()
                self._selector.register(link, selectors.EVENT_READ)
            return
        try:
            data = sock.recv(READ_BYTES)
        except ConnectionError:
            data = b""
        if not data:
            self._closed(sock)
            return
        frames = self._frames[sock]
        frames.feed(data)
        while (value := frames.take()) is not codec.Frames.NOTHING:
            self._came(sock, value)

    def _closed(self, sock: socket.socket) -> None:
        self._selector.unregister(sock)
        sock.close()
        if sock is self._control:
            self.on_control(None)

    def _came(self, sock: socket.socket, value: Any) -> None:
        if sock is self._control:
            self._supervisor_says(value)
        elif sock not in self._names:
            name, incarnation = value
            self._names[sock] = name
            self.incarnations[name] = max(self.incarnations[name], incarnation)
        else:
            tag, what = value
            with self.changed:
                while len(self.letters) >= MOST_WAITING and not self._hungry:
                    self.changed.wait(0.05)
                self.letters.append(Letter(self._names[sock], tag, what))
                self.changed.notify_all()

    def _supervisor_says(self, message: dict[str, Any]) -> None:
        if "lost" in message:
            self.lost[message["lost"]] = message["incarnation"]
            self._mourned.append(message["lost"])
        elif "joined" in message:
            name = message["joined"]
            self.incarnations[name] = max(self.incarnations[name], message["incarnation"])
        else:
            self.on_control(message)


def address(folder: Path, member: str, incarnation: int) -> Path:
    return folder / f"{member}.{incarnation}"


def _listen(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    listener.listen(64)
    return listener


def _connect(path: Path) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.connect(str(path))
    return sock
