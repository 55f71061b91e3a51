"""One run folder as the window follows it: what was read so far, and the fold of it up to the moment that is shown."""

import time
from dataclasses import dataclass, field
from pathlib import Path

from workbench.runs.events import Event
from workbench.runs.folder import RunReader
from workbench.runs.state import RunState

BYTES_A_READ = 131_072
EVENTS_A_SLICE = 256


@dataclass(eq=False)
class FollowedRun:
    """A run, live or old. `state` is the fold up to a chosen time, or of all that was read.

    Going back reads again from the start, in slices: `state` stays as it was until the new one has caught up, so
    that nothing flickers. `generation` grows whenever `state` becomes another object, so that views begin anew.
    """

    path: Path
    state: RunState = field(default_factory=RunState)
    generation: int = 0
    broken_off: bool = False
    unreadable: str = ""  # why the rest of the folder cannot be read
    last_s: float = 0.0  # the time of the last event that was read

    def __post_init__(self) -> None:
        self._reader = RunReader(self.path)
        self._finished = False
        self._read_all = False
        self._unfolded: list[Event] = []
        self._position = 0
        self._folded_s = 0.0
        self._until: float | None = None
        self._rebuilt: RunState | None = None

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come: the end was told, or the writer is gone."""
        return self._finished or self.broken_off or bool(self.unreadable)

    @property
    def is_behind(self) -> bool:
        """Whether there is work left that needs no news from outside."""
        return self._rebuilt is not None or self._has_due() or (self.is_over and not self._read_all)

    def show_until(self, t_s: float | None) -> None:
        """Show the run as it was at `t_s`, or as it is."""
        back = t_s is not None and self._folded_s > t_s
        self._until = t_s
        if back:
            self._rebuilt = RunState()
            self._reader = RunReader(self.path)
            self._read_all = False
            self._unfolded, self._position, self._folded_s = [], 0, 0.0

    def advance(self, deadline: float) -> bool:
        """Read and fold until `deadline` (of time.perf_counter) or until nothing is left; whether `state` changed."""
        changed = False
        while True:
            changed |= self._fold_slice()
            if not self._has_due() and not self._read():
                return self._swap() or changed
            if time.perf_counter() >= deadline:
                return changed

    def look_for_end(self) -> bool:
        """Find out whether the writer is gone without having said the end; whether that is news."""
        if self.is_over or not self._read_all:
            return False
        self.broken_off = self._reader.broken_off
        return self.broken_off

    def _has_due(self) -> bool:
        if self._position >= len(self._unfolded):
            return False
        return self._until is None or self._unfolded[self._position].t_s <= self._until

    def _read(self) -> bool:
        """Read a piece; whether there was one."""
        if self.unreadable or (self._read_all and self.is_over):
            self._read_all = True
            return False
        try:
            fresh = self._reader.read_new(BYTES_A_READ)
        except ValueError as error:
            self.unreadable = str(error)
            fresh = []
        self._read_all = not fresh
        self._finished = self._finished or self._reader.finished
        self._unfolded = self._unfolded[self._position :] + fresh
        self._position = 0
        self.last_s = max(self.last_s, max((event.t_s for event in fresh), default=0.0))
        return bool(fresh)

    def _fold_slice(self) -> bool:
        state = self._rebuilt or self.state
        until = self._until
        start = self._position
        for event in self._unfolded[start : start + EVENTS_A_SLICE]:
            if until is not None and event.t_s > until:
                break
            state.apply(event)
            self._position += 1
        self._folded_s = max(self._folded_s, state.t_s)
        return self._position > start and self._rebuilt is None

    def _swap(self) -> bool:
        """Show the state that was rebuilt, if there is one: it has caught up."""
        if self._rebuilt is None:
            return False
        self.state, self._rebuilt = self._rebuilt, None
        self.generation += 1
        return True
