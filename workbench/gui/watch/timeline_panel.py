"""The timeline with its bar: which runs it shows, what its looks mean, and buttons to zoom."""

from functools import partial

from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from workbench.gui import theme, words
from workbench.gui.parts import Combo, IconButton
from workbench.gui.watch import timeline_ink
from workbench.gui.watch.followed_run import FollowedRun
from workbench.gui.watch.lanes import COMMUNICATE, FAILED, PERFORM, WAIT
from workbench.gui.watch.run_look import Look, title
from workbench.gui.watch.timeline import ZOOM, Timeline

KINDS = (
    ("perform", PERFORM),
    ("communicate", COMMUNICATE),
    ("wait", WAIT),
    ("failed", FAILED),
    ("frozen", None),
    ("lost", None),
)
SAMPLE = 16
SPACE = 13
NEWEST, ALL = "newest", "all"


class KindLegend(QWidget):
    """A small bar in the colour and pattern of each kind, and its word."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)
        words.changed.connect(self.updateGeometry)

    def sizeHint(self) -> QSize:
        metrics = QFontMetricsF(theme.font(theme.SECONDARY))
        said = sum(metrics.horizontalAdvance(words.say(f"watch.timeline.{name}")) for name, _ in KINDS)
        return QSize(round(said) + len(KINDS) * (SAMPLE + 5 + SPACE), 22)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, 22)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(theme.font(theme.SECONDARY))
        x = 0.0
        for name, kind in KINDS:
            said = words.say(f"watch.timeline.{name}")
            _sample(painter, QRectF(x, 5, SAMPLE, 12), name, kind)
            painter.setPen(theme.color(theme.tokens().text2))
            painter.drawText(QPointF(x + SAMPLE + 5, 15.5), said)
            x += SAMPLE + 5 + painter.fontMetrics().horizontalAdvance(said) + SPACE
        painter.end()


def _sample(painter: QPainter, room: QRectF, name: str, kind: int | None) -> None:
    tokens = theme.tokens()
    if kind is None:
        timeline_ink.paint_stretch(painter, room, name, words.say(f"watch.timeline.{name}"))
        return
    colour = timeline_ink.kind_colours(tokens)[kind]
    if kind == WAIT:
        painter.fillRect(QRectF(room.left(), room.center().y() - 1, room.width(), 2), colour)
        return
    painter.fillRect(room, colour)
    if kind == COMMUNICATE:
        painter.fillRect(room, timeline_ink.hatch(tokens))


class TimelinePanel(QWidget):
    """The timeline of the newest run, of one that is chosen, or of all below each other."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.setProperty("role", "clear")
        self.timeline = Timeline(look)
        self.chooser = Combo()
        self._runs: list[FollowedRun] = []
        self._newest: FollowedRun | None = None
        self._buttons = (
            IconButton("watch.timeline.zoom_in", "plus", partial(self.timeline.zoom, ZOOM)),
            IconButton("watch.timeline.zoom_out", "minus", partial(self.timeline.zoom, 1 / ZOOM)),
            IconButton("watch.run.fit", "fit", self.timeline.fit),
        )
        self.chooser.setFixedHeight(28)
        self.chooser.setMinimumWidth(190)
        self.chooser.currentIndexChanged.connect(self._show)
        row = QHBoxLayout()
        row.setSpacing(theme.GAP)
        row.addWidget(self.chooser)
        row.addSpacing(8)
        row.addWidget(KindLegend())
        row.addStretch(1)
        for button in self._buttons:
            row.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(4)
        column.addLayout(row)
        column.addWidget(self.timeline, 1)
        words.changed.connect(self._speak)
        self._speak()

    def show_runs(self, runs: list[FollowedRun], newest: FollowedRun | None) -> None:
        """The runs to choose from, and which of them is followed if none is chosen."""
        self._newest = newest
        if runs != self._runs:
            self._runs = list(runs)
            self._speak()
        self._show()

    def refresh(self, newest: FollowedRun | None) -> None:
        """Paint the runs as they are now, turning to the newest if that is what was chosen."""
        if newest is not self._newest:
            self._newest = newest
            self._show()
        self.timeline.refresh()
        for at, run in enumerate(self._runs, start=2):
            if self.chooser.itemText(at) != title(run):
                self.chooser.setItemText(at, title(run))

    def _show(self) -> None:
        chosen = self.chooser.currentData()
        if chosen == ALL:
            shown = self._runs
        elif isinstance(chosen, FollowedRun):
            shown = [chosen]
        else:
            shown = [self._newest] if self._newest else []
        if shown != [lanes.run for lanes in self.timeline.lanes]:
            self.timeline.show_runs(shown)

    def _speak(self) -> None:
        chosen = self.chooser.currentData()
        self.chooser.blockSignals(True)
        self.chooser.clear()
        self.chooser.addItem(words.say("watch.timeline.newest"), NEWEST)
        self.chooser.addItem(words.say("watch.timeline.all"), ALL)
        for run in self._runs:
            self.chooser.addItem(title(run), run)
        kept = [at for at in range(self.chooser.count()) if self.chooser.itemData(at) == chosen]
        self.chooser.setCurrentIndex(kept[0] if kept else 0)
        self.chooser.blockSignals(False)
        self.chooser.setAccessibleName(words.say("watch.timeline.show"))
        self.chooser.setToolTip(words.say("watch.timeline.show"))
