"""From older formats to this one: one tiny function from each format to the next, never edited again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from workbench.document.problems import Problem
from workbench.document.scenario import FORMAT

Data = dict[str, Any]

# UPGRADES[n] takes the plain data of a scenario of format n and answers that of format n + 1.
UPGRADES: Mapping[int, Callable[[Data], Data]] = {}


def format_problem(data: Data, newest: int = FORMAT, oldest: int | None = None) -> Problem | None:
    """What is wrong with the format number; None if the data can be read, perhaps after an upgrade."""
    if "format" not in data:
        return Problem("format-missing", values={"format": newest})
    found = data["format"]
    if isinstance(found, bool) or not isinstance(found, int):
        return Problem("format-unknown", "format", {"value": found, "format": newest})
    if found > newest:
        return Problem("format-newer", "format", {"found": found, "format": newest})
    if found < (min(UPGRADES, default=newest) if oldest is None else oldest):
        return Problem("format-unknown", "format", {"value": found, "format": newest})
    return None


def upgraded(data: Data, newest: int = FORMAT, upgrades: Mapping[int, Callable[[Data], Data]] = UPGRADES) -> Data:
    """The same scenario as plain data of the newest format."""
    for step in range(data["format"], newest):
        data = upgrades[step](data) | {"format": step + 1}
    return data
