"""How the timeline paints: the colours and patterns of what members do, and its ruler."""

from collections.abc import Iterator
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray
from pyqtgraph.Qt.internals import PrimitiveArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetricsF, QImage, QPainter, QPen

from workbench.gui import theme
from workbench.gui.theme import Tokens
from workbench.gui.watch.formats import time_unit
from workbench.gui.watch.lanes import COMMUNICATE, FAILED, PERFORM, WAIT, Bars
from workbench.gui.watch.series import round_up

TEXT_FROM = 44.0  # pixels of width from which a bar carries its words
HATCH_FROM = 7.0
TICK_EVERY = 90  # pixels, at least


@cache
def kind_colours(tokens: Tokens) -> dict[int, QColor]:
    """The colour of each kind of bar; the blues differ in lightness, and communication is hatched too."""
    exchange = "#63CBD8" if tokens.dark else "#5BB3DC"
    return {
        PERFORM: QColor("#3F86DC" if tokens.dark else tokens.accent),
        COMMUNICATE: QColor(exchange),
        WAIT: theme.color(tokens.text2, 0.55),
        FAILED: QColor(tokens.error),
    }


@cache
def hatch(tokens: Tokens) -> QBrush:
    return QBrush(theme.color(tokens.panel, 0.55), Qt.BrushStyle.BDiagPattern)


def words_colour(kind: int, tokens: Tokens) -> QColor:
    """A colour that is read on a bar of this kind."""
    light_bar = kind == COMMUNICATE or (tokens.dark and kind == FAILED)
    return QColor("#10141A") if light_bar else QColor("#FFFFFF")


def paint_bars(painter: QPainter, bars: Bars, left: float, top: float, height: float, words_of: list[str]) -> None:
    """A lane: what is too narrow as one strip of columns, the rest as bars; waiting is a thin line."""
    tokens = theme.tokens()
    colours = kind_colours(tokens)
    if bars.column_share.any():
        _paint_columns(painter, bars, left, top, height, colours)
    painter.setPen(Qt.PenStyle.NoPen)
    for kind, colour in colours.items():
        chosen = bars.kind == kind
        if not chosen.any():
            continue
        x, width = bars.x[chosen] + left, bars.width[chosen]
        painter.setBrush(colour)
        if kind == WAIT:
            draw_rects(painter, x, width, top + height / 2 - 1, 2.0)
            continue
        # A gap keeps neighbours apart where there is room for it.
        draw_rects(painter, x, width - np.where(width > 6, 1.0, 0.0), top, height)
        if kind == COMMUNICATE:
            painter.setBrush(hatch(tokens))
            large = width >= HATCH_FROM
            draw_rects(painter, x[large], width[large] - 1, top, height)
    _paint_words(painter, bars, left, top, height, words_of)


def draw_rects(painter: QPainter, x: NDArray, width: NDArray, top: float, height: float) -> None:
    """Rectangles side by side, handed over as one array: a loop over 10,000 of them would take a frame's time."""
    if len(x):
        rects = PrimitiveArray(QRectF, 4)
        rects.resize(len(x))
        rects.ndarray()[:] = np.column_stack([x, np.full_like(x, top), width, np.full_like(x, height)])
        painter.drawRects(*rects.drawargs())


@lru_cache(maxsize=20_000)
def _elided(text: str, room: int) -> tuple[str, float]:
    """The text cut to `room` pixels, and how wide it is then."""
    metrics = QFontMetricsF(theme.font(theme.DETAIL))
    cut = metrics.elidedText(text, Qt.TextElideMode.ElideRight, room)
    return cut, metrics.horizontalAdvance(cut)


def _paint_words(painter: QPainter, bars: Bars, left: float, top: float, height: float, words_of: list[str]) -> None:
    painter.setFont(theme.font(theme.DETAIL))
    colours = kind_colours(theme.tokens())
    pens = {kind: words_colour(kind, theme.tokens()) for kind in colours}
    for number, at in enumerate(np.flatnonzero((bars.width >= TEXT_FROM) & (bars.kind != WAIT)).tolist()):
        begin = max(float(bars.x[at]), 0.0) + left + 5
        room = float(bars.x[at] + bars.width[at]) + left - 5 - begin
        text, wide = _elided(words_of[number], int(room))
        if len(text) < 3:
            continue
        kind = int(bars.kind[at])
        if kind == COMMUNICATE:  # words are not read on a hatching
            painter.fillRect(QRectF(begin - 2, top + 1, wide + 4, height - 2), colours[kind])
        painter.setPen(pens[kind])
        painter.drawText(QRectF(begin, top, room, height), Qt.AlignmentFlag.AlignVCenter, text)


def _paint_columns(
    painter: QPainter, bars: Bars, left: float, top: float, height: float, colours: dict[int, QColor]
) -> None:
    """One pixel row of premultiplied colours, stretched to the height of the lane."""
    table = np.array([[c.red(), c.green(), c.blue()] for _, c in sorted(colours.items())], np.float64)
    share = np.where(bars.column_kind == WAIT, 0.25, 1.0) * np.clip(bars.column_share, 0.0, 1.0)
    # A column with anything in it is seen, however little it is.
    share = np.where(bars.column_share > 0, np.maximum(share, 0.18), 0.0)
    red, green, blue = (table[bars.column_kind] * share[:, None]).T.astype(np.uint32)
    pixels = ((share * 255).astype(np.uint32) << 24) | (red << 16) | (green << 8) | blue
    strip = np.ascontiguousarray(pixels, np.uint32)
    image = QImage(strip.data, len(strip), 1, 4 * len(strip), QImage.Format.Format_ARGB32_Premultiplied)
    painter.drawImage(QRectF(left, top, len(strip), height), image)


def paint_stretch(painter: QPainter, room: QRectF, kind: str, said: str) -> None:
    """A time in which a member was frozen (lines across) or lost (crossed lines), with the word if there is room."""
    tokens = theme.tokens()
    frozen = kind == "frozen"
    colour = QColor(tokens.warn_fill if frozen else tokens.error)
    painter.fillRect(room, QColor(tokens.panel))
    painter.setPen(QPen(colour, 1))
    if frozen:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        heights = np.arange(room.top() + 4.5, room.bottom() - 2, 4)
        painter.drawLines([QLineF(room.left(), y, room.right(), y) for y in heights])
    else:
        painter.setBrush(QBrush(theme.color(colour.name(), 0.4), Qt.BrushStyle.DiagCrossPattern))
    painter.drawRect(room.adjusted(0.5, 0.5, -0.5, -0.5))
    metrics = QFontMetricsF(theme.font(theme.DETAIL))
    wide = metrics.horizontalAdvance(said)
    if room.width() > wide + 14:
        box = QRectF(room.left() + 5, room.top() + 1, wide + 6, room.height() - 2)
        painter.fillRect(box, QColor(tokens.panel))
        painter.setFont(theme.font(theme.DETAIL))
        painter.setPen(QColor(tokens.text))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, said)


def ticks(from_s: float, until_s: float, pixels: int) -> Iterator[tuple[float, str]]:
    """Round times for the ruler with their words."""
    every = round_up((until_s - from_s) / max(1, pixels // TICK_EVERY))
    seconds, sign = time_unit(until_s)
    step = every / seconds
    decimals = next(count for count in range(13) if abs(round(step, count) - step) < step * 1e-6 or count == 12)
    number = int(np.ceil(from_s / every - 1e-9))
    while number * every <= until_s:
        yield number * every, f"{number * step:.{decimals}f} {sign}"
        number += 1


def paint_ruler(painter: QPainter, room: QRectF, bottom: float, from_s: float, until_s: float) -> None:
    """Times above, and a faint line down to `bottom` at each."""
    tokens = theme.tokens()
    scale = room.width() / (until_s - from_s)
    painter.setFont(theme.font(theme.DETAIL))
    lines = []
    for t_s, said in ticks(from_s, until_s, int(room.width())):
        x = room.left() + (t_s - from_s) * scale
        lines.append(QLineF(x, room.bottom() - 4, x, bottom))
        painter.setPen(theme.color(tokens.text2))
        if x + 4 + painter.fontMetrics().horizontalAdvance(said) <= room.right() + 8:
            painter.drawText(QPointF(x + 4, room.bottom() - 7), said)
    painter.setPen(QPen(theme.color(tokens.line, 0.7), 1))
    painter.drawLines(lines)
