"""The stage `serve`: the model behind an HTTP endpoint of this machine, tried with the rows of a table."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import numpy as np

from workbench.document.problems import Problem
from workbench.stages import files
from workbench.stages.base import BadInput, Context, Cost, Port, Size, Stage, parameter

LIMIT_S = 30.0  # for one answer


class Serve(Stage):
    """Opens an endpoint on the loopback address, asks for its health, sends it rows, and closes it.

    `GET /health`, `GET /metrics` (Prometheus) and `POST /predict`. `latency_p50_s` and `latency_p99_s` are of single
    rows, from the question to the answer. `workbench serve MODEL` keeps the same endpoint open.
    """

    group = "deploy"
    title = "Serve model"
    title_ja = "モデルを公開"
    doc = "Serves the model over HTTP on this machine only, tries it with the rows of a table, and measures latency."
    doc_ja = "モデルをこのマシン内だけの HTTP で公開し、表の行で試して応答時間を測ります。"
    inputs = (Port("model", "model"), Port("table", "table"))
    outputs = (Port("table", "table"),)
    measures = ("healthy", "answered", "refused", "latency_p50_s", "latency_p99_s")

    requests: int = parameter(100, "rows that are sent, one at a time", "送る行数（1 行ずつ）", ge=1, le=1_000_000)
    port: int = parameter(0, "of the endpoint; 0 takes a free one", "ポート（0 は空き番号）", ge=0, le=65_535)
    metrics: str = parameter(
        "metrics.prom",
        "file for its Prometheus metrics; none when empty",
        "Prometheus 形式の出力先（空なら書かない）",
    )

    def problems(self, folder: Path) -> list[Problem]:
        return [Problem("path-outside", "metrics", {"path": self.metrics})] if files.leads_outside(self.metrics) else []

    def cost(self, inputs: Mapping[str, Size], folder: Path) -> Cost:
        model, table = inputs["model"], inputs["table"]
        rows = min(self.requests, table.rows)
        share = rows / max(table.rows, 1)
        size = Size(rows, table.columns + 1, bytes=table.bytes * share + 12.0 * rows, levels=table.levels)
        weights = (model.bytes - model.carried_bytes) / 4
        return Cost(rows * (2e6 + 2.0 * weights), rows * 1e6, {"table": size})  # HTTP and JSON, not the model

    def work(self, inputs: Mapping[str, Any], context: Context) -> dict[str, Any]:
        import pyarrow as pa

        from workbench.stages.endpoint import Endpoint

        table = inputs["table"].slice(0, self.requests)
        if not table.num_rows:
            raise BadInput("the table has no rows to try the endpoint with")
        try:
            opened = Endpoint(inputs["model"], self.port)
        except OSError as error:
            raise BadInput(f"port {self.port} cannot be opened on this machine: {error.strerror}") from error
        with opened as endpoint:
            said, latencies_s = self._try(endpoint, table, context)
            if self.metrics:
                files.to_write(context.outbox, self.metrics).write_bytes(endpoint.meter.text())
        context.measure("latency_p50_s", float(np.quantile(latencies_s, 0.5)), "s")
        context.measure("latency_p99_s", float(np.quantile(latencies_s, 0.99)), "s")
        name = "prediction" if "prediction" not in table.column_names else "served_prediction"
        return {"table": table.append_column(name, pa.array(said, pa.string()))}

    def _try(self, endpoint: Any, table: Any, context: Context) -> tuple[list[str | None], list[float]]:
        """What was answered for each row, and after how long; what was refused is None."""
        missing = [name for name in endpoint.columns if name not in table.column_names]
        if missing:
            raise BadInput(f"the table lacks the column '{missing[0]}', which the model needs")
        connection = HTTPConnection("127.0.0.1", endpoint.server.server_port, timeout=LIMIT_S)
        said: list[str | None] = []
        latencies_s: list[float] = []
        try:
            healthy = _asked(connection, "GET", "/health")[0] == 200
            for row in table.select(list(endpoint.columns)).to_pylist():
                began_s = time.perf_counter()
                status, answer = _asked(connection, "POST", "/predict", {"rows": [row]})
                latencies_s.append(time.perf_counter() - began_s)
                said.append(answer["predictions"][0] if status == 200 else None)
        except (OSError, HTTPException) as error:
            raise BadInput(f"the endpoint stopped answering: {error}") from error
        finally:
            connection.close()
        context.measure("healthy", float(healthy))
        context.measure("answered", float(sum(one is not None for one in said)), "rows")
        context.measure("refused", float(sum(one is None for one in said)), "rows")
        return said, latencies_s


def _asked(connection: HTTPConnection, method: str, path: str, what: Any = None) -> tuple[int, Any]:
    """(status, answer) of a request."""
    body = None if what is None else json.dumps(what)
    connection.request(method, path, body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())
