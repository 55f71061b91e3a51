"""Faults from a trace: a CSV file with a line for each of them, such as the log of a cluster gives."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from workbench.document.check import FAULT_FIELDS, of_fault
from workbench.document.problems import Problem, nearest
from workbench.document.scenario import Fault, Scenario
from workbench.document.validation import problems_of
from workbench.stages.files import missing

COLUMNS = ("at", "kind", "worker", "lasts")  # of which only the first must be there
MOST_PROBLEMS = 20  # told of one file


def with_traces(scenario: Scenario, folder: Path) -> Scenario:
    """The scenario with a fault for each line of its traces; it must have been checked.

    The first takes the place of its trace and the others stand at the end, so that random faults keep their draws.
    """
    if not any(fault.trace for fault in scenario.faults):
        return scenario
    faults, others = [], []
    for fault in scenario.faults:
        own = [Fault.model_validate(row) for _, row in _rows(fault, folder)] if fault.trace else [fault]
        faults.append(own[0])
        others += own[1:]
    return scenario.model_copy(update={"faults": (*faults, *others)})


def problems(scenario: Scenario, folder: Path) -> list[Problem]:
    """What is wrong with the trace files of a scenario, each with its line there."""
    return [
        problem
        for index, fault in enumerate(scenario.faults)
        if fault.trace
        for problem in _of_trace(scenario, fault, f"faults[{index}].trace", folder)
    ]


def _of_trace(scenario: Scenario, fault: Fault, place: str, folder: Path) -> list[Problem]:
    if absent := missing(folder, fault.trace, place):
        return absent
    try:
        columns = _reader(fault, folder).fieldnames or ()
        rows = list(_rows(fault, folder))
    except (UnicodeDecodeError, csv.Error):
        return [Problem("trace-unreadable", place, {"path": fault.trace})]
    found = [
        Problem("trace-column", place, {"path": fault.trace, "column": column, "nearest": nearest(column, COLUMNS)})
        for column in columns
        if column not in COLUMNS
    ]
    if "at" not in columns:
        found.append(Problem("trace-without-at", place, {"path": fault.trace}))
    elif not rows:
        found.append(Problem("trace-empty", place, {"path": fault.trace}))
    if found:
        return found
    for line, row in rows:
        for detail in _of_row(scenario, row):
            values = {"path": fault.trace, "number": line, "detail": detail}
            found.append(Problem("trace-line", place, values))
            if len(found) == MOST_PROBLEMS:
                return found
    return found


def _of_row(scenario: Scenario, row: dict[str, Any]) -> Iterator[Problem]:
    if None in row:
        yield Problem("trace-cells", values={"most": len(COLUMNS)})
        return
    try:
        fault = Fault.model_validate(row | {"only": ()})  # which the scenario itself says, and is asked about
    except ValidationError as error:
        yield from problems_of(error, row, Fault)
        return
    yield from (problem for problem in of_fault(scenario, "", fault) if problem.refuses)


def _rows(fault: Fault, folder: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each line's number in the file, and the fault that it says: its cells, and what the trace says of all."""
    common = {"kind": fault.kind, "only": fault.only}
    reader = _reader(fault, folder)
    for cells in reader:
        row = common | {name: cell.strip() if isinstance(cell, str) else cell for name, cell in cells.items() if cell}
        said = {name: getattr(fault, name) for name, kinds in FAULT_FIELDS.items() if row["kind"] in kinds}
        yield reader.line_num, {name: value for name, value in said.items() if value is not None} | row


def _reader(fault: Fault, folder: Path) -> csv.DictReader[str]:
    text = (folder / Path(fault.trace).expanduser()).read_text(encoding="utf-8-sig")
    return csv.DictReader(text.splitlines(), skipinitialspace=True)
