"""The store: what programs record, durable in one SQLite file of the run (write-ahead log)."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from workbench.engines.real import codec

FILE = "records.sqlite"


def create(run: Path) -> None:
    """Make the file and its mode, once, before any member starts: two processes at once would lock each other out."""
    with sqlite3.connect(run / FILE) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE IF NOT EXISTS record (key TEXT PRIMARY KEY, value BLOB NOT NULL)")
    connection.close()


class Store:
    """One member's connection. A commit survives kill -9 of any process (synchronous=NORMAL), not a power cut."""

    def __init__(self, run: Path):
        self._connection = sqlite3.connect(run / FILE, timeout=30.0, isolation_level=None)
        self._connection.execute("PRAGMA synchronous=NORMAL")

    def record(self, entries: tuple[tuple[str, Any], ...]) -> None:
        """All entries in one commit."""
        rows = [(key, codec.to_bytes(value)) for key, value in entries]
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.executemany("INSERT OR REPLACE INTO record VALUES (?, ?)", rows)
        self._connection.execute("COMMIT")

    def recall(self, prefix: str) -> dict[str, Any]:
        rows = self._connection.execute(
            "SELECT key, value FROM record WHERE substr(key, 1, ?) = ? ORDER BY key", (len(prefix), prefix)
        )
        return {key: codec.from_bytes(value) for key, value in rows}

    def close(self) -> None:
        self._connection.close()
