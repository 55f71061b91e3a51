"""Groups: sums over a team by torch's gloo.

A group is named after the incarnations of its team, so that no survivor can meet the dead; its members find each other
through files in a folder that the supervisor made. Torch is imported where it is used.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from workbench.engines.real.channels import LOOPBACK
from workbench.engines.real.floor import Floor

Team = tuple[str, ...]
Key = tuple[Team, str]  # a team, and the lane in which its members meet

_MEET_S = 15.0  # for members that are all there to connect with each other
_TRIES = 3
_PART_S = 2.0


class Groups:
    """The gloo groups of one member, built on demand and torn down at once when a team mate is lost.

    Each lane of a member has groups of its own, with the same lane of its team mates: what lanes sum beside each other
    has no order. `names(team)` says which incarnations the team consists of; `lost(team, seconds)` takes in news for so
    long and says whether one of the team is gone. The floor is left while a group connects or sums. Team mates on other
    machines reach this one at `host`.
    """

    def __init__(
        self,
        me: str,
        folder: Path,
        timeout_s: float,
        names: Callable[[Team], tuple[str, ...]],
        lost: Callable[[Team, float], bool],
        floor: Floor,
        host: str = "",
    ):
        self.host = host or LOOPBACK
        self.me, self.folder, self.timeout_s = me, folder, timeout_s
        self._names, self._lost, self._floor = names, lost, floor
        self._groups: dict[Key, Any] = {}
        self._meetings: dict[Key, Path] = {}

    def reduce(self, team: Team, tensor: Any, least: bool = False) -> bool:
        """Sum `tensor` in place over the team (or take the least); False if the group broke, and is torn down."""
        dist = _distributed()
        options = self._within(dist.AllreduceOptions())
        options.reduceOp = dist.ReduceOp.MIN if least else dist.ReduceOp.SUM
        return self._carry_out(team, lambda group: group.allreduce([tensor], options))

    def gather(self, team: Team, own: Any, whole: Any) -> bool:
        """Put what all members have into `whole`, one behind the other; False as for a sum."""
        options = self._within(_distributed().distributed_c10d.AllgatherOptions())
        return self._carry_out(team, lambda group: group._allgather_base(whole, own, options))

    def scatter(self, team: Team, whole: Any, own: Any) -> bool:
        """Put the own share of the sum of all `whole` into `own`; False as for a sum."""
        options = self._within(_distributed().distributed_c10d.ReduceScatterOptions())
        return self._carry_out(team, lambda group: group._reduce_scatter_base(own, whole, options))

    def _within(self, options: Any) -> Any:
        options.timeout = timedelta(seconds=self.timeout_s)
        return options

    def _carry_out(self, team: Team, collective: Callable[[Any], Any]) -> bool:
        """Whether the group has done so.

        It is let go of outside any `except`: a kept traceback would keep its sockets open, and a mate that is blocked
        in the same collective would wait for the timeout.
        """
        key = team, self._floor.lane.name
        if key not in self._groups and not self._form(key):
            return False
        broke = False
        group = self._groups[key]
        with self._floor.left():
            try:
                collective(group).wait()
            except RuntimeError:
                broke = True
        if broke and self._groups.get(key) is group:
            del self._groups[key]
        return not broke

    def drop(self, worker: str) -> None:
        """Tear down every group of which `worker` was a member."""
        for key in [key for key in self._groups if worker in key[0]]:
            del self._groups[key]

    def leave(self, lane: str) -> None:
        """Use no more what a lane was closed in."""
        for key in [key for key in self._groups if key[1] == lane]:
            del self._groups[key]

    def close(self) -> None:
        """Part from every team together: who closes first would break the sum that a mate is still reading."""
        for key in self._groups:
            (self._meetings[key] / f"parting-{self.me}").touch()
        deadline = time.monotonic() + _PART_S
        for key in list(self._groups):
            team = key[0]
            mates = [self._meetings[key] / f"parting-{mate}" for mate in team]
            while key in self._groups and time.monotonic() < deadline and not all(mate.exists() for mate in mates):
                if self._lost(team, 0.002):
                    break
        self._groups.clear()

    def _form(self, key: Key) -> bool:
        """Meet the team, when all of it is there."""
        team = key[0]
        for attempt in range(_TRIES):
            meeting = self._meet(key, attempt)
            if meeting is None:
                return False
            if self._connect(key, meeting):
                self._meetings[key] = meeting
                return True
            if self._lost(team, 0.5):
                return False
        raise RuntimeError(f"the members {' '.join(team)} could not connect with each other")

    def _meet(self, key: Key, attempt: int) -> Path | None:
        """The folder in which the whole team, in its present incarnations, has said that it is there."""
        team, lane = key
        while not self._lost(team, 0.0):
            names = self._names(team)
            name = hashlib.sha256(" ".join((*names, lane, str(attempt))).encode()).hexdigest()[:16]
            meeting = self.folder / name
            meeting.mkdir(exist_ok=True)
            (meeting / f"here-{self.me}").touch()
            pause_s = 0.0005
            while self._names(team) == names:
                if all((meeting / f"here-{mate}").exists() for mate in team):
                    return meeting
                if self._lost(team, pause_s):
                    return None
                pause_s = min(0.01, pause_s * 1.5)
        return None

    def _connect(self, key: Key, meeting: Path) -> bool:
        team = key[0]
        gloo = _distributed().ProcessGroupGloo
        options = gloo._Options()
        options._devices = [gloo.create_device(hostname=self.host)]
        options._timeout = timedelta(seconds=_MEET_S)
        store = _folder_store()(meeting, lambda: self._is_lost(team))
        group = None
        with self._floor.left(), contextlib.suppress(RuntimeError):
            group = gloo(store, team.index(self.me), len(team), options)
        if group is None or self._lost(team, 0.0):  # a loss that came meanwhile found no group to be dropped
            return False
        self._groups[key] = group
        return True

    def _is_lost(self, team: Team) -> bool:
        with self._floor.taken():
            return self._lost(team, 0.001)


def _distributed() -> Any:
    import torch.distributed

    return torch.distributed


@functools.cache
def _folder_store() -> Any:
    """The class of stores in which gloo leaves addresses: a file for each key."""
    store: Any = _distributed().Store

    class FolderStore(store):
        """`get` waits for a key, but not for one that nobody is left to set."""

        def __init__(self, folder: Path, broken: Callable[[], bool]):
            super().__init__()
            self._folder, self._broken = folder, broken

        def _path(self, key: str) -> Path:
            return self._folder / f"key-{key.replace('/', '-')}"

        def set(self, key: str, value: bytes) -> None:
            beside = self._path(f"{key}.{os.getpid()}")
            beside.write_bytes(value)
            beside.replace(self._path(key))

        def get(self, key: str) -> bytes:
            while not self._path(key).exists():
                if self._broken():
                    raise RuntimeError("a member of the team is gone")
            return self._path(key).read_bytes()

        def wait(self, keys: list[str], timeout: timedelta | None = None) -> None:
            for key in keys:
                self.get(key)

        def check(self, keys: list[str]) -> bool:
            return all(self._path(key).exists() for key in keys)

    return FolderStore
