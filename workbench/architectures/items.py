"""Items: the parts of a collection on their way through the stages that run once for each of them."""

from __future__ import annotations

from dataclasses import dataclass, field


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


@dataclass
class Collection:
    """The items of one collection: `count` in all, the first `opened` of which have been let in."""

    group: PlannedGroup
    count: int
    opened: int = 0
    finished: set[int] = field(default_factory=set)
    left: list[int] = field(default_factory=list)  # in the order in which they left

    @property
    def under_way(self) -> int:
        return self.opened - len(self.left)

    @property
    def complete(self) -> bool:
        return len(self.left) == self.count

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


def piece(stage: str, item: int | None) -> str:
    """How a stage is called that runs for an item; no id holds such a bracket."""
    return stage if item is None else f"{stage}[{item}]"


def parted(name: str) -> tuple[str, int | None]:
    """The stage (or instance) and the item of a name."""
    whole, bracket, item = name.partition("[")
    return (whole, int(item[:-1])) if bracket else (whole, None)
