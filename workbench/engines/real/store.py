"""The store: what a program makes durable, and who holds a lease of what, as an SQLite file in WAL mode."""

from __future__ import annotations

import hashlib
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
LEASES, CHECKPOINTS = "lease/", "checkpoint/"
_TABLES = """
CREATE TABLE IF NOT EXISTS record (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS lease (
    name TEXT PRIMARY KEY, holder TEXT NOT NULL, token INTEGER NOT NULL, ends_s REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS checkpoint (
    number INTEGER PRIMARY KEY, key TEXT NOT NULL, value BLOB NOT NULL, digest BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS checkpoint_key ON checkpoint (key);
CREATE TABLE IF NOT EXISTS room (bytes REAL NOT NULL);
UPDATE lease SET ends_s = 0;
DELETE FROM room;
"""
_OLDER = """
DELETE FROM checkpoint WHERE key = ?1
AND number NOT IN (SELECT number FROM checkpoint WHERE key = ?1 ORDER BY number DESC LIMIT 2)
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


class Full(Exception):
    """There is no room for a record; whoever makes it waits, and tries again."""


class Store:
    """One member's connection; values are plain data and arrays. A commit survives the death of any process.

    Leases end by `clock`, which all processes of a machine have in common. Tokens of a name only grow, so that who lost
    a lease cannot record under it any more: that it holds is asked, and what is recorded written, in one transaction.

    Of each checkpoint the one before is kept, with digests, for a restart that finds the last one damaged. While the
    store is full, records of more than its room are refused; leases are renewed in place.
    """

    def __init__(self, run: Path, clock: Callable[[], float] = time.monotonic, busy_s: float = _BUSY_S):
        self.clock = clock
        self._connection = sqlite3.connect(  # the lanes of a member take turns by its floor
            run / FILE, timeout=busy_s, isolation_level=None, check_same_thread=False
        )
        self._connection.execute("PRAGMA synchronous=NORMAL")

    def close(self) -> None:
        self._connection.close()

    def record(self, entries: tuple[tuple[str, Any], ...], under: Lease | None = None) -> None:
        """All entries in one commit; an older value of the same key is replaced. LeaseLost, Full."""
        rows = [(key, to_bytes(value)) for key, value in entries]
        saved = [(key, value, _digest(value)) for key, value in rows if key.startswith(CHECKPOINTS)]
        with self._commit():
            if under is not None and not self._extend(under):
                raise LeaseLost(under.name)
            self._take_room(rows)
            self._connection.executemany(
                "INSERT OR REPLACE INTO record VALUES (?, ?)",
                [row for row in rows if not row[0].startswith(CHECKPOINTS)],
            )
            for row in saved:
                self._connection.execute("INSERT INTO checkpoint (key, value, digest) VALUES (?, ?, ?)", row)
                self._connection.execute(_OLDER, row[:1])

    def recall(self, prefix: str = "") -> dict[str, Any]:
        """Every entry whose key begins with `prefix`, or the leases that hold now."""
        if prefix.startswith(LEASES):
            return self._held(prefix.removeprefix(LEASES))
        rows = self._connection.execute(
            "SELECT key, value FROM record WHERE key >= ?1 AND substr(key, 1, ?2) = ?1", (prefix, len(prefix))
        )
        found = {key: from_bytes(value) for key, value in rows}
        if prefix.startswith(CHECKPOINTS) or CHECKPOINTS.startswith(prefix):
            found |= self._checkpoints(prefix)
        return found

    def recorded(self) -> list[str]:
        """The key of every entry but checkpoints."""
        return [key for (key,) in self._connection.execute("SELECT key FROM record")]

    # --- what goes wrong with it -----------------------------------------------------------------------------------

    def fill(self, room_bytes: float) -> None:
        """From now on no more than this fits."""
        with self._commit():
            self._connection.execute("DELETE FROM room")
            self._connection.execute("INSERT INTO room VALUES (?)", (room_bytes,))

    def clear(self) -> None:
        """There is room again."""
        with self._commit():
            self._connection.execute("DELETE FROM room")

    def _take_room(self, rows: list[tuple[str, bytes]]) -> None:
        """The new has to fit beside the old; what is replaced makes room for what comes after. Full."""
        room = self._connection.execute("SELECT bytes FROM room").fetchone()
        if room is None:
            return
        size = sum(len(key) + len(value) for key, value in rows)
        if size > room[0]:
            raise Full
        old = sum(
            self._connection.execute(
                "SELECT coalesce(sum(length(key) + length(value)), 0) FROM record WHERE key = ?", (key,)
            ).fetchone()[0]
            for key, _ in rows
        )
        self._connection.execute("UPDATE room SET bytes = bytes + ?", (old - size,))

    def corrupt(self) -> tuple[str, Any, Any] | None:
        """Damage the checkpoint that was saved last: its key, it, and the one before; None without one."""
        with self._commit():
            rows = self._connection.execute("SELECT number, key, value, digest FROM checkpoint ORDER BY number DESC")
            newest: dict[str, list[Any]] = {}
            for row in rows:
                newest.setdefault(row[1], []).append(row)
            whole = [saved for saved in newest.values() if saved[0][3] == _digest(saved[0][2])]
            if not whole:
                return None
            (number, key, value, _), *before = whole[0]
            damaged = value[: len(value) // 2] + bytes(byte ^ 0xFF for byte in value[len(value) // 2 :][:64])
            self._connection.execute("UPDATE checkpoint SET value = ? WHERE number = ?", (damaged, number))
        return key, from_bytes(value), from_bytes(before[0][2]) if before else None

    def _checkpoints(self, prefix: str) -> dict[str, Any]:
        """Of each checkpoint the last one that is whole."""
        rows = self._connection.execute(
            "SELECT key, value, digest FROM checkpoint WHERE substr(key, 1, ?2) = ?1 ORDER BY number",
            (prefix, len(prefix)),
        )
        return {key: from_bytes(value) for key, value, digest in rows if _digest(value) == digest}

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


def _digest(value: bytes) -> bytes:
    return hashlib.blake2b(value, digest_size=16).digest()
