"""Resuming: a real run that was broken off goes on in its own folder, with what was recorded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from workbench.architectures.check import check_all
from workbench.engines.control import Control
from workbench.engines.real import run as real
from workbench.runs.folder import EVENTS, MACHINE, RunReader, RunWriter

Notify = Callable[[dict[str, Any]], None]


def broken_off(folder: Path) -> list[Path]:
    """The real runs in a study folder that were broken off; of a run folder that run itself, whatever it is.

    ValueError if there is none.
    """
    if (folder / MACHINE).exists():
        return [folder]
    found = [path.parent for path in sorted(folder.glob(f"*/{MACHINE}")) if _is_broken_off(path.parent)]
    if not found:
        raise ValueError(f"{folder} holds no real run that was broken off")
    return found


def _is_broken_off(run: Path) -> bool:
    reader = RunReader(run)
    if (run / EVENTS).exists():
        reader.read_new()
    return reader.machine().get("engine") == "real" and reader.broken_off


def resume(run: Path, control: Control, notify: Notify) -> str:
    """Go on with the run in that folder; its outcome. ValueError says why it cannot be resumed."""
    reader = RunReader(run)
    about = reader.machine()
    if about.get("engine", "real") != "real":
        raise ValueError(f"{run} holds a simulated run: run the scenario again, and the same seed tells the same story")
    if "folder" not in about:
        raise ValueError(f"{run} was written by a version that could not resume runs")
    text, folder = reader.scenario_text(), Path(about["folder"])
    document = check_all(text, folder)
    refused = [problem.told() for problem in document.problems if problem.refuses]
    if refused:
        raise ValueError(f"{run} holds a scenario that cannot be run: {'; '.join(refused)}")
    chosen = document.scenario.combination(about["combination"])
    assert chosen is not None
    with RunWriter.resumed(run) as writer:
        notify({"started": str(run)})
        more: dict[str, Any] = {"fresh": "fresh" in about, "cluster": about.get("cluster", "")}
        outcome = real.carry_out(document.scenario, chosen, folder, writer, control, resumes=True, **more)
    notify({"finished": str(run), "outcome": outcome})
    return outcome
