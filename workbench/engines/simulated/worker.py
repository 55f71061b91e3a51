"""What a world needs to know of the work of its members."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from workbench.architectures.operations import Perform
from workbench.engines.simulated.member import Member


class Worker(Protocol):
    """How long work takes, and what it answers."""

    def seconds(self, member: str, operation: Perform, now_s: float) -> float: ...

    def answer(self, member: str, operation: Perform) -> Any: ...

    def inputs(self, member: str, operation: Perform) -> list[tuple[str, float]]:
        """Who holds what the operation needs, and how many bytes; asked where links are shared fairly, or cut."""


@dataclass(slots=True)
class Fetching:
    """A piece of work that waits for inputs which others hold."""

    member: Member
    operation: Perform
    missing: int
