"""Following a study: every run folder in it is read and folded while the window stays at ease."""

import time
from pathlib import Path

from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer, Signal

from workbench.gui.watch.followed_run import FollowedRun
from workbench.runs.folder import runs_in

TICK_MS = 33
BUDGET_S = 0.006
LOOK_AROUND_MS = 150  # new run folders, and writers that are gone


class StudyFollower(QObject):
    """Follows the runs of one study folder, live or old, in slices of 6 ms.

    The timer runs only while there is something to expect: as long as a run of the folder goes on, something is left
    to fold, or `expect_more` was said.
    """

    advanced = Signal()  # what is shown of some run has changed
    runs_changed = Signal()  # a run appeared, or another folder is followed
    run_ended = Signal(object)  # FollowedRun

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.folder: Path | None = None
        self.runs: list[FollowedRun] = []
        self.until: float | None = None
        self._expecting = False
        self._ended: set[Path] = set()
        self._looked = QElapsedTimer()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self.tick)

    def follow(self, folder: Path | None) -> None:
        """Show the runs of `folder` (a study folder or one run folder), and none of those shown before."""
        self.folder = Path(folder) if folder is not None else None
        self.runs, self.until = [], None
        self._ended.clear()
        self._looked.invalidate()
        self.runs_changed.emit()
        self.advanced.emit()
        if self.folder is not None:
            self._timer.start()

    def expect_more(self, expecting: bool) -> None:
        """Say whether runs may still appear or grow, because the engine is at work on this folder."""
        self._expecting = expecting
        if expecting and self.folder is not None:
            self._looked.invalidate()
            self._timer.start()

    def show_until(self, t_s: float | None) -> None:
        """Show all runs as they were `t_s` seconds after their start; None shows them as they are."""
        self.until = t_s
        for run in self.runs:
            run.show_until(t_s)
        if self.runs:
            self._timer.start()

    @property
    def is_active(self) -> bool:
        """Whether the timer runs."""
        return self._timer.isActive()

    @property
    def last_s(self) -> float:
        """The latest time of any run in the folder."""
        return max((run.last_s for run in self.runs), default=0.0)

    @property
    def newest(self) -> FollowedRun | None:
        """The run that began last among those that go on, or among all."""
        shown = [run for run in self.runs if not run.is_over] or self.runs
        return shown[-1] if shown else None

    def stop(self) -> None:
        self._timer.stop()

    def tick(self) -> None:
        """One slice of work; the timer's, and callable from outside to go on at once."""
        deadline = time.perf_counter() + BUDGET_S
        look = not self._looked.isValid() or self._looked.elapsed() >= LOOK_AROUND_MS
        if look:
            self._looked.start()
            self._find_runs()
        changed = False
        # Those that go on come first, so that an old big run beside them cannot starve them.
        for run in sorted(self.runs, key=lambda run: run.is_over):
            changed |= run.advance(deadline)
            if look:
                changed |= run.look_for_end()
        if changed:
            self.advanced.emit()
        self._tell_ends()
        if self._is_idle():
            self._timer.stop()

    def _is_idle(self) -> bool:
        return not self._expecting and all(run.is_over and not run.is_behind for run in self.runs)

    def _find_runs(self) -> None:
        if self.folder is None:
            return
        known = {run.path for run in self.runs}
        fresh = [path for path in _readable_runs(self.folder) if path not in known]
        for path in fresh:
            run = FollowedRun(path)
            run.show_until(self.until)
            self.runs.append(run)
        if fresh:
            self.runs_changed.emit()

    def _tell_ends(self) -> None:
        for run in self.runs:
            if run.is_over and not run.is_behind and run.path not in self._ended:
                self._ended.add(run.path)
                self.run_ended.emit(run)


def _readable_runs(folder: Path) -> list[Path]:
    """The runs in `folder` in their order; none while one of them is being set up, which takes a moment."""
    try:
        return runs_in(folder)
    except (FileNotFoundError, ValueError):
        return []
