"""Owners of partitions as processes: what a lost or a silent one had goes on with others, and is recorded once."""

import pytest

from workbench.runs.events import FaultEnded, Recorded, WorkerFailed, WorkerJoined
from workbench.runs.state import fold

TEXT = """
format: 1
name: Owners
pipeline:
  stages:
    - {id: rows, use: synthetic, with: {rows: 400}}
    - {id: prepare, use: prepare}
    - {id: train, use: train, with: {hidden: [16], epochs: 4, batch_size: 32}}
  links:
    - rows.table -> prepare.table
    - prepare.dataset -> train.dataset
cluster:
  workers: [{id: w, count: 3}]
architectures:
  - id: owners
    orchestration: {use: shared-nothing, with: {lease: 800 ms, partitions: 6}}
    training: {use: ring-all-reduce, with: {workers: 2}}
workload: {instances: 9, arrivals: regular, rate: 6 /s}
"""


def of_kind(events, kind):
    return [event for event in events if isinstance(event, kind)]


def each_once(events, instances=9):
    """That every stage of every instance is told to be done once, and the record agrees with the work."""
    told = [e.key for e in of_kind(events, Recorded) if e.kind == "done"]
    assert sorted(told) == sorted(f"{s}#{i}" for s in ("rows", "prepare", "train") for i in range(instances))
    state = fold(events)
    assert state.outcome == "finished" and not state.tasks.disagreements
    return True


def leased(events):
    """Whenever somebody began to own partitions."""
    return [e for e in of_kind(events, Recorded) if e.kind == "leased"]


@pytest.mark.parametrize("engine", ["simulated", "real"])
def test_undisturbed_owners_record_everything_once_in_both_engines(runner, engine):
    events = runner(engine, "owners", TEXT)
    assert each_once(events)
    first = {e.who: e.value for e in reversed(leased(events))}
    assert first == {"w0": "0-1", "w1": "2-3", "w2": "4-5"}


def test_what_a_killed_owner_had_is_taken_over_and_it_gets_a_share_again_when_it_is_back(runner):
    text = TEXT + "faults:\n  - {kind: crash, worker: w1, at: 500 ms, lasts: 1500 ms}\n"
    events = runner("real", "owners", text.replace("instances: 9", "instances: 18"))
    assert each_once(events, 18)
    [lost], [back] = of_kind(events, WorkerFailed), of_kind(events, WorkerJoined)
    assert (lost.worker, back.worker) == ("w1", "w1")
    assert any(e.who != "w1" and e.t_s > lost.t_s for e in leased(events))
    assert any(e.who == "w1" and e.t_s > back.t_s for e in leased(events))


def test_an_owner_that_was_frozen_for_longer_than_its_leases_changes_nothing_that_others_have_taken_over(runner):
    text = TEXT + "faults:\n  - {kind: freeze, worker: w1, at: 500 ms, lasts: 2500 ms}\n"
    events = runner("real", "owners", text.replace("instances: 9", "instances: 18"))
    assert each_once(events, 18) and not of_kind(events, WorkerFailed)
    [ended] = of_kind(events, FaultEnded)
    assert any(e.who != "w1" and 0.5 < e.t_s < ended.t_s for e in leased(events))
    assert any(e.who == "w1" and e.t_s > ended.t_s for e in leased(events))
