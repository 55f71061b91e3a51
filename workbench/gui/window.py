"""The main window: it puts the panels together and passes on what one tells the others."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from workbench.document.text import Document
from workbench.gui import theme, words
from workbench.gui.canvas import doing
from workbench.gui.canvas.panel import Canvas, stage_of
from workbench.gui.commands import Commands
from workbench.gui.editor import Editor
from workbench.gui.files import Files
from workbench.gui.finder import Finder
from workbench.gui.inspector.panel import Inspector
from workbench.gui.menu import register
from workbench.gui.palette import Palette
from workbench.gui.parts import IconButton, Panel
from workbench.gui.preferences import Preferences, examples
from workbench.gui.problems_panel import ProblemsPanel
from workbench.gui.running import Running

SIZE = (1440, 900)
SIDES = (204, 924, 296)
HEIGHTS = (560, 270)


class MainWindow(QMainWindow):
    """One document with everything that edits, checks, runs and watches it."""

    def __init__(self, preferences: Preferences) -> None:
        super().__init__()
        self.preferences = preferences
        self.editor = Editor(self)
        self.files = Files(self, self.editor, preferences)
        self.commands = Commands(self)
        self.palette_panel = Palette()
        self.canvas = Canvas(self.editor)
        self.inspector = Inspector(self.editor)
        self.problems = ProblemsPanel()
        self.running = Running(self.editor)
        self._build()
        self.finder = Finder(self._whole)
        self.canvas.finder = self.finder
        register(self)
        self._connect()
        self._speak()
        self._show_document(self.editor.document, self.editor.document)
        self._show_problems()
        self.canvas.view.setFocus()

    # --- how it is put together ------------------------------------------------------------------------------------

    def _build(self) -> None:
        self.resize(*SIZE)
        self.setMinimumSize(900, 600)
        self.tabs = self.running.tabs
        self.bottom = Panel()
        self.bottom.body.addWidget(self.running)
        self.middle = QSplitter(Qt.Orientation.Vertical)
        self.middle.addWidget(self.canvas)
        self.middle.addWidget(self.bottom)
        self.sides = QSplitter(Qt.Orientation.Horizontal)
        for panel in (self.palette_panel, self.middle, self.inspector):
            self.sides.addWidget(panel)
        for splitter, sizes in ((self.sides, SIDES), (self.middle, HEIGHTS)):
            splitter.setHandleWidth(theme.GAP)
            splitter.setChildrenCollapsible(False)
            splitter.setSizes(list(sizes))
        self.sides.setStretchFactor(1, 1)
        self.middle.setStretchFactor(0, 1)
        self.palette_panel.setMinimumWidth(170)
        self.inspector.setMinimumWidth(260)
        self._whole = QWidget()
        column = QVBoxLayout(self._whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._bar())
        inside = QVBoxLayout()
        inside.setContentsMargins(theme.GAP, theme.GAP, theme.GAP, theme.GAP)
        inside.addWidget(self.sides)
        column.addLayout(inside, 1)
        self.setCentralWidget(self._whole)
        self.tabs.addTab(self.problems, "")
        self._where = QLabel()
        self._state = QLabel()
        self.statusBar().addWidget(self._state)
        self.statusBar().addPermanentWidget(self._where)
        self.statusBar().setSizeGripEnabled(False)
        self.statusBar().setContentsMargins(14, 0, 14, 0)

    def _bar(self) -> QFrame:
        """The bar at the top: whose window and file it is, the run bar's place, search and look."""
        bar = QFrame()
        bar.setProperty("role", "bar")
        bar.setFixedHeight(56)
        row = QHBoxLayout(bar)
        row.setContentsMargins(16, 0, 12, 0)
        row.setSpacing(8)
        name = QLabel("Workbench")
        name.setProperty("role", "app")
        row.addWidget(name)
        row.addSpacing(8)
        row.addWidget(self.running.bar, 1)
        row.addWidget(
            IconButton("command.help.palette", "search", lambda: self.commands.actions["help.palette"].trigger())
        )
        row.addWidget(IconButton("command.view.language", "language", self.switch_language))
        self._look = IconButton("command.view.scheme", "sun", self.switch_scheme)
        row.addWidget(self._look)
        return bar

    def _connect(self) -> None:
        self.editor.shown.connect(self._show_document)
        self.editor.checked.connect(self._show_problems)
        self.editor.filed.connect(self._name)
        self.palette_panel.chosen.connect(self._place)
        self.canvas.selected.connect(self.inspector.show_selection)
        self.canvas.entered.connect(lambda _: self.inspector.focus_first())
        self.canvas.example.clicked.connect(self.files.open_example)
        self.inspector.wanted.connect(lambda id: self.commands.actions[id].trigger())
        self.problems.chosen.connect(self._go_to)
        self.editor.opened.connect(self._begin)
        self.running.refused.connect(self._refuse_run)
        self.running.stage_status_changed.connect(self.canvas.show_status)
        self.running.results_changed.connect(self.inspector.show_results)
        words.changed.connect(self._speak)
        theme.changed.connect(self._mark_scheme)

    # --- passed on -------------------------------------------------------------------------------------------------

    def _show_document(self, before: Document, after: Document) -> None:
        self.inspector.show_document(before, after)
        self.canvas.show_document(before, after)
        self.running.show_scenario(after.scenario)

    def _begin(self) -> None:
        """Another document is shown: its beginning, and no runs of the one before."""
        self.canvas.select()
        self.canvas.look_at_all()
        self.running.show_study(None)

    def _refuse_run(self, text: str) -> None:
        self.canvas.tell(text)
        self.tabs.setCurrentWidget(self.problems)

    def _show_problems(self) -> None:
        problems = self.editor.problems
        self.canvas.show_problems(problems)
        self.problems.show_problems(problems)
        count = len(problems)
        title = words.say("problems.title")
        self.tabs.setTabText(self.tabs.indexOf(self.problems), f"{title} ({count})" if count else title)
        errors = sum(problem.severity == "error" for problem in problems)
        self._state.setText(words.say("state.problems", n=errors) if errors else words.say("state.ready"))

    def _place(self, kind: str) -> None:
        doing.place(self.canvas.view, kind)
        self.canvas.view.setFocus()

    def _go_to(self, place: str) -> None:
        stage = stage_of(place, self.editor.scenario)
        self.canvas.select([stage] if stage else [])
        self.inspector.focus_place(place)

    def _name(self) -> None:
        star = "*" if self.editor.unsaved else ""
        self.setWindowTitle(f"{self.files.name}[*] – Workbench")
        self.setWindowModified(self.editor.unsaved)
        self._where.setText(str(self.editor.path or words.say("file.untitled")) + star)

    # --- look and language -------------------------------------------------------------------------------------------

    def switch_scheme(self) -> None:
        """From dark to light and back."""
        self.preferences.scheme = "light" if theme.tokens().dark else "dark"
        theme.apply(_app(), self.preferences.scheme)

    def switch_language(self) -> None:
        """From English to Japanese and back."""
        self.preferences.language = "en" if words.language() == "ja" else "ja"
        words.set_language(self.preferences.language)

    def _mark_scheme(self) -> None:
        self._look.put_icon("sun" if theme.tokens().dark else "moon")

    def _speak(self) -> None:
        self._mark_scheme()
        self._name()
        self._show_problems()
        for part in (self.tabs, self.tabs.tabBar()):
            part.setAccessibleName(words.say("tabs.name"))

    # --- the end -----------------------------------------------------------------------------------------------------

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self.files.may_leave():
            event.ignore()
            return
        for part, widget in (("sides", self.sides), ("middle", self.middle)):
            self.preferences.keep_arrangement(part, widget.saveState())
        self.preferences.keep_arrangement("window", self.saveGeometry())
        self.running.close_down()
        self.editor.journal.close()
        event.accept()

    def arrange_as_before(self) -> None:
        """Put the window and its panels where they were when it was last closed."""
        self.restoreGeometry(self.preferences.arrangement("window"))
        for part, widget in (("sides", self.sides), ("middle", self.middle)):
            widget.restoreState(self.preferences.arrangement(part))


def _app() -> QApplication:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    return app


def start(app: QApplication, file: Path | None) -> MainWindow:
    """The window of a user, with what was lost, the file that was asked for, or the quickstart in it."""
    preferences = Preferences()
    theme.apply(app, preferences.scheme)
    words.set_language(preferences.language)
    window = MainWindow(preferences)
    window.arrange_as_before()
    window.running.client.start()
    shipped = examples()
    wanted = file or next(iter(shipped), None)
    if not window.files.offer_recovery() and wanted is not None:
        opened = window.files.open_path(wanted)
        if opened and shipped and window.editor.path == shipped[0]:
            # Somebody who opens the quickstart to look around sees something happen.
            QTimer.singleShot(0, window.running.simulate)
    return window
