"""Scenarios on graphs of stages hold because of the schedule: break it, and their expectations are missed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.architectures import single_leader
from workbench.architectures.plan import Plan, PlannedStage
from workbench.architectures.schedule import Schedule, Task


@pytest.mark.parametrize("name", ["DAG-1", "DAG-2", "EV-1"])
def test_the_pattern_holds_as_the_schedule_is(name, missed):
    assert missed(name) == []


def test_if_stages_did_not_wait_for_what_they_depend_on_the_run_would_be_shorter_than_its_longest_way(
    missed, monkeypatch
):
    def at_once(schedule, instance, stage):
        waiting = {(task.instance, task.stage.id) for task in schedule.ready}
        if (instance, stage.id) not in schedule.done.keys() | schedule.running.keys() | waiting:
            schedule.ready.append(Task(stage, instance))

    letter = Schedule._as_letter

    def of_what_will_be(schedule, task, workers):
        ports = {(task.instance, s): {} for s in schedule.stages}
        for source, out in task.stage.needs.values():
            ports[task.instance, source][out] = f"{source}.{out}"
        done, schedule.done = schedule.done, ports
        made = letter(schedule, task, workers)
        schedule.done = done
        return made

    monkeypatch.setattr(Schedule, "_ready_if_possible", at_once)
    monkeypatch.setattr(Schedule, "_as_letter", of_what_will_be)
    (text,) = missed("DAG-1")
    assert text.startswith("leader.duration_s > leader.seconds_of_blobs")


def test_if_one_stage_ran_at_a_time_branches_would_take_as_long_as_all_together(missed, monkeypatch):
    workers_for = Schedule._workers_for
    monkeypatch.setattr(
        Schedule, "_workers_for", lambda schedule, task: () if schedule.running else workers_for(schedule, task)
    )
    assert len(missed("DAG-2")) == 3


@st.composite
def plans(draw):
    """Any graph: each stage may need some of those before it."""
    count = draw(st.integers(1, 8))
    stages = []
    for number in range(count):
        before = draw(st.sets(st.integers(0, number - 1), max_size=3)) if number else set()
        stages.append(PlannedStage(f"s{number}", {f"p{source}": (f"s{source}", "out") for source in sorted(before)}))
    return Plan(tuple(draw(st.permutations(stages))), draw(st.integers(1, 3)))


@settings(deadline=None)
@given(plans(), st.integers(1, 4), st.randoms(use_true_random=False))
def test_whatever_the_graph_no_stage_starts_before_its_inputs_and_every_one_is_done_once(plan, workers, random):
    names = tuple(f"w{number}" for number in range(workers))
    schedule = Schedule(plan, names)
    for name in names:
        schedule.here(name)
    given_out, under_way = [], []
    while not schedule.complete:
        for worker, tasks in schedule.assign():
            for task in tasks:
                needs = schedule.stages[task["stage"]].after
                assert all((task["instance"], before) in schedule.done for before in needs)
                given_out.append((task["instance"], task["stage"]))
                under_way.append((worker, task))
        assert under_way, "nothing is ready and nothing is done"
        worker, task = under_way.pop(random.randrange(len(under_way)))
        schedule.finish(worker, {"instance": task["instance"], "stage": task["stage"], "outputs": {"out": "made"}})
    assert sorted(given_out) == sorted((i, stage.id) for i in range(plan.instances) for stage in plan.stages)


def test_if_the_leader_took_every_letter_in_at_once_polling_would_delay_nothing(missed, monkeypatch):
    monkeypatch.setattr(single_leader, "wait_for_the_next_look", lambda began_s, poll_s: iter(()))
    assert missed("EV-1") == [
        "simulated.polls.scheduling_delay_s > 0.15 and simulated.polls.scheduling_delay_s < 0.6",
        "simulated.polls_often.scheduling_delay_s < 0.4 * simulated.polls.scheduling_delay_s",
    ]


def test_if_events_had_to_wait_for_a_look_too_they_would_be_no_faster(missed, monkeypatch):
    lead = single_leader.lead
    monkeypatch.setattr(
        single_leader, "lead", lambda work, ahead, decision_s, poll_s: lead(work, ahead, decision_s, 0.5)
    )
    found = missed("EV-1")
    assert "simulated.events.scheduling_delay_s < 0.005" in found
    assert "simulated.events.scheduling_delay_p99_s < 0.02" in found
