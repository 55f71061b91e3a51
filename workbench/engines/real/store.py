"""The store: what a program makes durable, and who holds a lease of what, as an SQLite file in WAL mode."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from workbench.architectures.operations import Lease, LeaseLost
from workbench.engines.real.codec import from_bytes, to_bytes

_BUSY_S = 30.0

FILE = "records.sqlite"
LEASES = "lease/"
_TABLES = """
CREATE TABLE IF NOT EXISTS record (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS lease (
    name TEXT PRIMARY KEY, holder TEXT NOT NULL, token INTEGER NOT NULL, ends_s REAL NOT NULL
) WITHOUT ROWID;
UPDATE lease SET ends_s = 0;
"""
_CLAIM = """
INSERT INTO lease VALUES (?1, ?2, 1, ?3)
ON CONFLICT (name) DO UPDATE SET holder = ?2, token = token + 1, ends_s = ?3 WHERE holder = ?2 OR ends_s <= ?4
RETURNING token
"""


def create(run: Path, machines: bool = False) -> None:
    """Make the store of the run at `run`, before members start: two who change a file to WAL at once collide.

    Leases of a run that was broken off have ended, for their clock may have been another one; their tokens stay.
    Members on several `machines` cannot share the memory that WAL needs: a rollback journal takes its place.
    """
    with closing(sqlite3.connect(run / FILE, timeout=_BUSY_S)) as connection:
        connection.execute(f"PRAGMA journal_mode={'DELETE' if machines else 'WAL'}")
        connection.executescript(_TABLES)


class Store:
    """One member's connection; values are plain data and arrays. A commit survives the death of any process.

    Leases end by `clock`, which all processes of a machine have in common. Tokens of a name only grow, so that who lost
    a lease cannot record under it any more: that it holds is asked, and what is recorded written, in one transaction.
    """

    def __init__(self, run: Path, clock: Callable[[], float] = time.monotonic):
        self.clock = clock
        self._connection = sqlite3.connect(  # the lanes of a member take turns by its floor
            run / FILE, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
        )
        self._connection.execute("PRAGMA synchronous=NORMAL")

    def close(self) -> None:
        self._connection.close()

    def record(self, entries: tuple[tuple[str, Any], ...], under: Lease | None = None) -> None:
        """All entries in one commit; an older value of the same key is replaced. LeaseLost."""
        rows = [(key, to_bytes(value)) for key, value in entries]
        with self._commit():
            if under is not None and not self._extend(under):
                raise LeaseLost(under.name)
            self._connection.executemany("INSERT OR REPLACE INTO record VALUES (?, ?)", rows)

    def recall(self, prefix: str = "") -> dict[str, Any]:
        """Every entry whose key begins with `prefix`, or the leases that hold now."""
        if prefix.startswith(LEASES):
            return self._held(prefix.removeprefix(LEASES))
        rows = self._connection.execute(
            "SELECT key, value FROM record WHERE key >= ?1 AND substr(key, 1, ?2) = ?1", (prefix, len(prefix))
        )
        return {key: from_bytes(value) for key, value in rows}

    def recorded(self) -> list[str]:
        """The key of every entry."""
        return [key for (key,) in self._connection.execute("SELECT key FROM record")]

    # --- leases ----------------------------------------------------------------------------------------------------

    def claim(self, holder: str, name: str, for_s: float) -> Lease | None:
        """A lease that is greater than all before it, or None while another one holds one."""
        with self._commit():
            now_s = self.clock()
            row = self._connection.execute(_CLAIM, (name, holder, now_s + for_s, now_s)).fetchone()
        return Lease(name, holder, row[0], for_s) if row else None

    def renew(self, leases: tuple[Lease, ...]) -> tuple[Lease, ...]:
        """Those of the leases that had not ended; they last as long again from now on."""
        with self._commit():
            return tuple(lease for lease in leases if self._extend(lease))

    def release(self, lease: Lease) -> None:
        """The name is free; nothing happens if the lease has ended."""
        with self._commit():
            self._end_at(0.0, lease)

    def _extend(self, lease: Lease) -> bool:
        return self._end_at(self.clock() + lease.for_s, lease)

    def _end_at(self, ends_s: float, lease: Lease) -> bool:
        """Within a transaction: whether the lease still holds; then it ends at another time."""
        found = self._connection.execute(
            "UPDATE lease SET ends_s = ? WHERE name = ? AND token = ? AND ends_s > ?",
            (ends_s, lease.name, lease.token, self.clock()),
        )
        return found.rowcount == 1

    def _held(self, prefix: str) -> dict[str, Any]:
        rows = self._connection.execute(
            "SELECT name, holder, token FROM lease WHERE ends_s > ?1 AND substr(name, 1, ?2) = ?3",
            (self.clock(), len(prefix), prefix),
        )
        return {LEASES + name: [holder, token] for name, holder, token in rows}

    @contextmanager
    def _commit(self) -> Iterator[None]:
        """All of it or nothing, and nobody else's in between."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")
