"""The team of a parameter server: several servers that each hold a share of the weights, and the workers."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from typing import Any

from workbench.architectures.operations import Letter, Operation, Receive, Record, Send, WorkerLost
from workbench.architectures.training import Part, TrainingJob

EVERY_WORKER = "every worker of the parameter server"
AT_ONCE = 64  # letters taken together
AHEAD = 2  # pieces under way from a worker to a server: one comes in there while another goes out again


@dataclass
class ServerTeam:
    """Servers and workers of one training; `workers` are those who are left, `began` how many there were at first.

    Every server holds 1/S of the weights, and passes it on in `pieces`.
    """

    job: TrainingJob
    servers: tuple[str, ...]
    workers: list[str]
    pieces: int = 1

    def __post_init__(self) -> None:
        self.began = len(self.workers)
        self.all_workers = tuple(self.workers)

    @property
    def first(self) -> str:
        """The server that tells of steps, keeps the checkpoints and hands over the result."""
        return self.servers[0]

    @property
    def share(self) -> float:
        """What one server holds, of all weights."""
        return 1 / len(self.servers)

    @property
    def piece(self) -> float:
        """What travels in one letter, of all weights."""
        return 1 / (len(self.servers) * self.pieces)

    def begins(self, server: str, piece: int = 0) -> float:
        """Where a piece of what a server holds begins, as a share of all weights."""
        return self.servers.index(server) / len(self.servers) + piece * self.piece

    def receive(self, name: str) -> Generator[Operation, Any, tuple[Letter, ...]]:
        """The letters of that name which wait, at least one; none if a worker was lost in the meantime.

        WorkerLost if a server is gone, for its share of the weights went with it, or if no worker is left.
        """
        try:
            letters: tuple[Letter, ...] = yield Receive(tag=self.job.tag(name), most=AT_ONCE)
        except WorkerLost as lost:
            if lost.worker in self.servers:
                raise
            if lost.worker in self.workers:
                self.workers.remove(lost.worker)
                if not self.workers:
                    raise WorkerLost(EVERY_WORKER) from lost
            return ()
        return letters

    def gather(self, me: str, name: str, own: Any) -> Generator[Operation, Any, list[Any]]:
        """The shares of all servers, for the first of them; nothing for the others, who send theirs."""
        tag = self.job.tag(name)
        if me != self.first:
            yield Send(self.first, own, tag)
            return []
        shares = {me: own}
        while len(shares) < len(self.servers):
            try:
                letter = yield Receive(tag=tag)
            except WorkerLost as lost:
                if lost.worker in self.servers:
                    raise
            else:
                shares[letter.sender] = letter.what
        return [shares[server] for server in self.servers]

    def save(self, me: str, step: int) -> Part:
        """Make the state after `step` durable, of all shares in one commit."""
        state = yield self.job.perform("state", None, self.share, self.begins(me))
        states = yield from self.gather(me, f"state {step}", state)
        if states:
            yield Record(((self.job.checkpoint_key, [step + 1, states]),))

    def finish(self, me: str) -> Part:
        """The result, from the shares of all servers, on the first of them."""
        weights = yield self.job.perform("weights", None, self.share, self.begins(me))
        shares = yield from self.gather(me, "result", weights)
        return (yield self.job.perform("finish", shares)) if shares else None

    def push(self, me: str, gradient: Any, what: list[Any], sent: list[int], answered: list[int]) -> Part:
        """Send each server what it may have of the gradient; each worker begins with another server.

        Of each server's pieces, AHEAD may be under way that it has not `answered`; `sent` is kept up to date. Letters
        that are not yet on a link can still make way for those of others.
        """
        own, servers = self.all_workers.index(me), len(self.servers)
        for turn in range(AHEAD * servers):
            server = (own + turn) % servers
            piece = sent[server]
            if piece < min(self.pieces, answered[server] + AHEAD):
                begins = self.begins(self.servers[server], piece)
                part = yield self.job.perform("piece", [gradient, server, piece], self.piece, begins)
                yield Send(self.servers[server], [*what, piece, part], self.job.tag("gradient"))
                sent[server] += 1

    def send_weights(self, to: Iterable[str], what: list[Any], weights: Any) -> Part:
        for worker in to:
            yield Send(worker, [*what, weights], self.job.tag("weights"))
