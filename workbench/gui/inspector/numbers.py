"""An editor for numbers and quantities with units: free text with arrows, so that `25 Gbit/s` can be typed."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QValidator, QWheelEvent
from PySide6.QtWidgets import QAbstractSpinBox, QWidget

from workbench.document.units import DIMENSIONS, parse, show
from workbench.gui import theme
from workbench.gui.inspector.specs import Spec


def write(spec: Spec, value: Any) -> str:
    """The text of a value; what is no number is shown as it was written."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if spec.sort == "quantity":
        return show(float(value), _units(spec))
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def _units(spec: Spec) -> dict[str, float]:
    """The units that a quantity is shown in: networks in bits, all else in any unit."""
    units = DIMENSIONS[spec.dimension][0]
    if spec.name != "bandwidth":
        return units
    return {unit: factor for unit, factor in units.items() if unit.endswith("bit/s") or factor == 1.0}


def read(spec: Spec, text: str) -> Any:
    """The value of a text: a number where it is one, None for nothing, else the text, for the check to refuse."""
    text = text.strip()
    if not text:
        return None
    try:
        if spec.sort == "quantity":
            units, example = DIMENSIONS[spec.dimension]
            return parse(text, units, example)
        return int(text) if spec.sort == "whole" else _number(text)
    except ValueError:
        return text


def _number(text: str) -> int | float:
    value = float(text)
    return int(value) if value.is_integer() and "." not in text and "e" not in text.lower() else value


class NumberEdit(QAbstractSpinBox):
    """`typed` tells each change of the text; arrows and the wheel (with the focus) change the number by a step."""

    typed = Signal()

    def __init__(self, spec: Spec, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._spec = spec
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumHeight(theme.INPUT)
        self.setMinimumWidth(60)
        self.lineEdit().setTextMargins(4, 0, 0, 0)
        self.lineEdit().textEdited.connect(lambda _: self.typed.emit())
        if spec.sort == "quantity":
            self.lineEdit().setPlaceholderText(DIMENSIONS[spec.dimension][1])

    def value(self) -> Any:
        return read(self._spec, self.lineEdit().text())

    def put(self, value: Any) -> None:
        """Show a value; a text that means it already stays as it was typed."""
        if self.value() != value or self.lineEdit().text() == "":
            self.lineEdit().setText(write(self._spec, value))

    def validate(self, text: str, place: int) -> tuple[QValidator.State, str, int]:
        return QValidator.State.Acceptable, text, place

    def stepEnabled(self) -> QAbstractSpinBox.StepEnabledFlag:
        value = self.value()
        if not isinstance(value, int | float):
            return QAbstractSpinBox.StepEnabledFlag.StepUpEnabled
        flags = QAbstractSpinBox.StepEnabledFlag.StepNone
        if self._spec.most is None or value < self._spec.most:
            flags |= QAbstractSpinBox.StepEnabledFlag.StepUpEnabled
        if value > (
            self._spec.least if self._spec.least is not None else 0 if self._spec.sort == "quantity" else -1e300
        ):
            flags |= QAbstractSpinBox.StepEnabledFlag.StepDownEnabled
        return flags

    def stepBy(self, steps: int) -> None:
        value = self.value()
        if not isinstance(value, int | float):
            value = self._spec.least or 0
        stepped = self._bounded(self._stepped(value, steps))
        self.lineEdit().setText(write(self._spec, stepped))
        self.typed.emit()

    def _stepped(self, value: float, steps: int) -> float:
        if self._spec.sort == "whole":
            return int(value) + steps
        if self._spec.most is not None and self._spec.most <= 1:
            return round(value + steps * 0.05, 6)
        if value == 0:
            return float(max(steps, 0))
        # Sizes, rates and learning rates span powers of ten, so a step doubles or halves.
        return float(f"{value * 2.0**steps:.6g}")

    def _bounded(self, value: float) -> float:
        if self._spec.least is not None:
            value = max(value, self._spec.least)
        if self._spec.most is not None:
            value = min(value, self._spec.most)
        return value

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()  # so that the form scrolls instead

    def event(self, event: QEvent) -> bool:
        """Leave undo to the document, whose steps hold what was typed here."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and undoes(event):
            event.ignore()
            return False
        return super().event(event)


def undoes(event: QKeyEvent) -> bool:
    """Whether keys mean undo or redo."""
    return event.matches(QKeySequence.StandardKey.Undo) or event.matches(QKeySequence.StandardKey.Redo)
