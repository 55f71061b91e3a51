"""Stories of owners of partitions, with trainings, losses and freezes."""

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.runs.events import OperationStarted, Recorded, StepsFinished, Warned, WorkerFailed

PIPELINE = """format: 1
pipeline:
  stages:
    - {id: blobs, use: synthetic, with: {rows: 640, features: 32, classes: 4}, cost_factor: 1000}
    - {id: prepare, use: prepare, with: {held_out: 0.2}, cost_factor: 1000}
    - {id: train, use: train, with: {hidden: [32, 32, 32, 32], epochs: 2, batch_size: 64}, cost_factor: 100}
    - {id: evaluate, use: evaluate}
  links:
    - blobs.table -> prepare.table
    - prepare.dataset -> train.dataset
    - train.model -> evaluate.model
    - prepare.dataset -> evaluate.dataset
cluster:
  workers:
    - {id: w, count: 4, variation: 0.2}
"""
ARRIVING = "workload: {instances: 6, arrivals: poisson, rate: 4}\n"


def question(training="ring-all-reduce", faults="", workload=ARRIVING, **knobs):
    written = ", ".join(f"{knob}: {value}" for knob, value in knobs.items())
    one = f"{{id: one, orchestration: {{use: shared-nothing, with: {{{written}}}}}, training: {{use: {training}}}}}"
    return f"{PIPELINE}architectures:\n  - {one}\n{workload}faults: [{faults}]\n"


def recorded(events, kind="done"):
    return Counter(event.key for event in events if isinstance(event, Recorded) and event.kind == kind)


def owners(events):
    return [(event.who, event.value) for event in events if isinstance(event, Recorded) and event.kind == "leased"]


@pytest.mark.parametrize(
    "training",
    ["ring-all-reduce", "parameter-server", "pipeline-parallel", "fully-sharded", "tensor-parallel", "federated"],
)
def test_every_training_is_carried_out_by_a_team_that_an_owner_calls(runner, training):
    events = runner("simulated", "one", question(training))
    assert runner.outcome == "finished"
    assert recorded(events) == Counter(
        f"{stage}#{instance}" for stage in ("blobs", "prepare", "train", "evaluate") for instance in range(6)
    )
    trained = {event.who for event in events if isinstance(event, OperationStarted) and "train.open" in event.label}
    assert trained == {"w0", "w1", "w2", "w3"}


def test_every_partition_has_one_owner_from_the_beginning(runner):
    events = runner("simulated", "one", question(partitions=10))
    assert owners(events) == [("w0", "0-2"), ("w1", "3-5"), ("w2", "6-7"), ("w3", "8-9")]


def test_what_a_lost_worker_owned_passes_to_the_others_once_its_leases_have_ended(runner):
    events = runner(
        "simulated", "one", question(faults="{kind: crash, worker: w1, at: 50 ms}", partitions=9, lease="1 s")
    )
    later = [(event.t_s, event.value) for event in events if isinstance(event, Recorded) and event.kind == "leased"]
    taken = [(at_s, value) for at_s, value in later if at_s > 0.05]
    assert {number for _, value in taken for number in value.replace("-", " ").split()} == {"3", "4"}
    assert all(1.0 <= at_s <= 0.05 + 1.0 + 1.0 / 3 + 1e-9 for at_s, _ in taken)
    assert sum(recorded(events).values()) == 24


def test_a_worker_that_comes_back_owns_its_share_again(runner):
    crash = "{kind: crash, worker: w1, at: 50 ms, lasts: 1500 ms}"
    events = runner("simulated", "one", question(faults=crash, partitions=8, lease="300 ms"))
    assert owners(events)[1] == ("w1", "2-3")
    back = [event for event in events if isinstance(event, Recorded) and event.kind == "leased" and event.t_s > 1.5]
    assert [event.who for event in back] == ["w1"] and sum(recorded(events).values()) == 24


def test_an_owner_that_was_frozen_beyond_its_leases_records_nothing_that_others_have_done(runner):
    freeze = "{kind: freeze, worker: w2, at: 300 ms, lasts: 4 s}"
    events = runner("simulated", "one", question(faults=freeze, partitions=8, lease="200 ms"))
    assert set(recorded(events).values()) == {1} and len(recorded(events)) == 24
    assert not [event for event in events if isinstance(event, WorkerFailed)]


def fault(kind, workers, lasts):
    """Faults of one kind in the first seconds, of some workers, that last so long; None for ever."""
    text = "{{kind: {}, worker: w{}, at: {} ms{}}}".format
    return st.builds(text, st.just(kind), workers, st.integers(0, 4000), lasts)


faults = st.lists(
    st.one_of(
        fault("crash", st.integers(0, 3), st.sampled_from([", lasts: 50 ms", ", lasts: 500 ms", ", lasts: 3 s"])),
        fault("freeze", st.integers(0, 3), st.sampled_from([", lasts: 50 ms", ", lasts: 3 s", ", lasts: 12 s"])),
        fault("crash", st.integers(2, 3), st.just("")),
    ),
    max_size=8,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    faults,
    st.sampled_from(["100 ms", "1 s", "5 s"]),
    st.sampled_from(["0 s", "50 ms"]),
    st.sampled_from(["ring-all-reduce", "parameter-server", "fully-sharded", "federated"]),
)
def test_whatever_breaks_each_result_is_recorded_once_and_none_is_missing(runner, faults, lease, poll, training):
    text = question(training, ", ".join(faults), lease=lease, poll=poll, decision="1 ms")
    found = recorded(runner("simulated", "one", text))
    assert runner.outcome == "finished"
    assert set(found.values()) == {1} and len(found) == 24


def test_members_that_only_look_around_are_said_to_wait_for_each_other(runner):
    crashes = ", ".join(f"{{kind: crash, worker: w{i}, at: 100 ms}}" for i in range(1, 4))
    events = runner("simulated", "one", question("parameter-server", crashes))
    assert runner.outcome == "failed"
    [warned] = [event for event in events if isinstance(event, Warned)]
    assert warned.code == "deadlock" and "w0 waits in receive news from any" in warned.text
    assert warned.t_s < 60


def test_the_same_seed_tells_the_same_story(runner):
    text = question(faults="{kind: crash, every: 1 s, lasts: 100 ms}", lease="500 ms")
    assert runner("simulated", "one", text) == runner("simulated", "one", text)


def test_an_owner_that_polls_begins_tasks_at_its_looks_only(runner):
    text = question(workload="workload: {instances: 3}\n", poll="250 ms", partitions=1)
    events = runner("simulated", "one", text)
    begun = [e.t_s for e in events if isinstance(e, OperationStarted) and ".run" in e.label]
    assert min(abs(t_s % 0.25) for t_s in begun) < 1e-9 and len(begun) == 9
    assert sum(min(t_s % 0.25, 0.25 - t_s % 0.25) < 1e-9 for t_s in begun) >= 3


def test_training_steps_are_told_as_under_a_leader(runner):
    def steps(use):
        text = question(workload="").replace("shared-nothing", use)
        return [(e.first, e.last) for e in runner("simulated", "one", text) if isinstance(e, StepsFinished)]

    assert steps("shared-nothing") == steps("single-leader") != []
