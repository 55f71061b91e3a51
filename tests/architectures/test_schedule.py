"""What the leader decides, without engine or clock."""

from hypothesis import given
from hypothesis import strategies as st

from workbench.architectures.plan import Plan, PlannedStage
from workbench.architectures.schedule import Schedule

CHAIN = (PlannedStage("a", {}), PlannedStage("b", {"x": ("a", "out")}), PlannedStage("c", {"x": ("b", "out")}))
DIAMOND = (
    PlannedStage("top", {}),
    PlannedStage("left", {"x": ("top", "out")}),
    PlannedStage("right", {"x": ("top", "out")}),
    PlannedStage("end", {"l": ("left", "out"), "r": ("right", "out")}),
)


def schedule(stages, workers=("w0", "w1"), known=None, **plan):
    made = Schedule(Plan(stages, **plan), workers, known=known)
    for worker in workers:
        made.here(worker)
    return made


def given_out(schedule):
    return {(worker, task["stage"]) for worker, tasks in schedule.assign() for task in tasks}


def report(schedule, worker, stage, instance=0):
    return schedule.finish(worker, {"stage": stage, "instance": instance, "outputs": {"out": f"{stage}-{instance}"}})


def test_a_stage_starts_only_when_what_it_needs_is_done():
    plan = schedule(CHAIN)
    assert given_out(plan) == {("w0", "a")}
    assert given_out(plan) == set()
    report(plan, "w0", "a")
    assert given_out(plan) == {("w0", "b")}


def test_independent_branches_run_side_by_side():
    plan = schedule(DIAMOND)
    plan.assign()
    report(plan, "w0", "top")
    assert {stage for _, stage in given_out(plan)} == {"left", "right"}


def test_a_lost_worker_s_task_goes_to_another():
    plan = schedule(CHAIN)
    plan.assign()
    plan.lose("w0")
    assert given_out(plan) == {("w1", "a")}


def test_a_team_waits_until_all_its_members_are_idle_and_keeps_later_tasks_waiting():
    plan = schedule((PlannedStage("long", {}), PlannedStage("team", {}, team=2), PlannedStage("small", {})))
    assert given_out(plan) == {("w0", "long")}
    report(plan, "w0", "long")
    assert given_out(plan) == {("w0", "team"), ("w1", "team")}


def test_a_team_is_as_large_as_the_workers_that_are_left():
    plan = schedule((PlannedStage("team", {}, team=2),))
    plan.lose("w0")
    assert given_out(plan) == {("w1", "team")}


def test_a_team_of_which_too_few_are_left_waits_for_those_who_come_back():
    plan = schedule((PlannedStage("team", {}, team=2, least=2),))
    plan.lose("w0")
    assert given_out(plan) == set()
    plan.here("w0")
    assert given_out(plan) == {("w0", "team"), ("w1", "team")}


def test_a_team_of_which_nobody_has_a_result_is_tried_again_with_a_new_attempt():
    plan = schedule((PlannedStage("team", {}, team=2),))
    plan.assign()
    plan.lose("w0")
    assert not plan.assign()
    plan.finish("w1", {"stage": "team", "instance": 0, "outputs": None})
    ((worker, (task,)),) = plan.assign()
    assert (worker, task["attempt"]) == ("w1", 1)


def test_a_report_that_comes_twice_counts_once():
    plan = schedule(CHAIN)
    plan.assign()
    assert report(plan, "w0", "a") == {"out": "a-0"}
    assert report(plan, "w1", "a") is None
    assert plan.repeated == 1


def test_a_restarted_leader_goes_on_after_what_was_recorded():
    plan = schedule(CHAIN, known={"done/0/a": {"out": "x"}, "term": 2})
    assert given_out(plan) == {("w0", "b")}


@given(
    st.lists(st.tuples(st.sampled_from(["finish", "lose", "back"]), st.integers(0, 2)), max_size=60),
    st.sampled_from([CHAIN, DIAMOND, (PlannedStage("a", {}), PlannedStage("t", {"x": ("a", "out")}, team=2))]),
)
def test_whatever_is_lost_on_the_way_everything_is_done_once_and_in_order(moves, stages):
    workers = ("w0", "w1", "w2")
    plan = schedule(stages, workers, instances=3)
    holding = {worker: [] for worker in workers}
    recorded = []

    def hand_out():
        for worker, tasks in plan.assign():
            holding[worker] += tasks

    def finish(worker):
        if holding[worker]:
            task = holding[worker].pop(0)
            if plan.finish(worker, {**task, "outputs": {"out": "x"}}):
                recorded.append((task["instance"], task["stage"]))

    hand_out()
    for move, which in moves:
        worker = workers[which]
        if move == "finish":
            finish(worker)
        elif move == "lose" and len(plan.lost) < 2 and worker not in plan.lost:
            holding[worker].clear()
            plan.lose(worker)
        elif worker in plan.lost:
            plan.here(worker)
        hand_out()
    for _ in range(100):
        for worker in workers:
            finish(worker)
            hand_out()
    assert plan.complete
    assert len(recorded) == len(set(recorded)) == 3 * len(stages)
    for instance, stage in recorded:
        needed = next(s for s in stages if s.id == stage).after
        assert all(recorded.index((instance, before)) < recorded.index((instance, stage)) for before in needed)
