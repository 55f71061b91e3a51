"""A model as a service on this machine: an HTTP endpoint on the loopback address, with checked input and metrics."""

from __future__ import annotations

import json
import time
from contextlib import AbstractContextManager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from workbench.stages.base import BadInput
from workbench.stages.values import Model

LOOPBACK = "127.0.0.1"
MOST_BYTES = 10 * 1024 * 1024
MOST_ROWS = 10_000
HOSTS = ("127.0.0.1", "localhost")  # that a request may name: a page of elsewhere cannot ask in their name
BUCKETS_S = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)


class Refused(Exception):
    """A request that is not answered with predictions, and why."""

    def __init__(self, status: int, reason: str):
        super().__init__(reason)
        self.status, self.reason = status, reason


class Meter:
    """What a service counts, in the format of Prometheus."""

    def __init__(self) -> None:
        from prometheus_client import CollectorRegistry, Counter, Histogram

        self.registry = CollectorRegistry()
        self.requests = Counter("workbench_requests", "Requests by outcome", ["outcome"], registry=self.registry)
        self.rows = Counter("workbench_rows", "Rows predicted", registry=self.registry)
        self.seconds = Histogram(
            "workbench_request_seconds", "Time to an answer", buckets=BUCKETS_S, registry=self.registry
        )

    def text(self) -> bytes:
        from prometheus_client import generate_latest

        return generate_latest(self.registry)


class Endpoint(AbstractContextManager["Endpoint"]):
    """Serves a model until it is left; `port` 0 takes a free one. OSError where the port is taken."""

    def __init__(self, model: Model, port: int = 0):
        if not model.steps:
            raise BadInput("the model carries no preparation, so that it cannot take raw rows")
        self.model, self.meter = model, Meter()
        self.columns = _columns(model)
        self.server = ThreadingHTTPServer((LOOPBACK, port), type("Handler", (_Handler,), {"endpoint": self}))
        self.server.daemon_threads = True
        self.thread = Thread(target=self.server.serve_forever, args=(0.05,), name="endpoint", daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.server.server_port}"

    def __exit__(self, *exception: object) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def predict(self, body: bytes) -> list[str]:
        """The class of each row of a request; Refused says what is wrong with it."""
        from workbench.stages.models import predicted
        from workbench.stages.steps import matrix

        table = _table(_rows(body), self.columns)
        try:
            codes = predicted(self.model, matrix(self.model.steps, table))
        except BadInput as error:
            raise Refused(400, str(error)) from error
        self.meter.rows.inc(len(codes))
        return [self.model.classes[code] for code in codes]


def _columns(model: Model) -> dict[str, str]:
    """The columns that the model's preparation needs, and whether they hold a number or text."""
    settings = model.steps[0].settings
    if model.steps[0].kind == "words":
        return {settings["column"]: "text"}
    return dict.fromkeys(settings["numbers"], "number") | dict.fromkeys(settings["texts"], "text")


def _rows(body: bytes) -> list[dict[str, Any]]:
    try:
        asked = json.loads(body)
    except ValueError as error:
        raise Refused(400, f"this is not JSON: {error}") from None
    rows = asked.get("rows") if isinstance(asked, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Refused(400, 'send {"rows": [{"column": value, ...}, ...]}')
    if not 1 <= len(rows) <= MOST_ROWS:
        raise Refused(400, f"{len(rows)} rows were sent; 1 to {MOST_ROWS} are answered")
    return rows


def _table(rows: list[dict[str, Any]], columns: dict[str, str]) -> Any:
    """The rows as a table of the columns that are needed; every cell is checked."""
    import pyarrow as pa

    for at, row in enumerate(rows, 1):
        if absent := [name for name in columns if name not in row]:
            raise Refused(400, f"row {at} lacks the column '{absent[0]}'")
        if unknown := [name for name in row if name not in columns]:
            raise Refused(400, f"row {at} has a column '{unknown[0]}', which the model does not know")
        for name, kind in columns.items():
            value = row[name]
            fits = isinstance(value, str) if kind == "text" else _is_number(value)
            if value is not None and not fits:
                raise Refused(400, f"row {at}, column '{name}': {json.dumps(value)[:40]} is no {kind}")
    types = {"text": pa.large_string(), "number": pa.float64()}
    return pa.table({name: pa.array([row[name] for row in rows], types[kind]) for name, kind in columns.items()})


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= 1e300


class _Handler(BaseHTTPRequestHandler):
    """GET /health, GET /metrics, POST /predict."""

    endpoint: Endpoint
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or headers wait for the body by tens of milliseconds
    timeout = 10  # seconds that a request may take to arrive

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nothing: requests are counted."""

    def do_GET(self) -> None:
        if not self._is_local():
            return
        if self.path == "/health":
            told = {"status": "ok", "columns": self.endpoint.columns, "classes": list(self.endpoint.model.classes)}
            self._answer(200, told)
        elif self.path == "/metrics":
            self._send(200, self.endpoint.meter.text(), "text/plain; version=0.0.4; charset=utf-8")
        else:
            self._answer(404, {"error": "there is /health, /metrics and, to POST to, /predict"})

    def do_POST(self) -> None:
        if not self._is_local():
            return
        meter, began_s = self.endpoint.meter, time.perf_counter()
        answer: dict[str, Any]
        try:
            if self.path != "/predict":
                raise Refused(404, "POST to /predict")
            status, answer = 200, {"predictions": self.endpoint.predict(self._body())}
        except Refused as refused:
            status, answer = refused.status, {"error": refused.reason}
            self.close_connection = True  # what it still sends is not read
        meter.requests.labels("answered" if status == 200 else "refused").inc()
        meter.seconds.observe(time.perf_counter() - began_s)
        self._answer(status, answer)

    def _is_local(self) -> bool:
        if self.headers.get("Host", "").rsplit(":", 1)[0] in HOSTS:
            return True
        self.close_connection = True
        self._answer(403, {"error": "only requests to this machine by its loopback name are answered"})
        return False

    def _body(self) -> bytes:
        length = self.headers.get("Content-Length", "")
        if not length.isdigit():
            raise Refused(411, "say Content-Length")
        if int(length) > MOST_BYTES:
            raise Refused(413, f"{length} bytes were sent; at most {MOST_BYTES} are read")
        if self.headers.get_content_type() != "application/json":
            raise Refused(415, "send Content-Type: application/json")
        return self.rfile.read(int(length))

    def _answer(self, status: int, told: dict[str, Any]) -> None:
        self._send(status, json.dumps(told, ensure_ascii=False).encode(), "application/json")

    def _send(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
