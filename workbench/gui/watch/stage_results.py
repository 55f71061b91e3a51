"""The stages of a real run in a table: what each took, and why it was carried out, or was not."""

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QFrame, QHeaderView, QTableView

from workbench.gui import theme, words
from workbench.gui.watch.followed_run import FollowedRun
from workbench.runs.report import stage_bars
from workbench.runs.report_stages import COLUMNS, cells
from workbench.runs.report_words import word

Index = QModelIndex | QPersistentModelIndex


class StageModel(QAbstractTableModel):
    """One row per stage that a run has begun; a simulated run has none."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []

    def show_run(self, run: FollowedRun | None) -> None:
        """Read the run anew."""
        bars = stage_bars(run.state) if run is not None and run.state.engine == "real" else ()
        rows = [[bar.stage, *cells(bar, words.language())] for bar in bars]
        if rows != self.rows:
            self.beginResetModel()
            self.rows = rows
            self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return word(COLUMNS[section], words.language())
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self.rows[index.row()][index.column()]
        return None


class StageResults(QTableView):
    """Hidden as long as there is nothing to show."""

    def __init__(self) -> None:
        super().__init__()
        self.stages = StageModel()
        self.setModel(self.stages)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(theme.ROW + 2)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.horizontalHeader().setStretchLastSection(True)
        self.hide()

    def show_run(self, run: FollowedRun | None) -> None:
        """Show the stages of this run as they stand."""
        self.setAccessibleName(words.say("watch.results.stages"))
        self.stages.show_run(run)
        self.stages.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(COLUMNS) - 1)
        self.setVisible(bool(self.stages.rows))
