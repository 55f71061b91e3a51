"""What a leader gives up when somebody cancels a stage, decided without engine or clock."""

from workbench.architectures.cancelling import cancelled
from workbench.architectures.items import PlannedGroup
from workbench.architectures.plan import Plan, PlannedStage
from workbench.architectures.schedule import COUNT, Schedule

GROUP = PlannedGroup("parts", "rows", "table", ("fit", "score"))
PLAN = Plan(
    (
        PlannedStage("rows", {}),
        PlannedStage("fit", {"table": ("rows", "table")}),
        PlannedStage("score", {"model": ("fit", "model")}),
        PlannedStage("join", {"all": ("score", "metrics")}),
        PlannedStage("beside", {"table": ("rows", "table")}),
    ),
    groups=(GROUP,),
)


def begun(known=None):
    schedule = Schedule(PLAN, ("w0", "w1"), known=known)
    for worker in ("w0", "w1"):
        schedule.here(worker)
    return schedule


def report(stage, outputs, item=None):
    found = {"stage": stage, "instance": 0, "outputs": outputs}
    return found if item is None else found | {"item": item}


def kinds(facts):
    return [(fact.kind, fact.key) for fact in facts]


def test_cancelling_a_stage_of_a_group_gives_the_whole_group_up_and_what_needs_it():
    schedule = begun()
    schedule.assign()
    schedule.finish("w0", report("rows", {"table": "t", COUNT + "parts": 3}))
    schedule.assign()
    schedule.news.clear()
    stages, facts = cancelled(schedule, "score")
    assert stages == ("fit", "score")
    assert kinds(facts) == [
        ("cancelled", "fit"),
        ("cancelled", "score"),
        ("skipped", "fit"),
        ("skipped", "score"),
        ("skipped", "join"),
    ]
    schedule.lose("w0")  # who was at work is ended, and nothing of it is handed out again
    schedule.lose("w1")
    for worker in ("w0", "w1"):
        schedule.here(worker)
    assert [task["stage"] for _, tasks in schedule.assign() for task in tasks] == ["beside"]
    schedule.finish("w0", report("beside", {"table": "b"}))
    assert schedule.complete


def test_a_result_that_comes_after_the_cancelling_counts_no_more():
    schedule = begun()
    schedule.assign()
    cancelled(schedule, "rows")
    assert schedule.finish("w0", report("rows", {"table": "t"})) is None
    assert schedule.complete and not schedule.done


def test_a_new_leader_knows_from_the_record_what_was_cancelled():
    known = {"done/0/rows": {"table": "t", COUNT + "parts": 2}, "cancelled/fit": True, "cancelled/score": True}
    schedule = begun(known)
    assert [task["stage"] for _, tasks in schedule.assign() for task in tasks] == ["beside"]


def test_what_is_over_cannot_be_cancelled():
    schedule = begun({"done/0/rows": {"table": "t", COUNT + "parts": 2}})
    stages, (fact,) = cancelled(schedule, "rows")
    assert stages == () and "rows is over" in fact.text and not schedule.cancelled
