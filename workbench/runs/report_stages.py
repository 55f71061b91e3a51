"""What a report says of the stages of real runs: what each took, and why it was carried out, or was not."""

from __future__ import annotations

from workbench.runs import figures
from workbench.runs.report import Report, RunSummary, StageBar
from workbench.runs.report_words import word
from workbench.runs.stage_reasons import in_words

HEADS = ("run", "stage", "outcome", "items", "time-taken", "why")


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
    return [outcome, items, figures.duration(bar.work_s), in_words(bar.why, language) or figures.MISSING]
