"""Gathering: what the members wrote into files of their own becomes one stream of events, ordered by time."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from workbench.runs.events import Event, Recorded, StepsFinished, decode


class Gathering:
    """Follows the files of all members; events go to `write`, printed lines to `log`."""

    def __init__(self, folder: Path, write: Callable[[Event], None], log: Callable[[str], None]):
        self.log = log
        self.steps_finished = 0  # the most steps of a training that any member has told to be done
        self.done: set[str] = set()  # the keys of what was told to be recorded
        self.last_s = 0.0  # when the last event that was written happened
        self._folder, self._write = folder, write
        self._waiting: list[Event] = []
        self._told: dict[str, _Lines] = {}
        self._printed: dict[str, _Lines] = {}

    def follow(self, member: str, incarnation: int) -> None:
        name = f"{member}.{incarnation}"
        self._told[name] = _Lines(self._folder / f"{name}.events")
        self._printed[name] = _Lines(self._folder / f"{name}.out")

    def add(self, event: Event) -> None:
        """An event of the supervisor's own."""
        self._waiting.append(event)

    def gather(self, until_s: float | None = None) -> None:
        """Write all that has come, up to `until_s` of the run's time."""
        for name in self._told:
            self._read(name)
        self._waiting.sort(key=lambda event: event.t_s)
        count = len(self._waiting)
        if until_s is not None:
            count = sum(event.t_s <= until_s for event in self._waiting)
        for event in self._waiting[:count]:
            self._write(event)
            self.last_s = event.t_s
            if isinstance(event, Recorded) and event.kind == "done":
                self.done.add(event.key)
        del self._waiting[:count]

    def gather_rest_of(self, member: str, incarnation: int) -> None:
        """Read the last that a member told; its files are followed no more."""
        name = f"{member}.{incarnation}"
        self._read(name)
        self._told.pop(name).close()
        self._printed.pop(name).close()

    def _read(self, name: str) -> None:
        for line in self._told[name].read():
            event = decode(line)
            if isinstance(event, StepsFinished):
                self.steps_finished = max(self.steps_finished, event.last + 1)
            self._waiting.append(event)
        member = name.rpartition(".")[0]
        for line in self._printed[name].read():
            self.log(f"{member}: {line.decode('utf-8', 'replace')}")

    def close(self) -> None:
        for lines in (*self._told.values(), *self._printed.values()):
            lines.close()


class _Lines:
    """The whole lines that are appended to a file which may not be there yet."""

    def __init__(self, path: Path):
        self._path = path
        self._file = -1
        self._torn = b""

    def read(self) -> list[bytes]:
        """The lines that are new."""
        if self._file < 0:
            if not self._path.exists():
                return []
            self._file = os.open(self._path, os.O_RDONLY)
        pieces = [self._torn]
        while piece := os.read(self._file, 1 << 20):
            pieces.append(piece)
        if len(pieces) == 1:
            return []
        *lines, self._torn = b"".join(pieces).split(b"\n")
        return lines

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
