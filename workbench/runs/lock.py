"""The writer's lock: held while the process that writes a run lives, so that readers can tell when it is gone."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import IO

if sys.platform == "win32":
    import msvcrt

    def _take(file: IO[bytes], shared: bool) -> bool:
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:
    import fcntl

    def _take(file: IO[bytes], shared: bool) -> bool:
        try:
            fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


class SharedLock:
    """A lock that any number of processes hold; WriterLock is refused while one of them lives. Never waits."""

    def __init__(self, path: Path):
        self._file = open(path, "rb+")  # noqa: SIM115 - held until the process ends
        os.set_inheritable(self._file.fileno(), False)
        self.held = _take(self._file, shared=True)


class WriterLock:
    """An advisory lock on a file; the system releases it when the process ends, however it ends.

    BlockingIOError if another writer holds it.
    """

    def __init__(self, path: Path):
        self._file = open(path, "ab")  # noqa: SIM115 - held until release
        os.set_inheritable(self._file.fileno(), False)
        if not _take(self._file, shared=False):
            self._file.close()
            raise BlockingIOError(f"{path.parent} is being written by another process")

    def release(self) -> None:
        self._file.close()


def is_held(path: Path) -> bool:
    """Whether a writer that lives holds the lock at `path`."""
    try:
        file = open(path, "rb+")  # noqa: SIM115 - closed below
    except FileNotFoundError:
        return False
    with file:
        return not _take(file, shared=True)
