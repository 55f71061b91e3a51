"""What the command line shows: progress of a study, tables, and where a study's folder lies."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.engines.control import Control
from workbench.runs.folder import LOCK, RunReader, runs_in
from workbench.runs.lock import is_held
from workbench.runs.state import RunState
from workbench.studies.compare import Comparison, Notify, carry_out

if TYPE_CHECKING:
    from workbench.studies.score.case import Result

LOOK_S = 0.1


def free_folder(out: Path | None, name: str) -> Path:
    """`out`, or a new folder under runs/ that nobody has."""
    if out is not None:
        return out
    stem = f"{name}-{time.strftime('%Y%m%d-%H%M%S')}"
    candidates = [Path("runs") / stem, *(Path("runs") / f"{stem}-{i}" for i in range(2, 1000))]
    return next(path for path in candidates if not path.exists())


def carry_out_with_progress(study: Comparison, quiet: bool) -> list[str]:
    """Carry a study out, with a bar for each of its runs; the outcomes."""
    import dataclasses

    return _with_progress(lambda notify: carry_out(dataclasses.replace(study, notify=notify), Control()), quiet)


def resume_with_progress(runs: list[Path], quiet: bool) -> list[str]:
    """Resume runs that were broken off, one after the other; the outcomes."""
    from workbench.studies.resume import resume

    return _with_progress(lambda notify: [resume(run, Control(), notify) for run in runs], quiet)


def going_on(folder: Path, stage: str | None = None) -> list[Path]:
    """The real runs below a folder that are being written. ValueError if there is none, or none with that stage."""
    from workbench.document.text import read

    readers = [RunReader(run) for run in runs_in(folder)]
    runs = [reader for reader in readers if is_held(reader.path / LOCK) and reader.machine().get("engine") == "real"]
    if not runs:
        raise ValueError(f"{folder} holds no real run that goes on")
    known = [use.id for use in read(runs[0].scenario_text()).scenario.pipeline.stages]
    if stage is not None and stage not in known:
        raise ValueError(f"there is no stage '{stage}'; known are {', '.join(known)}")
    return [reader.path for reader in runs]


def _with_progress(carry: Callable[[Notify], list[str]], quiet: bool) -> list[str]:
    """What `carry` answers, with a bar for each run that it begins. The bars read the run folders, as a window does."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = [
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    ]
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=quiet) as progress:
        watcher = _Watcher(progress)
        try:
            return carry(watcher.notify)
        finally:
            watcher.close()


class _Watcher:
    """Follows the run folders that are being written, each on a thread of its own, and shows how far they are."""

    def __init__(self, progress: Any):
        self.progress = progress
        self.followed: dict[str, tuple[threading.Event, threading.Thread]] = {}

    def notify(self, message: dict[str, Any]) -> None:
        if "started" in message:
            folder, over = Path(message["started"]), threading.Event()
            task = self.progress.add_task(folder.name, total=None, note="")
            thread = threading.Thread(target=self._follow, args=(folder, task, over), daemon=True)
            self.followed[message["started"]] = over, thread
            thread.start()
        elif "finished" in message:
            self._leave(message["finished"])

    def close(self) -> None:
        for folder in list(self.followed):
            self._leave(folder)

    def _leave(self, folder: str) -> None:
        over, thread = self.followed.pop(folder)
        over.set()
        thread.join()

    def _follow(self, folder: Path, task: Any, over: threading.Event) -> None:
        reader, state = RunReader(folder), RunState()
        ended = False
        while not ended:
            ended = over.wait(LOOK_S)
            for event in reader.read_new():
                state.apply(event)
            done, note = state.steps_done, f"{len(state.failures)} failures" if state.failures else ""
            total = state.steps_of or None
            if state.outcome:
                total = total or 1
                done, note = (total if state.outcome == "finished" else done), f"{state.outcome} {note}".strip()
            self.progress.update(task, completed=done, total=total, note=note)


def warm_up_real_engine() -> None:
    """Start the forkserver before the first run needs it."""
    from workbench.engines.errors import CannotRun
    from workbench.engines.real.forkserver import warm_up

    try:
        warm_up()
    except CannotRun:
        return  # a request for a real run will be told so; simulations do not need it


# --- the score -----------------------------------------------------------------------------------------------------


def score(ids: list[str], as_json: bool) -> list[Result]:
    """Score the cases of these ids and print the table. typer.BadParameter for an id that is none."""
    import json
    import sys

    import typer

    from workbench.studies.score import table

    for id in ids:
        if id not in table.CASES:
            raise typer.BadParameter(f"there is no case '{id}'; known are {', '.join(table.CASES)}")
    quiet = as_json or not sys.stderr.isatty()
    found = table.results(ids, lambda id: None if quiet else sys.stderr.write(f"scoring {id} …\n"))
    print(json.dumps(table.as_plain(found), indent=2) if as_json else table.as_text(found))
    return found


# --- lists -------------------------------------------------------------------------------------------------------


def _stages() -> list[dict[str, Any]]:
    from workbench.stages.registry import STAGES

    return [
        {
            "stage": name,
            "group": kind.group,
            "inputs": " ".join(f"{p.name}:{p.type}" for p in kind.inputs),
            "outputs": " ".join(f"{p.name}:{p.type}" for p in kind.outputs),
            "what it is": kind.doc,
        }
        for name, kind in STAGES.items()
    ]


def _architectures() -> list[dict[str, Any]]:
    from workbench.architectures.registry import ORCHESTRATIONS, TRAININGS

    known: dict[str, dict[str, Any]] = {"orchestration": dict(ORCHESTRATIONS), "training": dict(TRAININGS)}
    return [
        {"architecture": name, "side": side, "parameters": " ".join(kind.model_fields), "what it is": kind.doc}
        for side, kinds in known.items()
        for name, kind in kinds.items()
    ]


def _packages() -> list[dict[str, Any]]:
    from workbench.architectures import registry  # loads what is installed
    from workbench.stages.installed import BROKEN, GROUPS, points

    del registry
    return [
        {
            "name": point.name,
            "is": GROUPS[point.group],
            "from": f"{point.dist.name} {point.dist.version}" if point.dist else point.value,
            "state": BROKEN.get(point.name, "loaded"),
        }
        for point in points()
    ]


def _accelerators() -> list[dict[str, Any]]:
    from workbench.catalogues.accelerators import ACCELERATORS

    return [
        {
            "accelerator": name,
            "peak": f"{a.peak_operations_per_s / 1e12:g} Tflop/s",
            "reached": f"{a.reached:.0%}",
            "memory": f"{a.memory_bytes / 1e9:g} GB",
            "bandwidth": f"{a.memory_bytes_per_s / 1e9:g} GB/s",
            "source": a.source,
        }
        for name, a in ACCELERATORS.items()
    ]


def _models() -> list[dict[str, Any]]:
    from workbench.catalogues.models import MODELS

    return [
        {
            "model": name,
            "parameters": f"{model.parameters / 1e9:.1f} B",
            "layers": model.layers,
            "hidden": model.hidden,
            "heads": model.heads,
            "sequence": model.sequence,
            "source": model.source,
        }
        for name, model in MODELS.items()
    ]


def _metrics() -> list[dict[str, Any]]:
    from workbench.document.metrics import METRICS

    return [{"metric": name, "unit": m.unit, "what it is": m.title()} for name, m in METRICS.items()]


def _scenarios() -> list[dict[str, Any]]:
    from workbench.document.text import read

    rows = []
    for path in sorted(Path("scenarios").glob("**/*.yaml")):
        scenario = read(path.read_text(encoding="utf-8-sig")).scenario
        rows.append({"file": str(path), "name": scenario.name, "what it shows": scenario.description})
    return rows


LISTS: dict[str, Callable[[], list[dict[str, Any]]]] = {
    "stages": _stages,
    "architectures": _architectures,
    "packages": _packages,
    "accelerators": _accelerators,
    "models": _models,
    "metrics": _metrics,
    "scenarios": _scenarios,
}


def as_table(rows: list[dict[str, Any]]) -> str:
    """Rows as a table for the terminal."""
    from io import StringIO

    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in rows[0] if rows else []:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    console = Console(file=StringIO(), width=Console().width)
    console.print(table)
    return console.file.getvalue().rstrip()  # type: ignore[attr-defined]
