"""Which Python code of the user's may run: files trusted by the SHA-256 of their content, in the user's own folder."""

from __future__ import annotations

import hashlib
import os
import re
import sys
from pathlib import Path

_DIGEST = re.compile(r"[0-9a-f]{64}")


def home() -> Path:
    """Where the Workbench keeps what belongs to the user; WORKBENCH_HOME in the environment names another place."""
    if given := os.environ.get("WORKBENCH_HOME"):
        return Path(given)
    if sys.platform == "win32":
        return Path(os.environ["APPDATA"]) / "workbench"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "workbench"
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "workbench"


def digest_of(code: bytes) -> str:
    """The name by which code is trusted: any change of the file changes it."""
    return hashlib.sha256(code).hexdigest()


def is_trusted(digest: str) -> bool:
    """Whether the user has said that code of this digest may run."""
    return _DIGEST.fullmatch(digest) is not None and _mark(digest).is_file()


def trust(digest: str, note: str = "") -> None:
    """Let code of this digest run from now on; `note` reminds the user what it was."""
    if not _DIGEST.fullmatch(digest):
        raise ValueError(f"'{digest}' is no SHA-256 in small hexadecimal letters")
    mark = _mark(digest)
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.write_text(note + "\n", encoding="utf-8")


def distrust(digest: str) -> None:
    """Take a trust back."""
    if is_trusted(digest):
        _mark(digest).unlink()


def _mark(digest: str) -> Path:
    return home() / "trusted" / digest
