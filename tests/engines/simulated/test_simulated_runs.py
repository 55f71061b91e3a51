"""Whole simulated runs: determinism, costs, commands."""

import threading

import pytest
from samples import SCENARIOS, SMALL

from workbench.catalogues.accelerators import ACCELERATORS
from workbench.document.text import read
from workbench.engines.control import Control
from workbench.runs.events import (
    FaultBegan,
    FaultEnded,
    OperationStarted,
    Recorded,
    RunFinished,
    StepsFinished,
    WorkerFailed,
)
from workbench.runs.folder import RunReader

QUICKSTART = (SCENARIOS / "quickstart.yaml").read_text()


def of_kind(events, kind):
    return [event for event in events if isinstance(event, kind)]


@pytest.mark.parametrize("combination", ["ring", "server"])
def test_the_quickstart_simulated_twice_gives_the_same_bytes(runner, combination):
    runner("simulated", combination, QUICKSTART)
    first = (runner.last / "events.jsonl").read_bytes()
    runner("simulated", combination, QUICKSTART)
    assert (runner.last / "events.jsonl").read_bytes() == first


def test_watching_a_run_at_a_pace_does_not_change_its_bytes(runner):
    runner("simulated", "ring")
    first = (runner.last / "events.jsonl").read_bytes()
    runner("simulated", "ring", speed=2.0)
    assert (runner.last / "events.jsonl").read_bytes() == first


def test_replications_differ_where_compute_times_vary_and_are_each_repeatable(runner):
    varied = SMALL.replace("count: 3}", "count: 3, variation: 0.2}")
    ends = [runner("simulated", "ring", varied, replication=r)[-1].t_s for r in (0, 1, 0)]
    assert ends[0] == ends[2] != ends[1]


def test_a_doubled_cost_of_a_stage_lengthens_its_simulated_time(runner):
    def seconds(text):
        events = runner("simulated", "ring", text)
        began = next(e.t_s for e in events if getattr(e, "label", "") == "perform prepare.run")
        done = next(e.t_s for e in events if getattr(e, "outcome", "") and e.label == "perform prepare.run")
        return done - began, events[-1].t_s

    alone_s, whole_s = seconds(SMALL)
    doubled_s, longer_s = seconds(SMALL.replace("use: prepare}", "use: prepare, cost_factor: 2}"))
    assert doubled_s - alone_s == pytest.approx(alone_s - ACCELERATORS["cpu-core"].call_s, rel=1e-6)
    assert longer_s - whole_s == pytest.approx(doubled_s - alone_s, abs=1e-6)


def test_a_slower_worker_slows_a_synchronous_ring_to_its_own_pace(runner):
    even = runner("simulated", "ring")[-1].t_s
    straggler = SMALL.replace("    - {id: w, count: 3}", "    - {id: w, count: 2}\n    - {id: slow, speed: 0.25}")
    assert runner("simulated", "ring", straggler.replace("workers: 2}}}", "workers: 3}}}", 1))[-1].t_s > 2 * even


def test_random_faults_come_from_the_seed(runner):
    text = (
        SMALL.replace("epochs: 3", "epochs: 40")
        + "faults:\n  - {kind: freeze, every: 50 ms, lasts: 5 ms}\nrun: {seed: 4}\n"
    )
    first = [(e.t_s, e.worker) for e in of_kind(runner("simulated", "ring", text), FaultBegan)]
    again = [(e.t_s, e.worker) for e in of_kind(runner("simulated", "ring", text), FaultBegan)]
    other = [
        (e.t_s, e.worker) for e in of_kind(runner("simulated", "ring", text.replace("seed: 4", "seed: 5")), FaultBegan)
    ]
    assert len(first) > 3 and first == again != other


def test_a_crashed_worker_that_comes_back_is_given_work_again(runner):
    text = (
        (SCENARIOS / "single-leader.yaml").read_text().replace("at: 600 ms", "at: 320 ms")
    )  # so that work has piled up when it is back
    events = runner("simulated", "leader", text)
    back_s = next(e.t_s for e in of_kind(events, FaultEnded) if e.worker == "w2")
    assert any(e.t_s > back_s and e.who == "w2" and getattr(e, "stage", "") for e in events)
    done = [e.key for e in of_kind(events, Recorded) if e.kind == "done"]
    assert len(done) == len(set(done)) == 160


def test_a_worker_that_is_back_before_its_loss_was_noticed_is_given_work_again(runner):
    text = (
        (SCENARIOS / "single-leader.yaml")
        .read_text()
        .replace("lasts: 100 ms", "lasts: 2 ms")
        .replace("cpu-core", "cpu-core, speed: 0.05")
    )
    events = runner("simulated", "leader", text)
    back_s = next(e.t_s for e in of_kind(events, FaultEnded) if e.worker == "w2")
    assert any(e.t_s > back_s and e.who == "w2" and getattr(e, "stage", "") for e in events)
    done = [e.key for e in of_kind(events, Recorded) if e.kind == "done"]
    assert len(done) == len(set(done)) == 160


def test_servers_with_no_worker_left_wait_for_those_who_come_back(runner):
    text = SMALL.replace("workers: 2}}}\n  - {id: alone", "servers: 2}}}\n  - {id: alone")
    text += "faults:\n  - {kind: crash, worker: w1, at_step: 5, lasts: 60 ms}\n"
    events = runner("simulated", "server", text)
    back_s = next(e.t_s for e in of_kind(events, FaultEnded))
    opened = [e.t_s for e in events if isinstance(e, OperationStarted) and e.label == "perform train.open"]
    assert runner.outcome == "finished"
    assert len(opened) == 6 and sum(t_s > back_s for t_s in opened) == 3


def test_a_run_in_which_everybody_is_lost_fails_and_says_who_waits(runner):
    faults = "".join(f"  - {{kind: crash, worker: w{i}, at: 1 ms}}\n" for i in range(3))
    events = runner("simulated", "ring", SMALL + "faults:\n" + faults)
    assert runner.outcome == "failed"
    assert "leader waits in receive anything from any" in of_kind(events, RunFinished)[0].reason


def test_random_crashes_that_nobody_survives_end_the_run_and_not_in_a_loop(runner):
    text = SMALL.replace("epochs: 3", "epochs: 500") + "faults:\n  - {kind: crash, every: 20 ms}\n"
    runner("simulated", "ring", text)
    assert runner.outcome == "failed"


def test_commands_reach_a_paced_run_and_are_kept_with_their_time(runner):
    control = Control()
    long = SMALL.replace("epochs: 3", "epochs: 2000")
    threading.Timer(0.3, lambda: control.put({"command": "break", "worker": "w0", "kind": "crash"})).start()
    threading.Timer(0.6, lambda: control.put({"command": "stop"})).start()
    events = runner("simulated", "ring", long, control=control, speed=1.0)
    assert runner.outcome == "stopped"
    lost = of_kind(events, WorkerFailed)[0]
    assert lost.worker == "w0"
    assert [e for e in of_kind(events, StepsFinished) if e.t_s > lost.t_s + 0.1]
    commands = RunReader(runner.last).commands()
    assert [c["command"] for c in commands] == ["break", "stop"]
    assert commands[0]["t_s"] == lost.t_s


def test_training_stops_after_the_steps_that_a_scenario_allows(runner):
    events = runner("simulated", "server", SMALL + "run: {steps: 10}\n")
    assert max(e.last for e in of_kind(events, StepsFinished)) == 9


def test_an_untold_pool_size_is_one_worker():
    assert read("format: 1\ncluster: {workers: [{id: a}]}\n").scenario.cluster.names == ("a0",)


def on_network(network):
    return SMALL.replace("count: 3}", f"count: 3}}\n  network: {{{network}}}")


@pytest.mark.parametrize(
    "network",
    [
        "sharing: fair",
        "topology: ring",
        "topology: fat-tree, rack: 2, oversubscription: 2",
        "topology: nvlink-island, island: 2, island_bandwidth: 100 GB/s",
    ],
)
def test_a_run_on_any_topology_finishes_and_is_the_same_to_the_byte_again(runner, network):
    assert runner("simulated", "ring", on_network(network))[-1].outcome == "finished"
    first = (runner.last / "events.jsonl").read_bytes()
    runner("simulated", "ring", on_network(network))
    assert (runner.last / "events.jsonl").read_bytes() == first


def test_an_oversubscribed_fat_tree_slows_a_run_whose_ring_leaves_its_racks(runner):
    slow = "bandwidth: 1 MB/s, topology: fat-tree, rack: 2, oversubscription: {}"
    even_s, over_s = (runner("simulated", "ring", on_network(slow.format(over)))[-1].t_s for over in (1, 8))
    assert over_s > 2 * even_s


@pytest.mark.parametrize("kind", ["crash", "freeze"])
def test_a_worker_struck_while_links_are_shared_fairly_is_made_up_for(runner, kind):
    fault = f"faults:\n  - {{kind: {kind}, worker: w1, at_step: 3, lasts: 100 ms}}\n"
    events = runner("simulated", "ring", on_network("sharing: fair, bandwidth: 10 MB/s") + fault)
    assert events[-1].outcome == "finished"
    assert [event.kind for event in of_kind(events, FaultBegan)] == [kind]


@pytest.mark.parametrize("at", ["1 ms", "3 ms", "10 ms", "20 ms", "30 ms", "50 ms", "100 ms"])
def test_a_crash_at_any_time_over_slow_fair_links_leaves_nobody_waiting(runner, at):
    fault = f"faults:\n  - {{kind: crash, worker: w0, at: {at}, lasts: 20 ms}}\n"
    events = runner("simulated", "ring", on_network("sharing: fair, bandwidth: 10 MB/s") + fault)
    assert events[-1].outcome == "finished"
    assert len(of_kind(events, FaultBegan)) == 1
