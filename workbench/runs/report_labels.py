"""How far each figure of a report can be trusted, and what simulated figures rest on, in marks and words."""

from __future__ import annotations

from workbench.document.expectations import names_in, parse
from workbench.document.terms import Term
from workbench.runs import figures
from workbench.runs.events import Ground
from workbench.runs.judgement import Check, Judgement
from workbench.runs.labels import EXTRAPOLATED, LABELS, MARKS, least_sure
from workbench.runs.pairs import Pair
from workbench.runs.report import Report, Side
from workbench.runs.report_words import word

UNITS = {"accelerator": "operations", "collectives": "bytes", "letters": "bytes"}


def mark(side: Side | None, metric: str) -> str:
    """What stands in front of a figure of this side: nothing where it was measured."""
    return MARKS.get(side.label_of(metric), "") if side is not None else ""


def interval(side: Side | None, metric: str) -> str:
    """Mean ± half-width, or the mean alone, with its mark."""
    figure = side.figures.get(metric) if side is not None else None
    return (mark(side, metric) if figure is not None else "") + figures.interval(metric, figure)


def legend(report: Report, language: str = "en") -> list[str]:
    """For each engine what the marks in front of its figures mean, in a line."""
    found: dict[str, set[str]] = {}
    for row in report.rows:
        for side in row.sides:
            found.setdefault(side.engine, set()).update([side.label, *(side.label_of(m) for m in side.figures)])
    lines = []
    for engine, labels in found.items():
        known = [label for label in LABELS if label in labels] + sorted(labels - set(LABELS))
        told = [f"{MARKS.get(label, '')} {word(label, language)}".strip() for label in known if label]
        lines.append(f"{word(engine, language)}: {', '.join(told)}")
    return lines


def labels_of(report: Report, judgement: Judgement, check: Check) -> tuple[str, str]:
    """The labels of the two numbers of a check: each that of the least sure figure in it; "" for what is no figure."""
    comparison = parse(judgement.text).comparison
    if comparison is None:
        return "", ""
    sides = {(side.engine, row.combination): side for row in report.rows for side in row.sides}

    def label(term: Term) -> str:
        found = [(sides.get((name.engine or check.engine, name.combination)), name.metric) for name in names_in(term)]
        return least_sure(side.label_of(metric) for side, metric in found if side is not None)

    return label(comparison.left), label(comparison.right)


def label_of_pair(report: Report, pair: Pair) -> str:
    """The label of a difference between two combinations: that of the less sure of its two figures."""
    sides = [side for row in report.rows for side in row.sides if row.combination in (pair.left, pair.right)]
    return least_sure(side.label_of(pair.metric) for side in sides if side.engine == pair.engine)


def ground_lines(report: Report, language: str = "en", sources: bool = True) -> list[tuple[str, str]]:
    """(label, what it is and what was measured of it) of all that simulated figures rest on, the least sure first.

    `sources` says where the measurements are from.
    """
    spans: dict[Ground, list[tuple[float, float]]] = {}
    for run in report.runs:
        for ground in run.grounds:
            alike = Ground(
                kind=ground.kind, name=ground.name, label=ground.label, source=ground.source, fitted=ground.fitted
            )
            spans.setdefault(alike, []).extend([ground.used] if ground.used is not None else [])
    lines = [(ground.label, _sentence(ground, used, language, sources)) for ground, used in spans.items()]
    return sorted(lines, key=lambda line: (line[0] != EXTRAPOLATED, line[1]))


def _sentence(ground: Ground, used: list[tuple[float, float]], language: str, sources: bool) -> str:
    about = word(f"ground-{ground.kind}", language, name=ground.name)
    told = word("ground-unmeasured", language)
    if ground.fitted is not None:
        unit = word(UNITS[ground.kind], language)
        told = word("ground-measured", language, span=_span(*ground.fitted), unit=unit)
        if used:
            least, most = min(least for least, _ in used), max(most for _, most in used)
            told += word("ground-here", language, span=_span(least, most))
            if ground.label == EXTRAPOLATED and ground.fitted[0] <= least and most <= ground.fitted[1]:
                told += word("ground-otherwise", language)
    return f"{about}: {told}" + (f" ({ground.source})" if ground.source and sources else "")


def _span(least: float, most: float) -> str:
    return f"{least:.3g}" if least == most else f"{least:.3g} – {most:.3g}"
