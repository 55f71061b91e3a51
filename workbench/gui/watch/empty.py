"""What a panel shows as long as nothing has run: what it is for, and how to begin."""

from collections.abc import Callable

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from workbench.gui import icons, theme
from workbench.gui.parts import Button, Text


class _Picture(QWidget):
    """An icon in large."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self.setFixedSize(QSize(36, 36))
        theme.changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        icons.paint(painter, self._name, QRectF(0, 0, 36, 36), theme.tokens().text2)
        painter.end()


class WithEmpty(QStackedWidget):
    """`content`, or the words of an empty panel in its place."""

    def __init__(self, content: QWidget, icon: str, begin: Callable[[], object]) -> None:
        super().__init__()
        self.setProperty("role", "clear")
        empty = QWidget()
        empty.setProperty("role", "clear")
        column = QVBoxLayout(empty)
        column.setSpacing(6)
        column.addStretch(1)
        hint = Text("watch.empty.hint", "secondary")
        hint.setWordWrap(True)
        hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        for widget in (_Picture(icon), Text("watch.empty.title", "title")):
            column.addWidget(widget, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(hint)
        self.button = Button("watch.empty.simulate", begin, icon="play")
        column.addSpacing(4)
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)
        self.addWidget(empty)
        self.addWidget(content)

    def show_empty(self, empty: bool) -> None:
        self.setCurrentIndex(0 if empty else 1)
