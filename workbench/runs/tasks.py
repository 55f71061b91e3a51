"""Tasks: how long each waited for its start, and whether what is recorded of them is what was done."""

from __future__ import annotations

from dataclasses import dataclass, field

from workbench.runs.items import instance_of, is_item

Task = tuple[str, str]  # (stage, instance); the instance is "" where there is but one


@dataclass(slots=True)
class Tasks:
    """The fold of what was said about tasks.

    A task is ready when its instance has arrived and the work on every stage before it has ended, whether or not
    anybody has taken note. Its delay lasts from then to the first work on it, so that the time for which reports and
    records wait counts. `after` is what comes before each stage; without it no delay is known.
    """

    after: dict[str, tuple[str, ...]] = field(default_factory=dict)
    arrived: dict[str, float] = field(default_factory=dict)
    ended: dict[Task, float] = field(default_factory=dict)  # when the last work on a task ended, recorded or not
    latest: dict[Task, float] = field(default_factory=dict)  # the same of a whole stage of an instance
    recorded: set[Task] = field(default_factory=set)
    delays_s: dict[Task, float] = field(default_factory=dict)
    unfounded: int = 0  # results that were recorded before any work on them had ended
    twice: int = 0  # results that were recorded again

    def arrive(self, item: str, t_s: float) -> None:
        self.arrived.setdefault(item, t_s)

    def start(self, stage: str, item: str, t_s: float) -> None:
        """Work on a task starts; only the first start ends its wait."""
        task = (stage, item)
        if task in self.delays_s or stage not in self.after or is_item(item):
            return  # when an item may be let in is a matter of how many are under way
        ready_s = [self.arrived.get(item, 0.0)]
        ready_s += [self.latest[before, item] for before in self.after[stage] if (before, item) in self.latest]
        self.delays_s[task] = max(0.0, t_s - max(ready_s))

    def finish(self, stage: str, item: str, t_s: float) -> None:
        """A piece of work on a task ended; what is done again after it was recorded moves nothing."""
        task = (stage, item)
        if task not in self.recorded:
            self.ended[task] = self.latest[stage, instance_of(item)] = t_s

    def record(self, stage: str, item: str) -> None:
        """The result of a task counts from now on."""
        task = (stage, item)
        if task in self.recorded:
            self.twice += 1
        elif task not in self.ended:
            self.unfounded += 1
        self.recorded.add(task)

    @property
    def disagreements(self) -> int:
        """Tasks of which the record says another thing than the work: done without work, done twice, not recorded."""
        return self.unfounded + self.twice + len(self.ended.keys() - self.recorded)
