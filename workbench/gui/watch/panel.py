"""The watch panel: it has runs carried out by the engine's process, follows their folder, and shows what happens."""

import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from workbench.document.scenario import Scenario
from workbench.gui import words
from workbench.gui.watch.charts import Charts
from workbench.gui.watch.empty import WithEmpty
from workbench.gui.watch.engine_client import EngineClient
from workbench.gui.watch.followed_run import FollowedRun
from workbench.gui.watch.follower import StudyFollower
from workbench.gui.watch.kept import NONE, results_of
from workbench.gui.watch.log_lines import ERROR, WARNING
from workbench.gui.watch.log_panel import LogPanel
from workbench.gui.watch.progress import Request
from workbench.gui.watch.results import Results
from workbench.gui.watch.run_bar import RunBar
from workbench.gui.watch.run_look import Look
from workbench.gui.watch.stage_marks import cancellable, stage_marks
from workbench.gui.watch.time_bar import TimeBar
from workbench.gui.watch.timeline_panel import TimelinePanel

SLOW_MS = 200  # figures, the state in words and the marks of stages
ENDS = {0: "finished", 1: "missed", 2: "unknown"}  # exit codes of the engine that mean a finished study
Paths = Callable[[], tuple[Path, Path] | None]


class WatchPanel(QWidget):
    """Charts, timeline, log and results of one study, with the run bar that belongs to them.

    `paths` is asked at each run: it writes the scenario and answers its file and a new study folder, or None if there
    is nothing that can be run. `tabs` may be given further tabs; `bar` has its place elsewhere in the window.
    """

    stage_status_changed = Signal(object, object)  # marks by stage id, and shares done: see stage_marks
    results_changed = Signal(object)  # Results: where the values of the newest real run lie
    state_changed = Signal(str)  # a key of run_bar.STATE_LOOKS

    def __init__(self, paths: Paths, client: EngineClient | None = None) -> None:
        super().__init__()
        self.setProperty("role", "clear")
        self._paths = paths
        self.client = client or EngineClient(self)
        self.follower = StudyFollower(self)
        self.look = Look()
        self.bar, self.time_bar, self.tabs = RunBar(), TimeBar(), QTabWidget()
        self.charts, self.timeline = Charts(self.look), TimelinePanel(self.look)
        self.log, self.results = LogPanel(self.look), Results(self.look)
        self._request: Request | None = None
        self._end_state = ""
        self._told_marks: object = None
        self._told_results = NONE
        self._slow = QTimer(self)
        self._slow.setInterval(SLOW_MS)
        self._slow.timeout.connect(self._refresh_slowly)
        self._build()
        self._connect()
        self._speak()
        self._show_state()

    def _build(self) -> None:
        self._pages = {
            "charts": WithEmpty(self.charts, "chart", self.simulate),
            "timeline": WithEmpty(self.timeline, "timeline", self.simulate),
            "log": self.log,
            "results": WithEmpty(self.results, "report", self.simulate),
        }
        for page in self._pages.values():
            self.tabs.addTab(page, "")
        self.tabs.setDocumentMode(True)
        self.tabs.setCornerWidget(self.time_bar)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.tabs)

    def _connect(self) -> None:
        bar, client, follower = self.bar, self.client, self.follower
        bar.run_asked.connect(self.run)
        bar.pause_asked.connect(self._pause)
        bar.resume_asked.connect(self._resume)
        bar.stop_asked.connect(self._stop)
        bar.speed_asked.connect(self._set_speed)
        bar.break_asked.connect(client.break_worker)
        bar.mend_asked.connect(client.mend)
        bar.cancel_asked.connect(client.cancel)
        client.ready.connect(self._show_state)
        client.started.connect(self._run_started)
        client.done.connect(self._done)
        client.problem.connect(self._problem)
        client.died.connect(self._died)
        follower.runs_changed.connect(self._show_runs)
        follower.advanced.connect(self._refresh)
        follower.run_ended.connect(self._run_ended)
        self.time_bar.until_asked.connect(follower.show_until)
        for view in (self.charts, self.timeline.timeline):
            view.pointed.connect(self.charts.point_at)
            view.pointed.connect(self.timeline.timeline.point_at)
        words.changed.connect(self._speak)

    # --- what is asked of it -----------------------------------------------------------------------------------------

    def show_scenario(self, scenario: Scenario) -> None:
        """Offer the combinations and workers of a scenario, and give its combinations their colours."""
        self.look.begin([combination.id for combination in scenario.architectures])
        self.bar.show_scenario(scenario)

    def show_study(self, folder: Path | None) -> None:
        """Show the runs of a study folder or of one run folder, live or old; None shows none."""
        if self._request is None or not self._request.is_going:
            self._request, self._end_state = None, ""
        self.follower.follow(folder)
        self._slow.start()
        self._show_state()

    def simulate(self) -> None:
        """Simulate what the run bar has chosen."""
        self.run(["simulated"])

    def run(self, engines: list[str], fresh: bool = False) -> None:
        """Have the chosen combinations carried out by these engines (simulated, real), and watch.

        If they are to be `fresh`, real runs take nothing over from earlier ones.
        """
        if self.client.is_busy:
            return
        paths = self._paths()
        if paths is None:
            return
        scenario, folder = paths
        chosen = self.bar.chosen_combinations
        count = len(chosen) or max(1, self.bar.combination.count() - 1)
        self._request, self._end_state = Request(len(engines) * count, time.monotonic), ""
        self.client.run(scenario, folder, engines, chosen, self.bar.chosen_speed, fresh=fresh)
        self.follower.follow(folder)
        self.follower.expect_more(True)
        self._slow.start()
        self._show_state()

    def close_down(self) -> None:
        """Stop watching. What runs is finished by the engine's process, which then ends."""
        self._slow.stop()
        self.follower.expect_more(False)
        self.follower.stop()
        self.client.close()

    @property
    def is_running(self) -> bool:
        """Whether a request is under way."""
        return self._request is not None and self._request.is_going

    # --- live commands -----------------------------------------------------------------------------------------------

    def _pause(self) -> None:
        self.client.pause()
        self._become("paused")

    def _resume(self) -> None:
        self.client.resume()
        self._become("running")

    def _stop(self) -> None:
        self.client.stop()
        self._become("stopping")

    def _set_speed(self, speed: float) -> None:
        if self.is_running:
            self.client.set_speed(speed)

    def _become(self, state: str) -> None:
        if self._request is not None and self._request.is_going:
            self._request.become(state)
        self._show_state()

    # --- what the engine says ----------------------------------------------------------------------------------------

    def _run_started(self, folder: str) -> None:
        if self._request is not None:
            self._request.run_started(Path(folder))
        self.follower.expect_more(True)
        self._show_state()

    def _done(self, folder: str, exit_code: int) -> None:
        self.follower.expect_more(False)
        stopped = self._request is not None and self._request.state == "stopping"
        self._end("stopped" if stopped else ENDS.get(exit_code, "failed"))

    def _problem(self, text: str) -> None:
        self.log.say(text, WARNING)
        self.tabs.setCurrentWidget(self.log)

    def _died(self, last_words: str) -> None:
        self.follower.expect_more(False)
        self.log.say(words.say("watch.log.engine_died", words=last_words).strip(), ERROR)
        if self.is_running:
            self._end("died")
        else:
            self._end_state = "died"
            self._show_state()

    def _end(self, state: str) -> None:
        if self._request is not None:
            self._request.become(state)
        self._end_state = state
        self._slow.start()
        self._show_state()

    # --- what the follower says --------------------------------------------------------------------------------------

    def _show_runs(self) -> None:
        runs = self.follower.runs
        for name in ("charts", "timeline", "results"):
            page = self._pages[name]
            assert isinstance(page, WithEmpty)
            page.show_empty(not runs)
        self.charts.show_runs(runs)
        self.timeline.show_runs(runs, self.follower.newest)
        self.log.show_runs(runs)
        self.results.show_runs(runs)

    def _refresh(self) -> None:
        self.charts.refresh()
        self.timeline.refresh(self.follower.newest)
        self.log.refresh()
        if not self._slow.isActive():
            self._slow.start()

    def _run_ended(self, run: FollowedRun) -> None:
        if run.broken_off:
            self.log.add_broken_off(run)
        self._refresh()

    def _refresh_slowly(self) -> None:
        """A few times a second while anything moves, and once after that."""
        self.results.refresh()
        self.time_bar.show_times(self.follower.last_s, self.follower.until)
        self._show_state()
        self._tell_marks()
        if not self.follower.is_active and not self.is_running:
            self._slow.stop()

    def _tell_marks(self) -> None:
        newest = self.follower.newest
        marks = stage_marks(newest.state) if newest else ({}, {})
        if marks != self._told_marks:
            self._told_marks = marks
            self.stage_status_changed.emit(*marks)
        found = results_of(self.follower.runs)
        if found != self._told_results:
            self._told_results = found
            self.results_changed.emit(found)

    def _show_state(self) -> None:
        state = self._state()
        share, left_s = 0.0, None
        lost: frozenset[str] = frozenset()
        broken: tuple[tuple[str, str], ...] = ()
        kinds: tuple[str, ...] = ()
        stages: tuple[str, ...] = ()
        if self._request is not None:
            share = self._request.share(self.follower.runs)
            left_s = self._request.left_s(share)
            newest = self.follower.newest
            members = newest.state.members if newest else {}
            lost = frozenset(name for name, member in members.items() if member.status == "lost")
            broken = newest.state.mendable if newest else ()
            kinds = newest.state.breakable if newest else ()
            stages = cancellable(newest.state) if newest else ()
        changed = state != self.bar.state
        self.bar.show_state(state, share, left_s, lost, broken, kinds, stages)
        if changed:
            self.state_changed.emit(state)

    def _state(self) -> str:
        if self._request is not None and self._request.is_going:
            return self._request.state
        if self._end_state:
            return self._end_state
        starting = self.client.process_id and not self.client.is_ready
        return "no_engine" if starting else "idle"

    def _speak(self) -> None:
        for name, page in self._pages.items():
            self.tabs.setTabText(self.tabs.indexOf(page), words.say(f"watch.tab.{name}"))
