"""Federated averaging by real processes: what happens when a client or the server dies or stays silent."""

from itertools import pairwise

import pytest
from samples import SMALL

from workbench.runs.events import Measured, StepsFinished, WorkerFailed


def federated(knobs, fault):
    plain = "{use: parameter-server, with: {workers: 2}}"
    text = SMALL.replace("count: 3", "count: 4").replace("batch_size: 64", "batch_size: 16")
    text = text.replace(plain, f"{{use: federated, with: {{rounds: 14{knobs}}}}}")
    return text + f"faults:\n  - {fault}\n"


def of_kind(events, kind):
    return [event for event in events if isinstance(event, kind)]


def rounds(events):
    return [event.last for event in of_kind(events, StepsFinished)]


def accuracy(events):
    return [event.value for event in of_kind(events, Measured) if event.name == "accuracy"][-1]


@pytest.mark.parametrize(
    ("fault", "cause"),
    [("{kind: crash, worker: w2, at_step: 4}", "crash"), ("{kind: freeze, worker: w2, at_step: 4}", "silent")],
)
def test_a_lost_client_is_done_without_and_its_rows_no_longer_count(runner, fault, cause):
    events = runner("real", "server", federated("", fault), patience_s=3.0)
    assert runner.outcome == "finished"
    assert [(e.worker, e.cause) for e in of_kind(events, WorkerFailed)] == [("w2", cause)]
    assert rounds(events) == list(range(14)) and accuracy(events) > 0.85
    counted = [event.samples for event in of_kind(events, StepsFinished)]
    assert counted[-1] < 0.7 * counted[0]


def test_a_lost_server_begins_again_with_the_round_that_was_saved(runner):
    fault = "{kind: crash, worker: w0, at_step: 9, lasts: 100 ms}"
    events = runner("real", "server", federated(", checkpoint_every: 4", fault))
    assert runner.outcome == "finished"
    told = rounds(events)
    again = [after for before, after in pairwise(told) if after != before + 1]
    assert again in ([8], [12]) or (not again and told[:9] == list(range(9)))
    assert sorted(set(told)) == list(range(14)) and accuracy(events) > 0.85


def test_a_client_that_stands_still_is_not_waited_for_beyond_the_deadline(runner):
    fault = "{kind: freeze, worker: w2, at_step: 10}"
    events = runner("real", "server", federated(", deadline: 1 s", fault), patience_s=60.0)
    assert runner.outcome == "finished"
    assert not of_kind(events, WorkerFailed) and rounds(events) == list(range(14))
