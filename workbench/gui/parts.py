"""Small parts that every panel is made of: framed panels, texts that follow the language, buttons, sections."""

from collections.abc import Callable

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette, QWheelEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from workbench.gui import icons, theme, words


class Text(QLabel):
    """A text of the catalogue that follows the language. `role` is a role of the style sheet."""

    def __init__(self, key: str, role: str = "", **values: object) -> None:
        super().__init__()
        self._key, self._values = key, values
        if role:
            self.setProperty("role", role)
        words.changed.connect(self._speak)
        self._speak()

    def put(self, key: str, **values: object) -> None:
        """Say something else from now on."""
        self._key, self._values = key, values
        self._speak()

    def _speak(self) -> None:
        self.setText(words.say(self._key, **self._values))


class Panel(QFrame):
    """A framed panel with an optional title row; contents go into `body`, small buttons into `head`."""

    def __init__(self, title: str = "") -> None:
        super().__init__()
        self.setProperty("role", "panel")
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.INNER, theme.GAP, theme.INNER, theme.INNER)
        column.setSpacing(theme.GAP)
        self.head = QHBoxLayout()
        self.head.setSpacing(4)
        if title:
            self.title = Text(title, "title")
            self.title.setMinimumHeight(22)
            self.head.addWidget(self.title)
            self.head.addStretch(1)
            column.addLayout(self.head)
        self.body = QVBoxLayout()
        self.body.setSpacing(theme.GAP)
        column.addLayout(self.body, 1)


class Button(QPushButton):
    """A push button that follows the language; `role` is primary, danger, link or card."""

    def __init__(self, key: str, pressed: Callable[[], object], role: str = "", icon: str = "") -> None:
        super().__init__()
        self._key = key
        if role:
            self.setProperty("role", role)
        if icon:
            token = {"primary": "on_button", "link": "accent", "danger": "error"}.get(role, "text")
            self.setIcon(icons.icon(icon, token))
        self.clicked.connect(lambda: pressed())
        words.changed.connect(self._speak)
        self._speak()

    def _speak(self) -> None:
        self.setText(words.say(self._key))
        self.setAccessibleName(words.say(self._key))


class IconButton(QToolButton):
    """A flat button with an icon and, if wished, its words beside it; the words are always its tip and name."""

    def __init__(self, key: str, icon: str, pressed: Callable[[], object] | None = None, text: bool = False) -> None:
        super().__init__()
        self._key, self._beside = key, text
        self.put_icon(icon)
        self.setIconSize(QSize(16, 16))
        if text:
            self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        if pressed is not None:
            self.clicked.connect(lambda: pressed())
        words.changed.connect(self._speak)
        self._speak()

    def put_icon(self, icon: str) -> None:
        self.setIcon(icons.icon(icon))

    def put(self, key: str) -> None:
        self._key = key
        self._speak()

    def _speak(self) -> None:
        said = words.say(self._key)
        self.setAccessibleName(said)
        self.setToolTip("" if self._beside else said)
        if self._beside:
            self.setText(said)


class Combo(QComboBox):
    """A choice drawn like the other fields; Fusion would give it a gradient of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumHeight(theme.INPUT)
        self.setMinimumWidth(60)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def setEditable(self, editable: bool) -> None:
        super().setEditable(editable)
        if (edit := self.lineEdit()) is not None:
            edit.setFrame(False)
            edit.setTextMargins(3, 0, 0, 0)
            edit.setStyleSheet("background: transparent;")

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = theme.tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        edit = self.lineEdit()
        lit = self.hasFocus() or (edit is not None and edit.hasFocus())
        edge = self.palette().color(QPalette.ColorRole.Window).darker(140)  # as Fusion draws the other fields
        painter.setPen(QColor(tokens.accent) if lit else edge)
        painter.setBrush(self.palette().brush(QPalette.ColorRole.Base))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        arrow = QRectF(self.width() - 22, (self.height() - 12) / 2, 12, 12)
        icons.paint(painter, "chevron", arrow, tokens.text2)
        if not self.isEditable():
            painter.setPen(self.palette().color(QPalette.ColorRole.Text))
            room = self.rect().adjusted(8, 0, -22, 0)
            text = self.fontMetrics().elidedText(self.currentText(), Qt.TextElideMode.ElideRight, room.width())
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()  # so that the form scrolls instead


class Section(QWidget):
    """A part of a form under a heading that folds it away; contents go into `body`, small buttons into `head`."""

    def __init__(self, key: str, folded: bool = False) -> None:
        super().__init__()
        self.setProperty("role", "clear")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        self.head = QHBoxLayout()
        self.head.setSpacing(2)
        self._fold = IconButton(key, "chevron", self._toggle, text=True)
        self._fold.setStyleSheet("QToolButton { font-weight: 600; padding: 3px 4px 3px 0; }")
        self._fold.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.head.addWidget(self._fold)
        self.head.addStretch(1)
        column.addLayout(self.head)
        self._content = QWidget()
        self._content.setProperty("role", "clear")
        self.body = QVBoxLayout(self._content)
        self.body.setContentsMargins(0, 0, 0, 8)
        self.body.setSpacing(10)
        column.addWidget(self._content)
        self.fold(folded)

    @property
    def folded(self) -> bool:
        return self._content.isHidden()

    def fold(self, folded: bool) -> None:
        self._content.setVisible(not folded)
        self._fold.put_icon("right" if folded else "chevron")

    def _toggle(self) -> None:
        self.fold(not self.folded)


def upright_rule(height: int = 24) -> QFrame:
    """A thin upright line between two parts of a bar."""
    line = QFrame()
    line.setProperty("role", "upright-rule")
    line.setFixedHeight(height)
    return line
