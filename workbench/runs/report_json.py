"""The report as JSON, for programs: every figure in SI units, with the outcome of each expectation."""

from __future__ import annotations

import json
from typing import Any

from msgspec import to_builtins

from workbench.runs import report_checkpoints, report_texts
from workbench.runs.pairs import Pair
from workbench.runs.report import MEASURES, Report, RunSummary, Side
from workbench.runs.report_labels import label_of_pair, labels_of

FORMAT = 1


def as_data(report: Report) -> dict[str, Any]:
    """The report as plain data."""
    return {
        "format": FORMAT,
        "kind": "workbench report",
        "name": report.name,
        "outcome": report.outcome,
        "exit_code": report.exit_code,
        "combinations": [
            {
                "combination": row.combination,
                "title": row.title,
                "simulated": _side(row.simulated),
                "real": _side(row.real),
                "real_over_simulated": {m: r for m in report.metrics if (r := row.ratio(m)) is not None},
            }
            for row in report.rows
        ],
        "pairs": [_pair(report, pair) for pair in report.pairs],
        "expectations": [
            {
                "text": judgement.text,
                "outcome": judgement.outcome,
                "checks": [
                    {
                        "engine": check.engine,
                        "outcome": check.outcome,
                        "left": check.left,
                        "right": check.right,
                        "half_width": check.half_width,
                        "labels": labels_of(report, judgement, check),
                        "reason": check.reason,
                        "about": check.about,
                    }
                    for check in judgement.checks
                ],
            }
            for judgement in report.judgements
        ],
        "checkpoints": report_checkpoints.as_data(report),
        "runs": [_run(run) for run in report.runs],
    }


def render_json(report: Report) -> str:
    """The report as JSON text."""
    return json.dumps(as_data(report), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _side(side: Side | None) -> dict[str, Any] | None:
    if side is None:
        return None
    return {
        "label": side.label,
        "runs": [run.name for run in side.runs],
        "figures": {
            metric: {
                "mean": figure.mean,
                "half_width": figure.half_width,
                "count": figure.count,
                "label": side.label_of(metric),
            }
            for metric, figure in side.figures.items()
        },
    }


def _pair(report: Report, pair: Pair) -> dict[str, Any]:
    difference = pair.difference
    return {
        "engine": pair.engine,
        "metric": pair.metric,
        "left": pair.left,
        "right": pair.right,
        "outcome": pair.outcome,
        "winner": pair.winner,
        "left_mean": pair.left_mean,
        "right_mean": pair.right_mean,
        "difference": difference.mean if difference is not None else None,
        "half_width": difference.half_width if difference is not None else None,
        "count": difference.count if difference is not None else 0,
        "label": label_of_pair(report, pair),
        "needed": pair.needed,
        "reason": pair.reason,
        "about": pair.about,
        "text": report_texts.pair(report, pair),
    }


def _run(run: RunSummary) -> dict[str, Any]:
    return {
        "name": run.name,
        "engine": run.engine,
        "combination": run.combination,
        "replication": run.replication,
        "label": run.label,
        "grounds": [to_builtins(ground) for ground in run.grounds],
        "seed": run.seed,
        "outcome": run.outcome,
        "reason": run.reason,
        "duration_s": run.t_s,
        "faults": [fault._asdict() for fault in run.faults],
        "recoveries": [
            {
                "worker": verdict.recovery.worker,
                "struck_s": verdict.recovery.struck_s,
                "seconds": verdict.recovery.seconds,
                "recovered": verdict.recovery.recovered,
                "throughput_kept": verdict.kept,
                "lost_items": verdict.lost_items,
            }
            for verdict in run.verdicts
        ],
        "warnings": [{"t_s": w.t_s, "code": w.code, "text": w.text} for w in run.warnings],
        "stages": [
            {
                "stage": bar.stage,
                "status": bar.status,
                "start_s": bar.start_s,
                "end_s": bar.end_s,
                "seconds": bar.seconds,
                "work_s": bar.work_s,
                "items": bar.items,
                "adopted": bar.adopted,
                "why": list(bar.why),
                "measured": {name: getattr(bar, name) for name in MEASURES} if bar.measured else None,
            }
            for bar in run.stages
        ],
        "machine": run.machine,
    }
