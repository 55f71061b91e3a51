"""The charts of the HTML report, as inline SVG: a colour a combination, real solid, simulated dashed or outlined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.document.metrics import OF_STAGE
from workbench.runs import figures, svg
from workbench.runs.report import Report, Row, RunSummary, Side
from workbench.runs.report_words import word
from workbench.runs.svg import Scale

WIDTH = 1040.0
LEFT, TOP, BOTTOM = 58.0, 34.0, 42.0
ROW = 34.0
MOST_LABELS = 10  # faults beyond are marked without words


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
    label = word("throughput", language)
    return _curves(curves, [0.0, last_s], label, word("samples-per-second", language), runs, language)


def loss(report: Report, language: str = "en") -> str:
    """The loss by training step; empty where none was measured."""
    runs = [run for run in shown_runs(report) if len(run.loss) > 1]
    curves = [_curve(report, run, list(run.loss), language) for run in runs]
    if not curves:
        return ""
    span = [min(c.points[0][0] for c in curves), max(c.points[-1][0] for c in curves)]
    return _curves(curves, span, word("loss", language), word("loss", language), [], language)


def _curve(report: Report, run: RunSummary, points: list[tuple[float, float]], language: str) -> Curve:
    name = f"{run.combination} · {word(run.engine, language)}"
    return Curve(name, colour_of(report, run.combination), run.engine, points)


def _curves(
    curves: list[Curve], span: list[float], label: str, unit: str, faulty: Sequence[RunSummary], language: str
) -> str:
    """Lines on one axis with their names at the right, and marks where something broke."""
    height = 300.0
    right = WIDTH - 24 - max(svg.width_of(curve.name) for curve in curves) - 20
    x = Scale(span[0], span[1] if span[1] > span[0] else span[0] + 1, LEFT, right)
    y = svg.scale([value for curve in curves for _, value in curve.points], height - BOTTOM, TOP)
    note = f" ({word('logarithmic', language)})" if y.logarithmic else ""
    parts = [svg.text(8, 14, unit + note, "tick")]
    parts += _standstills(faulty, x, TOP, height - BOTTOM)
    parts += svg.grid_beside(y, LEFT, right)
    axis = word("time" if faulty else "step", language)
    parts += svg.axis_below(x, height - BOTTOM, axis)
    parts += [svg.path([(x(a), y(b)) for a, b in curve.points], curve.style, curve.name) for curve in curves]
    ends = svg.spread([y(curve.points[-1][1]) for curve in curves], 17, TOP, height - BOTTOM)
    for curve, end in zip(curves, ends, strict=True):
        last = curve.points[-1]
        parts.append(svg.path([(x(last[0]) + 2, y(last[1])), (right + 8, end)], "lead"))
        parts.append(svg.line(right + 10, end, right + 30, end, curve.style))
        parts.append(svg.text(right + 36, end + 4, curve.name, "name"))
    parts += _marks(faulty, x, TOP, height - BOTTOM, language)
    return svg.drawing(WIDTH, height, label, parts)


def _standstills(runs: Sequence[RunSummary], x: Scale, top: float, bottom: float) -> list[str]:
    return [
        svg.box(x(r.began_s), top, x(r.ended_s) - x(r.began_s), bottom - top, "standstill", radius=0)
        for run in runs
        for r in run.recoveries
    ]


def _marks(runs: Sequence[RunSummary], x: Scale, top: float, bottom: float, language: str) -> list[str]:
    """▼ and a dotted line for each fault, and for each loss that no fault explains; words as far as there is room."""
    parts, reached = [], 0.0
    marks = sorted((at_s, what, run) for run in runs for at_s, what in broken(run))
    for number, (at_s, what, run) in enumerate(marks):
        hint = f"{what} · {run.combination} · {word(run.engine, language)} · {figures.digits(at_s)} s"
        parts.append(svg.line(x(at_s), top, x(at_s), bottom, "fault-line"))
        parts.append(svg.triangle(x(at_s), top, "fault-mark", hint))
        words = f"{what} ({word(run.engine, language)})"
        if number < MOST_LABELS and x(at_s) + 8 > reached:
            parts.append(svg.text(x(at_s) + 8, top - 6, words, "fault-name"))
            reached = x(at_s) + 16 + svg.width_of(words)
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
    height = TOP + ROW * len(stages) + BOTTOM
    x = Scale(0.0, max(run.t_s for run in runs) * 1.01 or 1.0, left, WIDTH - 110)
    bottom = height - BOTTOM
    parts = _standstills(runs, x, TOP, bottom) + svg.axis_below(x, bottom, word("time", language))
    for index, stage in enumerate(stages):
        y = TOP + ROW * index
        parts.append(svg.text(left - 12, y + ROW / 2 + 4, stage, "name", "end"))
        parts.append(svg.line(left, y + ROW, WIDTH - 110, y + ROW, "grid"))
        for lane, run in enumerate(sorted(runs, key=lambda run: run.engine)):
            place = y + ROW / 2 - 6 * len(runs) + 12 * lane
            parts += _stage_bar(run, stage, x, place, colour_of(report, row.combination), language)
    parts += _marks(runs, x, TOP, bottom, language)
    return svg.drawing(WIDTH, height, f"{word('gantt', language)}: {row.title}", parts)


def _stage_bar(run: RunSummary, stage: str, x: Scale, y: float, colour: int, language: str) -> list[str]:
    bar = next((bar for bar in run.stages if bar.stage == stage), None)
    if bar is None:
        return []
    taken = f"{figures.digits(bar.end_s - bar.start_s)} s"
    state = "" if bar.status == "done" else f" · {word(bar.status, language)}"
    hint = f"{stage} · {word(run.engine, language)} · {figures.digits(bar.start_s)} s + {taken}{state}"
    style = f"bar c{colour} {run.engine}" + (" bad" if bar.status == "failed" else "")
    end = max(x(bar.end_s), x(bar.start_s) + 2)
    return [
        svg.box(x(bar.start_s), y + 1, x(bar.end_s) - x(bar.start_s), 10, style, hint),
        svg.text(end + 6, y + 10, taken + state, "small"),
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
    x = svg.scale([seconds for _, *both in pairs for seconds in both], left + 10, WIDTH - 110)
    note = f" ({word('logarithmic', language)})" if x.logarithmic else ""
    parts = svg.axis_below(x, height - BOTTOM, word("time", language) + note)
    for index, (metric, simulated, real) in enumerate(pairs):
        y, colour = 12 + 28.0 * index + 14, colour_of(report, row.combination)
        hints = [f"{word(e, language)}: {figures.digits(s)} s" for e, s in (("simulated", simulated), ("real", real))]
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
    written = figures.interval(metric, figure)
    hint = f"{row.title} · {word(side.engine, language)}: {figures.with_unit(metric, figure.mean)}"
    style = f"bar c{colour_of(report, row.combination)} {side.engine}"
    end = x(figure.mean)
    return [svg.box(x.start, y, end - x.start, 13, style, hint), svg.text(end + 7, y + 11, written, "small")]
