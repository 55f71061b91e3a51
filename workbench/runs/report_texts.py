"""What a report says in words and cells: shared by the text, Markdown and HTML forms, so that they say the same."""

from __future__ import annotations

import math
from collections import Counter

from workbench.document.metrics import metric as metric_of
from workbench.runs import figures
from workbench.runs.judgement import HELD, MISSED, NOT_ASKED, UNKNOWN, Check, Judgement
from workbench.runs.labels import MARKS as LABEL_MARKS
from workbench.runs.pairs import BETTER, EQUAL, Pair
from workbench.runs.report import ENGINES, Report, Row, Side
from workbench.runs.report_labels import interval, label_of_pair, labels_of, legend, mark
from workbench.runs.report_words import word
from workbench.runs.statistics import MOST_REPLICATIONS
from workbench.runs.warned import is_of_scenario, said

HEADLINES = ("samples_per_second", "instances_per_second", "duration_s", "recovery_s", "accuracy")
MARKS = {HELD: "✓", MISSED: "✗", UNKNOWN: "?", NOT_ASKED: "–"}


def verdict(report: Report, language: str = "en") -> str:
    """The outcome in a few words."""
    if "failed" in report.ends:
        return word("verdict-failed", language)
    if report.outcome == HELD and not report.judgements:
        return word("verdict-none", language)
    if report.outcome == UNKNOWN and report.asks_nothing:
        return word("verdict-not-asked", language)
    return word(f"verdict-{report.outcome}", language)


def count_of_outcomes(report: Report, language: str = "en") -> str:
    """How many expectations held, were missed, and cannot be told."""
    counts = Counter(judgement.outcome for judgement in report.judgements)
    told = [f"{counts[o]} {word(o, language)}" for o in (HELD, MISSED, UNKNOWN, NOT_ASKED) if counts[o]]
    return " · ".join(told) or word("no-expectations", language)


def headline_metrics(report: Report) -> list[str]:
    """The metrics that the comparison shows: those of the headlines that any side has."""
    return [
        metric
        for metric in HEADLINES
        if metric in report.metrics and (metric != "instances_per_second" or _has_many_instances(report))
    ]


def _has_many_instances(report: Report) -> bool:
    return any(run.numbers.get("instances", 0) > 1 for run in report.runs)


def columns(report: Report, metric: str) -> list[str]:
    """Which columns the metric takes: an engine that has no figure in any row takes none."""
    engines = [e for e in ENGINES if any(s.engine == e and metric in s.figures for r in report.rows for s in r.sides)]
    return [*engines, "ratio"] if len(engines) == 2 else engines


def cell(row: Row, metric: str, column: str) -> str:
    """What the comparison says of one combination in one column."""
    if column == "ratio":
        return figures.ratio(row.ratio(metric))
    side: Side | None = row.simulated if column == "simulated" else row.real
    return interval(side, metric)


def labels(report: Report, language: str = "en") -> str:
    """How far the figures of each engine can be trusted, and over how many replications they go."""
    sides = [side for row in report.rows for side in row.sides]
    told = legend(report, language)
    count = max((len(side.runs) for side in sides), default=1)
    if count > 1:
        told.append(word("interval", language, count=count))
    return " · ".join(told)


def checks(report: Report, judgement: Judgement, language: str = "en") -> list[str]:
    """Why an expectation is judged as it is, for each engine that decides it."""
    return [check(each, labels_of(report, judgement, each), language) for each in judgement.deciding]


def check(found: Check, sides_labels: tuple[str, str] = ("", ""), language: str = "en") -> str:
    """Why an expectation is judged as it is on one engine: both sides with their marks, or what is missing."""
    begin = f"{MARKS[found.outcome]} {word(found.engine, language)}: " if found.engine else ""
    sides = ""
    if found.left is not None and found.right is not None:
        marks = [LABEL_MARKS.get(label, "") for label in sides_labels]
        left, right = marks[0] + figures.digits(found.left), marks[1] + figures.digits(found.right)
        sides = word("against", language, left=left, right=right)
        if found.half_width is not None:
            sides += f" (± {figures.digits(found.half_width)})"
    if not found.reason:
        return begin + (sides or word(found.outcome, language))
    return begin + " – ".join(filter(None, [sides, reason(found, language)]))


def reason(found: Check, language: str = "en") -> str:
    """Why it cannot be told."""
    if found.reason in ("not-run", "not-told", "too-few"):
        return word(found.reason, language, about=found.about)
    return word("run-ended", language, about=found.about.partition(".")[0], outcome=word(found.reason, language))


def pair_lines(report: Report, language: str = "en") -> list[str]:
    """The verdict on every two combinations, a sentence each."""
    return [pair(report, each, language) for each in report.pairs]


def pairs_note(report: Report, language: str = "en") -> str:
    """What the verdicts are about, and how sure they are."""
    metric = metric_of(report.pairs[0].metric).title(language)
    return word("pairs-note", language, metric=metric)


def pair(report: Report, found: Pair, language: str = "en") -> str:
    """Which of two combinations is better and by how much, or why that cannot be told, in a sentence."""
    titles = {row.combination: row.title for row in report.rows}
    unsure = LABEL_MARKS.get(label_of_pair(report, found), "")
    left, right = titles[found.left], titles[found.right]
    amount, width = _amounts(found)
    amount = unsure + amount if amount else ""
    if found.outcome == BETTER:
        winner, loser = titles[found.winner], titles[found.loser]
        return word("pair-better", language, winner=winner, loser=loser, amount=amount, width=width)
    if found.outcome == EQUAL:
        return word("pair-equal", language, left=left, right=right)
    if found.difference is None:
        why = word(found.reason, language, about=f"{found.about}.{found.metric}")
        if found.reason not in ("not-run", "not-told"):
            why = word("run-ended", language, about=titles[found.about], outcome=word(found.reason, language))
        return word("pair-missing", language, left=left, right=right, why=why)
    enough = "pair-hopeless" if found.needed is None else "pair-needed"
    told = word("pair-unknown", language, left=left, right=right, amount=amount, width=width)
    return told + word(enough, language, count=f"{found.needed or MOST_REPLICATIONS:,}")


def _amounts(found: Pair) -> tuple[str, str]:
    """The difference and its half-width: in percent, or in the unit where both are shares of nothing."""
    if found.difference is None or found.difference.half_width is None:
        return "", ""
    if found.share is None:
        mean, width = found.difference.mean, found.difference.half_width
        return figures.with_unit(found.metric, mean), figures.value(found.metric, width)
    share, width = found.share
    # as many decimals as show two digits of the half-width, which is as well as the difference is known
    decimals = min(6, max(0, 1 - math.floor(math.log10(100 * width)))) if width > 0 else 1
    return f"{100 * share:.{decimals}f} %", f"{100 * width:.{decimals}f}"


FAULT_HEADS = ("run", "fault", "worker", "began", "ended", "standstill", "kept", "lost")


def fault_lines(report: Report, language: str = "en") -> list[list[str]]:
    """Run, what broke, who, when, until when, and the verdict; one line for each fault or loss.

    The verdict: how long nothing moved, what was kept of the throughput without faults, and whether anything was lost.
    """
    lines = []
    for run in report.runs:
        causes = {(fault.began_s, fault.worker): (fault.kind, fault.ended_s) for fault in run.faults}
        for verdict in run.verdicts:
            recovery = verdict.recovery
            kind, ended_s = causes.get((recovery.struck_s, recovery.worker), (word("loss-of-member", language), None))
            unsure = LABEL_MARKS.get(run.label, "")
            ended = unsure + figures.duration(ended_s) if ended_s is not None else figures.MISSING
            still = unsure + figures.duration(recovery.seconds)
            if not recovery.recovered:
                still += f" ({word('not-recovered', language)})"
            struck = unsure + figures.duration(recovery.struck_s)
            kept = unsure + figures.with_unit("throughput_kept", verdict.kept) if verdict.kept is not None else ""
            lines.append([run.name, kind, recovery.worker, struck, ended, still, kept or figures.MISSING])
            lines[-1].append(_lost(verdict.lost_items, language))
    return lines


def _lost(items: int | None, language: str) -> str:
    if items is None:
        return figures.MISSING
    return word("lost-items", language, count=f"{items:,}") if items else word("lost-nothing", language)


def warning_lines(report: Report, language: str = "en") -> list[tuple[str, str]]:
    """(run, text) of what a person should know, runs that did not finish included; equal texts of a run once.

    What replications have in common is told of the first.
    """
    lines: list[tuple[str, str]] = []
    for run in report.runs:
        if not run.is_whole:
            lines.append((run.name, " – ".join(filter(None, [word(run.outcome, language), run.reason]))))
        told = [warned for warned in run.warnings if not (run.replication and is_of_scenario(warned))]
        counts = Counter(said(warned, language) for warned in told)
        lines += [(run.name, text + (f" (×{count})" if count > 1 else "")) for text, count in counts.items()]
    return lines


def machine_lines(report: Report, language: str = "en") -> list[tuple[str, str]]:
    """What is known about the machine of the last run."""
    machine = report.runs[-1].machine
    lines = []
    for key in ("workbench", "python", "platform", "processor", "processors", "memory_bytes", "libraries"):
        if key not in machine:
            continue
        value = machine[key]
        if key == "memory_bytes":
            value = f"{value / 2**30:.1f} GiB"
        elif key == "libraries":
            value = ", ".join(f"{name} {version}" for name, version in value.items())
        lines.append((word(key, language), str(value)))
    return lines


def highlights(report: Report, language: str = "en") -> list[tuple[str, str, str, str]]:
    """(title, value, unit, note) of the few figures that a reader wants first."""
    found = [_best(report, engine, language) for engine in reversed(ENGINES)]
    tiles = [tile for tile in found if tile][:1]
    tiles += _agreement(report, language)
    for metric, key, better in (("accuracy", "best-accuracy", max), ("recovery_s", "longest-recovery", max)):
        sides = [(side, row) for row in report.rows for side in row.sides if metric in side.figures]
        if sides:
            side, row = better(sides, key=lambda pair: pair[0].figures[metric].mean)
            note = f"{row.title} · {word(side.engine, language)}"
            tiles.append((word(key, language), *_split(side, metric), note))
    return tiles


def _best(report: Report, engine: str, language: str) -> tuple[str, str, str, str] | None:
    """The combination that is best on one engine in the first headline metric which it has."""
    sides = [(side, row) for row in report.rows for side in row.sides if side.engine == engine]
    metric = next((m for m in HEADLINES if any(m in side.figures for side, _ in sides)), "")
    sides = [pair for pair in sides if metric in pair[0].figures]
    if not sides:
        return None
    best = min if metric_of(metric).better == "less" else max
    side, row = best(sides, key=lambda pair: pair[0].figures[metric].mean)
    title = word("fastest" if engine == "real" else "fastest-simulated", language)
    return title, *_split(side, metric), row.title


def _agreement(report: Report, language: str) -> list[tuple[str, str, str, str]]:
    metric = next((m for m in HEADLINES if any(row.ratio(m) is not None for row in report.rows)), "")
    ratios = [ratio for row in report.rows if (ratio := row.ratio(metric)) is not None]
    if not ratios:
        return []
    low, high = figures.ratio(min(ratios)), figures.ratio(max(ratios))
    shown = low if low == high else f"{low.rstrip('×')} – {high}"
    return [(word("agreement", language), shown, "", metric_of(metric).title(language))]


def _split(side: Side, metric: str) -> tuple[str, str]:
    shown = mark(side, metric) + figures.with_unit(metric, side.figures[metric].mean)
    number_shown, _, unit = shown.partition(" ")
    return number_shown, unit
