"""The registry of commands: menus, shortcuts and the command palette are all made from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from workbench.gui import icons, words
from workbench.gui.finder import Choice

MENUS = ("file", "edit", "view", "run", "help")


@dataclass(frozen=True)
class Command:
    """Something that the user can have done. Its words are `command.<id>`; the id begins with its menu.

    `shortcut` may name several, separated by blanks; they hold in the whole window, or in `home` if one is given.
    `enabled` and `checked` are asked whenever a menu or the palette opens.
    """

    id: str
    run: Callable[[], object]
    shortcut: str = ""
    icon: str = ""
    home: QWidget | None = None
    parts: bool = False  # a line lies above it in the menu
    enabled: Callable[[], bool] = lambda: True
    checked: Callable[[], bool] | None = None

    @property
    def menu(self) -> str:
        return self.id.split(".")[0]


class Commands(QObject):
    """All commands of a window with their actions."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._commands: dict[str, Command] = {}
        self.actions: dict[str, QAction] = {}
        self.menus: dict[str, QMenu] = {}
        words.changed.connect(self._speak)

    def add(self, *commands: Command) -> None:
        """Register commands, in the order of the menus."""
        for command in commands:
            assert command.id not in self._commands, f"two commands are called {command.id}"
            assert command.menu in MENUS, f"{command.id} begins with no menu"
            action = QAction(self)
            if command.icon:
                action.setIcon(icons.icon(command.icon, "text2"))
            action.setShortcuts([QKeySequence(keys) for keys in command.shortcut.split()])
            if command.home is not None:
                action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            (command.home or self._window).addAction(action)
            action.setCheckable(command.checked is not None)
            action.triggered.connect(lambda _=False, run=command.run: run())
            self._commands[command.id] = command
            self.actions[command.id] = action
        self._speak()

    def fill(self, bar: QMenuBar) -> None:
        """Make the menus."""
        for name in MENUS:
            menu = self.menus[name] = bar.addMenu("")
            menu.aboutToShow.connect(self.refresh)
            for command in self._commands.values():
                if command.menu == name:
                    if command.parts:
                        menu.addSeparator()
                    menu.addAction(self.actions[command.id])
        self._speak()

    def refresh(self) -> None:
        """Ask every command whether it can be done now."""
        for id, command in self._commands.items():
            self.actions[id].setEnabled(command.enabled())
            if command.checked is not None:
                self.actions[id].setChecked(command.checked())

    def choices(self) -> list[Choice]:
        """What the command palette offers now."""
        self.refresh()
        return [
            Choice(
                text=f"{words.say(f'menu.{command.menu}')}: {self.actions[id].text().rstrip('…')}",
                run=self.actions[id].trigger,
                detail=self.actions[id].shortcut().toString(QKeySequence.SequenceFormat.NativeText),
                icon=command.icon,
                also=words.catalogue()[f"command.{id}"][0],
            )
            for id, command in self._commands.items()
            if self.actions[id].isEnabled()
        ]

    def _speak(self) -> None:
        for id, action in self.actions.items():
            action.setText(words.say(f"command.{id}"))
        for name, menu in self.menus.items():
            menu.setTitle(words.say(f"menu.{name}"))
