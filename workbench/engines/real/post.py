"""The post of a member: its links to the others and to the supervisor, and the mailbox that they fill."""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from workbench.architectures.operations import Letter
from workbench.engines.real.channels import Address, Channel, Porter, connect, listen
from workbench.engines.real.downlink import Downlink
from workbench.engines.real.links import Links
from workbench.engines.real.mailbox import Arrival, Loss, Mailbox
from workbench.engines.real.pace import Pace
from workbench.engines.real.uplink import Uplink

LINK_BOUND_BYTES = 64 << 20
_SELECTS_S = 1e-3  # the least that a selector can wait
_LAST_WORDS_S = 0.2  # how long a lost member's socket may stay open, in the hands of a process that it left behind


@dataclass
class Peer:
    """What a member knows of another: its incarnation, and where it listens while it is alive."""

    incarnation: int
    address: Address | None
    channel: Channel | None = None


class Post:
    """Everything that a member sends and receives. One thread at a time uses it, while another may wait in `select`.

    `pump` takes in what has come. `on_loss(worker)` is called when the supervisor has declared a loss, behind the last
    letter of the lost member. The end of the supervisor's channel ends the process: members do not outlive it.

    At `host` members of other machines reach it; the supervisor's clock is then `behind_s` of this machine's.

    Letters, and the chunks of sums (`on_chunk(sender, name, data)`), travel over `links` where these are shaped.
    """

    def __init__(
        self,
        me: str,
        incarnation: int,
        folder: Path,
        supervisor: Address,
        token: str,
        links: Links | None = None,
        host: str = "",
    ):
        self.host, self.behind_s = host, 0.0
        self.me, self.incarnation, self.token, self.links = me, incarnation, token, links
        self.mailbox = Mailbox()
        if incarnation:
            self.mailbox.known[me] = incarnation
        self.peers: dict[str, Peer] = {}
        self.on_loss: Callable[[str], None] = lambda worker: None
        self.on_chunk: Callable[[str, str, Any], None] = lambda sender, name, data: None
        self.go: dict[str, Any] | None = None
        self.pace = Pace()
        self.moved_s = 0.0  # when the last byte of a letter came or went
        self._porter = Porter()
        self._moved = 0
        self._uplink = Uplink(me, links, self._porter.take) if links is not None else None
        self._downlink = Downlink(me, links) if links is not None else None
        self._selector = selectors.DefaultSelector()
        self._listener, address = listen(folder, f"{me}.{incarnation}", host)
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._wake, self._woken = socket.socketpair()
        self._woken.setblocking(False)
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._senders: dict[Channel, tuple[str, int] | None] = {}
        self.supervisor = Channel(connect(supervisor))
        self._selector.register(self.supervisor, selectors.EVENT_READ)
        self.tell_supervisor(kind="hello", member=me, incarnation=incarnation, token=token, address=address)

    # --- to others -----------------------------------------------------------------------------------------------

    def tell_supervisor(self, **message: Any) -> None:
        """From any thread."""
        if self.supervisor.put(message):
            self._porter.take(self.supervisor)

    def send(self, to: str, tag: str, what: Any) -> None:
        """A letter on its way at once; dropped if `to` is lost."""
        if to == self.me:
            self.mailbox.put(Arrival(Letter(to, tag, what)))
            return
        self._put(to, [tag, self.mailbox.known, what])

    def send_chunk(self, to: str, name: str, data: Any) -> None:
        """A part of a sum, which is no letter: it goes to `on_chunk` there."""
        self._put(to, [name, None, data])

    def _put(self, to: str, message: list[Any]) -> None:
        channel = self._channel_to(self.peers[to])
        if channel is None:
            return
        if self._uplink is not None:
            self._uplink.send(to, channel, message)
        elif channel.put(message):
            self._porter.take(channel)

    def is_full(self, to: str) -> bool:
        """Whether the link holds more than its bound, so that a letter has to wait."""
        channel = self.peers[to].channel if to != self.me else None
        return channel is not None and self._waiting(channel) > LINK_BOUND_BYTES

    def _waiting(self, channel: Channel) -> int:
        return channel.backlog + (self._uplink.backlog(channel) if self._uplink is not None else 0)

    def _channel_to(self, peer: Peer) -> Channel | None:
        if peer.channel is None and peer.address is not None:
            try:
                peer.channel = Channel(connect(peer.address))
            except OSError:
                return None  # it is gone: the supervisor will say so, or it has finished
            peer.channel.put([self.token, self.me, self.incarnation])
        return peer.channel

    @property
    def backlog(self) -> int:
        """Bytes that have not yet left this process."""
        waiting = sum(self._waiting(peer.channel) for peer in self.peers.values() if peer.channel is not None)
        return waiting + self.supervisor.backlog

    @property
    def sent_bytes(self) -> int:
        """What was put on the member's link, where that is shaped."""
        return self._uplink.sent_bytes if self._uplink is not None else 0

    @property
    def paces(self) -> bool:
        """Whether the link still carries what was sent; that ends by itself."""
        return self._uplink is not None and not self._uplink.is_empty

    # --- from others ---------------------------------------------------------------------------------------------

    def pump(self, seconds: float | None) -> None:
        """Take in what has come; wait up to `seconds` (None: without end) for something to come."""
        self.take_in(self.select(seconds))

    def select(self, seconds: float | None) -> list[Any]:
        """Wait up to `seconds` for something to come: what `take_in` is to read. `wake` ends it from another thread."""
        due_s = self._downlink.next_s if self._downlink is not None else None
        if due_s is not None:
            left_s = max(0.0, due_s - time.monotonic())
            seconds = left_s if seconds is None else min(seconds, left_s)
            if seconds < _SELECTS_S:  # which a selector would take for a whole one
                time.sleep(seconds)
                seconds = 0.0
        ready: list[Any] = [key.fileobj for key, _ in self._selector.select(seconds)]
        if due_s is not None and due_s <= time.monotonic():
            ready.append(self._downlink)
        moved = self._porter.moved + (self._uplink.moved if self._uplink is not None else 0)
        if moved != self._moved or due_s is not None:
            self._moved, self.moved_s = moved, time.monotonic()
        return ready

    def wake(self) -> None:
        self._wake.send(b"!")

    def take_in(self, ready: list[Any]) -> None:
        if self._woken in ready:
            with contextlib.suppress(BlockingIOError):
                self._woken.recv(4096)
        if self.supervisor in ready:  # first: a loss is declared before the next incarnation's letters come
            self.hear_supervisor()
        if self._listener in ready:
            self._accept()
        for channel in ready:
            if isinstance(channel, Channel) and channel in self._senders:
                self._read(channel)
        if self._downlink is not None:
            self._downlink.settle()
            for sender, message in self._downlink.due(time.monotonic()):
                self._deliver(sender[0], message)

    @property
    def holds(self) -> bool:
        """Whether something has come that is not due yet."""
        return self._downlink is not None and self._downlink.next_s is not None

    def _accept(self) -> None:
        while True:
            try:
                stream, _ = self._listener.accept()
            except BlockingIOError:
                return
            channel = Channel(stream)
            self._senders[channel] = None
            self._selector.register(channel, selectors.EVENT_READ)

    def _read(self, channel: Channel) -> None:
        for message in channel.read():
            self.moved_s = time.monotonic()
            sender = self._senders[channel]
            if sender is None:
                token, name, incarnation = message
                if token != self.token:
                    self._close(channel)
                    return
                self._senders[channel] = (name, incarnation)
            elif self._downlink is not None:
                self._downlink.take(sender, message)
            else:
                self._deliver(sender[0], message)
        if channel.ended:
            self._close(channel)

    def _deliver(self, sender: str, message: list[Any]) -> None:
        name, known, what = message
        if known is None:
            self.on_chunk(sender, name, what)
        else:
            self.mailbox.put(Arrival(Letter(sender, name, what), known))

    def _close(self, channel: Channel) -> None:
        self._selector.unregister(channel)
        del self._senders[channel]
        channel.close()

    def hear_supervisor(self) -> bool:
        """Heed what the supervisor has told by now; whether it has told something."""
        told = self.supervisor.read()
        for message in told:
            match message["kind"]:
                case "go":
                    self.go = message
                    self.behind_s = time.monotonic() - message["now_s"] if self.host else 0.0
                    self._hear_of_links(message["links"])
                    self.pace.change(time.monotonic(), message["times"])
                    self.peers = {name: Peer(number, at) for name, (number, at) in message["peers"].items()}
                    for name, peer in self.peers.items():
                        if peer.address is None:
                            self.mailbox.put(Loss(name, peer.incarnation))
                case "joined":
                    self.peers[message["worker"]] = Peer(message["incarnation"], message["address"])
                case "cancel":
                    self.mailbox.put(Arrival(Letter("supervisor", "cancel", message["stage"])))
                case "lost":
                    self._lose(message["worker"], message["incarnation"], message["over"])
                case "pace":
                    self.pace.change(message["at_s"] + self.behind_s, message["times"])
                case "links":
                    self._hear_of_links(message["links"])
        if self.supervisor.ended:
            os._exit(1)
        return bool(told)

    def _hear_of_links(self, told: dict[str, Any] | None) -> None:
        """How the links are from now on."""
        if self._uplink is not None and self._downlink is not None:
            links = msgspec.convert(told, Links)
            self.links = self._uplink.links = self._downlink.links = links
            self._uplink.behind_s = self._downlink.behind_s = self.behind_s
            self._uplink.changed()

    def _lose(self, worker: str, incarnation: int, over: dict[str, str] | None) -> None:
        self._accept()
        lost, deadline = (worker, incarnation), time.monotonic() + _LAST_WORDS_S
        for channel in [channel for channel, sender in self._senders.items() if sender in (None, lost)]:
            self._read(channel)
            while self._senders.get(channel) == lost and time.monotonic() < deadline:
                self._read(channel)
        for sender, message in self._downlink.end(lost) if self._downlink is not None else ():
            self._deliver(sender[0], message)
        peer = self.peers[worker]
        if peer.channel is not None:
            peer.channel.close()
        self.peers[worker] = Peer(incarnation, None)
        self.mailbox.put(Loss(worker, incarnation, over))
        self.on_loss(worker)

    def lost_of(self, team: tuple[str, ...]) -> str | None:
        """A member of `team` that is not alive now."""
        return next((name for name in team if name != self.me and self.peers[name].address is None), None)
