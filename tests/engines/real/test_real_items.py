"""A group that runs once for every item, on real rows: each is done, counted and put together once, whoever dies."""

import pytest

from workbench.engines.real.store import Store
from workbench.runs.events import Measured, Recorded, WorkerFailed
from workbench.runs.folder import artifact_path, read_run
from workbench.runs.numbers import numbers
from workbench.runs.state import fold
from workbench.stages import values

ITEMS, ROWS = 40, 10
TEXT = """
format: 1
name: Forty items
pipeline:
  stages:
    - {id: read, use: csv, with: {file: rows.csv}}
    - {id: prepare, use: prepare, with: {scale: none}}
    - {id: fit, use: estimator, with: {kind: nearest-centroid}}
  links:
    - read.table -> prepare.table
    - prepare.dataset -> fit.dataset
  groups:
    - {id: parts, stages: [prepare], foreach: read.table, partition: 10}
cluster: {workers: [{id: w, count: 3}]}
architectures:
  - {id: leader, orchestration: {use: single-leader, with: {in_flight: 6, ordered: true, ahead: 2}}}
"""
MOST = TEXT.replace("partition: 10", "partition: 10, at_least: 90 %")


@pytest.fixture
def beside(tmp_path):
    """A folder with the rows; three of the items cannot be prepared, for they hold one class only."""

    def write(fail=()):
        lines = [f"{n},{'a' if n // ROWS in fail or n % 2 else 'b'}" for n in range(ITEMS * ROWS)]
        (tmp_path / "rows.csv").write_text("\n".join(["x,label", *lines]) + "\n")
        return tmp_path

    return write


def rows_put_together(run):
    """The first column of what every item has led to."""
    parts = Store(run).recall("done/0/prepare")
    found = {}
    for key, ports in parts.items():
        data = values.load(artifact_path(run, ports["dataset"]))
        found[int(key.rpartition("[")[2][:-1])] = sorted([*data.train_x[:, 0].tolist(), *data.test_x[:, 0].tolist()])
    return found


def all_rows(without=()):
    return {item: [float(item * ROWS + n) for n in range(ROWS)] for item in range(ITEMS) if item not in without}


def test_every_item_is_its_own_rows_and_all_are_put_together(runner, beside):
    events = runner("real", "leader", TEXT, beside())
    assert runner.outcome == "finished" and rows_put_together(runner.last) == all_rows()
    found = numbers(fold(events))
    assert (found["items_found"], found["items"], found["items_out_of_order"]) == (ITEMS, ITEMS, 0)
    in_flight = [e.value for e in events if isinstance(e, Measured) and e.name == "items_in_flight"]
    assert in_flight and max(in_flight) <= 6
    model = values.load(artifact_path(runner.last, Store(runner.last).recall("done/0/fit")["done/0/fit"]["model"]))
    half = [float(n) for n in range(ITEMS * ROWS) if n % 2]
    assert abs(model.arrays["centroids"][0, 0] - sum(half) / len(half)) < 10


def test_a_run_goes_on_without_items_that_fail_if_enough_of_them_succeed(runner, beside):
    events = runner("real", "leader", MOST, beside({3, 17, 30}))
    assert runner.outcome == "finished" and rows_put_together(runner.last) == all_rows({3, 17, 30})
    found, state = numbers(fold(events)), fold(events)
    assert (found["items"], found["items_failed"], found["disagreements"]) == (ITEMS - 3, 3, 0)
    told = {e.key: e.value for e in events if isinstance(e, Recorded) and e.kind == "failed"}
    assert told.keys() == {"prepare#[3]", "prepare#[17]", "prepare#[30]"}
    assert all("1 different values" in value for value in told.values())
    assert state.stages["prepare"].status == "done" and state.stages["prepare"].items_failed == 3


def test_a_run_fails_as_soon_as_too_many_items_have(runner, beside):
    runner("real", "leader", MOST, beside({1, 2, 3, 4, 5}))
    assert runner.outcome == "failed"
    reason = fold(read_run(runner.last)).reason
    assert "prepare: 5 of 40 items failed, at least 90 % must succeed; item " in reason


def test_items_of_a_lost_worker_and_of_a_lost_leader_are_done_by_others_and_recorded_once(runner, beside):
    struck = []

    def strike_soon(run):
        supervisor, write = run.supervisor, run.writer.write

        def see(event):
            write(event)
            done = isinstance(event, Recorded) and event.kind == "done" and event.key.startswith("prepare")
            for item, worker in ((5, "w1"), (20, "leader")):
                if done and worker not in struck and event.key == f"prepare#[{item}]":
                    struck.append(worker)
                    supervisor.kill(worker)

        supervisor.gathering._write = see

    events = runner("real", "leader", MOST, beside({3}), prepare=strike_soon)
    assert runner.outcome == "finished" and sorted(struck) == ["leader", "w1"]
    assert {e.worker for e in events if isinstance(e, WorkerFailed)} == {"leader", "w1"}
    assert rows_put_together(runner.last) == all_rows({3})
    found = numbers(fold(events))
    assert (found["items"], found["items_failed"], found["items_out_of_order"]) == (ITEMS - 1, 1, 0)
    assert found["disagreements"] == 0
