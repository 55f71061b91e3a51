"""The results: a row of key figures for every run, and those of the chosen one in large."""

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from workbench.gui import theme, words
from workbench.gui.watch.followed_run import FollowedRun
from workbench.gui.watch.formats import clock, compact
from workbench.gui.watch.run_look import Look, engine_word, title
from workbench.gui.watch.stage_results import StageResults
from workbench.runs.checkpoints import interval_of
from workbench.runs.labels import LABELS, label_of
from workbench.runs.numbers import numbers
from workbench.runs.report_checkpoints import sentence
from workbench.runs.report_words import word

Index = QModelIndex | QPersistentModelIndex
WORDS = ("combination", "engine", "label", "state")
FIGURES = ("samples_per_second", "steps", "failures", "recovery_s", "availability", "duration_s", "accuracy")
LARGE = FIGURES[:5]
NOTHING = "–"


def figure(name: str, found: dict[str, float]) -> str:
    """A figure as it is written in the table."""
    if name not in found:
        return NOTHING
    value = found[name]
    if name in ("recovery_s", "duration_s"):
        return clock(value)
    if name == "availability":
        return f"{value:.1%}"
    if name == "accuracy":
        return f"{value:.3f}"
    if name in ("steps", "failures"):
        return f"{value:.0f}"
    return compact(float(f"{value:.4g}"), 99_999.5)


class ResultsModel(QAbstractTableModel):
    """One row per combination and engine (and replication); figures are computed when `refresh` is called."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.runs: list[FollowedRun] = []
        self.figures: dict[FollowedRun, dict[str, float]] = {}

    def show_runs(self, runs: list[FollowedRun]) -> None:
        self.beginResetModel()
        self.runs = list(runs)
        self.figures = {run: numbers(run.state) for run in runs}
        self.endResetModel()

    def refresh(self) -> None:
        if self.runs:
            self.figures = {run: numbers(run.state) for run in self.runs}
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.runs) - 1, self.columnCount() - 1))

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self.runs)

    def columnCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(WORDS) + len(FIGURES)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(section)
        if role == Qt.ItemDataRole.DisplayRole:
            return words.say(f"watch.results.{(*WORDS, *FIGURES)[section]}")
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        run = self.runs[index.row()]
        name = (*WORDS, *FIGURES)[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self._word(run, name) if name in WORDS else figure(name, self.figures[run])
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(index.column())
        if role == Qt.ItemDataRole.SizeHintRole and name in WORDS:
            return QSize(QFontMetrics(theme.font()).horizontalAdvance(self._word(run, name)) + 48, theme.ROW)
        if role == Qt.ItemDataRole.DecorationRole and name == "combination" and run.state.combination:
            return _swatch(self._look.token(run.state.combination))
        if role == Qt.ItemDataRole.ForegroundRole:
            return self._colour(run, name)
        if role == Qt.ItemDataRole.ToolTipRole and name in self.figures[run]:
            return label_word(label_of(name, run.state.label, run.state.grounds))
        return None

    def _word(self, run: FollowedRun, name: str) -> str:
        state = run.state
        if name == "combination":
            more = f" #{state.replication + 1}" if state.replication else ""
            return (state.combination or run.name) + more
        if name == "engine":
            return engine_word(state.engine)
        if name == "label":
            return label_word(state.label)
        return words.say(f"watch.state.{state_of(run)}")

    def _colour(self, run: FollowedRun, name: str) -> QColor | None:
        tokens = theme.tokens()
        if name == "state":
            bad = {"failed": tokens.error, "broken_off": tokens.error, "unreadable": tokens.error}
            token = (bad | {"finished": tokens.ok, "stopped": tokens.warn}).get(state_of(run))
            return QColor(token) if token else None
        if name == "failures" and self.figures[run].get("failures"):
            return QColor(tokens.error)
        return QColor(tokens.text2) if name == "label" else None


def label_word(label: str) -> str:
    """How far a figure can be trusted, in the language of the window."""
    return words.say(f"watch.label.{label}") if label in LABELS else label


def state_of(run: FollowedRun) -> str:
    """How a run stands, in a word of the catalogue."""
    if run.unreadable:
        return "unreadable"
    if run.broken_off:
        return "broken_off"
    return run.state.outcome or "running"


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignLeft if column < len(WORDS) else Qt.AlignmentFlag.AlignRight
    return side | Qt.AlignmentFlag.AlignVCenter


def _swatch(token: str) -> QPixmap:
    pixmap = QPixmap(QSize(10, 14))
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.fillRect(3, 0, 3, 14, QColor(token))
    painter.end()
    return pixmap


class Results(QWidget):
    """A strip of large figures above a table of all runs; recomputed a few times a second by its owner."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.setProperty("role", "clear")
        self.model = ResultsModel(look)
        self.table = QTableView()
        self.stages = StageResults()
        self.large: dict[str, QLabel] = {}
        self._names: dict[str, QLabel] = {}
        self._whose = QLabel()
        self.interval = QLabel()
        self._chosen: FollowedRun | None = None
        self._build()
        words.changed.connect(self._speak)
        theme.changed.connect(self.refresh)
        self._speak()

    def _build(self) -> None:
        strip = QHBoxLayout()
        strip.setSpacing(28)
        self._whose.setProperty("role", "title")
        self._whose.setMinimumWidth(150)
        strip.addWidget(self._whose)
        for name in LARGE:
            cell = QVBoxLayout()
            cell.setSpacing(0)
            self._names[name], self.large[name] = QLabel(), QLabel(NOTHING)
            self._names[name].setProperty("role", "secondary")
            self.large[name].setProperty("role", "figure")
            self.large[name].setMinimumWidth(92)
            cell.addWidget(self._names[name])
            cell.addWidget(self.large[name])
            strip.addLayout(cell)
        strip.addStretch(1)
        self.table.setModel(self.model)
        self.table.setFrameShape(QFrame.Shape.NoFrame)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setShowGrid(False)
        self.table.setTabKeyNavigation(False)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(theme.ROW + 2)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)  # whole titles; what is more scrolls
        header.setStretchLastSection(True)
        header.setHighlightSections(False)
        self.table.selectionModel().currentRowChanged.connect(self._choose)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 6, 0, 0)
        whole.setSpacing(8)
        whole.addLayout(strip)
        self.interval.setProperty("role", "secondary")
        self.interval.setWordWrap(True)
        self.interval.hide()
        whole.addWidget(self.interval)
        whole.addWidget(self.table, 1)
        whole.addWidget(self.stages, 2)

    def show_runs(self, runs: list[FollowedRun]) -> None:
        """Show the figures of these runs from now on."""
        self.model.show_runs(runs)
        self._chosen = self._chosen if self._chosen in runs else None
        self._show_large()

    def refresh(self) -> None:
        """Compute the figures anew, if anybody can see them."""
        if self.isVisible():
            self.model.refresh()
            self._show_large()

    def showEvent(self, event: object) -> None:
        super().showEvent(event)  # type: ignore[arg-type]
        self.refresh()

    def _choose(self, current: QModelIndex) -> None:
        self._chosen = self.model.runs[current.row()] if current.isValid() else None
        self._show_large()

    def _show_large(self) -> None:
        runs = self.model.runs
        run = self._chosen or (runs[-1] if runs else None)
        self._whose.setText(" · ".join(filter(None, [title(run), label_word(run.state.label)])) if run else "")
        self._show_interval(run)
        self.stages.show_run(run)
        found = self.model.figures.get(run, {}) if run else {}
        for name, label in self.large.items():
            label.setText(figure(name, found))
            label.setAccessibleName(f"{words.say(f'watch.results.{name}')}: {label.text()}")

    def _show_interval(self, run: FollowedRun | None) -> None:
        """How often the run saves, and how often would be best, where it is thrown back at random."""
        found = interval_of(run.state) if run else None
        self.interval.setVisible(found is not None)
        if run is not None and found is not None:
            self.interval.setText(sentence(found, run.state.label, words.language()))
            self.interval.setToolTip(word("checkpoints-note", words.language()))

    def _speak(self) -> None:
        self.table.setAccessibleName(words.say("watch.results.name"))
        for name, label in self._names.items():
            label.setText(words.say(f"watch.results.{name}"))
        self.model.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, self.model.columnCount() - 1)
        self._show_large()
        self.model.refresh()
