"""One editor for each sort of field. Each shows a value, tells what the user makes of it, and complains."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from workbench.gui import theme, words
from workbench.gui.inspector.numbers import NumberEdit, read, undoes, write
from workbench.gui.inspector.specs import Spec
from workbench.gui.parts import Combo, IconButton


class Field(QWidget):
    """A field of a form.

    `edited(value, typing)` is told for each change by the user; `typing` is a number that stays the same while
    the focus stays, so that what is typed in one go can be one step of undo.
    """

    edited = Signal(object, int)
    _visits = 0

    def __init__(self, spec: Spec, folder: Path | None = None) -> None:
        super().__init__()
        self.spec = spec
        self._folder = folder
        self._typing = 0
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        self.editor = self._make()
        self._row = QHBoxLayout()
        self._row.setSpacing(4)
        self._row.addWidget(self.editor, 1)
        column.addLayout(self._row)
        self._complaint = QLabel()
        self._complaint.setProperty("role", "error")
        self._complaint.setWordWrap(True)
        self._complaint.hide()
        column.addWidget(self._complaint)
        self.editor.installEventFilter(self)
        self.setFocusProxy(self.editor)
        self.setObjectName(spec.name)

    def _make(self) -> QWidget:
        raise NotImplementedError

    def value(self) -> Any:
        raise NotImplementedError

    def put(self, value: Any) -> None:
        """Show a value without telling `edited`."""
        raise NotImplementedError

    def name(self, label: str, help: str) -> None:
        """Say what the field is, to pointers and screen readers."""
        inner = self.editor.lineEdit() if isinstance(self.editor, QComboBox | QAbstractSpinBox) else None
        for widget in (self.editor, inner):
            if widget is not None:
                widget.setAccessibleName(label)
                widget.setAccessibleDescription(help)
        self.editor.setToolTip(help)

    def complain(self, texts: list[str]) -> None:
        """Show what is wrong with the value; nothing if the list is empty."""
        self._complaint.setText("\n".join(texts))
        self._complaint.setVisible(bool(texts))

    @property
    def complaint(self) -> str:
        return self._complaint.text()

    def _tell(self) -> None:
        self.edited.emit(self.value(), self._typing)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QFocusEvent) and event.type() == QEvent.Type.FocusIn:
            Field._visits += 1
            self._typing = Field._visits
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and undoes(event):
            event.ignore()
            return True
        return False


class NumberField(Field):
    def _make(self) -> QWidget:
        self._edit = NumberEdit(self.spec)
        self._edit.typed.connect(self._tell)
        return self._edit

    def value(self) -> Any:
        return self._edit.value()

    def put(self, value: Any) -> None:
        self._edit.put(value)


class FlagField(Field):
    def _make(self) -> QWidget:
        self._box = QCheckBox()
        self._box.clicked.connect(self._tell)
        return self._box

    def name(self, label: str, help: str) -> None:
        super().name(label, help)
        self._box.setText(label)

    def value(self) -> Any:
        return self._box.isChecked()

    def put(self, value: Any) -> None:
        self._box.setChecked(bool(value))


class ChoiceField(Field):
    """One of several words; `open_ended` takes others too."""

    def __init__(self, spec: Spec, open_ended: bool = False) -> None:
        self._open_ended = open_ended
        super().__init__(spec)

    def _make(self) -> QWidget:
        self._box = Combo()
        self._box.setEditable(self._open_ended)
        self._box.addItems(list(self.spec.choices))
        if self._open_ended:
            self._box.editTextChanged.connect(self._typed)
        self._box.activated.connect(lambda _: self._tell())
        return self._box

    def _typed(self, text: str) -> None:
        edit = self._box.lineEdit()
        if edit is not None and edit.isModified():
            self._tell()

    def offer(self, choices: tuple[str, ...]) -> None:
        """Offer other words, keeping the value."""
        if choices != tuple(self._box.itemText(i) for i in range(self._box.count())):
            value = self.value()
            self._box.clear()
            self._box.addItems(list(choices))
            self.put(value)

    def value(self) -> Any:
        return self._box.currentText()

    def put(self, value: Any) -> None:
        text = "" if value is None else str(value)
        if self._open_ended:
            if self._box.currentText() != text:
                self._box.setEditText(text)
            return
        if self._box.findText(text) < 0:
            self._box.addItem(text)  # what the file says is shown even if it is no choice; the check complains
        self._box.setCurrentText(text)


class TextField(Field):
    def _make(self) -> QWidget:
        self._edit = QLineEdit()
        self._edit.setMinimumHeight(theme.INPUT)
        self._edit.setMinimumWidth(60)
        self._edit.setTextMargins(5, 0, 5, 0)
        self._edit.textEdited.connect(lambda _: self._tell())
        return self._edit

    def value(self) -> Any:
        text = self._edit.text()
        return None if self.spec.optional and not text else text

    def put(self, value: Any) -> None:
        text = "" if value is None else str(value)
        if self._edit.text() != text:
            self._edit.setText(text)
            self._edit.setCursorPosition(0)


class LongTextField(Field):
    def _make(self) -> QWidget:
        self._edit = QPlainTextEdit()
        self._edit.setFixedHeight(72)
        self._edit.setTabChangesFocus(True)
        self._edit.textChanged.connect(self._tell)
        return self._edit

    def value(self) -> Any:
        return self._edit.toPlainText()

    def put(self, value: Any) -> None:
        if self.value() != value:
            self._edit.blockSignals(True)
            self._edit.setPlainText(str(value or ""))
            self._edit.blockSignals(False)


class PathField(TextField):
    """A path as text, with a button that looks for the file; paths inside the scenario's folder are made relative."""

    def __init__(self, spec: Spec, folder: Path | None = None) -> None:
        super().__init__(spec, folder)
        self._row.addWidget(IconButton("inspector.browse", "folder", self._browse))

    def _browse(self) -> None:
        start = self._folder or Path.cwd()
        chosen, _ = QFileDialog.getOpenFileName(self, words.say("inspector.browse"), str(start))
        if chosen:
            self.take(Path(chosen))

    def take(self, path: Path) -> None:
        """Use a file that was chosen."""
        folder = self._folder
        inside = folder is not None and path.is_relative_to(folder)
        self._edit.setText(path.relative_to(folder).as_posix() if inside and folder else str(path))
        self._tell()


class ListField(TextField):
    """Several words or numbers, separated by commas."""

    def value(self) -> Any:
        parts = [part.strip() for part in self._edit.text().split(",")]
        item = Spec(self.spec.name, self.spec.items)
        return [part if self.spec.items == "text" else read(item, part) for part in parts if part]

    def put(self, value: Any) -> None:
        shown = list(value) if isinstance(value, list | tuple) else [value] if value is not None else []
        if self.value() != shown:
            self._edit.setText(", ".join(write(self.spec, one) if not isinstance(one, str) else one for one in shown))


class OtherField(TextField):
    """A value that has no editor of its own, as JSON."""

    def value(self) -> Any:
        try:
            return json.loads(self._edit.text())
        except ValueError:
            return self._edit.text()

    def put(self, value: Any) -> None:
        if self.value() != value:
            self._edit.setText(json.dumps(value, ensure_ascii=False, default=str))


_SORTS: dict[str, type[Field]] = {
    "flag": FlagField,
    "whole": NumberField,
    "number": NumberField,
    "quantity": NumberField,
    "text": TextField,
    "long-text": LongTextField,
    "path": PathField,
    "list": ListField,
    "other": OtherField,
}


def field_for(spec: Spec, folder: Path | None = None) -> Field:
    """The editor for a field."""
    return ChoiceField(spec) if spec.sort == "choice" else _SORTS[spec.sort](spec, folder)
