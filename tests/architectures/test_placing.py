"""Which workers are given a task, with the resources that it needs, decided without engine or clock."""

from pathlib import Path

import pytest
from samples import SMALL

from workbench.architectures.check import check_all
from workbench.architectures.job import build
from workbench.architectures.plan import Plan, PlannedStage
from workbench.architectures.resources import Needs, Room
from workbench.architectures.schedule import Schedule
from workbench.document.text import read

WORKERS = ("w0", "w1", "w2")
ROOM = Room(cpus=4, gpus=1, memory_bytes=8e9)


def begun(*stages, room=ROOM, ahead=1):
    schedule = Schedule(Plan(stages, room=room), WORKERS, ahead)
    for worker in WORKERS:
        schedule.here(worker)
    return schedule


def handed_out(schedule):
    return {(worker, task["stage"]) for worker, tasks in schedule.assign() for task in tasks}


def done(schedule, worker, stage):
    return schedule.finish(worker, {"stage": stage, "instance": 0, "outputs": {}})


@pytest.mark.parametrize("needs", [Needs(cpus=3), Needs(gpus=1), Needs(memory_bytes=5e9)])
def test_work_that_does_not_fit_beside_what_is_under_way_waits_for_it(needs):
    schedule = begun(PlannedStage("a", {}, occupies=needs), PlannedStage("b", {}, occupies=needs))
    assert handed_out(schedule) == {("w0", "a")}
    done(schedule, "w0", "a")
    assert handed_out(schedule) == {("w0", "b")}


def test_nobody_overtakes_work_that_waits_for_room_or_it_might_wait_for_ever():
    large, small = Needs(cpus=4), Needs()
    stages = [PlannedStage("a", {}, occupies=small), PlannedStage("b", {}, occupies=large)]
    schedule = begun(*stages, PlannedStage("c", {}, occupies=small))
    assert handed_out(schedule) == {("w0", "a")}
    done(schedule, "w0", "a")
    assert handed_out(schedule) == {("w0", "b")}


def test_what_a_lost_worker_occupied_is_free_again():
    needs = Needs(cpus=3)
    schedule = begun(PlannedStage("a", {}, occupies=needs), PlannedStage("b", {}, occupies=needs))
    assert handed_out(schedule) == {("w0", "a")}
    schedule.lose("w0")
    assert handed_out(schedule) == {("w1", "a")}


def test_work_for_certain_workers_waits_for_one_of_them_and_keeps_no_other_waiting():
    stages = [PlannedStage(id, {}, suited=frozenset(("w2",))) for id in ("a", "b")]
    schedule = begun(*stages, PlannedStage("c", {}), PlannedStage("d", {}), room=None)
    assert handed_out(schedule) == {("w2", "a"), ("w0", "c"), ("w1", "d")}
    done(schedule, "w0", "c")
    assert handed_out(schedule) == set()
    done(schedule, "w2", "a")
    assert handed_out(schedule) == {("w2", "b")}


def test_a_team_that_is_larger_than_the_room_works_alone():
    team = PlannedStage("a", {}, team=3, occupies=Needs(cpus=2))
    schedule = begun(team, PlannedStage("b", {}))
    assert handed_out(schedule) == {(worker, "a") for worker in WORKERS}


def test_a_pipeline_that_says_nothing_of_needs_is_bound_by_no_room():
    scenario = read(SMALL).scenario
    assert build(scenario, scenario.architectures[0], room=ROOM).plan.room is None
    asking = read(SMALL.replace("use: prepare}", "use: prepare, cpus: 2}")).scenario
    assert build(asking, asking.architectures[0], room=ROOM).plan.room == ROOM


def asking(memory):
    """A pipeline whose preparation needs memory, and whose evaluation needs an accelerator."""
    text = SMALL.replace("use: prepare}", f"use: prepare, memory: {memory}}}")
    return text.replace("use: evaluate}", "use: evaluate, gpus: 1}")


def test_workers_suit_a_stage_by_the_memory_and_the_accelerator_of_their_pool():
    text = SMALL.replace("use: prepare}", "use: prepare, memory: 16 GB}").replace(
        "use: evaluate}", "use: evaluate, gpus: 1}"
    )
    pools = "- {id: w, count: 3}\n    - {id: large, memory: 32 GB}\n    - {id: gpu, accelerator: t4, count: 2}"
    scenario = read(text.replace("- {id: w, count: 3}", pools)).scenario
    stages = {stage.id: stage.suited for stage in build(scenario, scenario.architectures[0]).plan.stages}
    assert stages == {"digits": None, "prepare": {"large0"}, "train": None, "evaluate": {"gpu0", "gpu1"}}


def test_a_need_that_no_worker_meets_is_a_problem_with_its_place():
    text = SMALL.replace("use: prepare}", "use: prepare, memory: 1 TB}").replace(
        "use: evaluate}", "use: evaluate, gpus: 1}"
    )
    found = [(p.code, p.place) for p in check_all(text, Path()).problems]
    assert found == [
        ("no-worker-suits", "pipeline.stages[prepare].memory"),
        ("no-worker-suits", "pipeline.stages[evaluate].gpus"),
    ]
