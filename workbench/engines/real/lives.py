"""Lives: the members of a run as their supervisor sees them, and how patient it is with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workbench.engines.real.channels import Channel
from workbench.engines.real.hosts import Process


@dataclass(frozen=True)
class Limits:
    """How patient the supervisor is, in seconds."""

    start_up_s: float = 60.0
    beat_s: float = 1.0
    silent_s: float = 10.0
    deadlock_s: float = 10.0
    grace_s: float = 2.0  # for members to end once it is decided that all is done


@dataclass
class Life:
    """One member as the supervisor sees it: its present incarnation, and that one's process."""

    name: str
    incarnation: int = -1
    process: Process | None = None
    channel: Channel | None = None
    address: list[Any] | None = None
    status: str = "waiting"  # waiting, starting, ready, running, finished, failed, lost
    frozen: bool = False
    restart_s: float | None = None  # when a lost member is started again
    cause: str = "crash"
    over: dict[str, str] | None = None  # the work that its process was ended over: stage, of, cause
    result: Any = None
    sent_bytes: int = 0  # over shaped links
    learns: bool = False  # whether it has computed on the data of a training

    @property
    def is_open(self) -> bool:
        """Whether there is, or will be, a process of which more is to be expected."""
        return self.status in ("waiting", "starting", "ready", "running") or self.restart_s is not None

    def as_peer(self) -> tuple[int, list[Any] | None]:
        """What others are told: incarnation and address; no address while it is lost."""
        if self.status == "starting":
            return self.incarnation - 1, None
        return self.incarnation, None if self.status == "lost" else self.address
