"""How far a request for runs is: which state it is in, its share done, and the time that is left."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from workbench.gui.watch.followed_run import FollowedRun
from workbench.runs.state import RunState

ENOUGH = 0.02  # share done from which a time left is told
GOING = ("starting", "running", "paused", "stopping")


@dataclass
class Request:
    """One request to the engine, from the click on. `clock` tells seconds; pauses do not count as time spent."""

    expected: int
    clock: Callable[[], float]
    state: str = "starting"
    folders: list[Path] = field(default_factory=list)  # of its runs, as they start

    def __post_init__(self) -> None:
        self._since = self.clock()
        self._spent = 0.0

    @property
    def is_going(self) -> bool:
        return self.state in GOING

    def become(self, state: str) -> None:
        """Go into another state."""
        now = self.clock()
        if self.state != "paused":
            self._spent += now - self._since
        self._since, self.state = now, state

    def run_started(self, folder: Path) -> None:
        self.folders.append(folder)
        if self.state == "starting":
            self.become("running")

    def share(self, runs: list[FollowedRun]) -> float:
        """How much is done, from 0 to 1."""
        if not self.is_going:
            return 1.0
        mine = [run for run in runs if run.path in self.folders]
        return sum(share_of(run) for run in mine) / max(1, self.expected, len(mine))

    def left_s(self, share: float) -> float | None:
        """Seconds of waiting that are left at the pace so far; None while that cannot be told."""
        if self.state != "running" or share < ENOUGH:
            return None
        spent = self._spent + self.clock() - self._since
        return spent * (1 - share) / share


def share_of(run: FollowedRun) -> float:
    """How much of a run is done, from 0 to 1: by its steps, or by its stages where it trains nothing."""
    if run.is_over:
        return 1.0
    state = run.state
    shares = [_share_of_stages(state)]
    if state.steps_of:
        shares.append(state.steps_done / state.steps_of)
    return min(1.0, max(shares))


def _share_of_stages(state: RunState) -> float:
    items = max(1, len(state.submitted))
    return sum(stage.items_done for stage in state.stages.values()) / max(1, items * len(state.stages))
