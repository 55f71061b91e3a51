"""The score as people and machines read it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from workbench.studies.score.case import Result, score
from workbench.studies.score.library import CASES


def results(ids: Sequence[str] = (), before: Callable[[str], Any] = lambda id: None) -> list[Result]:
    """The cases of these ids, all when there are none, in the order of the library. KeyError for an unknown one."""
    for id in ids:
        CASES[id]  # all names are looked at before the first case begins
    found = []
    for id, case in CASES.items():
        if not ids or id in ids:
            before(id)
            found.append(score(case))
    return found


def row(result: Result) -> dict[str, Any]:
    """One line of the table, in words."""
    show = _share if result.kind == "relative" else _plain
    return {
        "case": result.id,
        "what": result.title,
        "points": len(result.points),
        "error": show(result.error),
        "worst": show(result.worst),
        "null": show(result.null_error),
        "skill": _plain(result.skill),
        "rank": _plain(result.rank),
        "held back": show(result.held_back),
        "target": show(result.target),
        "stretch": show(result.stretch),
        "calibrated": result.calibration,
        "passed": "yes" if result.passed else "NO",
    }


def as_plain(found: list[Result]) -> list[dict[str, Any]]:
    """The score as JSON has it: shares and points as numbers."""
    return [asdict(result) for result in found]


def _share(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.2f} %"


def _plain(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"
