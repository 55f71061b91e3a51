"""The charts of the HTML report, as inline SVG: a colour a combination, real solid, simulated dashed or outlined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.document.metrics import OF_STAGE
from workbench.runs import figures, svg
from workbench.runs.report import Report, Row, RunSummary, Side
from workbench.runs.report_labels import interval
from workbench.runs.report_words import word
from workbench.runs.series import QUALITY
from workbench.runs.svg import Scale

WIDTH = 1040.0
LEFT, BOTTOM = 58.0, 42.0
ROW, LANE = 38.0, 14.0
MARK_ROW = 14.0  # height of one row of fault names; there are at most two, and what finds no room is told by hovering


@dataclass(frozen=True)
class Curve:
    """One line of a chart."""

    name: str
    colour: int
    engine: str
    points: list[tuple[float, float]]

    @property
    def style(self) -> str:
        return f"curve c{self.colour} {self.engine}"


def colour_of(report: Report, combination: str) -> int:
    """Which of the palette's colours a combination has, on every chart."""
    return [row.combination for row in report.rows].index(combination) % svg.COLOURS


def shown_runs(report: Report) -> list[RunSummary]:
    """The runs that charts draw: the first replication of each combination on each engine."""
    return [side.first for row in report.rows for side in row.sides]


def throughput(report: Report, language: str = "en") -> str:
    """Samples a second over the time of the run, all combinations and engines on one axis; empty without training."""
    curves = []
    for run in shown_runs(report):
        corners = [c for level in run.throughput for c in ((level.start_s, level.value), (level.end_s, level.value))]
        if corners:
            curves.append(_curve(report, run, corners, language))
    if not curves:
        return ""
    runs = shown_runs(report)
    last_s = max(run.t_s for run in runs)
    label, unit = word("throughput", language), word("samples-per-second", language)
    return _curves(curves, [0.0, last_s], label, unit, runs, language)


def loss(report: Report, language: str = "en") -> str:
    """The loss by training step; empty where none was measured."""
    runs = [run for run in shown_runs(report) if len(run.loss) > 1]
    curves = [_curve(report, run, list(run.loss), language) for run in runs]
    if not curves:
        return ""
    span = [min(c.points[0][0] for c in curves), max(c.points[-1][0] for c in curves)]
    return _curves(curves, span, word("loss", language), word("loss", language), [], language)


def quality(report: Report, name: str, language: str = "en") -> str:
    """What a stage measured against dimensions or observations; empty where none did."""
    curves = [_curve(report, run, run.quality[name], language) for run in shown_runs(report) if name in run.quality]
    if not curves:
        return ""
    span = [0.0, max(curve.points[-1][0] for curve in curves)]
    unit, against = word("kept-neighbours", language), word(QUALITY[name], language)
    return _curves(curves, span, word(name, language), unit, [], language, against)


def _curve(report: Report, run: RunSummary, points: list[tuple[float, float]], language: str) -> Curve:
    name = f"{run.combination} · {word(run.engine, language)}"
    return Curve(name, colour_of(report, run.combination), run.engine, points)


def _curves(
    curves: list[Curve],
    span: list[float],
    label: str,
    unit: str,
    faulty: Sequence[RunSummary],
    language: str,
    along: str = "",
) -> str:
    """Lines on one axis with their names at the right, and marks where something broke."""
    marks = _marks(faulty)
    height, top = 300.0, 30.0 + _marks_height(marks)
    bottom = height - BOTTOM
    right = WIDTH - 24 - max(svg.width_of(curve.name) for curve in curves) - 20
    x = Scale(span[0], span[1] if span[1] > span[0] else span[0] + 1, LEFT, right)
    values = [value for curve in curves for _, value in curve.points]
    # by the usual level of each curve: a standstill alone must not squeeze the rest
    usual = [sorted(value for _, value in curve.points)[len(curve.points) // 2] for curve in curves]
    wide = min(values) > 0 and svg.is_wide(usual)
    y = svg.scale(values, bottom, top, wide)
    parts = [svg.text(8, 14, unit + (f" ({word('logarithmic', language)})" if wide else ""), "tick")]
    parts += _standstills(faulty, x, top, bottom) + svg.grid_beside(y, LEFT, right)
    parts += svg.axis_below(x, bottom, along or word("time" if faulty else "step", language))
    parts += [svg.path([(x(a), y(b)) for a, b in curve.points], curve.style, curve.name) for curve in curves]
    ends = svg.spread([y(curve.points[-1][1]) for curve in curves], 17, top, bottom)
    for curve, end in zip(curves, ends, strict=True):
        parts.append(svg.line(right + 10, end, right + 32, end, curve.style))
        parts.append(svg.text(right + 38, end + 4, curve.name, "name"))
    parts += _draw_marks(marks, x, top, bottom, language)
    return svg.drawing(WIDTH, height, label, parts)


def _standstills(runs: Sequence[RunSummary], x: Scale, top: float, bottom: float) -> list[str]:
    """A band wherever some run stood still; where several did, it is no darker."""
    bands: list[tuple[float, float]] = []
    for began_s, ended_s in sorted((r.began_s, r.ended_s) for run in runs for r in run.recoveries):
        if bands and began_s <= bands[-1][1]:
            bands[-1] = (bands[-1][0], max(bands[-1][1], ended_s))
        else:
            bands.append((began_s, ended_s))
    return [svg.box(x(begin), top, x(end) - x(begin), bottom - top, "standstill", radius=0) for begin, end in bands]


Mark = tuple[float, str, RunSummary]


def _marks(runs: Sequence[RunSummary]) -> list[Mark]:
    """(when, what, where) of everything that broke, in the order of time."""
    marks = [(at_s, what, run) for run in runs for at_s, what in broken(run)]
    return sorted(marks, key=lambda mark: mark[0])


def _marks_height(marks: list[Mark]) -> float:
    return 8 + MARK_ROW * min(2, len(marks)) if marks else 0.0


def _draw_marks(marks: list[Mark], x: Scale, top: float, bottom: float, language: str) -> list[str]:
    """▼ and a dotted line for each; its name above where there is room."""
    parts: list[str] = []
    reached = [0.0, 0.0]
    for at_s, what, run in marks:
        name = f"{what} · {run.combination} · {word(run.engine, language)}"
        parts.append(svg.line(x(at_s), top, x(at_s), bottom, "fault-line"))
        parts.append(svg.triangle(x(at_s), top, "fault-mark", f"{name} · {figures.duration(at_s)}"))
        row = next((row for row in (0, 1) if reached[row] <= x(at_s) - 4), None)
        if row is not None:
            parts.append(svg.text(x(at_s) - 5, top - 13 - MARK_ROW * row, name, "fault-name"))
            reached[row] = x(at_s) + 10 + svg.width_of(name)
    return parts


def broken(run: RunSummary) -> list[tuple[float, str]]:
    """(when, what) of everything that broke in a run."""
    return [(fault.began_s, f"{fault.kind} {fault.worker}".strip()) for fault in run.faults] or [
        (recovery.struck_s, recovery.worker) for recovery in run.recoveries
    ]


def gantt(report: Report, row: Row, language: str = "en") -> str:
    """When each stage of one combination was worked on: real filled, simulated outlined, on one time axis."""
    runs = [side.first for side in row.sides if side.first.stages]
    if not runs:
        return ""
    stages = list(dict.fromkeys(bar.stage for run in runs for bar in run.stages))
    left = min(220.0, 24 + max(svg.width_of(stage) for stage in stages))
    marks = _marks(runs)
    top = 8 + _marks_height(marks)
    bottom = top + ROW * len(stages)
    x = Scale(0.0, max(run.t_s for run in runs) * 1.01 or 1.0, left, WIDTH - 110)
    parts = _standstills(runs, x, top, bottom) + svg.axis_below(x, bottom, word("time", language))
    for index, stage in enumerate(stages):
        y = top + ROW * index
        parts.append(svg.text(left - 12, y + ROW / 2 + 4, stage, "name", "end"))
        parts.append(svg.line(left, y + ROW, WIDTH - 110, y + ROW, "grid"))
        for lane, run in enumerate(runs):
            place = y + ROW / 2 - LANE / 2 * len(runs) + LANE * lane
            parts += _stage_bar(run, stage, x, place, colour_of(report, row.combination), language)
    parts += _draw_marks(marks, x, top, bottom, language)
    return svg.drawing(WIDTH, bottom + BOTTOM, f"{word('gantt', language)}: {row.title}", parts)


def _stage_bar(run: RunSummary, stage: str, x: Scale, y: float, colour: int, language: str) -> list[str]:
    bar = next((bar for bar in run.stages if bar.stage == stage), None)
    if bar is None:
        return []
    taken = figures.duration(bar.end_s - bar.start_s)
    state = "" if bar.status == "done" else f" · {word(bar.status, language)}"
    hint = f"{stage} · {word(run.engine, language)} · {figures.duration(bar.start_s)} + {taken}{state}"
    style = f"bar c{colour} {run.engine}" + (" bad" if bar.status == "failed" else "")
    end = max(x(bar.end_s), x(bar.start_s) + 2)
    return [
        svg.box(x(bar.start_s), y + 1.5, x(bar.end_s) - x(bar.start_s), 11, style, hint),
        svg.text(end + 6, y + 11, taken + state, "small"),
    ]


def stage_times(report: Report, row: Row, language: str = "en") -> str:
    """The time of each stage, simulated (ring) and real (dot) on one scale, with their ratio; empty unless both ran."""
    if row.simulated is None or row.real is None:
        return ""
    metrics = [OF_STAGE + stage for stage in report.stages]
    pairs = [(m, row.simulated.figures[m].mean, row.real.figures[m].mean) for m in metrics if row.ratio(m) is not None]
    pairs = [pair for pair in pairs if pair[1] > 0 and pair[2] > 0]
    if not pairs:
        return ""
    names = [metric.removeprefix(OF_STAGE) for metric, _, _ in pairs]
    left = min(220.0, 24 + max(svg.width_of(name) for name in names))
    height = 12 + 28.0 * len(pairs) + BOTTOM
    seconds = [each for _, *both in pairs for each in both]
    x = svg.scale(seconds, left + 10, WIDTH - 110, svg.is_wide(seconds))
    note = f" ({word('logarithmic', language)})" if x.logarithmic else ""
    parts = svg.axis_below(x, height - BOTTOM, word("time", language) + note)
    for index, (metric, simulated, real) in enumerate(pairs):
        y, colour = 12 + 28.0 * index + 14, colour_of(report, row.combination)
        hints = [f"{word(e, language)}: {figures.duration(s)}" for e, s in (("simulated", simulated), ("real", real))]
        parts += [
            svg.text(left - 12, y + 4, names[index], "name", "end"),
            svg.line(x.start, y, x.end, y, "grid"),
            svg.line(x(simulated), y, x(real), y, f"between c{colour}"),
            svg.dot(x(simulated), y, 6, f"point c{colour} simulated", hints[0]),
            svg.dot(x(real), y, 6, f"point c{colour} real", hints[1]),
            svg.text(WIDTH - 90, y + 4, figures.ratio(row.ratio(metric)), "name"),
        ]
    return svg.drawing(WIDTH, height, f"{word('stage-times', language)}: {row.title}", parts)


def bars(report: Report, metric: str, language: str = "en") -> str:
    """One metric as a pair of bars for each combination, simulated above real; half the page wide."""
    rows = [row for row in report.rows if any(metric in side.figures for side in row.sides)]
    width, left = WIDTH / 2 - 10, 24 + max(svg.width_of(row.title) for row in rows)
    left = min(170.0, left)
    height = 8 + sum(16.0 * len(row.sides) + 14 for row in rows)
    most = max(side.figures[metric].mean for row in rows for side in row.sides if metric in side.figures)
    x = Scale(0.0, most or 1.0, left, width - 96)
    parts, y = [], 8.0
    for row in rows:
        parts.append(svg.text(left - 12, y + 8 * len(row.sides) + 4, row.title, "name", "end"))
        for side in row.sides:
            parts += _metric_bar(report, row, side, metric, x, y, language)
            y += 16
        y += 14
    return svg.drawing(width, height, figures.heading(metric, language), parts)


def _metric_bar(report: Report, row: Row, side: Side, metric: str, x: Scale, y: float, language: str) -> list[str]:
    figure = side.figures.get(metric)
    if figure is None:
        return []
    written = interval(side, metric)
    hint = f"{row.title} · {word(side.engine, language)}: {figures.with_unit(metric, figure.mean)}"
    style = f"bar c{colour_of(report, row.combination)} {side.engine}"
    end = x(figure.mean)
    return [svg.box(x.start, y, end - x.start, 13, style, hint), svg.text(end + 7, y + 11, written, "small")]
