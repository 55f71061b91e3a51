"""The report as one self-contained HTML file: tables and charts, light and dark, no script and nothing to fetch."""

from __future__ import annotations

from html import escape
from typing import Any

from workbench.runs import figures, report_charts, report_checkpoints, report_stages, report_texts
from workbench.runs.judgement import HELD, Judgement
from workbench.runs.labels import MARKS
from workbench.runs.report import Report, Row, RunSummary
from workbench.runs.report_labels import ground_lines, interval
from workbench.runs.report_style import STYLE
from workbench.runs.report_words import word
from workbench.runs.series import QUALITY

CIRCLE = '<circle cx="12" cy="12" r="10" fill="none" stroke="currentColor" stroke-width="2"/>'
ICONS = {
    "not-asked": '<path d="M6 12h12" fill="none" stroke="currentColor" stroke-width="2.5" stroke-linecap="round"/>',
    "held": CIRCLE + '<path d="M7.5 12.5l3 3 6-6.5" fill="none" stroke="currentColor" stroke-width="2.2"/>',
    "missed": CIRCLE + '<path d="M8.5 8.5l7 7m0-7l-7 7" fill="none" stroke="currentColor" stroke-width="2.2"/>',
    "unknown": CIRCLE + '<path d="M9.3 9.6a2.8 2.8 0 1 1 3.9 2.6c-.8.4-1.2.9-1.2 1.7" fill="none" '
    'stroke="currentColor" stroke-width="2"/><circle cx="12" cy="16.8" r="1.3" fill="currentColor"/>',
}


def render_html(report: Report, language: str = "en") -> str:
    """The whole page."""
    sections = [
        _tiles(report, language),
        _combinations(report, language),
        _pairs(report, language),
        _expectations(report, language),
        _chart("throughput", report_charts.throughput(report, language), language, "solid-dashed", "fault-key"),
        _side_by_side(report, language),
        _per_combination("gantt", report, report_charts.gantt, language, "gantt-key", "fault-key"),
        _per_combination("stage-times", report, report_charts.stage_times, language, "ring-key"),
        _chart("loss", report_charts.loss(report, language), language),
        *(_chart(name, report_charts.quality(report, name, language), language) for name in QUALITY),
        _faults(report, language),
        _checkpoints(report, language),
        _stages(report, language),
        _warnings(report, language),
        _all_figures(report, language),
        _grounds(report, language),
        _runs(report, language),
        _machine(report, language),
    ]
    return (
        f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(report.name)} · {word('report', language)}</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n{_header(report, language)}\n"
        + "\n".join(filter(None, sections))
        + "\n</main>\n</body>\n</html>\n"
    )


def _icon(outcome: str) -> str:
    return f'<svg viewBox="0 0 24 24" aria-hidden="true">{ICONS[outcome]}</svg>'


def _section(title: str, body: str, note: str = "") -> str:
    beside = f'<span class="note">{escape(note)}</span>' if note else ""
    return f'<section><div class="head"><h2>{escape(title)}</h2>{beside}</div>{body}</section>'


def _header(report: Report, language: str) -> str:
    about = f'<p class="muted">{escape(report.description)}</p>' if report.description else ""
    return (
        f'<header><div><div class="over">{word("report", language)}</div><h1>{escape(report.name)}</h1>{about}</div>'
        f'<div class="verdict {report.outcome}">{_icon(report.outcome)}<div>'
        f"<b>{escape(report_texts.verdict(report, language))}</b>"
        f"<small>{escape(report_texts.count_of_outcomes(report, language))}</small></div></div></header>"
    )


def _tiles(report: Report, language: str) -> str:
    tiles = [
        f'<div class="tile"><div class="over">{escape(title)}</div><div class="value">{escape(value)} '
        f'<small>{escape(unit)}</small></div><div class="note">{escape(note)}</div></div>'
        for title, value, unit, note in report_texts.highlights(report, language)
    ]
    return f'<div class="tiles">{"".join(tiles)}</div>' if tiles else ""


def _swatch(report: Report, combination: str) -> str:
    return f'<span class="swatch c{report_charts.colour_of(report, combination)}"></span>'


def _combinations(report: Report, language: str) -> str:
    metrics = report_texts.headline_metrics(report)
    tops, heads = [], []
    for metric in metrics:
        columns = report_texts.columns(report, metric)
        tops.append(f'<th class="group" colspan="{len(columns)}">{word(f"head-{metric}", language)}</th>')
        heads += [f"<th{_first(i)}>{word(f'column-{column}', language)}</th>" for i, column in enumerate(columns)]
    lines = [_combination(report, row, metrics, language) for row in report.rows]
    table = (
        f'<div class="scroll"><table><thead><tr><th></th>{"".join(tops)}</tr>'
        f"<tr><th>{word('combination', language)}</th>{''.join(heads)}</tr></thead>"
        f"<tbody>{''.join(lines)}</tbody></table></div>"
    )
    return _section(word("combinations", language), table, report_texts.labels(report, language))


def _first(index: int, other: str = "") -> str:
    classes = " ".join(filter(None, ["first" if index == 0 else "", other]))
    return f' class="{classes}"' if classes else ""


def _combination(report: Report, row: Row, metrics: list[str], language: str) -> str:
    cells = []
    for metric in metrics:
        for index, column in enumerate(report_texts.columns(report, metric)):
            style = {"ratio": "ratio", "real": "strong"}.get(column, "")
            cells.append(f"<td{_first(index, style)}>{escape(report_texts.cell(row, metric, column))}</td>")
    return f"<tr><td>{_swatch(report, row.combination)}{escape(row.title)}</td>{''.join(cells)}</tr>"


def _pairs(report: Report, language: str) -> str:
    if not report.pairs:
        return ""
    lines = "".join(f"<li>{escape(line)}</li>" for line in report_texts.pair_lines(report, language))
    return _section(word("pairs", language), f"<ul>{lines}</ul>", report_texts.pairs_note(report, language))


def _expectations(report: Report, language: str) -> str:
    if not report.judgements:
        return ""
    body = "".join(_expectation(report, judgement, language) for judgement in report.judgements)
    return _section(word("expectations", language), body, report_texts.count_of_outcomes(report, language))


def _expectation(report: Report, judgement: Judgement, language: str) -> str:
    notes = " · ".join(escape(note) for note in report_texts.checks(report, judgement, language))
    return (
        f'<div class="expect"><span class="state {judgement.outcome}">{_icon(judgement.outcome)}'
        f"{word(judgement.outcome, language)}</span><code>{escape(judgement.text)}</code>"
        f'<div class="note">{notes}</div></div>'
    )


def _chart(title: str, picture: str, language: str, *notes: str) -> str:
    if not picture:
        return ""
    below = "".join(f'<p class="note">{word(note, language)}</p>' for note in notes)
    return _section(word(title, language), picture + below)


def _side_by_side(report: Report, language: str) -> str:
    """The headline figures that both engines have, as pairs of bars."""
    metrics = [metric for metric in ("samples_per_second", "duration_s") if metric in report.metrics]
    pictures = [
        f"<div><h3>{escape(figures.heading(metric, language))}</h3>{report_charts.bars(report, metric, language)}</div>"
        for metric in metrics
    ]
    if not pictures:
        return ""
    return _chart("side-by-side", f'<div class="pair">{"".join(pictures)}</div>', language, "gantt-key")


def _per_combination(title: str, report: Report, draw: Any, language: str, *notes: str) -> str:
    pictures = [(row, draw(report, row, language)) for row in report.rows]
    body = "".join(
        f"<h3>{_swatch(report, row.combination)}{escape(row.title)}</h3>{picture}"
        for row, picture in pictures
        if picture
    )
    return _chart(title, body, language, *notes)


def _table(heads: list[str], lines: list[list[str]], language: str) -> str:
    """A plain table; the cells are HTML already."""
    top = "".join(f'<th class="left">{word(head, language)}</th>' for head in heads)
    body = "".join("<tr>" + "".join(f'<td class="left wide">{cell}</td>' for cell in line) + "</tr>" for line in lines)
    return f'<div class="scroll"><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'


def _faults(report: Report, language: str) -> str:
    lines = [[escape(cell) for cell in line] for line in report_texts.fault_lines(report, language)]
    if not lines:
        return ""
    return _section(word("faults", language), _table(list(report_texts.FAULT_HEADS), lines, language))


def _checkpoints(report: Report, language: str) -> str:
    lines = [[escape(cell) for cell in line] for line in report_checkpoints.lines(report, language)]
    if not lines:
        return ""
    note = f'<p class="note">{escape(word("checkpoints-note", language))}</p>'
    return _section(word("checkpoints", language), _table([*report_checkpoints.HEADS], lines, language) + note)


def _stages(report: Report, language: str) -> str:
    lines = [[escape(cell) for cell in line] for line in report_stages.lines(report, language)]
    if not lines:
        return ""
    return _section(word("stages", language), _table([*report_stages.HEADS], lines, language))


def _warnings(report: Report, language: str) -> str:
    lines = report_texts.warning_lines(report, language)
    body = "".join(f'<div class="warning"><b>{escape(run)}</b> {escape(text)}</div>' for run, text in lines)
    return _section(word("warnings", language), body) if lines else ""


def _all_figures(report: Report, language: str) -> str:
    sides = [(row, side) for row in report.rows for side in row.sides]
    heads = "".join(f"<th>{escape(row.title)}<br>{word(side.engine, language)}</th>" for row, side in sides)
    lines = []
    for metric in report.metrics:
        cells = "".join(f"<td>{escape(interval(side, metric))}</td>" for _, side in sides)
        lines.append(f"<tr><td>{escape(figures.heading(metric, language))}</td>{cells}</tr>")
    return (
        f'<section><details><summary>{word("all-figures", language)}</summary><div class="scroll"><table><thead><tr>'
        f"<th>{word('metric', language)}</th>{heads}</tr></thead><tbody>{''.join(lines)}</tbody></table></div>"
        "</details></section>"
    )


def _grounds(report: Report, language: str) -> str:
    lines = [[escape(word(label, language)), escape(text)] for label, text in ground_lines(report, language)]
    return _section(word("grounds", language), _table(["label", "rests-on"], lines, language)) if lines else ""


def _runs(report: Report, language: str) -> str:
    lines = [_run_line(run, language) for run in report.runs]
    return _section(word("runs", language), _table(["run", "outcome", "figures", "duration", "seed"], lines, language))


def _run_line(run: RunSummary, language: str) -> list[str]:
    state = HELD if run.outcome == "finished" else ("missed" if run.outcome == "failed" else "unknown")
    outcome = word(run.outcome, language) + (f": {run.reason}" if run.reason else "")
    return [
        f"<code>{escape(run.name)}</code>",
        f'<span class="state {state}">{_icon(state)}</span> {escape(outcome)}',
        escape(word(run.label, language)),
        MARKS.get(run.label, "") + figures.duration(run.t_s),
        str(run.seed),
    ]


def _machine(report: Report, language: str) -> str:
    facts = report_texts.machine_lines(report, language)
    if not facts:
        return ""
    body = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts)
    return _section(word("machine", language), f"<dl>{body}</dl>")
