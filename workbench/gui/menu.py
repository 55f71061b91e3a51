"""Which commands a window has. Everything that can be done without pointing at something is listed here."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QApplication, QFileDialog, QMenu, QWidget

from workbench.gui import theme, words
from workbench.gui.canvas import doing
from workbench.gui.canvas.view import STEP
from workbench.gui.commands import Command
from workbench.gui.watch.commands import commands

if TYPE_CHECKING:
    from workbench.gui.window import MainWindow


def register(window: MainWindow) -> None:
    """Register all commands of a window, and make its menus."""
    window.commands.add(*_file(window), *_edit(window), *_view(window), *commands(window.running), *_help(window))
    window.commands.fill(window.menuBar())
    menu = window.commands.menus["file"]
    for key, fill in (("menu.recent", window.files.fill_recent), ("menu.examples", window.files.fill_examples)):
        inner = InnerMenu(key, menu)
        menu.insertMenu(window.commands.actions["file.open-run"], inner)
        menu.aboutToShow.connect(partial(fill, inner))


class InnerMenu(QMenu):
    """A menu inside another, titled in the window's language for as long as it lives."""

    def __init__(self, key: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._key = key
        words.changed.connect(self._speak)
        self._speak()

    def _speak(self) -> None:
        self.setTitle(words.say(self._key))


def _file(window: MainWindow) -> list[Command]:
    files = window.files
    return [
        Command("file.new", files.new, "Ctrl+N", "new"),
        Command("file.open", files.open, "Ctrl+O", "open"),
        Command("file.open-run", partial(_open_run, window), icon="timeline"),
        Command("file.save", files.save, "Ctrl+S", "save", parts=True),
        Command("file.save-as", files.save_as, "Ctrl+Shift+S"),
        Command("file.quit", window.close, "Ctrl+Q", parts=True),
    ]


def _open_run(window: MainWindow) -> None:
    start = window.editor.folder / "runs"
    title = words.say("command.file.open-run")
    folder = QFileDialog.getExistingDirectory(window, title, str(start if start.is_dir() else window.editor.folder))
    if folder:
        window.running.show_study(Path(folder))


def _edit(window: MainWindow) -> list[Command]:
    editor, view, home = window.editor, window.canvas.view, window.canvas
    some = lambda: bool(window.canvas.scene.selectedItems())  # noqa: E731
    stages = lambda: bool(window.canvas.scene.selected_stages())  # noqa: E731
    return [
        Command("edit.undo", editor.undo, "Ctrl+Z", "undo", enabled=lambda: editor.history.can_undo),
        Command("edit.redo", editor.redo, "Ctrl+Shift+Z Ctrl+Y", "redo", enabled=lambda: editor.history.can_redo),
        Command("edit.cut", partial(doing.cut, view), "Ctrl+X", home=home, parts=True, enabled=stages),
        Command("edit.copy", partial(doing.copy, view), "Ctrl+C", "copy", home=home, enabled=stages),
        Command("edit.paste", partial(doing.paste, view), "Ctrl+V", "paste", home=home),
        Command("edit.duplicate", partial(doing.duplicate, view), "Ctrl+D", home=home, enabled=stages),
        Command("edit.delete", partial(doing.delete, view), "Del Backspace", "delete", home=home, enabled=some),
        Command("edit.select-all", partial(doing.select_all, view), "Ctrl+A", home=home, parts=True),
        Command("edit.add", partial(_offer, window), "A Insert", "plus", home=home),
        Command("edit.connect", window.canvas.begin_joining, "C", home=home, enabled=stages),
        Command("edit.group", partial(doing.group, view), "Ctrl+G", home=home, enabled=stages),
        Command("edit.ungroup", partial(doing.ungroup, view), "Ctrl+Shift+G", home=home, enabled=stages),
        Command("edit.arrange", partial(doing.arrange, view), "Ctrl+L", "layout", parts=True),
    ]


def _offer(window: MainWindow) -> None:
    window.canvas.offer_stages(window.canvas.view.middle(), None)


def _view(window: MainWindow) -> list[Command]:
    view = window.canvas.view
    panels = {"palette": window.palette_panel, "inspector": window.inspector, "bottom": window.bottom}
    shown = [
        Command(f"view.{name}", partial(_turn, panel), f"Ctrl+{n}", checked=partial(_shown, panel), parts=n == 1)
        for n, (name, panel) in enumerate(panels.items(), 1)
    ]
    return [
        Command("view.zoom-in", lambda: view.zoom_by(STEP), "Ctrl++ Ctrl+=", "plus"),
        Command("view.zoom-out", lambda: view.zoom_by(1 / STEP), "Ctrl+-", "minus"),
        Command("view.zoom-one", lambda: view.zoom_to(1.0), "Ctrl+0"),
        Command("view.fit", view.fit, "Ctrl+9 Home", "fit"),
        *shown,
        Command("view.find-stage", window.palette_panel.field.setFocus, "Ctrl+F", "search"),
        Command("view.canvas", view.setFocus, "Ctrl+E"),
        Command("view.problems", partial(_problems, window), "Ctrl+M", "error"),
        Command("view.scheme", window.switch_scheme, "Ctrl+Shift+L", "sun", parts=True),
        Command("view.scheme-system", partial(_system_scheme, window)),
        Command("view.language", window.switch_language, "Ctrl+Shift+J", "language"),
    ]


def _turn(panel: QWidget) -> None:
    panel.setVisible(panel.isHidden())


def _shown(panel: QWidget) -> bool:
    return not panel.isHidden()


def _problems(window: MainWindow) -> None:
    window.bottom.show()
    window.tabs.setCurrentWidget(window.problems)
    window.problems.list.setFocus()


def _system_scheme(window: MainWindow) -> None:
    window.preferences.scheme = "system"
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    theme.apply(app, "system")


def _help(window: MainWindow) -> list[Command]:
    def palette() -> None:
        window.finder.open(words.say("finder.hint"), window.commands.choices())

    return [Command("help.palette", palette, "Ctrl+K", "search")]
