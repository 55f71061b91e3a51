"""A form: the fields of a model below each other, with labels, values, and complaints where problems are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from workbench.document.problems import Problem
from workbench.gui import theme, words
from workbench.gui.inspector.fields import ChoiceField, Field, FlagField, LongTextField, field_for
from workbench.gui.inspector.specs import Spec

LABEL = 90


class Form(QWidget):
    """`edited(name, value, typing)` is told for each change by the user; see `Field` for `typing`."""

    edited = Signal(str, object, int)

    def __init__(
        self, specs: Iterable[Spec], folder: Path | None = None, own: Mapping[str, Field] | None = None
    ) -> None:
        super().__init__()
        self.setProperty("role", "clear")
        self.fields: dict[str, Field] = {}
        self._labels: dict[str, QLabel] = {}
        self._keys: dict[str, str] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(theme.INNER)
        self._grid.setVerticalSpacing(10)
        self._grid.setColumnMinimumWidth(0, LABEL)
        self._grid.setColumnStretch(1, 1)
        for spec in specs:
            self._add((own or {}).get(spec.name) or field_for(spec, folder))
        words.changed.connect(self._speak)
        self._speak()

    def _add(self, field: Field) -> None:
        name, row = field.spec.name, self._grid.rowCount()
        label = self._labels[name] = QLabel()
        label.setWordWrap(True)
        label.setMaximumWidth(LABEL)
        label.setBuddy(field)
        self.fields[name] = field
        if isinstance(field, LongTextField):
            self._grid.addWidget(label, row, 0, 1, 2)
            self._grid.addWidget(field, row + 1, 0, 1, 2)
        elif isinstance(field, FlagField):  # whose words stand beside its box, and need the whole row
            self._grid.addWidget(field, row, 0, 1, 2)
        else:
            label.setMinimumHeight(theme.INPUT)
            self._grid.addWidget(label, row, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(field, row, 1)
        field.edited.connect(lambda value, typing: self.edited.emit(name, value, typing))

    def _speak(self) -> None:
        for name, field in self.fields.items():
            label = words.say(self._keys[name]) if name in self._keys else field.spec.label
            self._labels[name].setText(label)
            self._labels[name].setToolTip(field.spec.help)
            field.name(label, field.spec.help)

    def relabel(self, name: str, key: str) -> None:
        """Call a field by other words than those of its name."""
        self._keys[name] = key
        self._speak()

    def put(self, values: Mapping[str, Any]) -> None:
        """Show values by field; the default where there is none."""
        for name, field in self.fields.items():
            field.put(values.get(name, field.spec.default))

    def complain(self, problems: Sequence[Problem], place: str) -> None:
        """Show each problem at the field whose place it has; `place` is that of the model."""
        for name, field in self.fields.items():
            here = f"{place}.{name}" if place else name
            inside = (f"{here}.", f"{here}[")
            mine = [problem for problem in problems if problem.place == here or problem.place.startswith(inside)]
            field.complain([problem.words(words.language()) for problem in mine])

    def focus(self, name: str = "") -> None:
        """Put the focus on a field, the first one if it is not there."""
        chosen = self.fields.get(name) or next(iter(self.fields.values()), None)
        if chosen is not None:
            chosen.setFocus(Qt.FocusReason.OtherFocusReason)


def merge_key(place: str, field: Field, typing: int) -> str:
    """Under which changes of one field are one step of undo: while it is typed in; a choice is a step of its own."""
    return "" if isinstance(field, ChoiceField | FlagField) else f"{place} {typing}"
