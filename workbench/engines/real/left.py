"""What members of a run leave in its folder: what they told and printed, a lock while they live, and torn files.

Each supervisor has a room of its own below `members/`. A supervisor that is killed cannot gather what was told last, so
that whoever resumes the run finds it there.
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from workbench.engines.errors import CannotRun
from workbench.runs.events import Event, decode
from workbench.runs.lock import SharedLock, WriterLock

FOLDER, LOCK = "members", "alive.lock"
PATIENCE_S = 20.0  # members die with their supervisor, the last of them a beat later
_TORN = re.compile(r"\..+\.\d+|\.value-\d+|\.partial-.+")  # what is written before it takes its name

_alive: list[SharedLock] = []  # of this process, if it is a member


def room_for(run: Path, name: str) -> Path:
    """A new room for the members of one supervisor."""
    room = run / FOLDER / name
    room.mkdir(parents=True)
    (room / LOCK).touch()
    return room


def live_in(room: Path) -> None:
    """The process that calls lives in a room until it ends. FileNotFoundError if the room has been cleared."""
    _alive.append(SharedLock(room / LOCK))


def clear(run: Path) -> None:
    """All rooms go: what was told has been gathered."""
    shutil.rmtree(run / FOLDER, ignore_errors=True)


def wait_until_empty(run: Path, patience_s: float = PATIENCE_S) -> None:
    """Until no member of an earlier supervisor lives, for it could still record. CannotRun if one stays."""
    until_s = time.monotonic() + patience_s
    for lock in sorted((run / FOLDER).glob(f"*/{LOCK}")):
        while True:
            try:
                WriterLock(lock).release()
                break
            except BlockingIOError:
                if time.monotonic() > until_s:
                    raise CannotRun(f"processes of the run in {run} are still at work") from None
                time.sleep(0.02)


def told_last(run: Path, told: Iterable[Event]) -> list[Event]:
    """What members told, and nobody gathered, in the order of time; `told` is what the run's events hold."""
    last: dict[str, tuple[float, int]] = {}  # member -> the time of its last event, and how many it told then
    for event in told:
        at_s, count = last.get(event.who, (0.0, 0))
        last[event.who] = (event.t_s, count + 1 if event.t_s == at_s else 1)
    found = []
    for path in sorted((run / FOLDER).glob("*/*.events")):
        at_s, count = last.get(path.name.rsplit(".", 2)[0], (0.0, 0))
        for event in _whole(path):
            if event.t_s > at_s:
                found.append(event)
            elif event.t_s == at_s and count:
                count -= 1
            elif event.t_s == at_s:
                found.append(event)
    return sorted(found, key=lambda event: event.t_s)


def _whole(path: Path) -> Iterator[Event]:
    for line in path.read_bytes().split(b"\n")[:-1]:
        yield decode(line)


def remove_torn_files(run: Path) -> None:
    """Files of the run that a death left half written; none of them has a name that anybody reads."""
    for folder in (run, run / "artifacts"):
        _remove_torn(folder.glob(".*"))
    _remove_torn((run / "outbox").rglob(".*"))


def _remove_torn(paths: Iterable[Path]) -> None:
    for path in list(paths):
        if path.is_file() and _TORN.fullmatch(path.name):
            path.unlink()
