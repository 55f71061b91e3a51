"""What a report says of checkpoints: how often they are made, beside how often Young and Daly would make them."""

from __future__ import annotations

from statistics import fmean
from typing import Any

from workbench.runs import figures
from workbench.runs.checkpoints import Interval
from workbench.runs.labels import MARKS
from workbench.runs.report import Report, Row, Side
from workbench.runs.report_words import word

HEADS = ("combination", "chosen", "by-young", "by-daly", "saving", "thrown-back", "useful")
MEANS = ("step_s", "save_s", "failure_s", "useful")


def intervals(report: Report) -> list[tuple[Row, Side, Interval]]:
    """Each side that saves and is thrown back at random, with its intervals; means over its replications."""
    found = []
    for row in report.rows:
        for side in row.sides:
            own = [run.interval for run in side.runs if run.interval is not None]
            if own:
                means = (
                    fmean(getattr(one, name) for one in own) for name in ("step_s", "save_s", "failure_s", "useful")
                )
                found.append((row, side, Interval(own[0].every, *means)))
    return found


def cells(one: Interval, label: str, language: str = "en") -> list[str]:
    """Chosen, by Young, by Daly, time of saving, of failures, useful time: in the order of HEADS, behind the first."""
    mark = MARKS.get(label, "")

    def shown(seconds: float, steps: int, holds: bool = True) -> str:
        key = "in-steps" if steps > 1 else "in-one-step"
        text = word(key, language, time=mark + figures.duration(seconds), steps=steps)
        return text if holds else f"{text} ({word('out-of-range', language)})"

    return [
        shown(one.chosen_s, one.every),
        shown(one.young_s, one.steps(one.young_s), one.young_holds),
        shown(one.daly_s, one.steps(one.daly_s), one.daly_holds),
        mark + figures.duration(one.save_s),
        figures.duration(one.failure_s),
        f"{mark}{100 * one.useful:.3g} %",
    ]


def lines(report: Report, language: str = "en") -> list[list[str]]:
    """A line for each of them, in the order of HEADS."""
    return [
        [f"{row.title}, {word(side.engine, language)}", *cells(one, side.label, language)]
        for row, side, one in intervals(report)
    ]


def sentence(one: Interval, label: str, language: str = "en") -> str:
    """The same in one line, with the name of each figure before it."""
    named = zip(HEADS[1:], cells(one, label, language), strict=True)
    told = " · ".join(f"{word(head, language)} {cell}" for head, cell in named)
    return f"{word('checkpoints', language)}: {told}"


def as_data(report: Report) -> list[dict[str, Any]]:
    """The same for programs, in SI units."""
    return [
        {
            "combination": row.combination,
            "engine": side.engine,
            "label": side.label,
            "every": one.every,
            "step_s": one.step_s,
            "chosen_s": one.chosen_s,
            "young_s": one.young_s,
            "young_holds": one.young_holds,
            "daly_s": one.daly_s,
            "daly_holds": one.daly_holds,
            "save_s": one.save_s,
            "failure_every_s": one.failure_s,
            "useful": one.useful,
        }
        for row, side, one in intervals(report)
    ]
