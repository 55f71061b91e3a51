"""The finder: a list narrowed by typing. The command palette and the list of stages on the canvas are finders."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QPoint, QSize, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QGraphicsDropShadowEffect,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from workbench.gui import icons, theme


@dataclass(frozen=True)
class Choice:
    """One line of a finder: `text` with an icon, `detail` at the right, more words to find it by, and what it does."""

    text: str
    run: Callable[[], object]
    detail: str = ""
    icon: str = ""
    token: str = "text2"
    also: str = ""


def matches(wanted: str, choice: Choice) -> int | None:
    """How well a choice fits what was typed: less is better, None for not at all."""
    wanted = wanted.casefold().strip()
    text = f"{choice.text} {choice.also}".casefold()
    if not wanted:
        return 0
    if wanted in text:
        return text.index(wanted)
    place = 0
    for letter in wanted.replace(" ", ""):
        place = text.find(letter, place) + 1
        if not place:
            return None
    return 1000 + place


class Finder(QFrame):
    """Lies over the window while it is open; Escape, or the focus elsewhere, closes it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.over = parent
        self.setProperty("role", "panel")
        self._choices: Sequence[Choice] = ()
        self._before: QWidget | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 10, 10, 10)
        self.field = QLineEdit()
        self.field.setMinimumHeight(theme.INPUT + 4)
        self.field.addAction(icons.icon("search", "text2"), QLineEdit.ActionPosition.LeadingPosition)
        self.field.installEventFilter(self)
        self.field.textChanged.connect(self._narrow)
        self.list = QListWidget()
        self.list.setItemDelegate(_Rows(self.list))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setIconSize(QSize(16, 16))
        self.list.itemClicked.connect(self._take)
        column.addWidget(self.field)
        column.addWidget(self.list)
        shadow = QGraphicsDropShadowEffect(self)
        shadow.setBlurRadius(28)
        shadow.setOffset(0, 6)
        shadow.setColor(QColor(0, 0, 0, 110))
        self.setGraphicsEffect(shadow)
        self.hide()

    def open(self, hint: str, choices: Sequence[Choice], place: QPoint | None = None, wide: int = 520) -> None:
        """Offer `choices` under a field that says `hint`; at `place` of the parent, or in its upper middle."""
        self._choices = choices
        self._before = self.window().focusWidget()
        self.field.setPlaceholderText(hint)
        self.field.setAccessibleName(hint)
        self.list.setAccessibleName(hint)
        self.field.clear()
        self._narrow("")
        parent = self.over
        wide = min(wide, parent.width() - 16)
        tall = min(72 + (theme.ROW + 4) * max(1, len(choices)), 420, parent.height() - 16)
        corner = place or QPoint((parent.width() - wide) // 2, 72)
        x = max(8, min(corner.x(), parent.width() - wide - 8))
        y = max(8, min(corner.y(), parent.height() - tall - 8))
        self.setGeometry(x, y, wide, tall)
        self.show()
        self.raise_()
        self.field.setFocus()

    def close_finder(self) -> None:
        if self.isVisible():
            self.hide()
            if self._before is not None:
                self._before.setFocus()

    def _narrow(self, wanted: str) -> None:
        ranked = [(rank, i) for i, choice in enumerate(self._choices) if (rank := matches(wanted, choice)) is not None]
        self.list.clear()
        for _, i in sorted(ranked):
            choice = self._choices[i]
            item = QListWidgetItem(choice.text)
            item.setIcon(icons.icon(choice.icon or "blank", choice.token))
            item.setData(_DETAIL, choice.detail)
            item.setData(_INDEX, i)
            self.list.addItem(item)
        self.list.setCurrentRow(0)

    def _take(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            chosen = self._choices[item.data(_INDEX)]
            self.close_finder()
            chosen.run()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.FocusOut and self.isVisible():
            self.hide()
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            return self._key(event.key())
        return False

    def _key(self, key: int) -> bool:
        step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8}.get(Qt.Key(key))
        if step is not None:
            self.list.setCurrentRow(max(0, min(self.list.count() - 1, self.list.currentRow() + step)))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._take(self.list.currentItem())
        elif key == Qt.Key.Key_Escape:
            self.close_finder()
        else:
            return False
        return True


_Index = QModelIndex | QPersistentModelIndex
_DETAIL, _INDEX = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1


class _Rows(QStyledItemDelegate):
    """Rows of even height with a detail at the right."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(100, theme.ROW + 4)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        super().paint(painter, option, index)
        detail = index.data(_DETAIL)
        if detail:
            painter.save()
            painter.setFont(theme.font(theme.DETAIL))
            painter.setPen(QColor(theme.tokens().text2))
            area = option.rect.adjusted(0, 0, -10, 0)
            painter.drawText(area, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, detail)
            painter.restore()
