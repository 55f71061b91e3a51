"""The report: what a study means. Real figures stand beside simulated ones, and expectations are held against both.

A report is computed from the run folders whenever it is asked for; nothing of it is stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.document.expectations import parse
from workbench.document.scenario import Scenario
from workbench.document.text import read
from workbench.runs import series
from workbench.runs.checkpoints import Interval, interval_of
from workbench.runs.events import Ground, Warned
from workbench.runs.folder import SCENARIO, RunReader, runs_in
from workbench.runs.judgement import HELD, MISSED, NOT_ASKED, UNKNOWN, Judgement, judge
from workbench.runs.labels import label_of, least_sure
from workbench.runs.numbers import numbers
from workbench.runs.pairs import Pair, pairs_of
from workbench.runs.recovery import Recovery
from workbench.runs.state import FaultSpan, RunState, fold
from workbench.runs.statistics import Figure, figure
from workbench.runs.verdicts import Verdict, verdicts

ENGINES = ("simulated", "real")
LEVELS = 64  # how finely the chart of throughput is drawn
BYTES_A_READ = 2**24  # so that a long run is never held in memory as a whole
MEASURES = ("rows_in", "rows_out", "bytes_in", "bytes_out", "memory_bytes")
BROKEN_OFF, RUNNING = "broken-off", "running"
EXIT_CODES = {HELD: 0, MISSED: 1, UNKNOWN: 2}

SHARES_OF_MEMORY = ("memory_share", "items_share")  # what does not fit where one is more than 1


@dataclass(frozen=True)
class StageBar:
    """When a stage was worked on, and how it ended; `seconds` is its mean time for one item.

    `items` are done, for `adopted` of which results of earlier runs stand; `why` are the reasons, as codes. What work
    took is known of `measured` items.
    """

    stage: str
    status: str
    start_s: float
    end_s: float
    seconds: float
    work_s: float = 0.0
    items: int = 0
    adopted: int = 0
    why: tuple[str, ...] = ()
    measured: int = 0
    rows_in: int = 0
    rows_out: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    memory_bytes: int = 0


@dataclass(frozen=True)
class RunSummary:
    """One run: how it ended, its numbers, and what the charts draw of it.

    `outcome` is finished, stopped, failed, broken-off, or running as long as its writer lives.
    """

    name: str
    engine: str
    combination: str
    replication: int
    label: str
    grounds: tuple[Ground, ...]
    outcome: str
    reason: str
    seed: int
    t_s: float
    numbers: dict[str, float]
    faults: tuple[FaultSpan, ...]
    verdicts: tuple[Verdict, ...]
    warnings: tuple[Warned, ...]
    stages: tuple[StageBar, ...]
    throughput: tuple[series.Level, ...]
    loss: tuple[tuple[float, float], ...]
    quality: dict[str, list[tuple[float, float]]]
    interval: Interval | None
    machine: dict[str, Any]

    @property
    def recoveries(self) -> tuple[Recovery, ...]:
        return tuple(verdict.recovery for verdict in self.verdicts)

    @property
    def is_whole(self) -> bool:
        """Whether its figures can be held against an expectation."""
        return self.outcome == "finished"


@dataclass(frozen=True)
class Side:
    """One combination on one engine: its runs (replications), and the figures over those that finished."""

    engine: str
    runs: tuple[RunSummary, ...]
    figures: dict[str, Figure]

    @property
    def label(self) -> str:
        """How far its figures can be trusted: the label of the run that is least sure."""
        return least_sure(run.label for run in self.runs)

    def label_of(self, metric: str) -> str:
        """How far one of its figures can be trusted."""
        return least_sure(label_of(metric, run.label, run.grounds) for run in self.runs)

    @property
    def first(self) -> RunSummary:
        return self.runs[0]


@dataclass(frozen=True)
class Row:
    """One combination: simulated beside real, as far as each was run."""

    combination: str
    title: str
    simulated: Side | None
    real: Side | None

    @property
    def sides(self) -> tuple[Side, ...]:
        return tuple(side for side in (self.simulated, self.real) if side is not None)

    def ratio(self, metric: str) -> float | None:
        """Real over simulated; None where one of them is missing or nothing."""
        if self.simulated is None or self.real is None:
            return None
        simulated, real = self.simulated.figures.get(metric), self.real.figures.get(metric)
        if simulated is None or real is None or simulated.mean == 0:
            return None
        return real.mean / simulated.mean


@dataclass(frozen=True)
class Report:
    """What a study means: rows to compare, which of them is better, and whether what was expected held."""

    name: str
    description: str
    folder: str
    rows: tuple[Row, ...]
    judgements: tuple[Judgement, ...]
    pairs: tuple[Pair, ...]
    runs: tuple[RunSummary, ...]

    @property
    def outcome(self) -> str:
        """missed if an expectation was, or a run failed; unknown if one cannot be told; held otherwise."""
        outcomes = {judgement.outcome for judgement in self.judgements}
        if MISSED in outcomes or "failed" in self.ends:
            return MISSED
        if UNKNOWN in outcomes or self.ends != {"finished"} or self.asks_nothing:
            return UNKNOWN
        return HELD

    @property
    def asks_nothing(self) -> bool:
        """Whether every run is whole, and yet nothing that is expected is about these runs: nothing held, then."""
        return self.ends == {"finished"} and {judgement.outcome for judgement in self.judgements} == {NOT_ASKED}

    @property
    def ends(self) -> set[str]:
        """How the runs ended; one that does not fit in memory, as was expected of it, has done what it should."""
        return {"finished" if self._fails_as_expected(run) else run.outcome for run in self.runs}

    def _fails_as_expected(self, run: RunSummary) -> bool:
        full = {(run.combination, name) for name in SHARES_OF_MEMORY if run.numbers.get(name, 0.0) > 1.0}
        if run.outcome != "failed" or not full:
            return False
        held = [parse(judgement.text) for judgement in self.judgements if judgement.outcome == HELD]
        names = {(name.combination, name.metric) for expectation in held for name in expectation.names}
        return bool(full & names)

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.outcome]

    @property
    def metrics(self) -> tuple[str, ...]:
        """Every metric that some side has, in the order in which they were found."""
        return tuple(dict.fromkeys(metric for row in self.rows for side in row.sides for metric in side.figures))

    @property
    def stages(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(bar.stage for run in self.runs for bar in run.stages))


def build(folder: Path) -> Report:
    """The report of a study folder, or of one run folder. ValueError if there is no run in it, or one is unreadable."""
    folder = Path(folder)
    paths = runs_in(folder)
    if not paths:
        raise ValueError(f"there is no run in {folder}")
    text_at = folder / SCENARIO if (folder / SCENARIO).exists() else paths[0] / SCENARIO
    scenario = read(text_at.read_text(encoding="utf-8")).scenario
    runs = tuple(summarise(path, scenario.run.warm_up) for path in paths)
    return assemble(scenario, runs, folder.name)


def assemble(scenario: Scenario, runs: tuple[RunSummary, ...], folder: str) -> Report:
    """The report of a scenario's runs."""
    order = [combination.id for combination in scenario.architectures]
    order += [name for name in dict.fromkeys(run.combination for run in runs) if name not in order]
    rows = tuple(_row(scenario, name, runs) for name in order if any(run.combination == name for run in runs))
    judgements = tuple(judge(text, runs) for text in scenario.expect)
    return Report(scenario.name, scenario.description, folder, rows, judgements, pairs_of(order, runs), runs)


def summarise(path: Path, warm_up_s: float = 0.0) -> RunSummary:
    """What a report says about the run at `path`."""
    reader, state = RunReader(path), RunState()
    while events := reader.read_new(BYTES_A_READ):
        fold(events, state)
    outcome = state.outcome or (BROKEN_OFF if reader.broken_off else RUNNING)
    return summary_of(path.name, state, outcome, warm_up_s, reader.machine())


def summary_of(
    name: str, state: RunState, outcome: str, warm_up_s: float = 0.0, machine: dict[str, Any] | None = None
) -> RunSummary:
    """What a report says about a run in this state."""
    found = numbers(state, warm_up_s)
    return RunSummary(
        name=name,
        engine=state.engine,
        combination=state.combination,
        replication=state.replication,
        label=state.label,
        grounds=state.grounds,
        outcome=outcome,
        reason=state.reason,
        seed=state.seed,
        t_s=state.t_s,
        numbers=found,
        faults=tuple(state.faults),
        verdicts=verdicts(state, found),
        warnings=tuple(state.warnings),
        stages=stage_bars(state),
        throughput=tuple(series.throughput(state, LEVELS)),
        loss=tuple(series.measured(state, "loss")),
        quality=series.quality(state),
        interval=interval_of(state),
        machine=machine or {},
    )


def stage_bars(state: RunState) -> tuple[StageBar, ...]:
    """The stages of a run that has come so far, in their order."""
    return tuple(
        StageBar(
            stage=id,
            status=stage.status,
            start_s=stage.started_s,
            end_s=stage.finished_s if stage.finished_s is not None and not stage.running else state.t_s,
            measured=len(stage.measured),
            **{name: getattr(stage, name) for name in MEASURES},
            seconds=stage.seconds / stage.items_done if stage.items_done else 0.0,
            work_s=stage.work_s,
            items=stage.items_done,
            adopted=len(stage.adopted),
            why=stage.why,
        )
        for id, stage in state.stages.items()
        if stage.started_s is not None
    )


def _row(scenario: Scenario, name: str, runs: tuple[RunSummary, ...]) -> Row:
    combination = scenario.combination(name)
    sides = {engine: _side(engine, name, runs) for engine in ENGINES}
    title = combination.label if combination is not None and combination.label else name
    return Row(name, title, sides["simulated"], sides["real"])


def _side(engine: str, combination: str, runs: tuple[RunSummary, ...]) -> Side | None:
    own = tuple(run for run in runs if (run.engine, run.combination) == (engine, combination))
    if not own:
        return None
    whole = [run for run in own if run.is_whole] or list(own)
    metrics = dict.fromkeys(metric for run in whole for metric in run.numbers)
    figures = {metric: figure([run.numbers[metric] for run in whole if metric in run.numbers]) for metric in metrics}
    return Side(engine, own, figures)
