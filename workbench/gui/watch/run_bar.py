"""The run bar: start, pause, stop and break runs, how fast they go, and how far they are."""

from functools import partial

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QMenu, QProgressBar, QToolButton, QWidget

from workbench.document.scenario import Scenario
from workbench.gui import icons, theme, words
from workbench.gui.parts import Button, Combo, IconButton, upright_rule
from workbench.gui.watch.formats import clock
from workbench.gui.watch.progress import GOING

SPEEDS = (1.0, 10.0, 100.0, 0.0)  # 0: as fast as possible
LEADER_CRASH = "leader-crash"
OF_STORAGE = ("storage-full", "corrupt-checkpoint")  # kinds of faults that strike no worker
NARROW = 900
STATE_LOOKS = {
    "no_engine": ("waiting", "text2"),
    "idle": ("waiting", "text2"),
    "starting": ("running", "accent"),
    "running": ("running", "accent"),
    "paused": ("pause", "warn"),
    "stopping": ("stop", "warn"),
    "finished": ("check", "ok"),
    "missed": ("warning", "warn"),
    "unknown": ("warning", "warn"),
    "stopped": ("stop", "warn"),
    "failed": ("error", "error"),
    "died": ("error", "error"),
}


class RunBar(QWidget):
    """Asks for runs and gives live commands; decides nothing. Tell it what goes on with `show_state`."""

    run_asked = Signal(list)  # engines
    pause_asked = Signal()
    resume_asked = Signal()
    stop_asked = Signal()
    speed_asked = Signal(float)
    break_asked = Signal(str, str)  # worker, kind
    mend_asked = Signal(str, str)  # worker, kind
    cancel_asked = Signal(str)  # stage

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "clear")
        self.state = "no_engine"
        self._workers: tuple[str, ...] = ()
        self._stages: tuple[str, ...] = ()
        self._combinations: list[tuple[str, str]] = []  # label, id
        self._lost: frozenset[str] = frozenset()
        self._broken: tuple[tuple[str, str], ...] = ()
        self._kinds: tuple[str, ...] = ()
        self._submenus: list[QMenu] = []
        self._left_s: float | None = None
        self.simulate = Button("watch.run.simulate", partial(self.run_asked.emit, ["simulated"]), "primary", "play")
        self.real = Button("watch.run.real", partial(self.run_asked.emit, ["real"]), icon="worker")
        self.both = Button("watch.run.both", partial(self.run_asked.emit, ["simulated", "real"]))
        self.pause = IconButton("watch.run.pause", "pause", self.toggle_pause, text=True)
        self.stop = IconButton("watch.run.stop", "stop", self.stop_asked.emit, text=True)
        self.break_ = IconButton("watch.run.break", "break", text=True)
        self.combination, self.speed = Combo(), Combo()
        self.icon, self.word, self.left, self.bar = QLabel(), QLabel(), QLabel(), QProgressBar()
        self._build()
        words.changed.connect(self._speak)
        theme.changed.connect(self._show)
        self._speak()

    def _build(self) -> None:
        self._menu = QMenu(self)
        self._menu.aboutToShow.connect(self._fill_break)
        self.break_.setMenu(self._menu)
        self.break_.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        for box, width in ((self.combination, 120), (self.speed, 90)):
            box.setFixedHeight(theme.INPUT)
            box.setMinimumWidth(width)
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.speed.currentIndexChanged.connect(lambda _: self.speed_asked.emit(self.chosen_speed))
        self.bar.setFixedSize(110, 5)
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 1000)
        self.icon.setFixedSize(16, 16)
        self.left.setProperty("role", "secondary")
        self.left.setMinimumWidth(86)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        start: list[QWidget] = [self.simulate, self.real, self.both, upright_rule(), self.combination, self.speed]
        live: list[QWidget] = [upright_rule(), self.pause, self.stop, self.break_]
        for widget in start + live:
            row.addWidget(widget)
        row.addStretch(1)
        state: list[QWidget] = [self.icon, self.word, self.bar, self.left]
        for widget in state:
            row.addWidget(widget)

    @property
    def chosen_speed(self) -> float:
        """Simulated seconds per second; 0 for as fast as possible."""
        return float(self.speed.currentData())

    @property
    def chosen_combinations(self) -> list[str]:
        """The one combination that is to be run; none for all."""
        id = self.combination.currentData()
        return [id] if id else []

    def show_scenario(self, scenario: Scenario) -> None:
        """Offer the combinations and the workers of a scenario."""
        self._workers = scenario.cluster.names
        self._combinations = [(each.label or each.id, each.id) for each in scenario.architectures]
        self._offer_combinations()

    def _offer_combinations(self) -> None:
        chosen = self.combination.currentData()
        self.combination.blockSignals(True)
        self.combination.clear()
        self.combination.addItem(words.say("watch.run.all"), "")
        for label, id in self._combinations:
            self.combination.addItem(label, id)
        self.combination.setCurrentIndex(max(0, self.combination.findData(chosen)))
        self.combination.blockSignals(False)

    def _offer_speeds(self) -> None:
        chosen = max(0, self.speed.currentIndex())
        self.speed.blockSignals(True)
        self.speed.clear()
        for speed in SPEEDS:
            key = "watch.run.speed_times" if speed else "watch.run.speed_max"
            self.speed.addItem(words.say(key, factor=f"{speed:g}"), speed)
        self.speed.setCurrentIndex(chosen)
        self.speed.blockSignals(False)

    def show_state(
        self,
        state: str,
        share: float = 0.0,
        left_s: float | None = None,
        lost: frozenset[str] = frozenset(),
        broken: tuple[tuple[str, str], ...] = (),
        kinds: tuple[str, ...] = (),
        stages: tuple[str, ...] = (),
    ) -> None:
        """What goes on: a key of `STATE_LOOKS`, how much is done, how long it takes yet, who is lost already.

        `broken` are the faults that can be mended: kind, and worker if it has one. `kinds` are those that the run can
        carry out beside ending and freezing its members.
        """
        self._kinds, self._stages = kinds, stages
        self.state, self._left_s, self._lost, self._broken = state, left_s, lost, broken
        self.bar.setValue(round(1000 * share))
        self._show()

    def toggle_pause(self) -> None:
        """Pause what runs, or let it go on."""
        if self.state == "paused":
            self.resume_asked.emit()
        elif self.state == "running":
            self.pause_asked.emit()

    def step_speed(self, by: int) -> None:
        """The next faster (1) or slower (-1) speed."""
        self.speed.setCurrentIndex(min(max(self.speed.currentIndex() + by, 0), self.speed.count() - 1))

    def open_break_menu(self) -> None:
        """Offer what can be broken now."""
        if self.break_.isEnabled():
            self.break_.showMenu()

    def break_menu(self) -> QMenu:
        """The menu of what can be broken, filled."""
        self._fill_break()
        return self._menu

    def _fill_break(self) -> None:
        self._menu.clear()
        for kind in ("crash", "freeze"):
            for worker in self._workers:
                action = self._menu.addAction(words.say(f"watch.run.break_{kind}", worker=worker))
                action.setEnabled(worker not in self._lost)
                action.triggered.connect(partial(self._ask_break, worker, kind))
            self._menu.addSeparator()
        leader = self._menu.addAction(words.say("watch.run.break_leader"))
        leader.triggered.connect(partial(self._ask_break, "", LEADER_CRASH))
        self._fill_kinds()
        if self._stages:
            self._fill_cancel()
        if self._broken:
            self._menu.addSeparator()
        for kind, worker in self._broken:
            what = f"{words.say(f'watch.fault.{kind}')} {'' if kind == LEADER_CRASH else worker}".strip()
            action = self._menu.addAction(words.say("watch.run.mend", what=what))
            action.triggered.connect(partial(self._ask_mend, worker, kind))

    def _fill_kinds(self) -> None:
        for old in self._submenus:
            old.deleteLater()
        of_workers = [kind for kind in self._kinds if kind not in OF_STORAGE]
        self._submenus = [self._menu.addMenu(words.say(f"watch.fault.{kind}")) for kind in of_workers]
        for kind, submenu in zip(of_workers, self._submenus, strict=True):
            for worker in self._workers:
                action = submenu.addAction(worker)
                action.setEnabled(worker not in self._lost)
                action.triggered.connect(partial(self._ask_break, worker, kind))
        for kind in self._kinds:
            if kind in OF_STORAGE:
                action = self._menu.addAction(words.say(f"watch.fault.{kind}"))
                action.triggered.connect(partial(self._ask_break, "", kind))

    def _fill_cancel(self) -> None:
        """What only a real run gives up: a stage of it."""
        submenu = self._menu.addMenu(words.say("watch.run.cancel"))
        for stage in self._stages:
            submenu.addAction(stage).triggered.connect(partial(self._ask_cancel, stage))
        self._submenus.append(submenu)

    def _ask_cancel(self, stage: str, *_: object) -> None:
        self.cancel_asked.emit(stage)

    def _ask_break(self, worker: str, kind: str, *_: object) -> None:
        self.break_asked.emit(worker, kind)

    def _ask_mend(self, worker: str, kind: str, *_: object) -> None:
        self.mend_asked.emit(worker, kind)

    def _show(self) -> None:
        going = self.state in GOING
        for button in (self.simulate, self.real, self.both, self.combination):
            button.setEnabled(not going)
        self.simulate.setIcon(icons.icon("play", "text2" if going else "on_button"))
        self.pause.setEnabled(self.state in ("running", "paused"))
        self.stop.setEnabled(self.state in ("starting", "running", "paused"))
        self.break_.setEnabled(self.state in ("running", "paused"))
        self.pause.put("watch.run.resume" if self.state == "paused" else "watch.run.pause")
        self.pause.put_icon("play" if self.state == "paused" else "pause")
        name, token = STATE_LOOKS[self.state]
        self.icon.setPixmap(icons.icon(name, token).pixmap(QSize(16, 16), self.devicePixelRatioF()))
        said = words.say(f"watch.state.{self.state}")
        self.word.setText(said)
        self.word.setAccessibleName(said)
        self.bar.setVisible(going)
        left = words.say("watch.state.left", time=clock(self._left_s)) if self._left_s is not None else ""
        self.left.setText(left)
        self.left.setVisible(going)

    def _speak(self) -> None:
        self._offer_combinations()
        self._offer_speeds()
        for widget, key in (
            (self.combination, "watch.run.combination"),
            (self.speed, "watch.run.speed_tip"),
            (self.break_, "watch.run.break_tip"),
        ):
            widget.setToolTip(words.say(key))
        self.combination.setAccessibleName(words.say("watch.run.combination"))
        self.speed.setAccessibleName(words.say("watch.run.speed"))
        self.bar.setAccessibleName(words.say("watch.state.progress"))
        self._show()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = event.size().width() < NARROW
        style = Qt.ToolButtonStyle.ToolButtonIconOnly if narrow else Qt.ToolButtonStyle.ToolButtonTextBesideIcon
        for button in (self.pause, self.stop, self.break_):
            button.setToolButtonStyle(style)
