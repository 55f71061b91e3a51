"""The charts of a study on one time axis: throughput, availability with failures, and loss."""

from dataclasses import dataclass, field

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from workbench.gui import theme, words
from workbench.gui.watch import series
from workbench.gui.watch.chart import Chart, Curve
from workbench.gui.watch.followed_run import FollowedRun
from workbench.gui.watch.legend import Key
from workbench.gui.watch.run_look import Look, title
from workbench.gui.watch.series import Growing, Line, Mark

POINTS = 480
ROOM_AHEAD = 1.25  # while a run goes on, the axis ends so far beyond it when it is turned over like a page
END_ROOM = 1.02


@dataclass
class _Data:
    """What was copied from the state of one run."""

    generation: int = 0
    samples: Growing = field(default_factory=Growing)
    instances: Growing = field(default_factory=Growing)
    loss: Growing = field(default_factory=Growing)


class Charts(QWidget):
    """Three charts side by side. `refresh` draws the runs as they are now; nothing is drawn while it is hidden."""

    pointed = Signal(object)  # seconds under the mouse, or None

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.setProperty("role", "clear")
        self._look = look
        self._runs: list[FollowedRun] = []
        self._data: dict[FollowedRun, _Data] = {}
        self._end_s = 1.0
        self._by_hand: tuple[float, float] | None = None
        self._tops = {"throughput": 0.0, "loss": 0.0}
        self.throughput = Chart("watch.chart.throughput", "watch.chart.samples_per_s")
        self.availability = Chart("watch.chart.availability", "watch.chart.percent")
        self.loss = Chart("watch.chart.loss", "watch.chart.loss_unit")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 6, 0, 0)
        row.setSpacing(16)
        for chart, stretch in ((self.throughput, 10), (self.availability, 5), (self.loss, 5)):
            row.addWidget(chart, stretch)
            chart.pointed.connect(self.pointed)
            chart.ranged_by_hand.connect(self.show_range)
            chart.fit_asked.connect(self.fit)
        theme.changed.connect(self.refresh)
        words.changed.connect(self.refresh)

    @property
    def all(self) -> tuple[Chart, Chart, Chart]:
        return self.throughput, self.availability, self.loss

    def show_runs(self, runs: list[FollowedRun]) -> None:
        """Draw these runs from now on."""
        if not (set(runs) & set(self._runs)):
            self._end_s, self._by_hand = 0.0, None
            self._tops = dict.fromkeys(self._tops, 0.0)
        self._runs = runs
        self._data = {run: self._data.get(run, _Data(run.generation)) for run in runs}
        self.refresh()

    def refresh(self) -> None:
        """Draw what the runs are now, if anybody can see it."""
        if not self.isVisible():
            return
        for run, data in self._data.items():
            _take(run, data)
        shown = self._shown()
        marks = sorted((mark for run in self._runs for mark in series.marks(run.state)), key=lambda m: m.start_s)
        self._draw_throughput(shown, marks)
        self._draw_availability(shown, marks)
        self._draw_loss(shown, marks)

    def show_range(self, low: float, high: float) -> None:
        """Show this part of the time in all charts, until `fit`."""
        self._by_hand = (low, high)
        self.refresh()

    def fit(self) -> None:
        """Show the whole time again, and follow it as it grows."""
        self._by_hand = None
        self.refresh()

    def point_at(self, t_s: float | None) -> None:
        """Show one crosshair over all charts."""
        for chart in self.all:
            chart.point_at(t_s)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Home:
            self.fit()
        else:
            super().keyPressEvent(event)

    def showEvent(self, event: object) -> None:
        super().showEvent(event)  # type: ignore[arg-type]
        self.refresh()

    def _shown(self) -> tuple[float, float]:
        """The range of time: growing by pages, because new numbers on an axis cost most of a redraw."""
        latest = max((run.state.t_s for run in self._runs), default=0.0)
        if self._runs and all(run.is_over and not run.is_behind for run in self._runs):
            self._end_s = max(latest, 1e-6) * END_ROOM
        elif latest > self._end_s or self._end_s <= 0:
            self._end_s = series.round_up(max(latest * ROOM_AHEAD, 1e-3))
        return self._by_hand or (0.0, self._end_s)

    def _draw_throughput(self, shown: tuple[float, float], marks: list[Mark]) -> None:
        trains = any(data.samples.size for data in self._data.values())
        self.throughput.put_unit("watch.chart.samples_per_s" if trains else "watch.chart.instances_per_s")
        curves = []
        for run, data in self._data.items():
            total = data.samples if trains else data.instances
            now = data.samples.times[data.samples.size - 1] if _training_is_over(run) else run.state.t_s
            began = run.state.training_began_s if trains else 0.0
            line = series.rate(total.line(), began, float(now), shown, POINTS)
            if len(line.x):
                curves.append(self._curve(run, line))
        self._finish(self.throughput, "throughput", curves, marks, shown)
        self.throughput.show_legend(self._look.keys(self._runs))
        self.throughput.say_empty("" if curves else words.say("watch.chart.nothing"))

    def _draw_availability(self, shown: tuple[float, float], marks: list[Mark]) -> None:
        curves = [self._curve(run, series.availability(run.state, 120)) for run in self._runs if run.state.t_s > 0]
        lowest = min((float(curve.line.y.min()) for curve in curves), default=100.0)
        bottom = next(floor for floor in (80.0, 50.0, 0.0) if floor <= lowest)
        self.availability.draw(curves, marks, shown, 100.0, bottom)
        self.availability.show_legend([Key(_count_words(self._runs))] if curves else [])
        self.availability.say_empty("" if curves else words.say("watch.chart.nothing"))

    def _draw_loss(self, shown: tuple[float, float], marks: list[Mark]) -> None:
        curves = [
            self._curve(run, series.thinned(data.loss.line(), POINTS))
            for run, data in self._data.items()
            if data.loss.size
        ]
        self._finish(self.loss, "loss", curves, marks, shown)
        nothing = (
            "watch.chart.nothing" if any(run.state.engine == "real" for run in self._runs) else "watch.chart.no_loss"
        )
        self.loss.say_empty("" if curves else words.say(nothing))

    def _finish(
        self, chart: Chart, name: str, curves: list[Curve], marks: list[Mark], shown: tuple[float, float]
    ) -> None:
        highest = max((float(curve.line.y.max()) for curve in curves), default=0.0)
        self._tops[name] = series.top_for(highest, self._tops[name])
        chart.draw(curves, marks, shown, self._tops[name])

    def _curve(self, run: FollowedRun, line: Line) -> Curve:
        state = run.state
        return Curve(title(run), line, self._look.token(state.combination), state.engine == "simulated")


def _take(run: FollowedRun, data: _Data) -> None:
    """Copy what is new in the state of a run."""
    if data.generation != run.generation:
        data.generation = run.generation
        data.samples.size = data.instances.size = data.loss.size = 0
    data.samples.take(run.state.step_times)
    data.instances.take([(t_s, count) for count, t_s in enumerate(run.state.instance_times, start=1)])
    data.loss.take(run.state.measures.get("loss", []))


def _training_is_over(run: FollowedRun) -> bool:
    return bool(run.state.step_times) and run.state.steps_done >= run.state.steps_of > 0


def _count_words(runs: list[FollowedRun]) -> str:
    """How many members were lost, in all runs that are shown."""
    count = sum(failure.cause != "stopped" for run in runs for failure in run.state.failures)
    key = {0: "no_failures", 1: "one_failure"}.get(count, "failures")
    return words.say(f"watch.chart.{key}", count=count)
