"""The commands of running and watching, for the registry of the window."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from workbench.gui.commands import Command

if TYPE_CHECKING:
    from workbench.gui.watch.panel import WatchPanel


def commands(watch: WatchPanel) -> list[Command]:
    """Everything that the run bar and the watch panel can do, with its keys."""
    bar, tabs = watch.bar, watch.tabs
    idle = lambda: not watch.is_running  # noqa: E731
    live = lambda: watch.bar.state in ("running", "paused")  # noqa: E731

    def show(page: int) -> None:
        tabs.setCurrentIndex(page)
        tabs.currentWidget().setFocus()

    return [
        Command("run.simulate", partial(watch.run, ["simulated"]), "F5", "play", enabled=idle),
        Command("run.real", partial(watch.run, ["real"]), "F6", "worker", enabled=idle),
        Command("run.fresh", partial(watch.run, ["real"], fresh=True), "Ctrl+F6", enabled=idle),
        Command("run.both", partial(watch.run, ["simulated", "real"]), "F7", enabled=idle),
        Command("run.pause", bar.toggle_pause, "F8 Pause", "pause", parts=True, enabled=live),
        Command("run.stop", bar.stop.click, "Shift+F5", "stop", enabled=lambda: watch.is_running),
        Command("run.break", bar.open_break_menu, "F9", "break", enabled=live),
        Command("run.slower", partial(bar.step_speed, -1), "Ctrl+[", parts=True),
        Command("run.faster", partial(bar.step_speed, 1), "Ctrl+]", "speed"),
        Command("run.live", watch.time_bar.go_live, "Ctrl+Shift+E"),
        Command("run.charts", partial(show, 0), "Alt+1", "chart", parts=True),
        Command("run.timeline", partial(show, 1), "Alt+2", "timeline"),
        Command("run.log", partial(show, 2), "Alt+3", "log"),
        Command("run.results", partial(show, 3), "Alt+4", "report"),
    ]
