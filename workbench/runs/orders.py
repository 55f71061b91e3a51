"""Orders: live commands that reach a run through its folder, from a process that did not start it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

FILE = "orders.jsonl"


def order(run: Path, command: dict[str, Any]) -> None:
    """Put a command into the folder of a run that goes on, as one line in one write."""
    file = os.open(run / FILE, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o644)
    try:
        os.write(file, json.dumps(command, ensure_ascii=False).encode() + b"\n")
    finally:
        os.close(file)


class Orders:
    """What is put into a run's folder from now on."""

    def __init__(self, run: Path):
        self._path = run / FILE
        self._offset = self._path.stat().st_size if self._path.exists() else 0

    def read_new(self) -> list[dict[str, Any]]:
        """The commands that have come since the last call; a line that is no command is left out."""
        try:
            if self._path.stat().st_size <= self._offset:
                return []
        except FileNotFoundError:
            return []
        with self._path.open("rb") as file:
            file.seek(self._offset)
            whole = file.read().rpartition(b"\n")[0]
        self._offset += len(whole) + 1 if whole else 0
        return [found for line in whole.splitlines() if (found := _command(line))]


def _command(line: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) and "command" in found else None
