"""The list of problems: all of a document at once, each with its place; choosing one leads there."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHeaderView, QLabel, QStackedWidget, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from workbench.document.problems import Problem
from workbench.gui import icons, theme, words
from workbench.gui.parts import Text

LOOKS = {"error": ("error", "error"), "not-yet": ("warning", "warn"), "note": ("note", "accent")}


class ProblemsPanel(QWidget):
    """`chosen(place)` is told when a problem is chosen."""

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._problems: Sequence[Problem] = ()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        self._stack = QStackedWidget()
        column.addWidget(self._stack)
        self.list = QTreeWidget()
        self.list.setColumnCount(3)
        self.list.setRootIsDecorated(False)
        self.list.setIconSize(QSize(16, 16))
        self.list.setUniformRowHeights(True)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        head = self.list.header()
        head.setStretchLastSection(False)
        head.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        head.setSectionResizeMode(1, QHeaderView.ResizeMode.Interactive)
        head.resizeSection(1, 260)
        head.setSectionResizeMode(2, QHeaderView.ResizeMode.ResizeToContents)
        self.list.currentItemChanged.connect(lambda line: self._tell(line))
        self.list.itemClicked.connect(self._tell)
        self._none: QLabel = Text("problems.none", "secondary")
        self._none.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack.addWidget(self._none)
        self._stack.addWidget(self.list)
        words.changed.connect(self._fill)
        self._fill()

    def show_problems(self, problems: Sequence[Problem]) -> None:
        """List these."""
        if list(problems) != list(self._problems):
            self._problems = problems
            self._fill()

    def _fill(self) -> None:
        self.list.setAccessibleName(words.say("problems.title"))
        self.list.setHeaderLabels([words.say(f"problems.{key}") for key in ("what", "place", "line")])
        self.list.blockSignals(True)
        self.list.clear()
        for problem in self._problems:
            name, token = LOOKS[problem.severity]
            line = QTreeWidgetItem([problem.words(words.language()), problem.place, str(problem.line or "")])
            line.setIcon(0, icons.icon(name, token))
            line.setToolTip(0, f"{words.say(f'severity.{problem.severity}')}: {line.text(0)}")
            line.setSizeHint(0, QSize(100, theme.ROW))
            line.setData(0, Qt.ItemDataRole.UserRole, problem.place)
            self.list.addTopLevelItem(line)
        self.list.blockSignals(False)
        self._stack.setCurrentIndex(1 if self._problems else 0)

    def _tell(self, line: QTreeWidgetItem | None) -> None:
        if line is not None:
            self.chosen.emit(line.data(0, Qt.ItemDataRole.UserRole))
