"""The stage `latency`: how long a model takes to answer for one row, and for many at once."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from workbench.document.problems import Problem
from workbench.stages import files
from workbench.stages.base import BadInput, Context, Cost, Port, Size, Stage, parameter


class Latency(Stage):
    """Predicts the rows of a table, with the model's preparation, one by one and in batches, and times each call.

    Besides the measurements a file in the format of Prometheus can be written, for its textfile collector.
    """

    group = "monitor"
    title = "Latency"
    title_ja = "応答時間"
    doc = "Times predictions of single rows and of batches; can write the figures as Prometheus metrics."
    doc_ja = "1 行ずつ、またはまとめて予測する時間を測ります。Prometheus 形式でも書き出せます。"
    inputs = (Port("model", "model"), Port("table", "table"))
    outputs = (Port("table", "table"),)
    measures = ("latency_p50_s", "latency_p99_s", "rows_per_second")

    requests: int = parameter(200, "calls of each size", "各サイズの呼び出し回数", ge=1, le=1_000_000)
    batch: int = parameter(64, "rows at once, where there are many", "まとめて予測する行数", ge=1, le=1_000_000)
    prometheus: str = parameter(
        "", "file for Prometheus metrics; none when empty", "Prometheus 形式の出力先（空なら書かない）"
    )

    def problems(self, folder: Path) -> list[Problem]:
        if files.leads_outside(self.prometheus):
            return [Problem("path-outside", "prometheus", {"path": self.prometheus})]
        return []

    def rests_on(self) -> list[str] | None:
        return None  # time is measured anew

    def cost(self, inputs: Mapping[str, Size], folder: Path) -> Cost:
        model, table = inputs["model"], inputs["table"]
        weights = (model.bytes - model.carried_bytes) / 4
        rows = self.requests * (1 + min(self.batch, table.rows))
        per_call = 1e6 + 1e4 * table.columns
        return Cost(2 * self.requests * per_call + 2.0 * weights * rows, 1e6, {"table": Size(2, 4, bytes=64.0)})

    def work(self, inputs: Mapping[str, Any], context: Context) -> dict[str, Any]:
        import pyarrow as pa

        model, table = inputs["model"], inputs["table"]
        if not model.steps:
            raise BadInput("the model carries no preparation, so that it cannot take a raw table")
        if not table.num_rows:
            raise BadInput("the table has no rows to predict")
        sizes = (1, min(self.batch, table.num_rows))
        times = {size: self._timed(model, table, size) for size in sizes}
        single, many = times[sizes[0]], times[sizes[1]]
        figures = {
            "latency_p50_s": float(np.quantile(single, 0.5)),
            "latency_p99_s": float(np.quantile(single, 0.99)),
            "rows_per_second": sizes[1] / float(np.median(many)),
        }
        for name, value in figures.items():
            context.measure(name, value, "s" if name.endswith("_s") else "rows/s")
        if self.prometheus:
            files.to_write(context.outbox, self.prometheus).write_bytes(_as_metrics(figures))
        columns = {
            "rows": list(times),
            "p50_s": [float(np.quantile(each, 0.5)) for each in times.values()],
            "p99_s": [float(np.quantile(each, 0.99)) for each in times.values()],
            "calls": [len(each) for each in times.values()],
        }
        return {"table": pa.table(columns)}

    def _timed(self, model: Any, table: Any, rows: int) -> list[float]:
        from workbench.stages.models import predicted
        from workbench.stages.steps import matrix

        times = []
        for call in range(self.requests + 1):
            part = table.slice(call * rows % max(1, table.num_rows - rows + 1), rows)
            began_s = time.perf_counter()
            predicted(model, matrix(model.steps, part))
            times.append(time.perf_counter() - began_s)
        return times[1:]  # the first call loads libraries


def _as_metrics(figures: dict[str, float]) -> bytes:
    from prometheus_client import CollectorRegistry, Gauge, generate_latest

    registry = CollectorRegistry()
    for name, value in figures.items():
        Gauge(f"workbench_{name}", name.replace("_", " "), registry=registry).set(value)
    return generate_latest(registry)
