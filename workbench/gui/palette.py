"""The palette: every kind of stage by group, found by typing, placed by dragging, Enter or a double click."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QByteArray, QEvent, QMimeData, QModelIndex, QObject, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QDrag, QIcon, QKeyEvent, QPixmap
from PySide6.QtWidgets import QLineEdit, QStyledItemDelegate, QStyleOptionViewItem, QTreeWidget, QTreeWidgetItem

from workbench.gui import icons, theme, words
from workbench.gui.canvas.panel import KIND_MIME
from workbench.gui.finder import Choice, matches
from workbench.gui.parts import Panel
from workbench.stages.base import GROUPS
from workbench.stages.registry import STAGES

_KIND = Qt.ItemDataRole.UserRole


class Palette(Panel):
    """The kinds of stages. `chosen(kind)` is told when one is to be placed."""

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__("palette.title")
        self.field = QLineEdit()
        self.field.setMinimumHeight(theme.INPUT)
        self.field.setClearButtonEnabled(True)
        self.field.addAction(icons.icon("search", "text2"), QLineEdit.ActionPosition.LeadingPosition)
        self.field.textChanged.connect(self._narrow)
        self.field.installEventFilter(self)
        self.tree = _Tree()
        self.tree.itemActivated.connect(self._take)
        self.body.addWidget(self.field)
        self.body.addWidget(self.tree, 1)
        words.changed.connect(self._fill)
        theme.changed.connect(self._fill)
        self._fill()

    def _fill(self) -> None:
        self.field.setPlaceholderText(words.say("palette.search"))
        self.field.setAccessibleName(words.say("palette.search"))
        self.tree.setAccessibleName(words.say("palette.title"))
        self.tree.clear()
        for group in GROUPS:
            kinds = [(kind, stage) for kind, stage in STAGES.items() if stage.group == group]
            if not kinds:
                continue
            head = QTreeWidgetItem(self.tree, [words.say(f"group.{group}")])
            head.setFont(0, theme.font(weight=theme.font().Weight.DemiBold))
            head.setFlags(Qt.ItemFlag.ItemIsEnabled)
            for kind, stage in kinds:
                line = QTreeWidgetItem(head, [words.choose(stage.title, stage.title_ja)])
                line.setIcon(0, icons.icon(group, theme.tokens().of_group(group)))
                line.setData(0, _KIND, kind)
                line.setToolTip(0, words.choose(stage.doc, stage.doc_ja))
        self.tree.expandAll()
        self._narrow(self.field.text())

    def _narrow(self, wanted: str) -> None:
        found: list[tuple[int, QTreeWidgetItem]] = []
        for head in self._heads():
            lines = [line for i in range(head.childCount()) if (line := head.child(i)) is not None]
            ranks = [self._rank(wanted, line, head) for line in lines]
            for line, rank in zip(lines, ranks, strict=True):
                line.setHidden(rank is None)
            fitting = [(rank, line) for line, rank in zip(lines, ranks, strict=True) if rank is not None]
            head.setHidden(not fitting)
            found += fitting
        best = min(found, key=lambda pair: pair[0])[1] if found and wanted else None
        self.tree.setCurrentItem(best)  # type: ignore[arg-type]

    def _heads(self) -> list[QTreeWidgetItem]:
        items = [self.tree.topLevelItem(i) for i in range(self.tree.topLevelItemCount())]
        return [item for item in items if item is not None]

    def _rank(self, wanted: str, line: QTreeWidgetItem, head: QTreeWidgetItem) -> int | None:
        """How well a kind fits what was typed: less is better, None for not at all."""
        kind = line.data(0, _KIND)
        also = f"{kind} {STAGES[kind].title} {head.text(0)}"
        return matches(wanted, Choice(line.text(0), lambda: None, also=also))

    def _take(self, line: QTreeWidgetItem) -> None:
        kind = line.data(0, _KIND)
        if kind:
            self.chosen.emit(kind)
        else:
            line.setExpanded(not line.isExpanded())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """From the field, the arrow keys walk the list and Enter places what is marked there."""
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress:
            return False
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if (line := self.tree.currentItem()) is not None:
                self._take(line)
            return True
        if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            self.tree.setFocus()
            if self.tree.currentItem() is None:
                heads = [head for head in self._heads() if not head.isHidden()]
                for head in heads[:1]:
                    self.tree.setCurrentItem(self.tree.itemBelow(head) or head)
            return True
        if event.key() == Qt.Key.Key_Escape and self.field.text():
            self.field.clear()
            return True
        return False


class _Tree(QTreeWidget):
    """The list itself; what is dragged off it is the name of a kind."""

    def __init__(self) -> None:
        super().__init__()
        self.setHeaderHidden(True)
        self.setIndentation(18)
        self.setIconSize(QSize(16, 16))
        self.setItemDelegate(_Rows(self))
        self.setDragEnabled(True)
        self.setExpandsOnDoubleClick(False)

    def mimeData(self, items: Sequence[QTreeWidgetItem]) -> QMimeData:
        data = QMimeData()
        if items and items[0].data(0, _KIND):
            data.setData(KIND_MIME, QByteArray(items[0].data(0, _KIND).encode()))
        return data

    def startDrag(self, actions: Qt.DropAction) -> None:
        line = self.currentItem()
        if line is None or not line.data(0, _KIND):
            return
        drag = QDrag(self)
        drag.setMimeData(self.mimeData([line]))
        drag.setPixmap(_picture(line.icon(0)))
        drag.exec(Qt.DropAction.CopyAction)


def _picture(icon: QIcon) -> QPixmap:
    return icon.pixmap(QSize(24, 24))


class _Rows(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(80, theme.ROW)
