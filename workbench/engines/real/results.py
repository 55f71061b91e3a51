"""Results of earlier runs, by what they rest on: kept in the user's own folder, where every later run finds them.

index/<key>.json   a result: its artifacts by port, what was measured, and the study that made it
artifacts/<sha>    the values themselves; one copy with those of the run folders where the system can share them
last/<place>.json  what the latest result of a stage rests on, so that it can be said what has changed
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

from workbench.runs.folder import artifact_path

MOST_BYTES = 10e9
YOUNG_S = 3600.0  # what is younger may belong to a result that is just being kept


class Results:
    """The results in one folder. Several processes use it at once: files appear whole, and are never changed."""

    def __init__(self, folder: Path):
        self.folder = folder
        for name in ("index", "artifacts", "last"):
            (folder / name).mkdir(parents=True, exist_ok=True)

    def find(self, key: str) -> dict[str, Any] | None:
        """The result of that key, if there is one."""
        return _read(self._entry(key))

    def take(self, key: str, entry: dict[str, Any], run: Path) -> bool:
        """Lay the artifacts of a result into a run; False if one is missing or damaged."""
        for digest in _digests(entry["outputs"]):
            source, target = self.folder / "artifacts" / digest, artifact_path(run, digest)
            if target.exists():
                continue
            if not source.exists() or _digest_of(source) != digest:
                return False
            _lay(source, target)
        with contextlib.suppress(OSError):
            os.utime(self._entry(key))  # the latest use is what it is kept for
        return True

    def keep(self, key: str, entry: dict[str, Any], run: Path) -> None:
        """Keep what a run led to."""
        for digest in _digests(entry["outputs"]):
            target = self.folder / "artifacts" / digest
            if not target.exists():
                _lay(artifact_path(run, digest), target)
        _write(self._entry(key), entry)

    def last(self, place: str) -> dict[str, str] | None:
        """What the latest result of a place rests on."""
        return _read(self._place(place))

    def note(self, place: str, parts: dict[str, str]) -> None:
        _write(self._place(place), parts)

    def prune(self, most_bytes: float = MOST_BYTES) -> None:
        """Drop the results that nobody has used for longest, until the rest fits; run folders keep their own."""
        if sum(_size(path) for path in (self.folder / "artifacts").iterdir()) <= most_bytes:
            return
        index = sorted((self.folder / "index").glob("*.json"), key=_used, reverse=True)
        kept: set[str] = set()
        size = 0.0
        for path in index:
            own = _digests((_read(path) or {"outputs": {}})["outputs"]) - kept
            size += sum(_size(self.folder / "artifacts" / digest) for digest in own)
            if size <= most_bytes:
                kept |= own
            else:
                path.unlink(missing_ok=True)
        old = time.time() - YOUNG_S
        for path in (self.folder / "artifacts").iterdir():
            if path.name not in kept and _used(path) < old:
                path.unlink(missing_ok=True)

    def _entry(self, key: str) -> Path:
        return self.folder / "index" / f"{key}.json"

    def _place(self, place: str) -> Path:
        return self.folder / "last" / f"{hashlib.sha256(place.encode()).hexdigest()}.json"


def _digests(outputs: dict[str, Any]) -> set[str]:
    """The artifacts among outputs; what a stage found beside them is no artifact."""
    return {value for value in outputs.values() if isinstance(value, str)}


def _digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _lay(source: Path, target: Path) -> None:
    """`target` appears whole: the same file as `source`, or a copy where the system cannot share it."""
    beside = target.with_name(f".partial-{target.name[:16]}-{os.getpid()}")
    try:
        try:
            os.link(source, beside)
        except OSError:
            shutil.copyfile(source, beside)
        os.replace(beside, target)
    finally:
        beside.unlink(missing_ok=True)


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None


def _write(path: Path, value: Any) -> None:
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
    os.replace(beside, path)


def _used(path: Path) -> float:
    with contextlib.suppress(OSError):
        return path.stat().st_mtime
    return 0.0


def _size(path: Path) -> float:
    with contextlib.suppress(OSError):
        return float(path.stat().st_size)
    return 0.0
