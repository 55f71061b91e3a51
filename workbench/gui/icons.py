"""The icons: own line drawings on a 16 px grid, coloured by the theme at the moment they are painted."""

from functools import cache
from pathlib import Path

from PySide6.QtCore import QByteArray, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QIconEngine, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from workbench.gui import theme

FOLDER = Path(__file__).parent / "assets" / "icons"


@cache
def _source(name: str) -> str:
    return (FOLDER / f"{name}.svg").read_text(encoding="utf-8")


@cache
def _renderer(name: str, colour: str) -> QSvgRenderer:
    return QSvgRenderer(QByteArray(_source(name).replace("currentColor", colour).encode()))


def names() -> list[str]:
    """Every icon that there is."""
    return sorted(path.stem for path in FOLDER.glob("*.svg"))


def paint(painter: QPainter, name: str, rect: QRectF, colour: str) -> None:
    """Draw an icon into `rect` in `colour` (`#RRGGBB`)."""
    _renderer(name, colour).render(painter, rect)


class _Engine(QIconEngine):
    """An icon that asks the theme for its colour each time it is painted, so that it follows a switch."""

    def __init__(self, name: str, token: str) -> None:
        super().__init__()
        self._name, self._token = name, token

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        tokens = theme.tokens()
        value = self._token if self._token.startswith("#") else str(getattr(tokens, self._token))
        painter.save()
        if mode == QIcon.Mode.Disabled:
            painter.setOpacity(0.4)
        side = min(rect.width(), rect.height())
        box = QRectF(rect.x() + (rect.width() - side) / 2, rect.y() + (rect.height() - side) / 2, side, side)
        paint(painter, self._name, box, value)
        painter.restore()

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        if size.isEmpty():
            return QPixmap()  # as asked for by a field that is not laid out yet
        pixmap = QPixmap(size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, QRect(0, 0, size.width(), size.height()), mode, state)
        painter.end()
        return pixmap

    def clone(self) -> QIconEngine:
        return _Engine(self._name, self._token)


def icon(name: str, token: str = "text") -> QIcon:
    """The icon `name` in the colour of a theme token (or a `#RRGGBB`); FileNotFoundError if there is none."""
    _source(name)
    return QIcon(_Engine(name, token))
