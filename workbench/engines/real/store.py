"""The store: what a program makes durable, as an SQLite file in WAL mode."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from workbench.engines.real.codec import from_bytes, to_bytes

_BUSY_S = 30.0


FILE = "records.sqlite"


def create(run: Path) -> None:
    """Make the empty store of the run at `run`, before members start: two who change a file to WAL at once collide."""
    connection = sqlite3.connect(run / FILE, timeout=_BUSY_S)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE IF NOT EXISTS record (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID")
    connection.commit()
    connection.close()


class Store:
    """One member's connection; values are plain data and arrays. A commit survives the death of any process."""

    def __init__(self, run: Path):
        self._connection = sqlite3.connect(run / FILE, timeout=_BUSY_S, isolation_level=None)
        self._connection.execute("PRAGMA synchronous=NORMAL")

    def close(self) -> None:
        self._connection.close()

    def record(self, entries: tuple[tuple[str, Any], ...]) -> None:
        """All entries in one commit; an older value of the same key is replaced."""
        rows = [(key, to_bytes(value)) for key, value in entries]
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.executemany("INSERT OR REPLACE INTO record VALUES (?, ?)", rows)
        self._connection.execute("COMMIT")

    def recall(self, prefix: str = "") -> dict[str, Any]:
        """Every entry whose key begins with `prefix`."""
        rows = self._connection.execute(
            "SELECT key, value FROM record WHERE substr(key, 1, ?) = ?", (len(prefix), prefix)
        )
        return {key: from_bytes(value) for key, value in rows}
