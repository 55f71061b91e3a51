"""Small programs on real processes: letters, sums, losses, and that nothing is left behind."""

import os
import random
import signal
import time
from itertools import pairwise

import psutil
import pytest
from theatre import Stage

from workbench.engines.real.supervisor import Limits
from workbench.runs.events import Recorded, StepsFinished, Warned, WorkerFailed, WorkerJoined


@pytest.mark.parametrize("members", [1, 2, 4])
def test_letters_go_around_and_the_sum_is_what_all_reduce_gives(stage, members):
    team = [f"w{i}" for i in range(members)]
    results = stage.play("ring", team, size=100_003)
    expected = 100_002.0 * members * (members + 1) / 2
    assert results == {name: [True, pytest.approx(expected), 11 - members] for name in team}


def test_events_of_all_members_come_in_the_order_of_time(stage):
    stage.play("ring", ["w0", "w1", "w2"], size=10)
    assert {event.who for event in stage.events} == {"w0", "w1", "w2"}
    assert all(one.t_s <= other.t_s for one, other in pairwise(stage.events))


def test_survivors_of_a_killed_member_go_on_in_a_smaller_team(stage):
    stage.begin("survivors", ["w0", "w1", "w2"], steps=60, pause=0.01)
    stage.until(lambda: stage.supervisor.gathering.steps_finished >= 20)
    os.kill(stage.pid("w1"), signal.SIGKILL)
    assert stage.end() == {"w0": [["w0", "w2"], 2.0], "w2": [["w0", "w2"], 2.0]}
    lost = stage.told(WorkerFailed)
    assert [(event.worker, event.cause) for event in lost] == [("w1", "crash")]
    after = min(e.t_s for e in stage.told(StepsFinished) if e.samples == 2) - lost[0].t_s
    assert after < 5.0, "nobody waits for the timeout of a broken group"


def test_kills_at_any_moment_leave_nobody_stuck_in_a_sum(tmp_path):
    moments = random.Random(11)
    for attempt in range(8):
        stage = Stage(tmp_path / str(attempt))
        stage.folder.mkdir()
        stage.begin("survivors", ["w0", "w1", "w2", "w3"], limits=Limits(), steps=400)
        delay_s = moments.uniform(0, 0.25)
        stage.until(lambda wait=delay_s, stage=stage: stage.supervisor.now_s > wait)
        victims = moments.sample(["w0", "w1", "w2", "w3"], 2)
        for victim in victims:
            os.kill(stage.pid(victim), signal.SIGKILL)
        results = stage.end()
        left = [name for name in ("w0", "w1", "w2", "w3") if name not in victims]
        assert set(left) <= set(results), (victims, results, stage.supervisor.failure)
        assert stage.supervisor.now_s < 8.0, "a mate waited for a timeout"


def test_all_that_a_killed_member_told_and_sent_is_there_before_its_loss(stage):
    stage.begin("talkative", ["w0", "w1"])
    stage.until(lambda: len(stage.told(Recorded)) > 100)
    stage.supervisor.kill("w0")
    heard = stage.end()["w1"]
    said = [int(event.key) for event in stage.told(Recorded)]
    assert said == list(range(len(said)))
    assert heard == list(range(len(heard)))
    assert len(said) - 1 <= len(heard) <= len(said), "all letters but at most the one that it was about to send"


def test_a_restarted_member_recalls_what_it_recorded_and_keeps_its_address(stage):
    stage.begin("remembering", ["leader", "w0", "w1"], deciders=("leader",))
    stage.supervisor.comes_back = lambda member: 0.05
    stage.until(lambda: len(stage.told(Recorded)) >= 20)
    stage.supervisor.kill("leader")
    results = stage.end()
    begun, counted = results["leader"]
    assert 20 <= begun < 60 and counted == list(range(60))
    assert results["w0"] == results["w1"] == [1, begun]
    assert [event.worker for event in stage.told(WorkerJoined)] == ["leader"]


def test_a_member_that_is_frozen_for_a_moment_is_not_lost(stage):
    stage.begin("survivors", ["w0", "w1"], steps=100, pause=0.005)
    stage.until(lambda: stage.supervisor.gathering.steps_finished >= 10)
    stage.supervisor.freeze("w1")
    frozen_s = stage.supervisor.now_s
    stage.until(lambda: stage.supervisor.now_s > frozen_s + 0.4)
    assert stage.supervisor.thaw("w1")
    assert set(stage.end()) == {"w0", "w1"}
    assert not stage.told(WorkerFailed)


def test_a_member_that_stays_silent_is_killed_and_the_others_go_on_without_it(stage):
    stage.begin("survivors", ["w0", "w1", "w2"], steps=300, pause=0.002)
    stage.until(lambda: stage.supervisor.gathering.steps_finished >= 10)
    stage.supervisor.freeze("w1")
    assert set(stage.end()) == {"w0", "w2"}
    assert [(event.worker, event.cause) for event in stage.told(WorkerFailed)] == [("w1", "silent")]
    assert "w1 has been silent" in stage.told(Warned)[0].text


def test_who_waits_for_whom_is_named_when_all_wait(stage):
    stage.play("stuck", ["w0", "w1", "w2"])
    assert "w0 waits in receive word from w1" in stage.supervisor.failure
    assert stage.told(Warned)[0].code == "deadlock"


def test_members_that_flood_each_other_are_kept_within_bounds_but_not_for_ever(stage):
    results = stage.play("flooding", ["w0", "w1"], limits=Limits())
    expected = [[number, float((4 << 20) - 1)] for number in range(8)]
    assert results == {"w0": expected, "w1": expected}


def test_a_failed_stage_that_no_program_meets_fails_the_run_with_its_cause(stage):
    stage.play("failing", ["w0", "w1"])
    assert stage.supervisor.failure == "w0: broken: row 7 has no label"


def test_a_mistake_in_a_program_fails_the_run_and_its_traceback_is_in_the_log(stage):
    stage.play("faulty", ["w0", "w1"])
    assert stage.supervisor.failure == "w0: KeyError: our own mistake"
    assert any("Traceback" in line for line in stage.printed)


def test_a_receive_with_a_timeout_ends(stage):
    assert stage.play("patient", ["w0", "w1"]) == {"w0": "timed out", "w1": "timed out"}


def test_what_members_print_goes_to_the_log_and_to_no_stream_of_the_engine(stage, capfd):
    stage.play("printing", ["w0"])
    assert stage.printed == ["w0: a line that a stage prints"]
    assert capfd.readouterr().out == ""


def test_a_run_whose_members_work_can_be_cancelled_at_once(stage):
    stage.begin("busy", ["w0", "w1"])
    pids = [stage.pid(name) for name in ("w0", "w1")]
    began_s = time.monotonic()
    stage.supervisor.stop()
    assert time.monotonic() - began_s < 2.0
    assert not any(psutil.pid_exists(pid) for pid in pids)


def test_members_that_are_not_ready_in_time_are_named(stage):
    stage.begin("ring", ["w0", "w1"], limits=Limits(start_up_s=-1.0), size=1)
    assert stage.supervisor.began_s is None
    assert "not ready after" in stage.supervisor.failure and "w0 w1" in stage.supervisor.failure
