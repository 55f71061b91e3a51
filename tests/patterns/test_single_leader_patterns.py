"""The scenarios on a single leader hold because of the model: break it, and their expectations are missed."""

import pytest

from workbench.architectures import reads, single_leader
from workbench.architectures.operations import Wait
from workbench.architectures.schedule import Schedule
from workbench.engines.simulated.faults import Faults
from workbench.engines.simulated.store import Store
from workbench.engines.simulated.work import Work
from workbench.engines.simulated.world import World


@pytest.mark.parametrize("name", ["SL-1", "SL-2", "SL-3", "SL-4", "SL-5", "SL-6", "SL-7"])
def test_the_pattern_holds_as_the_model_is(name, missed):
    assert missed(name) == []


# --- SL-1: tasks go to who is free ------------------------------------------------------------------------------------


def test_a_leader_that_hands_tasks_out_in_turn_leaves_quick_followers_idle(missed, monkeypatch):
    def in_turn(schedule, task):
        worker = schedule.all_workers[task.instance % len(schedule.all_workers)]
        return (worker,) if worker in schedule.held and not schedule.held[worker] else ()

    monkeypatch.setattr(Schedule, "_workers_for", in_turn)
    found = missed("SL-1")
    assert "simulated.leader.busy_share > 0.9" in found
    assert "simulated.leader.instances_per_second > simulated.three.instances_per_second" in found


def test_if_only_one_follower_were_given_work_three_would_do_no_more_than_one(missed, monkeypatch):
    monkeypatch.setattr(
        Schedule, "_workers_for", lambda schedule, task: () if schedule.held.get("w0", True) else ("w0",)
    )
    monkeypatch.setattr(Schedule, "here", lambda schedule, worker: schedule.held.setdefault("w0", set()))
    assert "simulated.three.instances_per_second > 2.7 * simulated.one.instances_per_second" in missed("SL-1")


def test_what_a_leader_does_not_record_is_missed(missed, monkeypatch):
    finish = Schedule.finish

    def forgetful(schedule, worker, result):
        outputs = finish(schedule, worker, result)
        return None if (result["instance"], result["stage"]) == (3, "evaluate") else outputs

    monkeypatch.setattr(Schedule, "finish", forgetful)
    assert {"leader.instances == 40", "leader.disagreements == 0", "leader.lost_items == 0"} <= set(missed("SL-1"))


# --- SL-7: peak hours ------------------------------------------------------------------------------------------------


def test_if_decisions_took_no_time_midnight_would_be_like_any_hour(missed, monkeypatch):
    wait = World._wait
    monkeypatch.setattr(
        World, "_wait", lambda world, member, operation: wait(world, member, Wait(min(operation.seconds, 1e-6)))
    )
    found = missed("SL-7")
    assert "simulated.leader.instances_per_second < 6" in found
    assert "simulated.leader.scheduling_delay_p99_s > 5" in found


def test_if_no_machine_were_quick_enough_none_would_keep_up(missed, monkeypatch):
    wait = World._wait

    def slowly(world, member, operation):
        return wait(world, member, Wait(operation.seconds * 4))

    monkeypatch.setattr(World, "_wait", slowly)
    found = missed("SL-7")
    assert "simulated.bigger_machine.instances_per_second > 10" in found
    assert "simulated.bigger_machine.scheduling_delay_p99_s < 1" in found
    assert "simulated.leader.scheduling_delay_s > 20 * simulated.bigger_machine.scheduling_delay_s" in found


def test_if_followers_were_what_is_short_they_would_be_busy(missed, monkeypatch):
    seconds = Work.seconds
    monkeypatch.setattr(
        Work, "seconds", lambda work, member, operation, now_s: 0.5 + seconds(work, member, operation, now_s)
    )
    assert "simulated.leader.busy_share < 0.5" in missed("SL-7")


# --- SL-2: a follower is lost ----------------------------------------------------------------------------------------


def test_a_leader_that_forgets_what_a_lost_follower_held_never_comes_to_an_end(missed, monkeypatch):
    monkeypatch.setattr(Schedule, "lose", lambda schedule, worker: schedule.lost.add(worker))
    assert "leader.instances == 60" in missed("SL-2")


def test_a_leader_that_notices_nothing_never_comes_to_an_end(missed, monkeypatch):
    monkeypatch.setattr(World, "_notice", lambda world, notice: None)
    assert "leader.instances == 60" in missed("SL-2")


def test_without_a_loss_there_is_nothing_to_recover_from(missed, monkeypatch):
    monkeypatch.setattr(Faults, "strike", lambda faults, strike: None)
    assert {"leader.failures == 1", "leader.recovery_s < 1"} <= set(missed("SL-2"))


def test_a_leader_that_hands_all_tasks_out_again_has_more_done_again_than_the_lost_follower_held(missed, monkeypatch):
    lose = Schedule.lose

    def lose_all(schedule, worker):
        for one in list(schedule.held):
            lose(schedule, one)
            if one != worker:
                schedule.here(one)

    monkeypatch.setattr(Schedule, "lose", lose_all)
    assert "leader.repeated_items <= 2" in missed("SL-2")


def test_a_loss_that_is_noticed_late_makes_the_run_late(missed, monkeypatch):
    made = World.__init__
    monkeypatch.setattr(
        World, "__init__", lambda world, *given, **more: made(world, *given[:3], 5.0, *given[4:], **more)
    )
    assert missed("SL-2") == ["simulated.leader.duration_s < 3"]


# --- SL-3: one source of truth ---------------------------------------------------------------------------------------


def test_a_leader_that_is_started_again_and_recalls_no_results_has_them_recorded_twice(missed, monkeypatch):
    recall = Store.recall

    def forgetful(store, member, operation):
        return {key: value for key, value in recall(store, member, operation).items() if key == "term"}

    monkeypatch.setattr(Store, "recall", forgetful)
    assert "leader.disagreements == 0" in missed("SL-3")


def test_a_follower_that_reports_what_it_has_not_done_is_found_out(missed, monkeypatch):
    carry_out = single_leader.carry_out

    def lazy(me, work, task, leader):
        if task["instance"] == 40:
            return {"stage": task["stage"], "instance": 40, "outputs": {"table": "t", "dataset": "d"}}
        return (yield from carry_out(me, work, task, leader))

    monkeypatch.setattr(single_leader, "carry_out", lazy)
    monkeypatch.setattr("workbench.engines.simulated.work.Work.inputs", lambda work, member, operation: [])
    assert missed("SL-3") == ["leader.disagreements == 0"]


def test_a_source_that_does_not_submit_again_what_a_lost_leader_missed_loses_it(missed, monkeypatch):
    monkeypatch.setattr(single_leader, "_submit_again", lambda roll, submitted: iter(()))
    assert "leader.instances == 80" in missed("SL-3")


# --- SL-5: writes do not scale out -----------------------------------------------------------------------------------


def test_if_decisions_took_no_time_writes_would_scale_out(missed, monkeypatch):
    wait = World._wait

    def at_once(world, member, operation):
        return wait(world, member, Wait(0.0) if member.name == "leader" else operation)

    monkeypatch.setattr(World, "_wait", at_once)
    found = missed("SL-5")
    assert "simulated.sixteen.instances_per_second < 34" in found
    assert "simulated.sixteen.instances_per_second < 1.15 * simulated.eight.instances_per_second" in found
    assert "simulated.sixteen.scheduling_delay_s > 20 * simulated.quicker_leader.scheduling_delay_s" in found
    assert "simulated.sixteen.busy_share < 0.6" in found


def test_if_only_one_follower_were_given_work_more_of_them_would_do_no_more(missed, monkeypatch):
    monkeypatch.setattr(Schedule, "_workers_for", lambda schedule, task: () if schedule.held["w0"] else ("w0",))
    monkeypatch.setattr(Schedule, "here", lambda schedule, worker: schedule.held.setdefault("w0", set()))
    found = missed("SL-5")
    assert "simulated.four.instances_per_second > 1.8 * simulated.two.instances_per_second" in found
    assert "simulated.quicker_leader.instances_per_second > 1.5 * simulated.sixteen.instances_per_second" in found


# --- SL-6: the leader is lost ----------------------------------------------------------------------------------------


def test_if_any_leader_came_back_at_once_there_would_be_no_long_gap(missed, monkeypatch):
    monkeypatch.setattr(Faults, "_back_after_s", lambda faults, strike: 0.001)
    found = missed("SL-6")
    assert {"slow.recovery_s > 1.9", "slow.availability < 0.75", "slow.scheduling_delay_p99_s > 1.5"} == set(found)


def test_if_any_leader_came_back_late_no_gap_would_be_short(missed, monkeypatch):
    monkeypatch.setattr(Faults, "_back_after_s", lambda faults, strike: 4.0)
    found = missed("SL-6")
    assert {"quick.recovery_s < 1", "quick.availability > 0.8", "quick.scheduling_delay_p99_s < 1"} <= set(found)
    assert "slow.recovery_s < 3" in found


def test_a_leader_that_never_comes_back_leaves_work_undone(missed, monkeypatch):
    monkeypatch.setattr(Faults, "_back_after_s", lambda faults, strike: None)
    assert {"quick.instances == 80", "slow.instances == 80"} <= set(missed("SL-6"))


# --- SL-4: reads scale out -------------------------------------------------------------------------------------------


def test_if_only_one_follower_kept_a_copy_more_of_them_would_answer_no_more(missed, monkeypatch):
    made = reads.Readers.__init__
    monkeypatch.setattr(
        reads.Readers, "__init__", lambda self, leader, answer, *more: made(self, leader, answer[:1], *more)
    )
    found = missed("SL-4")
    assert "simulated.two.reads_per_second > 1.9 * simulated.leader.reads_per_second" in found
    assert "simulated.eight.reads_per_second > 185" in found


def test_if_a_leader_answered_in_no_time_it_would_need_no_copies(missed, monkeypatch):
    monkeypatch.setattr(single_leader, "answered", lambda letter, read_s, copy: reads.answered(letter, 1e-5, copy))
    found = missed("SL-4")
    assert "simulated.leader.reads_per_second < 51" in found
    assert "simulated.leader.scheduling_delay_s > 5 * simulated.eight.scheduling_delay_s" in found


def test_if_followers_answered_before_they_work_they_would_schedule_late(missed, monkeypatch):
    serve = single_leader._serve

    def late(me, work):
        yield Wait(2.0)
        yield from serve(me, work)

    monkeypatch.setattr(single_leader, "_serve", late)
    assert "simulated.eight.scheduling_delay_s < 0.02" in missed("SL-4")
