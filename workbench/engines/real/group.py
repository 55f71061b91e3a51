"""Groups: library collectives (gloo) for teams that come and go.

A gloo group is useless after one loss, and a mate that is blocked inside it is freed only when every survivor tears its
own down. So whoever learns of a loss drops the group at once, outside any `except` block: a traceback would keep it.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from workbench.architectures.operations import Agree, AllReduce, Letter
from workbench.engines.real.post import Post

MEET_S = 30.0  # for connecting a group whose members have all said that they are there
CALL_S = 120.0  # for one collective; the watchdog is far quicker
NOTICE_S = 15.0  # for the supervisor to declare who was lost


class Groups:
    """The groups of one member, by team and by the lives of its members."""

    def __init__(self, post: Post, folder: Path):
        self.post, self.folder = post, folder
        self._groups: dict[tuple[str, ...], Any] = {}
        self._agreed = 0

    def all_reduce(self, operation: AllReduce) -> Any:
        """The sum over the team, as an array of the same shape. WorkerLost."""
        import torch
        from torch import distributed

        self._drop_if_lost(operation)
        if len(operation.team) == 1:
            return operation.what
        key = self._key(operation.team)
        if key not in self._groups:
            self._meet(operation)
        total = torch.from_numpy(operation.what.copy())
        options = distributed.AllreduceOptions()
        options.reduceOp = distributed.ReduceOp(distributed.ReduceOp.SUM)
        broken = ""
        try:
            self._groups[key].allreduce([total], options).wait()
        except RuntimeError as error:
            broken = str(error)
        if broken:
            self.drop()
            self.post.await_loss(operation, NOTICE_S)
            raise RuntimeError(f"all-reduce failed, and nobody was lost: {broken}")
        return total.numpy()

    def _key(self, team: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(f"{name}.{self.post.incarnations[name]}" for name in team)

    def _drop_if_lost(self, operation: AllReduce | Agree) -> None:
        """A mate may be blocked in the old group: it must go before the loss is told."""
        if any(operation.waits_for(name) for name in list(self.post.notices)):
            self.drop()
        self.post.check(operation)

    def _meet(self, operation: AllReduce) -> None:
        """Connect a group, once everybody has said to be here.

        Connecting cannot be interrupted; waiting for letters can.
        """
        from torch import distributed

        team, key = operation.team, self._key(operation.team)
        self.agree(Agree(team))
        name = "group-" + "-".join(key)
        store = distributed.PrefixStore(name, distributed.FileStore(str(self.folder / name), len(team)))
        broken = ""
        try:
            self._groups[key] = distributed.ProcessGroupGloo(
                store, team.index(self.post.me), len(team), timedelta(seconds=CALL_S)
            )
        except RuntimeError as error:
            broken = str(error)
        if broken:
            self.post.await_loss(operation, NOTICE_S)
            raise RuntimeError(f"the members of {' '.join(team)} did not meet: {broken}")

    def agree(self, operation: Agree) -> int:
        """The least value of the team: everyone tells the first, who answers. WorkerLost."""
        self._drop_if_lost(operation)
        first, me = operation.team[0], self.post.me
        if me != first:
            self.post.send(first, _tag("value", operation), operation.value)
            return self._hear(first, _tag("least", operation), operation).what
        values = [operation.value]
        values += [self._hear(name, _tag("value", operation), operation).what for name in operation.team[1:]]
        for name in operation.team[1:]:
            self.post.send(name, _tag("least", operation), min(values))
        return min(values)

    def _hear(self, sender: str, tag: str, operation: Agree) -> Letter:
        def waits_for(lost: str) -> bool:
            return operation.waits_for(lost)

        if any(waits_for(name) for name in list(self.post.notices)):
            self.post.check(operation)
        return self.post.receive(lambda x: x.sender == sender and x.tag == tag, waits_for)[0]

    def drop(self) -> None:
        """Tear all groups down: their sockets close, and mates that wait in them are freed."""
        self._groups.clear()


def _tag(what: str, operation: Agree) -> str:
    """Letters of the engine's own; no program's tag begins like this."""
    return f"\0{what} {' '.join(operation.team)}"
