"""Synthetic runs: lists of events as an engine would tell them, with every time known in advance."""

from __future__ import annotations

from pathlib import Path

from workbench.runs.events import (
    Event,
    FaultBegan,
    Measured,
    OperationFinished,
    OperationStarted,
    Recorded,
    RunFinished,
    RunStarted,
    StepsFinished,
    WorkerFailed,
)
from workbench.runs.folder import RunWriter

SAMPLES = 64


def operation(who: str, label: str, start_s: float, end_s: float, stage: str = "", item: str = "") -> list[Event]:
    """One operation of a member, from start to finish."""
    return [
        OperationStarted(t_s=start_s, who=who, label=label, stage=stage, item=item),
        OperationFinished(t_s=end_s, who=who, label=label, stage=stage, item=item),
    ]


def work(who: str, stage: str, part: str, start_s: float, end_s: float, item: str = "") -> list[Event]:
    """A Perform of a member."""
    label = f"perform {stage}.{part}" + (f" #{item}" if item else "")
    return operation(who, label, start_s, end_s, stage, item)


def done(stage: str, t_s: float, item: str = "") -> Recorded:
    return Recorded(t_s=t_s, who="leader", kind="done", key=stage + (f"#{item}" if item else ""), stage=stage)


def started(
    engine: str = "simulated",
    combination: str = "ring",
    workers: tuple[str, ...] = ("w0", "w1"),
    stages: tuple[str, ...] = ("load", "train", "evaluate"),
    replication: int = 0,
) -> RunStarted:
    return RunStarted(
        engine=engine,
        combination=combination,
        seed=1,
        replication=replication,
        members=("leader", *workers),
        team=workers,
        stages=stages,
        label="measured" if engine == "real" else "extrapolated",
    )


def step_of(worker: str, step: int, steps: int, t_s: float, step_s: float) -> list[Event]:
    """One training step of one member: half work, a quarter all-reduce, a quarter work."""
    return [
        *work(worker, "train", "gradient", t_s, t_s + step_s / 2),
        *operation(worker, "all-reduce over w0 w1", t_s + step_s / 2, t_s + step_s * 3 / 4),
        *work(worker, "train", "apply", t_s + step_s * 3 / 4, t_s + step_s),
        StepsFinished(t_s=t_s + step_s, who=worker, first=step, last=step, samples=SAMPLES, of=steps, stage="train"),
    ]


def training_run(
    engine: str = "simulated",
    combination: str = "ring",
    steps: int = 8,
    step_s: float = 1.0,
    accuracy: float | None = None,
    crash_after: int | None = None,
    outage_s: float = 3.0,
    replication: int = 0,
    outcome: str = "finished",
) -> list[Event]:
    """load 0-1 s, train (open 1-2 s, steps from 2 s on, finish 1 s), evaluate 1 s.

    After `crash_after` steps the worker w1 is lost, and w0 goes on `outage_s` later.
    """
    events: list[Event] = [started(engine, combination, replication=replication)]
    events += [*work("w0", "load", "run", 0.0, 1.0), done("load", 1.0)]
    workers = ["w0", "w1"]
    for worker in workers:
        events += work(worker, "train", "open", 1.0, 2.0)
    t_s = 2.0
    for step in range(steps):
        if step == crash_after:
            events.append(FaultBegan(t_s=t_s, kind="crash", worker="w1"))
            events.append(WorkerFailed(t_s=t_s, worker="w1", cause="crash"))
            workers.remove("w1")
            t_s += outage_s
        for worker in workers:
            events += step_of(worker, step, steps, t_s, step_s)
        t_s += step_s
        if engine == "real":
            events.append(Measured(t_s=t_s, who="w0", name="loss", value=2.0 / (step + 1), stage="train", step=step))
    events += [*work("w0", "train", "finish", t_s, t_s + 1), done("train", t_s + 1)]
    events += work("w0", "evaluate", "run", t_s + 1, t_s + 2)
    if accuracy is not None:
        events.append(Measured(t_s=t_s + 2, who="w0", name="accuracy", value=accuracy, stage="evaluate"))
    events.append(done("evaluate", t_s + 2))
    if outcome:
        events.append(RunFinished(t_s=t_s + 2, outcome=outcome))
    return sorted(events, key=lambda event: event.t_s)


def write_run(study: Path, events: list[Event], scenario_text: str = "format: 1\n") -> Path:
    """The run of these events as a folder in `study`, named as a comparison names it."""
    head = events[0]
    assert isinstance(head, RunStarted)
    path = study / (f"{head.engine}-{head.combination}" + (f"-r{head.replication}" if head.replication else ""))
    study.mkdir(parents=True, exist_ok=True)
    (study / "scenario.yaml").write_text(scenario_text, encoding="utf-8")
    with RunWriter(path, scenario_text) as writer:
        for event in events:
            writer.write(event)
    return path
