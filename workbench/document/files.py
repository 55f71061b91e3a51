"""Scenario files: the text as it lies on disk, with its byte-order mark and its kind of line breaks."""

from __future__ import annotations

import os
from pathlib import Path

from workbench.document.problems import Refused


def load(path: Path) -> str:
    """The text of a file, to the byte; OSError if it cannot be read, Refused if it is not UTF-8."""
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused("not-utf-8") from error


def save(path: Path, text: str) -> None:
    """Writes a text to the byte, by way of a file beside it, so that a broken write leaves the old one; OSError."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.new")
    beside.write_bytes(text.encode("utf-8"))
    beside.replace(path)
