"""The style sheet: panels, bars, tabs, trees and buttons. Fields are left to Fusion and the palette."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.gui.theme import Tokens

_SHEET = """
QMainWindow, QDialog { background: %(bg)s; }
QFrame[role="panel"] { background: %(panel)s; border: 1px solid %(line)s; border-radius: 8px; }
QFrame[role="card"] { background: %(card)s; border: 1px solid %(line)s; border-radius: 6px; }
QLabel[role="hint"] { background: %(raised)s; border: 1px solid %(line)s; border-radius: 8px; padding: 8px 14px; }
QFrame[role="bar"] { background: %(panel)s; border: none; border-bottom: 1px solid %(line)s; }
QFrame[role="upright-rule"] { background: %(line)s; border: none; max-width: 1px; min-width: 1px; }
QWidget[role="clear"] { background: transparent; }
QLabel { background: transparent; }
QLabel[role="app"] { font-size: 15px; font-weight: 600; }
QLabel[role="title"] { font-size: 13px; font-weight: 600; }
QLabel[role="section"] { font-size: 13px; font-weight: 600; padding-top: 4px; }
QLabel[role="secondary"] { color: %(text2)s; font-size: 12px; }
QLabel[role="detail"] { color: %(text2)s; font-size: 11px; }
QLabel[role="error"] { color: %(error)s; font-size: 12px; }
QLabel[role="figure"] { font-size: 22px; font-weight: 600; }
QMenuBar { background: %(panel)s; padding: 2px 8px; }
QMenuBar::item { padding: 4px 9px; border-radius: 5px; background: transparent; }
QMenuBar::item:selected { background: %(raised)s; }
QMenu { background: %(panel)s; border: 1px solid %(line)s; padding: 5px; }
QMenu::item { padding: 5px 26px 5px 10px; border-radius: 5px; }
QMenu::icon { padding-left: 8px; }
QMenu::item:selected { background: %(selection)s; }
QMenu::item:disabled { color: %(faint)s; }
QMenu::separator { height: 1px; background: %(line)s; margin: 5px 6px; }
QStatusBar { background: %(panel)s; border-top: 1px solid %(line)s; color: %(text2)s; font-size: 12px; }
QStatusBar::item { border: none; }
QStatusBar QLabel { font-size: 12px; color: %(text2)s; }
QSplitter { background: %(bg)s; }
QSplitter::handle { background: transparent; }
QTabWidget::pane { border: none; background: transparent; }
QTabBar { background: transparent; qproperty-drawBase: 0; }
QTabBar::tab { background: transparent; color: %(text2)s; padding: 7px 12px 8px 12px; border: none;
  border-bottom: 2px solid transparent; }
QTabBar::tab:selected { color: %(text)s; font-weight: 600; border-bottom: 2px solid %(accent)s; }
QTabBar::tab:hover { color: %(text)s; }
QTabBar::tab:focus { color: %(accent)s; }
QTreeView, QListView, QTableView { background: %(panel)s; border: none; outline: 0;
  selection-background-color: %(selection)s; selection-color: %(text)s; alternate-background-color: %(raised)s;
  gridline-color: %(line)s; }
QTreeView::item, QListView::item { border: none; padding: 0 4px; }
QTreeView::item:hover, QListView::item:hover { background: %(hover)s; }
QTreeView::item:selected, QListView::item:selected { background: %(selection)s; color: %(text)s; }
QHeaderView { background: %(panel)s; border: none; }
QHeaderView::section { background: %(panel)s; color: %(text2)s; border: none; border-bottom: 1px solid %(line)s;
  padding: 5px 8px; font-size: 12px; }
QToolButton { background: transparent; border: 1px solid transparent; border-radius: 6px; padding: 5px 9px; }
QToolButton:hover { background: %(raised)s; }
QToolButton:pressed, QToolButton:checked { background: %(raised)s; border-color: %(line)s; }
QToolButton:focus { border-color: %(accent)s; }
QToolButton:disabled { color: %(faint)s; }
QToolButton::menu-indicator { image: none; }
QPushButton { background: %(raised)s; border: 1px solid %(line)s; border-radius: 6px; padding: 6px 14px;
  min-height: 16px; }
QPushButton:hover { background: %(hover)s; }
QPushButton:focus { border-color: %(accent)s; }
QPushButton:disabled { color: %(faint)s; }
QPushButton[role="primary"], QPushButton:default { background: %(button)s; border-color: %(button)s;
  color: %(on_button)s; font-weight: 600; }
QPushButton[role="primary"]:hover { background: %(button_hover)s; }
QPushButton[role="primary"]:focus { border: 1px solid %(text)s; }
QPushButton[role="primary"]:disabled { background: %(raised)s; border-color: %(line)s;
  color: %(faint)s; }
QPushButton[role="danger"] { color: %(error)s; }
QPushButton[role="link"] { background: transparent; border: 1px solid transparent; color: %(accent)s;
  padding: 3px 6px; }
QPushButton[role="link"]:hover { background: %(hover)s; }
QPushButton[role="link"]:focus { border-color: %(accent)s; }
QPushButton[role="card"] { text-align: left; padding: 9px 12px; background: %(panel)s; }
QPushButton[role="card"]:hover { border-color: %(accent)s; }
QPlainTextEdit, QTextBrowser { background: %(base)s; border: 1px solid %(line)s; border-radius: 4px; }
QPlainTextEdit:focus, QTextBrowser:focus { border-color: %(accent)s; }
QScrollArea { border: none; background: transparent; }
QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle { background: %(line)s; border-radius: 3px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 28px; }
QScrollBar::handle:horizontal { min-width: 28px; }
QScrollBar::handle:hover { background: %(text2)s; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QToolTip { background: %(raised)s; color: %(text)s; border: 1px solid %(line)s; padding: 5px 7px; }
"""


def style_sheet(tokens: Tokens) -> str:
    """The style sheet in the colours of `tokens`."""
    values = {name: value for name, value in vars(tokens).items() if isinstance(value, str)}
    values["card"] = "#1F242C" if tokens.dark else "#FAFBFD"
    values["base"] = tokens.bg if tokens.dark else tokens.panel
    values["faint"] = "#6B7482" if tokens.dark else "#8E97A6"
    return _SHEET % values
