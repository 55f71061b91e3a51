"""What is known about one stage, and about one training, while a run goes on."""

from __future__ import annotations

from dataclasses import dataclass, field

from workbench.runs.events import Recorded, StepsFinished, WorkMeasured


@dataclass(slots=True)
class StageState:
    """One stage over all instances of the pipeline; an instance is an item, and "" where there is but one.

    `seconds` is the sum, over items that are done, of the time from the first work on it to the last: lost attempts
    and the communication of a team included. `work_s` is the sum of the work of all members.
    """

    status: str = "waiting"  # waiting, running, done, failed, cancelled
    started_s: float | None = None
    finished_s: float | None = None
    seconds: float = 0.0
    work_s: float = 0.0
    items_done: int = 0
    items_failed: int = 0
    retried: int = 0  # how often work failed and was to be tried again
    repeated: int = 0  # how often an item was started again
    running: dict[str, tuple[float, float]] = field(default_factory=dict)  # item -> (first start, last finish)
    finished: set[str] = field(default_factory=set)
    measured: set[str] = field(default_factory=set)  # items of which it is known what work on them took
    rows_in: int = 0
    rows_out: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    memory_bytes: int = 0  # by which work on any item let a process grow, at most
    adopted: set[str] = field(default_factory=set)  # items for which results of earlier runs stand
    kept: dict[str, str] = field(default_factory=dict)  # port -> content hash of the value that was made last
    why: tuple[str, ...] = ()  # why it was carried out, or an earlier result taken

    @property
    def items_running(self) -> int:
        return len(self.running)

    def start(self, item: str, t_s: float, alone: bool) -> None:
        """Work on `item` starts; `alone` if it is all the work on it, so that a second start is a repetition."""
        if self.status == "cancelled":
            return
        if item in self.finished or (alone and item in self.running):
            self.repeated += alone
        if item not in self.finished and item not in self.running:
            self.running[item] = (t_s, t_s)
            self.status = "running"
            if self.started_s is None:
                self.started_s = t_s

    def finish(self, item: str, t_s: float, taken_s: float) -> None:
        """A piece of work on `item` ended after `taken_s`."""
        self.work_s += taken_s
        if item in self.running:
            self.running[item] = (self.running[item][0], t_s)

    def done(self, item: str, t_s: float) -> bool:
        """The result for `item` is recorded; whether that is new."""
        if item in self.finished:
            return False
        self.finished.add(item)
        self.items_done += 1
        first, last = self.running.pop(item, (t_s, t_s))
        self.seconds += last - first
        self.finished_s = last
        if self.started_s is None:
            self.started_s = first
        if not self.running and self.status != "failed":
            self.status = "done"
        return True

    def collect(self) -> None:
        """All items are over; those that failed were not needed."""
        if not self.running:
            self.status = "done"

    def hear(self, event: Recorded, item: str) -> None:
        """What was said of it besides results: why it is carried out or not, that it is tried again, or given up."""
        if event.kind == "retried":
            self.retried += 1
        elif event.kind == "cancelled":
            self.running.clear()
            self.status, self.finished_s = "cancelled", event.t_s
        else:
            self.why = tuple(dict.fromkeys((*self.why, event.value)))
            if event.kind == "cached":
                self.adopted.add(item)

    def measure(self, event: WorkMeasured) -> None:
        """What work on an item took; what is done again counts once."""
        if event.item in self.measured:
            return
        self.measured.add(event.item)
        self.rows_in += event.rows_in
        self.rows_out += event.rows_out
        self.bytes_in += event.bytes_in
        self.bytes_out += event.bytes_out
        self.memory_bytes = max(self.memory_bytes, event.memory_bytes)

    def fail(self, item: str, t_s: float) -> None:
        """The work on `item` ended in an error of the user's data, parameters or code."""
        self.running.pop(item, None)
        self.items_failed += 1
        self.status = "failed"
        self.finished_s = t_s


@dataclass(slots=True)
class TrainingState:
    """How far one training is: `done` steps from its start, `of` in all."""

    done: int = 0
    of: int = 0

    def take(self, event: StepsFinished) -> int:
        """How many of the steps that are told are new."""
        self.of = max(self.of, event.of)
        fresh = max(0, event.last + 1 - max(event.first, self.done))
        self.done = max(self.done, event.last + 1)
        return fresh
