"""The file menu: new, open, save, the recent files, the examples, and what becomes of unsaved changes."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from workbench.gui import dialogs, journal, words
from workbench.gui.editor import Editor
from workbench.gui.preferences import Preferences, examples

PATTERN = "*.yaml *.yml"


class Files(QObject):
    """What the user does with files, for one window."""

    def __init__(self, window: QWidget, editor: Editor, preferences: Preferences) -> None:
        super().__init__(window)
        self._window, self._editor, self._preferences = window, editor, preferences

    @property
    def name(self) -> str:
        """The name of the present file for people."""
        return self._editor.path.name if self._editor.path else words.say("file.untitled")

    def new(self) -> None:
        if self.may_leave():
            self._editor.new()

    def open(self) -> None:
        start = self._editor.folder if self._editor.path else Path.home()
        chosen, _ = QFileDialog.getOpenFileName(
            self._window, words.say("command.file.open"), str(start), f"{words.say('file.kind')} ({PATTERN})"
        )
        if chosen:
            self.open_path(Path(chosen))

    def open_path(self, path: Path) -> bool:
        """Show a file, unless the user wants to stay; false if nothing was opened."""
        if not self.may_leave():
            return False
        try:
            self._editor.open(path)
        except (OSError, UnicodeDecodeError) as error:
            dialogs.failure_dialog(self._window, words.say("file.unreadable", path=path, reason=error))
            return False
        self._preferences.remember(path.resolve())
        return True

    def open_example(self) -> None:
        """Show the quickstart, or the first scenario that ships."""
        shipped = examples()
        if shipped:
            self.open_path(shipped[0])

    def save(self) -> bool:
        """Write the document; false if it was not written."""
        return self._write(self._editor.path) if self._editor.path else self.save_as()

    def save_as(self) -> bool:
        start = self._editor.path or self._editor.folder / "scenario.yaml"
        chosen, _ = QFileDialog.getSaveFileName(
            self._window, words.say("command.file.save-as"), str(start), f"{words.say('file.kind')} ({PATTERN})"
        )
        if not chosen:
            return False
        path = Path(chosen)
        return self._write(path if path.suffix else path.with_suffix(".yaml"))

    def _write(self, path: Path) -> bool:
        try:
            self._editor.save(path)
        except OSError as error:
            dialogs.failure_dialog(self._window, words.say("file.unwritable", path=path, reason=error))
            return False
        self._preferences.remember(path.resolve())
        return True

    def may_leave(self) -> bool:
        """Whether the present document may go: it is saved, or the user has decided."""
        if not self._editor.unsaved:
            return True
        answer = dialogs.unsaved_dialog(self._window, self.name)
        return self.save() if answer == "save" else answer == "discard"

    def offer_recovery(self) -> bool:
        """Offer edits that an earlier window could not save; true if the user took them."""
        for lost in journal.lost():
            if dialogs.recovery_dialog(self._window, lost):
                self._editor.recover(lost)
                return True
            lost.forget()
        return False

    def fill_recent(self, menu: QMenu) -> None:
        """List the recent files in a menu."""
        self._fill(menu, self._preferences.recent)

    def fill_examples(self, menu: QMenu) -> None:
        """List the scenarios that ship in a menu."""
        self._fill(menu, examples())

    def _fill(self, menu: QMenu, paths: list[Path]) -> None:
        menu.clear()
        for path in paths:
            action = menu.addAction(path.name)
            action.setToolTip(str(path))
            action.triggered.connect(lambda _=False, path=path: self.open_path(path))
        menu.setEnabled(bool(paths))
