"""Items: the parts of a collection on their way through the stages that run once for each of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import floor

from workbench.document.units import BYTES, show


@dataclass(frozen=True)
class PlannedGroup:
    """Stages that run once for every item of `port` of the stage `source`.

    At most `in_flight` items are under way at once, all of them if that is None. If `ordered` they leave in the order
    in which they came, so that a finished one keeps its place until those before it are finished too.
    """

    id: str
    source: str
    port: str
    stages: tuple[str, ...]
    in_flight: int | None = None
    ordered: bool = False
    at_least: float = 1.0  # the share of the items that must succeed


@dataclass
class Collection:
    """The items of one collection: `count` in all, the first `opened` of which have been let in."""

    group: PlannedGroup
    count: int
    opened: int = 0
    told: int = 0  # how many were under way when that was last told
    finished: set[int] = field(default_factory=set)
    failed: set[int] = field(default_factory=set)  # those of the finished ones that have led to nothing
    left: list[int] = field(default_factory=list)  # in the order in which they left

    @property
    def under_way(self) -> int:
        return self.opened - len(self.left)

    @property
    def complete(self) -> bool:
        return len(self.left) == self.count

    @property
    def may_fail(self) -> int:
        """How many items may fail."""
        return floor(self.count * (1 - self.group.at_least) + 1e-9)

    def fail(self, item: int, cause: str) -> str:
        """An item leads to nothing; empty if the others are enough, otherwise why they are not."""
        self.failed.add(item)
        if len(self.failed) <= self.may_fail:
            return ""
        reason = f"item {item}: {cause}"
        if self.group.at_least == 1:
            return reason
        needed = f"at least {100 * self.group.at_least:.4g} % must succeed"
        return f"{len(self.failed)} of {self.count} items failed, {needed}; {reason}"

    @property
    def passed(self) -> list[int]:
        """The items that have left with a result, in the order in which they left."""
        return [item for item in self.left if item not in self.failed]

    def open(self) -> range:
        """Let in as many as may be under way; those that are new."""
        room = self.count if self.group.in_flight is None else self.group.in_flight - self.under_way
        first = self.opened
        self.opened = min(self.count, first + max(0, room))
        return range(first, self.opened)

    def finish(self, item: int) -> list[int]:
        """An item has been through all stages; those that leave now."""
        self.finished.add(item)
        if not self.group.ordered:
            leave = [item]
        else:
            leave, item = [], len(self.left)
            while item in self.finished:
                leave.append(item)
                item += 1
        self.left += leave
        return leave


def held_bytes(total_bytes: float, count: int, in_flight: int | None) -> float:
    """What the items of a collection take that are held in memory at once, at most; all of them if that is None."""
    return total_bytes / count * min(in_flight or count, count)


def misfit(port: str, count: int, total_bytes: float, in_flight: int | None, member: str, room_bytes: float) -> str:
    """Why the items that are held at once do not fit into a member's memory; empty if they do."""
    held = held_bytes(total_bytes, count, in_flight)
    if held <= room_bytes:
        return ""
    at_once = min(in_flight or count, count)
    most = int(room_bytes / (held / at_once))
    text = f"{at_once} items of {port} at once need {show(round(held), BYTES)}, and {member} has "
    advice = f"in_flight: {most} would fit" if most else "not even one fits; make the partition smaller"
    return f"{text}{show(round(room_bytes), BYTES)}; {advice}"


def piece(stage: str, item: int | None) -> str:
    """How a stage is called that runs for an item; no id holds such a bracket."""
    return stage if item is None else f"{stage}[{item}]"


def parted(name: str) -> tuple[str, int | None]:
    """The stage (or instance) and the item of a name."""
    whole, bracket, item = name.partition("[")
    return (whole, int(item[:-1])) if bracket else (whole, None)
