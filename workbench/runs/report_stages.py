"""What a report says of the stages of real runs: what each took, and why it was carried out, or was not."""

from __future__ import annotations

from workbench.runs import figures
from workbench.runs.report import Report, RunSummary, StageBar
from workbench.runs.report_words import word
from workbench.runs.stage_reasons import in_words

COLUMNS = ("stage", "outcome", "items", "rows-in-out", "bytes-in-out", "time-taken", "growth", "why")
HEADS = ("run", *COLUMNS)


def stages(report: Report) -> list[tuple[RunSummary, StageBar]]:
    """The stages of real runs, each with its run."""
    return [(run, bar) for run in report.runs if run.engine == "real" for bar in run.stages]


def lines(report: Report, language: str = "en") -> list[list[str]]:
    """A line for each of them, in the order of HEADS."""
    return [[run.name, bar.stage, *cells(bar, language)] for run, bar in stages(report)]


def cells(bar: StageBar, language: str = "en") -> list[str]:
    """The cells of one stage, behind its name."""
    outcome = word("taken-over" if bar.adopted and bar.adopted == bar.items else bar.status, language)
    items = f"{bar.items:,}" + (f" ({word('taken-over-of', language, count=bar.adopted)})" if bar.adopted else "")
    rows = bytes_ = memory = figures.MISSING
    if bar.measured:
        rows = f"{bar.rows_in:,} → {bar.rows_out:,}"
        bytes_ = f"{amount(bar.bytes_in)} → {amount(bar.bytes_out)}"
        memory = amount(bar.memory_bytes)
    why = in_words(bar.why, language) or figures.MISSING
    return [outcome, items, rows, bytes_, figures.duration(bar.work_s), memory, why]


def amount(bytes_: float) -> str:
    """Bytes with the unit that leaves a number of at least 1."""
    for factor, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if bytes_ >= factor:
            return f"{figures.digits(bytes_ / factor)} {unit}"
    return f"{bytes_:.0f} B"
