"""The result of a stage: a preview of what it made in the run that is shown, and of what that was made."""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QProcess, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QLabel, QTableView, QVBoxLayout, QWidget

from workbench.document.scenario import Scenario
from workbench.gui import theme, words
from workbench.gui.inspector.pictures import BarChart, MatrixChart, ScatterChart
from workbench.gui.parts import Combo, Text
from workbench.gui.watch.formats import compact
from workbench.gui.watch.kept import Results
from workbench.stages.preview import Preview, told

Index = QModelIndex | QPersistentModelIndex
ROWS_SHOWN = 6


class HeadModel(QAbstractTableModel):
    """The first rows of a value."""

    def __init__(self, shown: Preview) -> None:
        super().__init__()
        self.shown = shown

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self.shown.head)

    def columnCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self.shown.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        cell = self.shown.head[index.row()][index.column()]
        if role == Qt.ItemDataRole.TextAlignmentRole and _is_number(cell):
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return cell if role == Qt.ItemDataRole.DisplayRole else None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        if orientation == Qt.Orientation.Vertical:
            return str(section + 1)
        name = self.shown.columns[section]
        ours = self.shown.kind == "model" or (self.shown.kind == "dataset" and section == 0)
        return words.say(f"result.head.{name}") if ours else name


class Reading(QProcess):
    """Reads a preview in a process of its own: the window goes on meanwhile, and never loads what reads tables."""

    done = Signal(object, object)  # the path, and a Preview or words why there is none

    def __init__(self, path: Path, parent: QWidget) -> None:
        super().__init__(parent)
        self.path = path
        self.finished.connect(self._tell)
        self.start(sys.executable, ["-m", "workbench.stages.preview", str(path)])

    def _tell(self) -> None:
        try:
            found: Preview | str = told(bytes(self.readAllStandardOutput().data()))
        except ValueError:
            lines = bytes(self.readAllStandardError().data()).decode(errors="replace").splitlines()
            found = lines[-1] if lines else self.errorString()
        self.done.emit(self.path, found)
        self.deleteLater()


class StageResult(QWidget):
    """The outputs of one stage: which, what they are like, and from what they were made."""

    def __init__(self, stage: str) -> None:
        super().__init__()
        self.setProperty("role", "clear")
        self.stage = stage
        self._paths: dict[str, Path] = {}
        self._lineage = ""
        self._shown: dict[Path, Preview | str] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self.empty = Text("result.none", "secondary")
        self.empty.setWordWrap(True)
        self.ports = Combo()
        self.facts, self.made_of = _label(), _label()
        self.matrix, self.scatter, self.bars = MatrixChart(), ScatterChart(), BarChart()
        self.columns = Combo()
        self.table = QTableView()
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setFont(theme.font(theme.DETAIL))
        self.table.verticalHeader().setDefaultSectionSize(22)
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.table.verticalHeader().hide()
        parts = (self.empty, self.ports, self.facts, self.matrix, self.scatter, self.table, self.columns, self.bars)
        for part in (*parts, self.made_of):
            column.addWidget(part)
        self.ports.currentTextChanged.connect(lambda _: self._read())
        self.columns.currentIndexChanged.connect(self._show_bars)
        self.table.clicked.connect(lambda index: self._go_to_column(index.column()))
        words.changed.connect(self._speak)
        self._speak()
        self._show(None)

    def show_results(self, results: Results, scenario: Scenario) -> None:
        """Show what the stage made in a run."""
        paths = results.paths.get(self.stage, {})
        self._lineage = _lineage(self.stage, results, scenario)
        if paths == self._paths:
            self._speak()
            return
        self._paths = dict(paths)
        self.ports.blockSignals(True)
        self.ports.clear()
        self.ports.addItems(list(paths))
        self.ports.blockSignals(False)
        self._read()

    # --- reading -------------------------------------------------------------------------------------------------

    def _read(self) -> None:
        path = self._paths.get(self.ports.currentText())
        if path is None or path in self._shown:
            self._show(self._shown.get(path) if path else None)
            return
        self._show(None)
        self.empty.put("result.reading")
        self._reading = Reading(path, self)
        self._reading.done.connect(self._take)

    def _take(self, path: Path, found: Preview | str) -> None:
        self._shown[path] = found
        if path == self._paths.get(self.ports.currentText()):
            self._show(found)

    # --- showing -------------------------------------------------------------------------------------------------

    def _show(self, found: Preview | str | None) -> None:
        self.found = found
        self.empty.put("result.none")
        shown = found if isinstance(found, Preview) else None
        self.empty.setVisible(found is None)
        self.ports.setVisible(len(self._paths) > 1)
        self.facts.setVisible(found is not None)
        self.made_of.setVisible(found is not None and bool(self._lineage))
        self.matrix.setVisible(bool(shown and shown.matrix))
        self.scatter.setVisible(bool(shown and shown.scatter))
        self.table.setVisible(bool(shown and shown.head))
        bars = bool(shown and shown.bars)
        self.columns.setVisible(bars)
        self.bars.setVisible(bars)
        if shown is not None:
            self.matrix.show_matrix(shown.matrix, shown.classes)
            self.scatter.show_points(shown.scatter)
            self.table.setModel(HeadModel(shown))
            self.table.setFixedHeight(26 + 22 * min(ROWS_SHOWN, len(shown.head)) + 14)
            self.columns.blockSignals(True)
            self.columns.clear()
            self.columns.addItems([bar.column for bar in shown.bars])
            self.columns.setCurrentIndex(max(0, self.columns.findText("label")))
            self.columns.blockSignals(False)
            self._show_bars()
        self._speak()

    def _show_bars(self) -> None:
        at = self.columns.currentIndex()
        if isinstance(self.found, Preview) and 0 <= at < len(self.found.bars):
            self.bars.show_bars(self.found.bars[at])

    def _go_to_column(self, at: int) -> None:
        if isinstance(self.found, Preview):
            self.columns.setCurrentText(self.found.columns[at])

    def _speak(self) -> None:
        self.ports.setAccessibleName(words.say("result.port"))
        self.columns.setAccessibleName(words.say("result.column"))
        self.table.setAccessibleName(words.say("result.head"))
        self.made_of.setText(words.say("result.made_of", what=self._lineage))
        found = self.found if hasattr(self, "found") else None
        if isinstance(found, str):
            self.facts.setText(words.say("result.unreadable", reason=found))
        elif found is not None:
            self.facts.setText("  ·  ".join(_said(found)))


def _label() -> QLabel:
    label = QLabel()
    label.setProperty("role", "secondary")
    label.setWordWrap(True)
    return label


def _said(found: Preview) -> list[str]:
    """The facts of a value, in words."""
    said = [words.say(f"result.text.{code}", text=text) for code, text in found.texts]
    for code, number in found.facts:
        key = f"result.fact.{code}"
        value = f"{number:.3f}" if number != round(number) else f"{number:,.0f}"
        if code == "bytes":
            value = _bytes(number)
        said.append(words.say(key, n=value) if key in words.catalogue() else f"{code} {value}")
    return said


def _bytes(number: float) -> str:
    """As 480 kB."""
    text = compact(number, 999.5)
    return f"{text[:-1]} {text[-1]}B" if text[-1].isalpha() else f"{text} B"


def _is_number(cell: str) -> bool:
    return cell.removeprefix("-").replace(".", "", 1).replace(",", "").replace("e-", "").replace("e+", "").isdigit()


def _lineage(stage: str, results: Results, scenario: Scenario) -> str:
    """The values of which the stage made its own, each with the beginning of its content hash."""
    found = []
    for link in scenario.pipeline.links:
        path = results.paths.get(link.source_stage, {}).get(link.source_port)
        if link.target_stage == stage and path is not None:
            found.append(f"{link.source} ({path.name[:8]})")
    return ", ".join(found)
