"""How a stage stands in a run, as its box shows it: a shape, a colour, a share of its work and a time."""

from dataclasses import dataclass
from typing import Protocol


class StageFact(Protocol):
    """What the fold of a run knows of a stage."""

    @property
    def status(self) -> str: ...  # waiting, running, done or failed
    @property
    def seconds(self) -> float: ...


_LOOK = {
    "waiting": ("waiting", "text2"),
    "running": ("running", "accent"),
    "done": ("check", "ok"),
    "failed": ("close", "error"),
    "cancelled": ("stop", "warn"),
}


@dataclass(frozen=True)
class Status:
    """`share` is how much of the work is done, from 0 to 1."""

    state: str
    seconds: float = 0.0
    share: float = 0.0
    detail: str = ""

    @property
    def icon(self) -> str:
        return _LOOK[self.state][0]

    @property
    def token(self) -> str:
        return _LOOK[self.state][1]


def of(fact: StageFact, share: float | None) -> Status:
    """The status for a fact of the fold; without a known share, what is finished is whole and the rest is empty."""
    if share is None:
        share = 1.0 if fact.status in ("done", "failed", "cancelled") else 0.0
    detail = f"{share:.0%}" if fact.status == "running" and share > 0 else ""
    return Status(fact.status, round(fact.seconds, 3), round(share, 3), detail)


def clock(seconds: float) -> str:
    """A time in at most seven characters."""
    if seconds <= 0:
        return ""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 100:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
