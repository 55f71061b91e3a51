"""Items: how many of the collections of a run have been through their stages, and in which order they left."""

from __future__ import annotations

from dataclasses import dataclass, field


def instance_of(item: str) -> str:
    """The instance of the pipeline that a label of an item belongs to: `3` of `3[17]`."""
    return item.partition("[")[0]


def is_item(item: str) -> bool:
    return item.endswith("]")


@dataclass(slots=True)
class Items:
    """The fold of what was said about items. An item waits from its last result until it leaves its group."""

    left: int = 0
    failed: int = 0  # items that led to nothing, though the run went on
    out_of_order: int = 0  # items that left after a later one
    waited_s: float = 0.0
    last: dict[str, int] = field(default_factory=dict)  # group and instance -> the latest item that has left
    done_s: dict[str, float] = field(default_factory=dict)  # item -> when its last result was recorded

    def record(self, item: str, t_s: float) -> None:
        """A result of a stage for an item."""
        self.done_s[item] = t_s

    def leave(self, key: str, t_s: float) -> None:
        """An item has left its group: `<group>#<instance>[<item>]`."""
        self.left += 1
        self._follow(key)
        self.waited_s += t_s - self.done_s.pop(key.partition("#")[2], t_s)

    def drop(self, key: str) -> None:
        """An item has failed and is let go."""
        self.failed += 1
        self._follow(key)
        self.done_s.pop(key.partition("#")[2], None)

    def _follow(self, key: str) -> None:
        collection, _, number = key[:-1].rpartition("[")
        self.out_of_order += int(number) < self.last.get(collection, -1)
        self.last[collection] = max(int(number), self.last.get(collection, -1))
