"""The crash journal: what is not saved yet, on the disk within a second, and found again at the next start."""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QLockFile, QObject, QTimer

from workbench.stages.trust import home

DELAY_MS = 400


@dataclass(frozen=True)
class Lost:
    """Edits that a window did not live to save: the text, and the file that it belongs to (None for a new one)."""

    text: str
    path: Path | None
    entry: Path

    def forget(self) -> None:
        """Remove the entry: the edits were taken over or are not wanted."""
        self.entry.unlink(missing_ok=True)
        self.entry.with_suffix(".lock").unlink(missing_ok=True)


class Journal(QObject):
    """Keeps the latest unsaved text of one window on the disk. Another window's entries are not touched."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        folder = _folder()
        folder.mkdir(parents=True, exist_ok=True)
        name = hashlib.sha256(f"{os.getpid()}-{id(self)}".encode()).hexdigest()[:16]
        self._entry = folder / f"{name}.json"
        self._lock = QLockFile(str(self._entry.with_suffix(".lock")))
        self._lock.setStaleLockTime(0)
        self._lock.tryLock(0)
        self._waiting: tuple[str, Path | None] | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(DELAY_MS)
        self._timer.timeout.connect(self.flush)

    def keep(self, text: str, path: Path | None) -> None:
        """Have the text on the disk soon; the clock starts at the first edit, so none waits longer than the delay."""
        self._waiting = (text, path)
        if not self._timer.isActive():
            self._timer.start()

    def flush(self) -> None:
        """Write what waits, at once."""
        self._timer.stop()
        if self._waiting is None:
            return
        text, path = self._waiting
        self._waiting = None
        beside = self._entry.with_suffix(".new")
        with beside.open("w", encoding="utf-8") as file:
            json.dump({"path": str(path) if path else None, "text": text}, file)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._entry)

    def clear(self) -> None:
        """Nothing is unsaved any more."""
        self._timer.stop()
        self._waiting = None
        self._entry.unlink(missing_ok=True)

    def close(self) -> None:
        """The window closes as it should."""
        self.clear()
        self._lock.unlock()


def lost() -> list[Lost]:
    """The entries of windows that live no more, the latest first."""
    entries = sorted(_folder().glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
    return [_read(entry) for entry in entries if _orphaned(entry)]


def _folder() -> Path:
    return home() / "journal"


def _orphaned(entry: Path) -> bool:
    lock = QLockFile(str(entry.with_suffix(".lock")))
    lock.setStaleLockTime(0)
    free = lock.tryLock(0)
    if free:
        lock.unlock()
    return free


def _read(entry: Path) -> Lost:
    content = json.loads(entry.read_text(encoding="utf-8"))
    return Lost(content["text"], Path(content["path"]) if content["path"] else None, entry)
