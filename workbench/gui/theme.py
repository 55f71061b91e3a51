"""The look: colours, fonts and distances for light and dark, and their way onto the application."""

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication

from workbench.gui.style_sheet import style_sheet

ASSETS = Path(__file__).parent / "assets"
FAMILIES = ["Inter", "Noto Sans CJK JP", "Noto Sans JP", "Hiragino Sans", "Yu Gothic UI", "IPAexGothic", "DejaVu Sans"]

GAP = 8  # window margin, and between panels
INNER = 12  # inside a panel, and between a label and its field
ROW = 26  # a row of a tree or a list
INPUT = 30  # a field of a form
RADIUS = 8
BODY, SECONDARY, DETAIL, TITLE, FIGURE = 13, 12, 11, 13, 22  # font sizes in pixels


@dataclass(frozen=True)
class Tokens:
    """The colours of one scheme, as `#RRGGBB`. `chart` holds six that colour-blind people tell apart too."""

    dark: bool
    bg: str
    panel: str
    raised: str
    line: str
    text: str
    text2: str
    accent: str
    button: str
    on_button: str
    button_hover: str
    selection: str
    hover: str
    ok: str
    warn: str
    error: str
    warn_fill: str
    grid: str
    chart: tuple[str, str, str, str, str, str]
    table: str
    dataset: str
    model: str
    metrics: str
    file: str

    def of_type(self, port_type: str) -> str:
        """The colour of a type of port, and of the links that carry it."""
        types = {"table": self.table, "dataset": self.dataset, "model": self.model, "metrics": self.metrics}
        return (types | {"file": self.file}).get(port_type, self.text2)

    def of_group(self, group: str) -> str:
        """The colour of a group of stages: that of what such stages mostly produce."""
        makes = {"ingest": "table", "prepare": "dataset", "features": "dataset", "train": "model"}
        return self.of_type((makes | {"evaluate": "metrics", "deploy": "file", "monitor": "metrics"}).get(group, ""))


DARK = Tokens(
    dark=True,
    bg="#14171C",
    panel="#1B1F26",
    raised="#262C36",
    line="#343C48",
    text="#E6E9EF",
    text2="#A9B2C0",
    accent="#4C9FFE",
    button="#1F6FEB",
    on_button="#FFFFFF",
    button_hover="#2A78EE",
    selection="#1F3F6B",
    hover="#222832",
    ok="#3FCB8B",
    warn="#F2B134",
    error="#FF6B6B",
    warn_fill="#F2B134",
    grid="#2A313B",
    chart=("#2873B0", "#FAEE40", "#68F2FD", "#F59C73", "#DA293B", "#AD95FF"),
    table="#68F2FD",
    dataset="#AD95FF",
    model="#FAEE40",
    metrics="#F59C73",
    file="#2873B0",
)
LIGHT = Tokens(
    dark=False,
    bg="#EEF1F5",
    panel="#FFFFFF",
    raised="#F4F6F9",
    line="#CFD6E0",
    text="#1B2028",
    text2="#566072",
    accent="#0B63CE",
    button="#0B63CE",
    on_button="#FFFFFF",
    button_hover="#0A58B8",
    selection="#D6E6FB",
    hover="#EDF1F6",
    ok="#1B7F4B",
    warn="#8A5A00",
    error="#C62828",
    warn_fill="#E0A030",
    grid="#C3CBD6",
    chart=("#2A99CA", "#A83656", "#6044D5", "#511806", "#AA8A24", "#161D77"),
    table="#2A99CA",
    dataset="#6044D5",
    model="#AA8A24",
    metrics="#511806",
    file="#161D77",
)


class _Source(QObject):
    changed = Signal()


_source = _Source()
_current = DARK
changed = _source.changed


def tokens() -> Tokens:
    """The tokens of the scheme that is shown now."""
    return _current


def color(value: str, alpha: float = 1.0) -> QColor:
    """A token as a Qt colour, `alpha` from 0 to 1."""
    result = QColor(value)
    result.setAlphaF(alpha)
    return result


def font(pixels: int = BODY, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """The face of the window in a size, with digits of equal width so that live numbers stand still."""
    result = QFont()
    result.setFamilies(FAMILIES)
    result.setPixelSize(pixels)
    result.setWeight(weight)
    result.setFeature(QFont.Tag("tnum"), 1)
    return result


def apply(app: QApplication, scheme: str) -> None:
    """Show the application in `light`, `dark` or as the `system` has it; tells `changed`."""
    global _current
    hints = app.styleHints()
    wanted = {"light": Qt.ColorScheme.Light, "dark": Qt.ColorScheme.Dark}.get(scheme, Qt.ColorScheme.Unknown)
    hints.setColorScheme(wanted)
    # Bare X and the offscreen platform report Unknown whatever was set, so the wish decides before the report.
    dark = scheme == "dark" or (scheme == "system" and hints.colorScheme() == Qt.ColorScheme.Dark)
    _current = DARK if dark else LIGHT
    _load_fonts()
    app.setStyle("Fusion")
    app.setFont(font())
    app.setPalette(_palette(_current))
    app.setStyleSheet(style_sheet(_current))
    changed.emit()


def _load_fonts() -> None:
    if "Inter" in QFontDatabase.families():
        return
    for path in sorted((ASSETS / "fonts").glob("*.otf")):
        QFontDatabase.addApplicationFont(str(path))


def _palette(t: Tokens) -> QPalette:
    role = QPalette.ColorRole
    palette = QPalette()
    colours = {
        role.Window: t.bg,
        role.WindowText: t.text,
        role.Base: t.bg if t.dark else t.panel,
        role.AlternateBase: t.raised,
        role.Text: t.text,
        role.PlaceholderText: t.text2,
        role.Button: t.raised,
        role.ButtonText: t.text,
        role.BrightText: t.error,
        role.Light: t.raised,
        role.Midlight: t.raised,
        role.Mid: t.line,
        role.Dark: t.line,
        role.Shadow: t.bg,
        role.Highlight: t.button,
        role.HighlightedText: t.on_button,
        role.Accent: t.accent,
        role.Link: t.accent,
        role.ToolTipBase: t.raised,
        role.ToolTipText: t.text,
    }
    for which, value in colours.items():
        palette.setColor(which, QColor(value))
    faint = color(t.text2, 0.6)
    for which in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        palette.setColor(QPalette.ColorGroup.Disabled, which, faint)
    palette.setColor(QPalette.ColorGroup.Disabled, role.Highlight, QColor(t.raised))
    return palette
