"""A lost leader is followed by one that its servers elect, after the time that Raft's letters take."""

import pytest

from workbench.architectures.raft import Timing
from workbench.document.text import read
from workbench.engines.real.limits import refusals
from workbench.engines.simulated.elections import without_leader_s
from workbench.runs.events import WorkerFailed, WorkerJoined

SCENARIO = """format: 1
name: Elected
pipeline:
  stages:
    - {id: features, use: synthetic, with: {rows: 1000, features: 10}}
cluster:
  workers:
    - {id: w, count: 4}
  network: {bandwidth: 1 Gbit/s, latency: 2 ms}
architectures:
  - {id: elects, orchestration: {use: single-leader, with: {election: 150 ms, servers: 5}}}
workload: {instances: 200, arrivals: regular, rate: 50 /s}
faults:
  - {kind: leader-crash, at: 1 s}
  - {kind: leader-crash, at: 2.5 s}
run: {seed: 8}
"""


def gaps_s(events):
    failed = [event.t_s for event in events if isinstance(event, WorkerFailed)]
    back = [event.t_s for event in events if isinstance(event, WorkerJoined)]
    return [joined - lost for lost, joined in zip(failed, back, strict=True)]


def test_each_loss_of_the_leader_lasts_as_long_as_its_own_election(runner):
    gaps = gaps_s(runner("simulated", "elects", SCENARIO))
    assert runner.outcome == "finished" and len(gaps) == 2
    timing = Timing(0.15, 0.3)
    expected = [without_leader_s(timing, 2e-3, (0,) * 5, 8, f"0/{number}", 1e6) for number in (1, 2)]
    assert gaps == pytest.approx(expected)
    assert gaps[0] != gaps[1]


def test_another_replication_draws_other_timeouts(runner):
    one, other = (gaps_s(runner("simulated", "elects", SCENARIO, replication=number)) for number in (0, 1))
    assert one != other


def test_shorter_timeouts_elect_sooner(runner):
    slow = gaps_s(runner("simulated", "elects", SCENARIO))
    quick = gaps_s(runner("simulated", "elects", SCENARIO.replace("150 ms", "30 ms")))
    assert max(quick) < min(slow)


def test_work_goes_on_with_what_was_recorded_and_nothing_is_lost(runner):
    from workbench.runs.numbers import numbers
    from workbench.runs.state import fold

    found = numbers(fold(runner("simulated", "elects", SCENARIO)))
    assert found["instances"] == 200 and found["lost_items"] == 0 and found["availability"] < 1


def test_a_real_run_refuses_an_election_by_name():
    scenario = read(SCENARIO).scenario
    assert any("election" in said for said in refusals(scenario, scenario.combination("elects")))
