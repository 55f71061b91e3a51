"""The look: contrasts, palettes that colour-blind people tell apart, icons and fonts."""

import itertools
import sys

import numpy as np
import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QFontInfo, QImage, QPainter, QPen
from PySide6.QtWidgets import QApplication

from workbench.gui import icons, theme
from workbench.gui.theme import DARK, LIGHT, Tokens

BOTH = pytest.mark.parametrize("tokens", [DARK, LIGHT], ids=["dark", "light"])
# Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB.
SEEN_AS = {
    "normal": np.eye(3),
    "protan": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deutan": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]]
    ),
    "tritan": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]]
    ),
}


def linear(colour: str) -> np.ndarray:
    part = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    weights = np.array([0.2126, 0.7152, 0.0722])
    light, dark = sorted((float(linear(colour) @ weights) for colour in (one, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def oklab(rgb: np.ndarray) -> np.ndarray:
    lms = (
        np.array(
            [
                [0.4122214708, 0.5363325363, 0.0514459929],
                [0.2119034982, 0.6806995451, 0.1073969566],
                [0.0883024619, 0.2817188376, 0.6299787005],
            ]
        )
        @ rgb
    )
    return np.array(
        [
            [0.2104542553, 0.7936177850, -0.0040720468],
            [1.9779984951, -2.4285922050, 0.4505937099],
            [0.0259040371, 0.7827717662, -0.8086757660],
        ]
    ) @ np.cbrt(np.clip(lms, 0, None))


def least_distance(colours: tuple[str, ...]) -> float:
    found = []
    for matrix in SEEN_AS.values():
        seen = [oklab(np.clip(matrix @ linear(colour), 0, 1)) for colour in colours]
        found += [float(np.linalg.norm(one - other)) * 100 for one, other in itertools.combinations(seen, 2)]
    return min(found)


@BOTH
def test_text_has_a_contrast_of_at_least_four_and_a_half(tokens: Tokens):
    for text in (tokens.text, tokens.text2, tokens.accent):
        for ground in (tokens.panel, tokens.bg):
            assert contrast(text, ground) >= 4.5, (text, ground)
    for text in (tokens.ok, tokens.warn, tokens.error):
        assert contrast(text, tokens.panel) >= 4.5, text
    assert contrast(tokens.on_button, tokens.button) >= 4.5
    assert contrast(tokens.text, tokens.selection) >= 4.5


@BOTH
def test_curves_ports_and_groups_have_a_contrast_of_at_least_three(tokens: Tokens):
    marks = [*tokens.chart, *(tokens.of_type(kind) for kind in ("table", "dataset", "model", "metrics", "file", ""))]
    for colour in marks:
        assert contrast(colour, tokens.panel) >= 3, colour


@BOTH
def test_colour_blind_people_tell_all_series_and_all_types_of_ports_apart(tokens: Tokens):
    assert least_distance(tokens.chart) >= 15
    types = tuple(tokens.of_type(kind) for kind in ("table", "dataset", "model", "metrics", "file"))
    assert least_distance(types) >= 15


def test_the_scheme_reaches_the_palette_and_the_icons(qapp: QApplication):
    shown = icons.icon("play", "text")
    theme.apply(qapp, "dark")
    assert qapp.palette().window().color() == QColor(DARK.bg)
    dark = shown.pixmap(QSize(16, 16)).toImage().pixelColor(7, 8)
    theme.apply(qapp, "light")
    assert qapp.palette().window().color() == QColor(LIGHT.bg)
    light = shown.pixmap(QSize(16, 16)).toImage().pixelColor(7, 8)
    assert (dark.name(), light.name()) == (DARK.text.lower(), LIGHT.text.lower())


def test_every_icon_draws_something_but_the_blank_one(qapp: QApplication):
    for name in icons.names():
        picture = icons.icon(name).pixmap(QSize(16, 16)).toImage()
        drawn = any(picture.pixelColor(x, y).alpha() for x in range(16) for y in range(16))
        assert drawn == (name != "blank"), name


def test_the_window_is_set_in_the_face_that_is_shipped(qapp: QApplication):
    assert QFontInfo(theme.font()).family() == "Inter"


def test_painting_loses_no_reference_of_none(qapp: QApplication):
    """Some builds of the binding drop one at each call that returns nothing, and the process dies minutes later."""
    picture = QImage(8, 8, QImage.Format.Format_ARGB32)
    painter, pen = QPainter(picture), QPen()
    before = sys.getrefcount(None)
    for _ in range(1000):
        painter.setPen(pen)
    lost = before - sys.getrefcount(None)
    painter.end()
    assert abs(lost) < 100
