"""Faults that somebody undoes while the run goes on."""

import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from samples import SMALL

from workbench.document.check import FAULTS
from workbench.engines.control import Control
from workbench.runs.events import FaultBegan, FaultEnded, StepsFinished, Warned, WorkerFailed, WorkerJoined
from workbench.runs.folder import RunReader
from workbench.runs.state import replay

LONG = SMALL.replace("epochs: 3", "epochs: 100").replace("{workers: 2}", "{workers: 3}")
SAVING = LONG.replace("{workers: 3}", "{workers: 3, checkpoint_every: 10}", 1)


def of_kind(events, kind):
    return [event for event in events if isinstance(event, kind)]


def obeying(*commands):
    """Commands that come at a virtual time each."""

    def prepare(run):
        for at_s, command in commands:
            run.world.clock.call_at(at_s, lambda _, command=command: run._obey(command))

    return prepare


def mend(**what):
    return {"command": "mend", **what}


@pytest.mark.parametrize("kind", ["crash", "freeze", "partition", "slow-down", "slow-link"])
@pytest.mark.parametrize("lasts", ["", ", lasts: 400 ms"])
def test_a_mended_fault_ends_at_once_and_only_once(runner, kind, lasts):
    text = LONG + f"faults:\n  - {{kind: {kind}, worker: w1, at: 100 ms{lasts}}}\n"
    events = runner("simulated", "ring", text, prepare=obeying((0.2, mend(worker="w1"))))
    assert [(e.kind, e.worker, e.t_s) for e in of_kind(events, FaultEnded)] == [(kind, "w1", 0.2)]
    back = [(e.worker, e.t_s) for e in of_kind(events, WorkerJoined)]
    assert back == ([("w1", 0.2)] if kind == "crash" else [])
    assert not [e for e in of_kind(events, WorkerFailed) if e.cause == "silent"]
    assert events[-1].outcome == "finished"


def test_mending_a_slow_down_takes_back_what_is_left_of_it(runner):
    usual_s = of_kind(runner("simulated", "alone", LONG), StepsFinished)[-1].t_s
    text = LONG + "faults:\n  - {kind: slow-down, worker: w0, at: 100 ms, factor: 4}\n"
    events = runner("simulated", "alone", text, prepare=obeying((0.3, mend(worker="w0", kind="slow-down"))))
    assert of_kind(events, StepsFinished)[-1].t_s - usual_s == pytest.approx(0.2 * (1 - 1 / 4))


def test_a_worker_that_was_declared_lost_is_mended_too(runner):
    text = LONG.replace("epochs: 100", "epochs: 900")
    text += "faults:\n  - {kind: freeze, worker: w1, at: 100 ms}\n"
    events = runner("simulated", "ring", text, prepare=obeying((11.0, mend(worker="w1"))))
    assert [e.t_s for e in of_kind(events, WorkerFailed)] == [pytest.approx(10.1)]
    assert [e.t_s for e in of_kind(events, WorkerJoined)] == [11.0]
    assert [(e.kind, e.t_s) for e in of_kind(events, FaultEnded)] == [("freeze", 11.0)]


def test_what_has_no_worker_is_mended_by_kind(runner):
    text = SAVING + "faults:\n  - {kind: storage-full, at: 100 ms, lasts: 1 h}\n"
    events = runner("simulated", "ring", text, prepare=obeying((2.0, mend(kind="storage-full"))))
    assert [(e.kind, e.worker, e.t_s) for e in of_kind(events, FaultEnded)] == [("storage-full", "", 2.0)]
    assert events[-1].outcome == "finished" and events[-1].t_s < 4


def test_one_kind_of_a_worker_s_faults_is_mended_and_the_others_stay(runner):
    text = (
        LONG
        + """faults:
  - {kind: slow-down, worker: w1, at: 100 ms}
  - {kind: slow-link, worker: w1, at: 100 ms}
  - {kind: slow-link, worker: w0, at: 100 ms}
"""
    )
    events = runner("simulated", "ring", text, prepare=obeying((0.2, mend(worker="w1", kind="slow-link"))))
    assert [(e.kind, e.worker) for e in of_kind(events, FaultEnded)] == [("slow-link", "w1")]
    assert replay(events, 0.3).mendable == (("slow-down", "w1"), ("slow-link", "w0"))
    assert replay(events).mendable == ()


@pytest.mark.parametrize("what", [{"worker": "w1"}, {"kind": "freeze"}, {"worker": "w0", "kind": "slow-link"}, {}])
def test_where_nothing_of_that_sort_is_broken_the_command_is_refused_in_words(runner, what):
    text = LONG + "faults:\n  - {kind: slow-down, worker: w0, at: 100 ms}\n"
    events = runner("simulated", "ring", text, prepare=obeying((0.2, mend(**what))))
    assert [e.code for e in of_kind(events, Warned)] == ["command-refused"]
    assert not of_kind(events, FaultEnded)


@pytest.mark.parametrize("kind", FAULTS)
def test_every_kind_of_fault_can_be_ordered_while_a_run_goes_on(runner, kind):
    command = {"command": "break", "kind": kind, "worker": "w1", "lasts": 0.05}
    events = runner("simulated", "ring", SAVING, prepare=obeying((0.3, command)))
    [began] = of_kind(events, FaultBegan)
    assert (began.kind, began.origin, began.t_s) == (kind, "command", 0.3)
    assert events[-1].outcome == "finished"


def test_an_unknown_kind_of_fault_is_refused_in_words(runner):
    command = {"command": "break", "kind": "flood", "worker": "w1"}
    events = runner("simulated", "ring", LONG, prepare=obeying((0.3, command)))
    assert [e.text for e in of_kind(events, Warned)] == ["there is nothing to break: flood w1"]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(["crash", "freeze", "partition", "slow-down", "slow-link"]),
    at_ms=st.integers(1, 300),
    after_ms=st.integers(0, 300),
)
def test_whatever_is_mended_leaves_nobody_waiting(runner, kind, at_ms, after_ms):
    text = LONG.replace("epochs: 100", "epochs: 30") + f"faults:\n  - {{kind: {kind}, worker: w0, at: {at_ms} ms}}\n"
    order = obeying(((at_ms + after_ms) / 1000, mend(worker="w0")))
    events = runner("simulated", "ring", text, prepare=order)
    assert events[-1].outcome == "finished"


def test_commands_to_mend_are_kept_with_their_time(runner):
    control = Control()
    command = {"command": "break", "worker": "w0", "kind": "slow-down"}
    threading.Timer(0.2, lambda: control.put(command)).start()
    threading.Timer(0.4, lambda: control.put(mend(worker="w0"))).start()
    events = runner("simulated", "ring", LONG, control=control, speed=1.0)
    [began], [ended] = of_kind(events, FaultBegan), of_kind(events, FaultEnded)
    commands = [(c["command"], c["worker"], c["t_s"]) for c in RunReader(runner.last).commands()]
    assert commands == [("break", "w0", began.t_s), ("mend", "w0", ended.t_s)]


def test_a_watched_run_that_stands_still_by_hand_waits_to_be_mended_and_says_so(runner):
    control = Control()
    threading.Timer(0.2, lambda: control.put({"command": "break", "kind": "storage-full"})).start()
    threading.Timer(1.2, lambda: control.put(mend(kind="storage-full"))).start()
    events = runner("simulated", "ring", SAVING, control=control, speed=5.0)
    assert runner.outcome == "finished"
    assert [e.code for e in of_kind(events, Warned)] == ["storage-full", "mending-awaited"]
    assert of_kind(events, FaultEnded)[0].t_s > of_kind(events, Warned)[-1].t_s
