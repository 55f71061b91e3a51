"""Merging: the events that members have written to files of their own, as one stream in the order of time."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from workbench.runs.events import Event, decode

HOLD_BACK_S = 0.02  # between the moment an event is stamped and the moment it can be read from its file


class Merge:
    """Follows all files of a folder. Events come out ordered by time, a little late, so that none overtakes another.

    `on_read` is called with each event as soon as it is there, whatever the order.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        folder.mkdir()
        self._offsets: dict[Path, int] = {}
        self._held: list[Event] = []
        self.last_s = 0.0  # time of the last event that has come out
        self.on_read: Callable[[Event], None] = lambda event: None

    def read_new(self, now_s: float) -> list[Event]:
        """What was told up to a moment before `now_s` and has not come out yet."""
        return self._out(now_s - HOLD_BACK_S)

    def read_rest(self) -> list[Event]:
        """Everything else, once all members have ended; the files have done their work and go."""
        rest = self._out(float("inf"))
        shutil.rmtree(self.folder)
        return rest

    def _out(self, until_s: float) -> list[Event]:
        for path in sorted(self.folder.iterdir()):
            self._read(path)
        self._held.sort(key=lambda event: event.t_s)
        count = next((i for i, event in enumerate(self._held) if event.t_s > until_s), len(self._held))
        out, self._held = self._held[:count], self._held[count:]
        self.last_s = out[-1].t_s if out else self.last_s
        return out

    def _read(self, path: Path) -> None:
        with open(path, "rb") as file:
            file.seek(self._offsets.get(path, 0))
            data = file.read()
        whole = data[: data.rfind(b"\n") + 1]
        self._offsets[path] = self._offsets.get(path, 0) + len(whole)
        for line in whole.splitlines():
            event = decode(line)
            self._held.append(event)
            self.on_read(event)
