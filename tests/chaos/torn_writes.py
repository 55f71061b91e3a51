"""Deaths inside a write: a process that kills itself, or the whole run, when half of something has been written."""

import os
import signal
from pathlib import Path

from workbench.engines.real import member, shelf
from workbench.engines.real.codec import to_bytes
from workbench.engines.real.store import Store
from workbench.runs import folder


class Death:
    """SIGKILL at the `count`-th write of a kind, of the process itself and of the `run` process, where one is given.

    Of several processes that are to die, the first to come so far does; the others live.
    """

    def __init__(self, mark: Path, count: int, run: int = 0):
        self.mark, self.left, self.run = mark, count, run

    def is_due(self) -> bool:
        self.left -= 1
        if self.left:
            return False
        try:
            self.mark.touch(exist_ok=False)
        except FileExistsError:
            return False
        return True

    def strike(self) -> None:
        if self.run:
            os.kill(self.run, signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)


def in_commit(death: Death) -> None:
    """Between the rows of a record and their commit."""
    whole = Store.record

    def record(self, entries, under=None):
        if not death.is_due():
            return whole(self, entries, under)
        self._connection.execute("BEGIN IMMEDIATE")
        rows = [(key, to_bytes(value)) for key, value in entries]
        self._connection.executemany("INSERT OR REPLACE INTO record VALUES (?, ?)", rows)
        return death.strike()

    Store.record = record


def in_artifact(death: Death) -> None:
    """When half of a value lies beside the place whose name it is to take."""

    def store_file(run, partial):
        if not death.is_due():
            return folder.store_file(run, partial)
        os.truncate(partial, partial.stat().st_size // 2)
        return death.strike()

    shelf.store_file = store_file


def in_event(death: Death, writer: folder.RunWriter) -> None:
    """When half of the last line of the story has reached its file."""
    whole = writer.flush

    def flush():
        if writer._waiting and death.is_due():
            waiting = b"".join(writer._waiting)
            writer._events.write(waiting[: len(waiting) - len(waiting) // 3 - 2])
            death.strike()
        whole()

    writer.flush = flush


PLACES = {"commit": in_commit, "artifact": in_artifact}


def make(seat, tell):
    """A member of a run; the first life of the one that is to die has its death laid into a write."""
    arguments = seat.arguments
    if seat.me in arguments["who"] and seat.incarnation == 0:
        death = Death(Path(arguments["mark"]), arguments["count"], arguments["run"])
        PLACES[arguments["place"]](death)
    return member.from_scenario(seat, tell)
