"""The report for a terminal and as Markdown: plain text, a row for each combination."""

from __future__ import annotations

import unicodedata

from workbench.runs import figures, report_checkpoints, report_stages, report_texts
from workbench.runs.labels import MARKS
from workbench.runs.report import Report
from workbench.runs.report_labels import ground_lines, interval
from workbench.runs.report_words import word


def render_text(report: Report, language: str = "en") -> str:
    """The comparison, the expectations, what broke and what to know; terse, for a terminal."""
    blocks = [
        f"{report.name}: {report_texts.verdict(report, language)} ({report_texts.count_of_outcomes(report, language)})",
        _comparison(report, language),
        _pairs(report, language),
        _expectations(report, language),
    ]
    faults = [" · ".join(line) for line in report_texts.fault_lines(report, language)]
    if faults:
        blocks.append("\n".join([f"{word('faults', language)} ({_fault_heads(language)})", *_indented(faults)]))
    saved = [" · ".join(line) for line in report_checkpoints.lines(report, language)]
    if saved:
        heads = " · ".join(word(key, language) for key in report_checkpoints.HEADS)
        note = word("checkpoints-note", language)
        blocks.append("\n".join([f"{word('checkpoints', language)} ({heads})", *_indented([*saved, note])]))
    blocks.append(_stages(report, language))
    grounds = [f"{MARKS[label]} {text}" for label, text in ground_lines(report, language, sources=False)]
    if grounds:
        blocks.append("\n".join([word("grounds", language), *_indented(grounds)]))
    warnings = [f"{run}: {text}" for run, text in report_texts.warning_lines(report, language)]
    if warnings:
        blocks.append("\n".join([word("warnings", language), *_indented(warnings)]))
    return "\n\n".join(block for block in blocks if block) + "\n"


def _fault_heads(language: str) -> str:
    return " · ".join(word(key, language) for key in report_texts.FAULT_HEADS)


def _indented(lines: list[str]) -> list[str]:
    return [f"  {line}" for line in lines]


def _comparison(report: Report, language: str) -> str:
    metrics = report_texts.headline_metrics(report)
    columns = [(metric, column) for metric in metrics for column in report_texts.columns(report, metric)]
    lines = [[row.title, *(report_texts.cell(row, *column) for column in columns)] for row in report.rows]
    heads = [word("combination", language), *(word(f"column-{column}", language) for _, column in columns)]
    widths = [max(width(line[i]) for line in [heads, *lines]) for i in range(len(heads))]
    groups = [padded("", widths[0])]
    for metric in metrics:
        at = [i for i, column in enumerate(columns, 1) if column[0] == metric]
        title = word(f"head-{metric}", language)
        room = sum(widths[i] for i in at) + 2 * (len(at) - 1)
        widths[at[0]] += max(0, width(title) - room)
        groups.append(padded(title, max(room, width(title))))
    table = ["  ".join(groups).rstrip()]
    for line in [heads, *lines]:
        cells = [
            padded(line[0], widths[0]),
            *(padded(c, w, right=True) for c, w in zip(line[1:], widths[1:], strict=True)),
        ]
        table.append("  ".join(cells).rstrip())
    return "\n".join([*table, report_texts.labels(report, language)])


def _pairs(report: Report, language: str) -> str:
    if not report.pairs:
        return ""
    head = f"{word('pairs', language)} ({report_texts.pairs_note(report, language)})"
    return "\n".join([head, *_indented(report_texts.pair_lines(report, language))])


def _stages(report: Report, language: str) -> str:
    lines = report_stages.lines(report, language)
    if not lines:
        return ""
    table = [[word(key, language) for key in report_stages.HEADS], *lines]
    widths = [max(width(line[i]) for line in table) for i in range(len(table[0]) - 1)]
    told = ["  ".join([*map(padded, line, widths), line[-1]]) for line in table]
    return "\n".join([word("stages", language), *_indented(told)])


def _expectations(report: Report, language: str) -> str:
    if not report.judgements:
        return ""
    words = [f"{report_texts.MARKS[j.outcome]} {word(j.outcome, language)}" for j in report.judgements]
    room = max(width(each) for each in words)
    lines = [word("expectations", language)]
    for judgement, outcome in zip(report.judgements, words, strict=True):
        notes = "; ".join(report_texts.checks(report, judgement, language))
        lines.append(f"  {padded(outcome, room)}  {judgement.text}   [{notes}]")
    return "\n".join(lines)


def width(text: str) -> int:
    """Columns that a terminal takes for the text: wide characters take two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def padded(text: str, columns: int, right: bool = False) -> str:
    """The text filled up with spaces; at the right edge if `right`."""
    room = " " * max(0, columns - width(text))
    return room + text if right else text + room


def render_markdown(report: Report, language: str = "en") -> str:
    """The report as Markdown, with every figure."""
    blocks = [f"# {report.name}", report.description]
    blocks.append(f"**{report_texts.verdict(report, language)}** ({report_texts.count_of_outcomes(report, language)})")
    blocks += [f"## {word('combinations', language)}", _markdown_comparison(report, language)]
    blocks += [report_texts.labels(report, language)]
    if report.pairs:
        lines_of_pairs = "\n".join(f"- {line}" for line in report_texts.pair_lines(report, language))
        blocks += [f"## {word('pairs', language)}", report_texts.pairs_note(report, language), lines_of_pairs]
    if report.judgements:
        heads = [word(key, language) for key in ("outcome", "expectation", "figures")]
        lines = [
            [
                f"{report_texts.MARKS[j.outcome]} {word(j.outcome, language)}",
                f"`{j.text}`",
                "; ".join(report_texts.checks(report, j, language)),
            ]
            for j in report.judgements
        ]
        blocks += [f"## {word('expectations', language)}", markdown_table(heads, lines)]
    faults = report_texts.fault_lines(report, language)
    if faults:
        heads = [word(key, language) for key in report_texts.FAULT_HEADS]
        blocks += [f"## {word('faults', language)}", markdown_table(heads, faults)]
    saved = report_checkpoints.lines(report, language)
    if saved:
        heads = [word(key, language) for key in report_checkpoints.HEADS]
        blocks += [
            f"## {word('checkpoints', language)}",
            markdown_table(heads, saved),
            word("checkpoints-note", language),
        ]
    stages = report_stages.lines(report, language)
    if stages:
        heads = [word(key, language) for key in report_stages.HEADS]
        blocks += [f"## {word('stages', language)}", markdown_table(heads, stages)]
    warnings = report_texts.warning_lines(report, language)
    if warnings:
        blocks += [f"## {word('warnings', language)}", "\n".join(f"- {run}: {text}" for run, text in warnings)]
    blocks += [f"## {word('all-figures', language)}", _markdown_figures(report, language)]
    grounds = [[word(label, language), text] for label, text in ground_lines(report, language)]
    if grounds:
        lines_of_grounds = "\n".join(f"- {label}: {text}" for label, text in grounds)
        blocks += [f"## {word('grounds', language)}", lines_of_grounds]
    machine = [[name, value] for name, value in report_texts.machine_lines(report, language)]
    if machine:
        blocks += [f"## {word('machine', language)}", "\n".join(f"- {name}: {value}" for name, value in machine)]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _markdown_comparison(report: Report, language: str) -> str:
    columns = [(m, c) for m in report_texts.headline_metrics(report) for c in report_texts.columns(report, m)]
    heads = [f"{figures.heading(m, language)}, {word(f'column-{c}', language)}" for m, c in columns]
    lines = [[row.title, *(report_texts.cell(row, *column) for column in columns)] for row in report.rows]
    return markdown_table([word("combination", language), *heads], lines)


def _markdown_figures(report: Report, language: str) -> str:
    sides = [(row, side) for row in report.rows for side in row.sides]
    heads = [word("metric", language), *(f"{row.title}, {word(side.engine, language)}" for row, side in sides)]
    lines = [
        [figures.heading(metric, language), *(interval(side, metric) for _, side in sides)] for metric in report.metrics
    ]
    return markdown_table(heads, lines)


def markdown_table(heads: list[str], lines: list[list[str]]) -> str:
    """A Markdown table: the first column to the left, the others as they come."""
    rows = [heads, ["---"] * len(heads), *lines]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows)
