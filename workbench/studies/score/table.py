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


def as_text(found: list[Result]) -> str:
    """The score as a table, and below it why a target was missed."""
    from io import StringIO

    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in ("case", "what", "points", "error", "worst", "null", "skill", "rank", "held back", "target", "passed"):
        table.add_column(name, justify="left" if name in ("case", "what", "passed") else "right", no_wrap=True)
    for result in found:
        table.add_row(*_cells(result))
    console = Console(file=StringIO(), width=160)
    console.print(table)
    text = str(console.file.getvalue())  # type: ignore[attr-defined]
    lines = [line.rstrip() for line in text.splitlines()]
    lines += [f"{result.id}: fitted are {result.calibration}" for result in found if result.calibration != "none"]
    lines += [f"{result.id} misses its target: {result.missed}" for result in found if not result.passed]
    return "\n".join(lines)


def _cells(result: Result) -> list[str]:
    show = _share if result.kind == "relative" else _points
    numbers = [show(result.error), show(result.worst), show(result.null_error), _plain(result.skill)]
    numbers += [_plain(result.rank), show(result.held_back), show(result.target)]
    return [result.id, result.title, str(len(result.points)), *numbers, "yes" if result.passed else "NO"]


def as_plain(found: list[Result]) -> list[dict[str, Any]]:
    """The score as JSON has it: shares and points as numbers."""
    return [asdict(result) for result in found]


def _share(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.2f} %"


def _points(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _plain(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
