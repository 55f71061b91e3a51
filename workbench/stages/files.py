"""Paths that a scenario names: where they lead, and what is wrong with them."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath, PureWindowsPath

from workbench.document.problems import Problem, nearest
from workbench.stages.base import BadInput


def to_read(folder: Path, name: str) -> Path:
    """The file of that name, beside the scenario unless absolute; BadInput names what lies there."""
    path = folder / Path(name).expanduser()
    if not path.is_file():
        near = nearest(Path(name).name, _names_in(path.parent))
        hint = f"; did you mean '{near}'?" if near else ""
        raise BadInput(f"there is no file {name} beside the scenario{hint}")
    return path


def missing(folder: Path, name: str, parameter: str) -> list[Problem]:
    """The problem of a parameter that names a file which is not there."""
    path = folder / Path(name).expanduser()
    if path.is_file():
        return []
    return [Problem("file-missing", parameter, {"path": name, "nearest": nearest(path.name, _names_in(path.parent))})]


def _names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []


def leads_outside(name: str) -> bool:
    """Whether a name for a file to be written is absolute or climbs out of its folder, on any system."""
    for kind in (PurePosixPath, PureWindowsPath):
        path = kind(name)
        if path.is_absolute() or path.drive or path.root or ".." in path.parts:
            return True
    return False


def to_write(outbox: Path, name: str) -> Path:
    """The place of a file that is to be written; its folders are made. BadInput for a name that leads outside."""
    if leads_outside(name):
        raise BadInput(f"'{name}' leads out of the run's folder; give a relative path without '..'")
    path = outbox / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def beside(path: Path) -> Path:
    """Where a file is written before it takes its name, so that nobody ever reads half of it."""
    return path.with_name(f".{path.name}.{os.getpid()}")
