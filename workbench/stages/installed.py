"""What installed packages add to ours, from entry points: under names of their own, and refused by name where it fails.

A package that cannot be loaded must not take the workbench along: it is left out, and whoever asks is told why.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import TypeVar

Kind = TypeVar("Kind")

GROUPS = {  # of entry points
    "workbench.stages": "stage",
    "workbench.trainings": "training architecture",
    "workbench.orchestrations": "orchestration",
}
BROKEN: dict[str, str] = {}  # the name of a kind that could not be loaded, and why


def points() -> list[EntryPoint]:
    """All that installed packages name."""
    return [point for group in GROUPS for point in entry_points(group=group)]


def installed(group: str, base: type[Kind], taken: Iterable[str]) -> dict[str, type[Kind]]:
    """The subclasses of `base` that other packages name in an entry-point group; none replaces one that is `taken`."""
    found: dict[str, type[Kind]] = {}
    for point in entry_points(group=group):
        if point.name in taken or point.name in found:
            BROKEN[point.name] = f"{point.value} cannot replace what has that name already"
            continue
        try:
            found[point.name] = _loaded(point, base)
        except Exception as error:  # noqa: BLE001 - whatever somebody else's module raises
            BROKEN[point.name] = f"{type(error).__name__}: {error}"
    return found


def _loaded(point: EntryPoint, base: type[Kind]) -> type[Kind]:
    kind = point.load()
    if not (isinstance(kind, type) and issubclass(kind, base)):
        raise TypeError(f"{point.value} is no {base.__name__}")
    missing = [name for name in ("title", "title_ja", "doc", "doc_ja") if not hasattr(kind, name)]
    if missing:
        raise TypeError(f"{point.value} lacks {', '.join(missing)}")
    return kind


def unknown(name: str, known: Mapping[str, object], code: str) -> tuple[str, dict[str, str]]:
    """(code, values) of the problem that there is no such kind: another one where a package could not be loaded."""
    from workbench.document.problems import nearest

    if name in BROKEN:
        return "broken-package", {"name": name, "reason": BROKEN[name]}
    return code, {"name": name, "kind": name, "nearest": nearest(name, known)}
