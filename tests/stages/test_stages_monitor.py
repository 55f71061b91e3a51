"""The stages `drift`, `latency` and `serve`, and the endpoint that answers for a model."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from workbench.stages.base import BadInput, Context
from workbench.stages.endpoint import Endpoint

PENGUINS = pa.table(
    {
        "island": ["Biscoe", "Dream", "Torgersen"] * 10,
        "mass": [3700.0 + 40 * (i % 3) * i for i in range(30)],
        "label": ["Adelie", "Chinstrap", "Gentoo"] * 10,
    }
)


@pytest.fixture
def model(work: Callable[..., Any]) -> Any:
    return work("estimator", {"dataset": work("prepare", {"table": PENGUINS})})


@pytest.fixture
def endpoint(model: Any) -> Iterator[Endpoint]:
    with Endpoint(model) as opened:
        yield opened


def ask(endpoint: Endpoint, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    connection = HTTPConnection("127.0.0.1", endpoint.server.server_port, timeout=20)
    sent = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    connection.request(method, path, sent, {"Content-Type": "application/json"} | headers)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, json.loads(text) if answer.headers.get_content_type() == "application/json" else text


# --- drift --------------------------------------------------------------------------------------------------------


def drift_of(work: Callable[..., Any], one: pa.Table, other: pa.Table) -> dict[str, tuple[float, float]]:
    rows = work("drift", {"reference": one, "table": other}).to_pylist()
    return {row["column"]: (row["index"], row["distance"]) for row in rows}


def test_only_the_column_that_moved_has_drifted(work: Callable[..., Any], measured: list[Any]) -> None:
    draws = np.random.default_rng(5)
    before = pa.table({"still": draws.normal(size=4000), "moved": draws.normal(size=4000)})
    now = pa.table({"still": draws.normal(size=2000), "moved": draws.normal(size=2000) + 1})
    found = drift_of(work, before, now)
    assert found["still"][0] < 0.03 and found["still"][1] < 0.05
    # of two normal distributions, a deviation apart: the index is 1 without bins, the distance 2 * Phi(0.5) - 1 = 0.383
    assert 0.7 < found["moved"][0] < 1.0
    assert found["moved"][1] == pytest.approx(0.383, abs=0.03)
    assert ("drifted_columns", 1.0, "") in measured


def test_texts_and_missing_values_drift_too(work: Callable[..., Any]) -> None:
    before = pa.table({"colour": ["red", "blue"] * 50, "size": [1.0, 2.0] * 50})
    assert drift_of(work, before, before) == {"colour": (0.0, 0.0), "size": (0.0, 0.0)}
    now = pa.table({"colour": ["red", "green"] * 50, "size": [1.0, None] * 50})
    found = drift_of(work, before, now)
    assert found["colour"][0] > 1 and found["size"][0] > 1


def test_tables_that_cannot_be_compared_are_refused(work: Callable[..., Any]) -> None:
    with pytest.raises(BadInput, match="share no column"):
        drift_of(work, pa.table({"a": [1]}), pa.table({"b": [1]}))
    with pytest.raises(BadInput, match="column 'a' holds numbers in one table and none in the other"):
        drift_of(work, pa.table({"a": [1]}), pa.table({"a": ["x"]}))


# --- the endpoint -------------------------------------------------------------------------------------------------


def test_an_endpoint_answers_with_the_classes_of_rows(endpoint: Endpoint) -> None:
    status, told = ask(endpoint, "GET", "/health")
    assert (status, told["status"], told["columns"]) == (200, "ok", {"mass": "number", "island": "text"})
    rows = [{"island": "Dream", "mass": 3800.0}, {"island": "Torgersen", "mass": None}]
    assert ask(endpoint, "POST", "/predict", {"rows": rows}) == (200, {"predictions": ["Chinstrap", "Gentoo"]})


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"{", 400, "this is not JSON"),
        ({"row": []}, 400, "send"),
        ({"rows": []}, 400, "0 rows were sent"),
        ({"rows": [{"island": "Dream"}]}, 400, "row 1 lacks the column 'mass'"),
        ({"rows": [{"island": "Dream", "mass": 1, "x": 2}]}, 400, "row 1 has a column 'x'"),
        ({"rows": [{"island": "Dream", "mass": "3"}]}, 400, "row 1, column 'mass': \"3\" is no number"),
        ({"rows": [{"island": "Dream", "mass": True}]}, 400, "true is no number"),
        (b'{"rows": [{"island": "Dream", "mass": NaN}]}', 400, "NaN is no number"),
        ({"rows": [{"island": 3, "mass": 3}]}, 400, "row 1, column 'island': 3 is no text"),
        ({"rows": [{"island": "Atlantis", "mass": 3}]}, 400, "'Atlantis' did not occur"),
    ],
)
def test_what_is_wrong_with_a_request_is_said(endpoint: Endpoint, body: Any, status: int, said: str) -> None:
    got, told = ask(endpoint, "POST", "/predict", body)
    assert got == status and said in told["error"]
    assert ask(endpoint, "GET", "/health")[0] == 200


def test_requests_that_are_not_for_this_machine_or_too_large_are_not_read(endpoint: Endpoint) -> None:
    assert endpoint.server.server_address[0] == "127.0.0.1"
    assert ask(endpoint, "GET", "/health", Host="evil.example")[0] == 403
    assert ask(endpoint, "POST", "/predict", {"rows": []}, **{"Content-Type": "text/plain"})[0] == 415
    assert ask(endpoint, "POST", "/predict", None, **{"Content-Length": "99999999999"})[0] == 413
    assert ask(endpoint, "GET", "/etc/passwd")[0] == 404
    assert ask(endpoint, "POST", "/else", {})[0] == 404


def test_what_an_endpoint_did_can_be_read_by_prometheus(endpoint: Endpoint) -> None:
    ask(endpoint, "POST", "/predict", {"rows": [{"island": "Dream", "mass": 3800.0}] * 3})
    ask(endpoint, "POST", "/predict", b"{")
    status, text = ask(endpoint, "GET", "/metrics")
    lines = text.decode().splitlines()
    assert status == 200
    assert 'workbench_requests_total{outcome="answered"} 1.0' in lines
    assert 'workbench_requests_total{outcome="refused"} 1.0' in lines
    assert "workbench_rows_total 3.0" in lines
    assert "workbench_request_seconds_count 2.0" in lines


def test_a_served_table_has_the_predictions_of_the_model(
    work: Callable[..., Any], context: Context, model: Any, measured: list[Any]
) -> None:
    table = PENGUINS.append_column("island2", PENGUINS.column("island")).drop(["label"])
    served = work("serve", {"model": model, "table": table}, requests=12)
    alone = work("predict", {"model": model, "table": table.slice(0, 12)})
    assert served.equals(alone)
    told = {name: value for name, value, _ in measured}
    assert (told["healthy"], told["answered"], told["refused"]) == (1.0, 12.0, 0.0)
    assert 0 < told["latency_p50_s"] <= told["latency_p99_s"]
    assert "workbench_rows_total 12.0" in (context.outbox / "metrics.prom").read_text()


def test_rows_that_an_endpoint_refuses_are_counted(work: Callable[..., Any], model: Any, measured: list[Any]) -> None:
    table = pa.table({"island": ["Dream", "Atlantis"], "mass": [3800.0, 3800.0]})
    assert work("serve", {"model": model, "table": table}).column("prediction").to_pylist() == ["Chinstrap", None]
    assert ("refused", 1.0, "rows") in measured
    with pytest.raises(BadInput, match="lacks the column 'mass'"):
        work("serve", {"model": model, "table": table.drop(["mass"])})


def test_a_port_that_is_taken_is_said(work: Callable[..., Any], endpoint: Endpoint, model: Any) -> None:
    port = endpoint.server.server_port
    with pytest.raises(BadInput, match=f"port {port} cannot be opened"):
        work("serve", {"model": model, "table": PENGUINS}, port=port)


# --- latency ------------------------------------------------------------------------------------------------------


def test_latency_is_told_of_one_row_and_of_many(
    work: Callable[..., Any], context: Context, model: Any, measured: list[Any]
) -> None:
    table = work("latency", {"model": model, "table": PENGUINS}, requests=20, batch=15, prometheus="l.prom")
    assert table.column("rows").to_pylist() == [1, 15]
    assert table.column("calls").to_pylist() == [20, 20]
    told = {name: value for name, value, _ in measured}
    assert 0 < told["latency_p50_s"] <= told["latency_p99_s"]
    assert f"workbench_latency_p50_s {told['latency_p50_s']!r}" in (context.outbox / "l.prom").read_text()
