"""A comparison: every combination of a scenario, on the engines that were asked for, in one study folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workbench.document.scenario import Scenario
from workbench.engines.control import Control
from workbench.engines.errors import CannotRun
from workbench.engines.window import Window
from workbench.runs.folder import RunWriter

ENGINES = ("simulated", "real")
Notify = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Comparison:
    """What is to be run: `text` is the scenario as written, `folder` where it lies, `out` the study folder.

    `workers` simulated runs go on at once, each on a core, unless they are paced by a `speed` for somebody to watch.
    Within `messages` they tell every letter and chunk. If it is `fresh`, real runs take nothing over from earlier ones.
    Real runs are carried out on the machines of a `cluster`, the address of a Dask scheduler, or if there is none on
    this one.
    """

    text: str
    scenario: Scenario
    folder: Path
    out: Path
    engines: tuple[str, ...] = ENGINES
    combinations: tuple[str, ...] = ()
    speed: float = 0.0
    workers: int = 1
    messages: Window | None = None
    fresh: bool = False
    cluster: str = ""
    notify: Notify = field(default=lambda message: None)

    @property
    def chosen(self) -> tuple[str, ...]:
        return self.combinations or tuple(combination.id for combination in self.scenario.architectures)

    def runs(self) -> list[tuple[str, str, int]]:
        """(engine, combination, replication) of each run, simulated ones first: they are there at once."""
        return [
            (engine, combination, replication)
            for engine in ENGINES
            if engine in self.engines
            for combination in self.chosen
            for replication in range(self.scenario.run.replications if engine == "simulated" else 1)
        ]

    def path(self, engine: str, combination: str, replication: int) -> Path:
        """The folder of one run."""
        return self.out / (f"{engine}-{combination}" + (f"-r{replication}" if replication else ""))


def carry_out(study: Comparison, control: Control) -> list[str]:
    """Carry out the runs of a comparison; their outcomes, in the order of its runs. A stopped run ends the study.

    CannotRun if this machine or the real engine cannot carry out a real run, before anything has started where that is
    known; FileExistsError if `out` holds these runs already.
    """
    _refuse_what_an_engine_cannot(study)
    study.out.mkdir(parents=True, exist_ok=True)
    (study.out / "scenario.yaml").write_text(study.text, encoding="utf-8")
    runs = study.runs()
    outcomes = []
    simulated = [run for run in runs if run[0] == "simulated"]
    workers = min(study.workers, len(simulated))
    if workers > 1 and not study.speed:
        outcomes = _at_once(study, simulated, workers, control)
        runs = runs[len(simulated) :]
    for engine, combination, replication in runs:
        if "stopped" in outcomes:
            break
        path = study.path(engine, combination, replication)
        about = {"engine": engine, "combination": combination, "folder": str(study.folder.absolute())}
        about |= {"fresh": "yes"} if study.fresh else {}
        if engine == "real" and study.cluster:
            about["cluster"] = study.cluster
        with RunWriter(path, study.text, about) as writer:
            study.notify({"started": str(path)})
            outcome = _one(study, engine, combination, replication, writer, control)
        study.notify({"finished": str(path), "outcome": outcome})
        outcomes.append(outcome)
    return outcomes


def _refuse_what_an_engine_cannot(study: Comparison) -> None:
    from workbench.architectures.fault_traces import with_traces
    from workbench.engines.real import limits as of_real
    from workbench.engines.simulated import limits as of_simulated

    scenario = with_traces(study.scenario, study.folder)
    combinations = [c for c in scenario.architectures if c.id in study.chosen]
    said: list[str] = []
    if "real" in study.engines:
        said += [sentence for combination in combinations for sentence in of_real.refusals(scenario, combination)]
        if study.cluster and study.scenario.run.links != "local":
            said.append("links are shaped between processes of one machine, not on a cluster")
        if study.cluster and any(use.memory_limit for use in study.scenario.pipeline.stages):
            said.append("the memory of processes is watched on this machine, not on a cluster")
    if "simulated" in study.engines:
        said += of_simulated.refusals(study.scenario)
    if said:
        raise CannotRun("; ".join(dict.fromkeys(said)))


def _at_once(study: Comparison, runs: list[tuple[str, str, int]], workers: int, control: Control) -> list[str]:
    from workbench.studies import pool

    folder = str(study.folder)
    tasks = [pool.Task(study.text, folder, str(study.path(*run)), run[1], run[2], study.messages) for run in runs]
    return pool.carry_out(tasks, workers, control, study.notify)


def _one(
    study: Comparison, engine: str, combination: str, replication: int, writer: RunWriter, control: Control
) -> str:
    chosen = study.scenario.combination(combination)
    assert chosen is not None
    if engine == "simulated":
        from workbench.engines.simulated import run as simulated

        arguments = (study.scenario, chosen, study.folder, writer, control, replication, study.speed, study.messages)
        return simulated.carry_out(*arguments)
    from workbench.engines.real import run as real

    more: dict[str, Any] = {"fresh": study.fresh, "cluster": study.cluster}
    return real.carry_out(study.scenario, chosen, study.folder, writer, control, **more)
