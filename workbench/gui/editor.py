"""The editor: the document that the window works on, its file, its undo, and the journal of what is not saved."""

from __future__ import annotations

import codecs
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from workbench.architectures.check import check_all
from workbench.document import text as documents
from workbench.document.history import History
from workbench.document.problems import Problem
from workbench.document.scenario import Scenario
from workbench.document.text import Document
from workbench.gui import words
from workbench.gui.journal import Journal, Lost
from workbench.stages.trust import home

CHECK_AFTER_MS = 120


class Editor(QObject):
    """Holds one document.

    `shown(before, after)` is told for every change of the document, `checked` when its problems are known anew,
    `filed` when its path or whether it is saved has changed, `opened` when another document was begun, `refused` with
    words when the user's wish cannot be done.
    """

    shown = Signal(object, object)
    checked = Signal()
    filed = Signal()
    opened = Signal()
    refused = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.path: Path | None = None
        self.journal = Journal(self)
        self._check_soon = QTimer(self)
        self._check_soon.setSingleShot(True)
        self._check_soon.setInterval(CHECK_AFTER_MS)
        self._check_soon.timeout.connect(self.settle)
        self.document = check_all(documents.new(), self.folder)
        self.history = History(self.document)
        self._recovered = False
        self._mark = b""  # the byte-order mark of the file, which is written again if it had one

    # --- what there is ---------------------------------------------------------------------------------------------

    @property
    def scenario(self) -> Scenario:
        return self.document.scenario

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The problems of the document; a moment old while the user is typing."""
        return self.document.problems

    @property
    def folder(self) -> Path:
        """Where relative paths of the document start."""
        return self.path.parent if self.path else home() / "untitled"

    @property
    def unsaved(self) -> bool:
        return self._recovered or not self.history.is_saved

    # --- edits -----------------------------------------------------------------------------------------------------

    def edit(self, scenario: Scenario, merge: str = "") -> None:
        """Go on with `scenario` as one step of undo; steps with the same `merge` that follow each other are one."""
        if scenario == self.scenario:
            return
        if not self.document.is_readable:
            self.refused.emit(words.say("refuse.unreadable"))  # an edit would write a new text over what the user has
            return
        text = documents.rewrite(self.document.text, scenario)
        # The problems stay those of before until the check, which may read the head of a file, has run.
        after = Document(text=text, scenario=scenario, problems=self.document.problems)
        self.history.push(after, merge)
        self._go_on(after)
        self._check_soon.start()

    def undo(self) -> None:
        if self.history.can_undo:
            self._go_back(self.history.undo())

    def redo(self) -> None:
        if self.history.can_redo:
            self._go_back(self.history.redo())

    def _go_back(self, document: Document) -> None:
        self._go_on(document)
        self._check_soon.start()

    def _go_on(self, after: Document) -> None:
        before, self.document = self.document, after
        if self.unsaved:
            self.journal.keep(after.text, self.path)
        else:
            self.journal.clear()
        self.shown.emit(before, after)
        self.filed.emit()

    def settle(self) -> None:
        """Check the document now instead of in a moment."""
        self._check_soon.stop()
        checked = check_all(self.document.text, self.folder)
        self.document = Document(text=self.document.text, scenario=self.document.scenario, problems=checked.problems)
        self.checked.emit()

    # --- files -----------------------------------------------------------------------------------------------------

    def new(self) -> None:
        """Begin an empty document."""
        self._mark = b""
        self._begin(documents.new(), None)

    def open(self, path: Path) -> None:
        """Show the document of a file. OSError or UnicodeDecodeError if it cannot be read."""
        content = path.read_bytes()
        self._mark = codecs.BOM_UTF8 if content.startswith(codecs.BOM_UTF8) else b""
        self._begin(content.removeprefix(self._mark).decode("utf-8"), path.resolve())

    def recover(self, lost: Lost) -> None:
        """Go on with edits that an earlier window could not save; they are unsaved still."""
        self._begin(lost.text, lost.path)
        self._recovered = True
        self.journal.keep(lost.text, lost.path)
        self.journal.flush()
        lost.forget()
        self.filed.emit()

    def save(self, path: Path | None = None) -> None:
        """Write the document to its file or another one, by way of a file beside it. OSError if that cannot be done."""
        target = path or self.path
        assert target is not None, "a document without a file is saved under a name"
        beside = target.with_name(f".{target.name}.new")
        beside.write_bytes(self._mark + self.document.text.encode("utf-8"))
        beside.replace(target)
        moved = target.resolve() != self.path
        self.path = target.resolve()
        self.history.saved()
        self._recovered = False
        self.journal.clear()
        if moved:
            self._check_soon.start()
        self.filed.emit()

    def _begin(self, text: str, path: Path | None) -> None:
        before = self.document
        self.path = path
        self.document = check_all(text, self.folder)
        self.history = History(self.document)
        self._recovered = False
        self.journal.clear()
        self.shown.emit(before, self.document)
        self.checked.emit()
        self.filed.emit()
        self.opened.emit()
