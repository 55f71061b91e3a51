"""The legend in the title row of a chart: a short line of each colour and style, and its name."""

from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.gui import theme

SAMPLE = 15
GAP = 5
SPACE = 11


class Key(NamedTuple):
    """What a colour or a style of line stands for; `token` is a colour `#RRGGBB`, or empty for words alone."""

    name: str
    token: str = ""
    dashed: bool = False


class Legend(QWidget):
    """Keys in one row; the last ones give way when there is no room."""

    def __init__(self) -> None:
        super().__init__()
        self._keys: list[Key] = []
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(0)
        theme.changed.connect(self.update)

    def show_keys(self, keys: list[Key]) -> None:
        if keys != self._keys:
            self._keys = keys
            self.setToolTip("\n".join(key.name for key in keys))
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(round(sum(self._widths())), 22)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, 22)

    def _widths(self) -> list[float]:
        metrics = QFontMetricsF(theme.font(theme.SECONDARY))
        return [metrics.horizontalAdvance(key.name) + SPACE + (SAMPLE + GAP if key.token else 0) for key in self._keys]

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font(theme.SECONDARY))
        widths = self._widths()
        x = max(0.0, self.width() - sum(widths) + SPACE)
        middle = self.height() / 2
        for key, width in zip(self._keys, widths, strict=True):
            if key.token:
                painter.setPen(_pen(key))
                painter.drawLine(QPointF(x, middle), QPointF(x + SAMPLE, middle))
            painter.setPen(theme.color(theme.tokens().text2))
            room = QRectF(x + (SAMPLE + GAP if key.token else 0), 0, width, self.height())
            room.setRight(min(room.right(), self.width()))
            said = painter.fontMetrics().elidedText(key.name, Qt.TextElideMode.ElideRight, int(room.width()) + 1)
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, said)
            x += width
        painter.end()


def _pen(key: Key) -> QPen:
    pen = QPen(theme.color(key.token), 2.0)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    if key.dashed:
        pen.setDashPattern([2.5, 1.5])
    return pen
