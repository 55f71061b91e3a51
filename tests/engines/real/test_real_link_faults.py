"""Links that are slow, or cut, for a while or for ever: between real processes, on shaped links."""

from itertools import pairwise

import pytest
from samples import SMALL

from workbench.document.text import read
from workbench.engines.control import Control
from workbench.engines.real.limits import refusals
from workbench.runs.events import FaultBegan, FaultEnded, RunStarted, StepsFinished, Warned, WorkerFailed, WorkerJoined

SHAPED = SMALL.replace("count: 3}", "count: 3}\n  network: {bandwidth: 100 Mbit/s, latency: 2 ms}")
SHAPED += "run: {links: shaped}\n"
STEPS = 66


def with_fault(fault, text=SHAPED):
    return f"{text}faults:\n  - {fault}\n"


def of_kind(events, kind):
    return [event for event in events if isinstance(event, kind)]


def span(events):
    """When the fault began and ended."""
    (began,), (ended,) = of_kind(events, FaultBegan), of_kind(events, FaultEnded)
    assert began.worker == ended.worker and began.kind == ended.kind
    return began.t_s, ended.t_s


def test_a_link_that_is_late_for_a_while_holds_up_every_step_of_the_ring_so_long(runner):
    fault = "{kind: slow-link, worker: w1, at_step: 20, latency: 60 ms, lasts: 1 s}"
    events = runner("real", "ring", with_fault(fault))
    began_s, ended_s = span(events)
    steps = [(e.t_s, e.last) for e in of_kind(events, StepsFinished) if e.who == "w0"]
    assert ended_s - began_s >= 1.0 and steps[-1][1] == STEPS - 1
    slow = [late - early for (early, _), (late, _) in pairwise(steps) if began_s + 0.2 < early and late < ended_s]
    assert slow and min(slow) > 0.12, "two hops of a sum, each later by that much"
    usual = [late - early for (early, _), (late, _) in pairwise(steps) if late < began_s]
    assert min(usual) < 0.06
    assert not of_kind(events, WorkerFailed)


def test_a_link_that_carries_less_slows_what_crosses_it_by_that_factor(runner):
    fault = "{kind: slow-link, worker: w2, at_step: 20, factor: 100, lasts: 1 s}"
    events = runner("real", "server", with_fault(fault))
    began_s, ended_s = span(events)
    steps = [e.t_s for e in of_kind(events, StepsFinished) if e.who == "w0"]
    slow = [late - early for early, late in pairwise(steps) if began_s < early and late < ended_s]
    gradient_s = 4 * (64 * 32 + 32 + 32 * 10 + 10) / (100e6 / 8)
    assert len(steps) == STEPS and min(slow, default=1.0) > 100 * gradient_s


def test_a_member_that_cannot_be_reached_for_a_while_is_waited_for_and_nobody_is_lost(runner):
    events = runner("real", "ring", with_fault("{kind: partition, worker: w1, at_step: 20, lasts: 800 ms}"))
    began_s, ended_s = span(events)
    assert runner.outcome == "finished" and not of_kind(events, WorkerFailed)
    steps = of_kind(events, StepsFinished)
    assert {e.last for e in steps} == set(range(STEPS))
    assert not [e for e in steps if began_s + 0.2 < e.t_s < ended_s]


@pytest.mark.parametrize("combination", ["ring", "server"])
def test_a_member_that_stays_out_of_reach_is_declared_lost_and_the_others_go_on(runner, combination):
    fault = with_fault("{kind: partition, worker: w1, at_step: 20}")
    events = runner("real", combination, fault, patience_s=3.0)
    assert runner.outcome == "finished"
    assert [(e.worker, e.cause) for e in of_kind(events, WorkerFailed)] == [("w1", "silent")]
    assert {e.last for e in of_kind(events, StepsFinished)} == set(range(STEPS))


def by_hand(*orders):
    """Somebody who gives each (command, moment) once that moment, a condition of the run, has come."""
    control, left = Control(), list(orders)

    def watch(run):
        turn = run.faults.turn

        def turned():
            turn()
            if left and left[0][1](run):
                control.put(left.pop(0)[0])

        run.faults.turn = turned

    return {"control": control, "prepare": watch}


def steps_of(run):
    return run.supervisor.gathering.steps_finished


def test_what_was_broken_by_hand_can_be_mended_by_hand(runner):
    cut_at = []

    def cut_for_a_while(run):
        cut_at[:] = cut_at or ([run.supervisor.now_s] if run.supervisor.links.cuts else [])
        return cut_at and run.supervisor.now_s > cut_at[0] + 0.5

    break_ = {"command": "break", "kind": "partition", "workers": ["w0", "w2"]}
    mend = {"command": "mend", "kind": "partition"}
    orders = by_hand((break_, lambda run: steps_of(run) >= 5), (mend, cut_for_a_while))
    events = runner("real", "ring", SHAPED, **orders)
    assert runner.outcome == "finished"
    began, ended = of_kind(events, FaultBegan), of_kind(events, FaultEnded)
    assert [sorted(e.worker for e in told) for told in (began, ended)] == [["w0", "w2"], ["w0", "w2"]]
    assert not of_kind(events, WorkerFailed)
    assert not [e for e in of_kind(events, StepsFinished) if began[0].t_s + 0.2 < e.t_s < ended[0].t_s]


def test_a_lost_member_is_back_once_somebody_mends_it(runner):
    mend = {"command": "mend", "worker": "w2"}
    orders = by_hand((mend, lambda run: run.supervisor.lives["w2"].status == "lost"))
    text = with_fault("{kind: crash, worker: w2, at_step: 5}", SHAPED.replace("epochs: 3", "epochs: 12"))
    events = runner("real", "ring", text, **orders)
    assert runner.outcome == "finished"
    assert [e.worker for e in of_kind(events, WorkerJoined)] == ["w2"]
    assert [(e.kind, e.worker) for e in of_kind(events, FaultEnded)] == [("crash", "w2")]


@pytest.mark.parametrize("kind", ["slow-link", "partition"])
def test_what_the_machine_itself_has_as_links_is_not_broken_and_that_is_said(runner, kind):
    text = with_fault(f"{{kind: {kind}, worker: w1, at_step: 5}}", SMALL)
    scenario = read(text).scenario
    assert refusals(scenario, scenario.combination("ring")) == [
        f"a fault of kind '{kind}' can only be simulated, unless links are shaped (run.links)"
    ]
    shaped = read(text + "run: {links: shaped}\n").scenario
    assert refusals(shaped, shaped.combination("ring")) == []


def test_a_run_says_over_which_links_its_members_talk_and_refuses_to_break_others(runner):
    break_ = {"command": "break", "kind": "slow-link", "worker": "w1"}
    mend = {"command": "mend", "kind": "slow-link"}
    orders = by_hand((break_, lambda run: steps_of(run) >= 5), (mend, lambda run: True))
    events = runner("real", "alone", **orders)
    assert of_kind(events, RunStarted)[0].fidelity == "processes"
    assert [e.code for e in of_kind(events, Warned)] == ["fault-refused", "command-refused"]
