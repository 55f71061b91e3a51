"""Parameter servers as real processes: what happens when a worker, a server or the leader dies or stays silent."""

import itertools

import pytest
from samples import SMALL

from workbench.runs.events import Measured, Recorded, StepsFinished, Warned, WorkerFailed

EVERY_STEP = list(range(6 * 22))


def served(form, fault):
    plain = "{use: parameter-server, with: {workers: 2}}"
    text = SMALL.replace("epochs: 3", "epochs: 6").replace("count: 3", "count: 5")
    return text.replace(plain, f"{{use: parameter-server, with: {form}}}") + f"faults:\n  - {fault}\n"


def of_kind(events, kind):
    return [event for event in events if isinstance(event, kind)]


def steps(events):
    return [event.last for event in of_kind(events, StepsFinished)]


def accuracy(events):
    return [event.value for event in of_kind(events, Measured) if event.name == "accuracy"][-1]


@pytest.mark.parametrize("mode", ["synchronous, pieces: 2", "asynchronous"])
def test_a_lost_server_takes_its_share_along_and_all_begin_again_from_what_all_had_saved(runner, mode):
    form = f"{{workers: 3, servers: 2, mode: {mode}, checkpoint_every: 20}}"
    events = runner("real", "server", served(form, "{kind: crash, worker: w1, at_step: 45}"))
    assert runner.outcome == "finished"
    back = [(before, after) for before, after in itertools.pairwise(steps(events)) if after != before + 1]
    assert len(back) == 1
    before, after = back[0]
    assert after % 20 == 0 and before - 20 < after <= before + 1
    assert sorted(set(steps(events))) == EVERY_STEP and accuracy(events) > 0.9


@pytest.mark.parametrize(
    "form",
    ["{workers: 3, servers: 2, pieces: 2}", "{workers: 3, backup: 1}", "{workers: 3, mode: bounded, staleness: 1}"],
)
def test_a_lost_worker_is_done_without_and_no_step_is_done_again(runner, form):
    events = runner("real", "server", served(form, "{kind: crash, worker: w3, at_step: 45}"))
    assert runner.outcome == "finished"
    assert [(e.worker, e.cause) for e in of_kind(events, WorkerFailed)] == [("w3", "crash")]
    assert steps(events) == EVERY_STEP and accuracy(events) > 0.9


def test_servers_that_do_not_wait_go_on_beside_a_worker_that_stands_still(runner):
    form = "{workers: 3, mode: asynchronous}"
    events = runner("real", "server", served(form, "{kind: freeze, worker: w3, at_step: 45}"), patience_s=60.0)
    assert runner.outcome == "finished"
    assert not of_kind(events, WorkerFailed) and steps(events) == EVERY_STEP


def test_a_server_that_stays_silent_is_named_and_lost_whoever_waits_for_whom(runner):
    form = "{workers: 3, servers: 2, mode: asynchronous, checkpoint_every: 20}"
    events = runner("real", "server", served(form, "{kind: freeze, worker: w1, at_step: 45}"), patience_s=3.0)
    assert runner.outcome == "finished"
    assert [(e.worker, e.cause) for e in of_kind(events, WorkerFailed)] == [("w1", "silent")]
    assert ["w1 has been silent" in e.text for e in of_kind(events, Warned) if e.code == "silent"] == [True]
    assert sorted(set(steps(events))) == EVERY_STEP


def test_servers_go_on_while_the_leader_is_away(runner):
    form = "{workers: 3, servers: 2, mode: bounded, staleness: 0}"
    events = runner("real", "server", served(form, "{kind: leader-crash, at_step: 45}"))
    assert runner.outcome == "finished"
    assert steps(events) == EVERY_STEP
    assert [e.key for e in of_kind(events, Recorded) if e.kind == "elected"] == ["leader term 1", "leader term 2"]
