"""Collections on their way through a group, and schedules with items, conditions and re-runs, without a clock."""

from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.architectures.items import Collection, PlannedGroup, parted, piece
from workbench.architectures.plan import Plan, PlannedStage
from workbench.architectures.schedule import COUNT, METRIC, Schedule
from workbench.document.expectations import parse
from workbench.runs.events import Recorded

FOREACH = Plan(
    (
        PlannedStage("read", {}),
        PlannedStage("clean", {"x": ("read", "out")}),
        PlannedStage("cut", {"x": ("clean", "out")}),
        PlannedStage("fit", {"x": ("cut", "out")}),
    ),
    groups=(PlannedGroup("parts", "read", "out", ("clean", "cut"), in_flight=2, ordered=True),),
)
CONDITION = Plan(
    (
        PlannedStage("look", {}),
        PlannedStage("fit", {"x": ("look", "out")}, when=parse("look.drift > 0.5")),
        PlannedStage("deploy", {"x": ("fit", "out")}),
        PlannedStage("keep", {"x": ("look", "out")}),
    )
)


def carry_out(plan, found, choose=lambda tasks: tasks[0], known=None, workers=("a", "b", "c")):
    """All tasks in the order in which they were done, and the schedule in the end; `found` is told by each stage."""
    schedule, tasks, done, said = Schedule(plan, workers, known=known), [], [], []
    for worker in workers:
        schedule.here(worker)
    while not schedule.complete:
        tasks += [(worker, task) for worker, given_out in schedule.assign() for task in given_out]
        assert tasks, "nothing is left to be done, and yet it is not complete"
        worker, task = choose(tasks)
        tasks.remove((worker, task))
        name = piece(task["stage"], task.get("item"))
        outputs = {"out": f"{name}.out"} | found.get(task["stage"], {})
        assert schedule.finish(worker, {**task, "outputs": outputs}) is not None
        done.append((name, task["inputs"]))
        said += schedule.news
        schedule.news.clear()
    return done, schedule, said


@given(st.integers(1, 30), st.integers(0, 8), st.booleans(), st.randoms(use_true_random=False))
def test_all_items_leave_once_in_order_if_asked_and_never_more_than_allowed_are_under_way(count, most, ordered, lots):
    collection = Collection(PlannedGroup("g", "s", "p", ("a",), most or None, ordered), count)
    working, left = [], []
    while not collection.complete:
        working += collection.open()
        assert collection.under_way <= (most or count)
        left += collection.finish(working.pop(lots.randrange(len(working))))
    assert sorted(left) == list(range(count)) and collection.left == left
    assert not ordered or left == sorted(left)


@given(st.integers(1, 12), st.randoms(use_true_random=False))
def test_every_item_passes_every_stage_of_the_group_and_what_follows_is_given_all_of_them_in_order(count, lots):
    done, _, said = carry_out(FOREACH, {"read": {COUNT + "parts": count}}, choose=lots.choice)
    names = [name for name, _ in done]
    pieces = {piece(stage, item) for stage in ("clean", "cut") for item in range(count)}
    assert names[0] == "read" and names[-1] == "fit" and set(names[1:-1]) == pieces and len(names) == 2 * count + 2
    assert all(names.index(f"clean[{item}]") < names.index(f"cut[{item}]") for item in range(count))
    assert done[-1][1] == {"x": [f"cut[{item}].out" for item in range(count)]}
    left = [fact.key for fact in said if isinstance(fact, Recorded) and fact.kind == "item"]
    assert left == [f"parts#[{item}]" for item in range(count)]


@settings(deadline=None)
@given(st.integers(1, 8), st.integers(0, 17), st.randoms(use_true_random=False))
def test_a_schedule_that_begins_again_does_what_was_not_recorded_and_nothing_twice(count, recorded, lots):
    found = {"read": {COUNT + "parts": count}}
    done, first, _ = carry_out(FOREACH, found, choose=lots.choice)
    known = {f"done/0/{name}": first.done[0, name] for name, _ in done[:recorded]}
    again, _, _ = carry_out(FOREACH, found, known=known)
    assert {name for name, _ in again} == {name for name, _ in done[recorded:]} and len(again) == len(done[recorded:])


def test_a_stage_whose_condition_does_not_hold_is_left_out_and_so_is_what_needs_it():
    done, _, said = carry_out(CONDITION, {"look": {METRIC + "drift": 0.4}})
    assert [name for name, _ in done] == ["look", "keep"]
    assert [(fact.kind, fact.key) for fact in said] == [("skipped", "fit"), ("skipped", "deploy")]


def test_a_stage_whose_condition_holds_is_done():
    done, _, said = carry_out(CONDITION, {"look": {METRIC + "drift": 0.6}})
    assert {name for name, _ in done} == {"look", "fit", "deploy", "keep"} and said == []


def test_a_group_whose_items_will_never_come_is_left_out():
    stages = (
        PlannedStage("look", {}),
        PlannedStage("read", {}, when=parse("look.drift > 0.5")),
        *FOREACH.stages[1:],
    )
    plan = Plan(stages, groups=FOREACH.groups)
    done, _, said = carry_out(plan, {"look": {METRIC + "drift": 0.0}, "read": {COUNT + "parts": 3}})
    assert [name for name, _ in done] == ["look"]
    assert [fact.key for fact in said] == ["read", "clean", "cut", "fit"]


@given(st.sampled_from(["", "7", "stage"]), st.none() | st.integers(0, 999))
def test_the_name_of_an_item_can_be_taken_apart(name, item):
    assert parted(piece(name, item)) == (name, item)


# --- runs that an event leads to -------------------------------------------------------------------------------------

STAGES = (PlannedStage("look", {}), PlannedStage("keep", {"x": ("look", "out")}))


def chain(drifts, known=None):
    """The tasks that a schedule has done, in order, and the schedule, where `look` finds these drifts."""
    plan = Plan(STAGES, instances=len(drifts), again=parse("look.drift > 0.5"))
    schedule, done = Schedule(plan, ("a",), known=known), []
    schedule.here("a")
    while not schedule.complete:
        [(_, [task])] = schedule.assign()
        outputs = {"out": "x"}
        if task["stage"] == "look":
            outputs[METRIC + "drift"] = drifts[task["instance"]]
        done.append((task["instance"], task["stage"]))
        assert schedule.finish("a", {**task, "outputs": outputs}) is not None
    return done, schedule


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_runs_follow_one_another_until_one_does_not_find_the_event(drifts):
    done, schedule = chain(drifts)
    calm = next((n for n, drift in enumerate(drifts) if drift <= 0.5), len(drifts) - 1)
    assert sorted(done) == sorted((n, stage.id) for n in range(calm + 1) for stage in STAGES)
    assert [(fact.kind, fact.key) for fact in schedule.news] == [("submitted", str(n)) for n in range(1, calm + 1)]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20), st.data())
def test_a_chain_that_begins_again_does_only_what_was_not_recorded(drifts, data):
    done, first = chain(drifts)
    count = data.draw(st.integers(0, len(done)))
    known = {f"done/{n}/{stage}": first.done[n, stage] for n, stage in done[:count]}
    again, _ = chain(drifts, known)
    assert sorted(again) == sorted(done[count:])


def test_a_long_chain_is_recalled_at_once():
    found = {"out": "x", METRIC + "drift": 1.0}
    known = {f"done/{n}/{stage.id}": found for n in range(5000) for stage in STAGES}
    assert chain([1.0] * 5000, known)[0] == []


def test_an_event_about_a_stage_that_was_left_out_is_not_found():
    stages = (PlannedStage("look", {}), PlannedStage("fit", {"x": ("look", "out")}, when=parse("look.drift > 0.5")))
    plan = Plan(stages, instances=3, again=parse("fit.error > 0"))
    schedule = Schedule(plan, ("a",), known={"done/0/look": {"out": "x", METRIC + "drift": 0.1}})
    assert schedule.complete and schedule.left_out == {(0, "fit")} and schedule.arrived == {0}


# --- items that fail -------------------------------------------------------------------------------------------------


def with_failures(count, at_least, fails, choose=lambda tasks: tasks[0], known=None, ordered=True):
    """What is left of a run in which the first stage fails for some items: the schedule, what was said, and why it
    could not go on."""
    group = PlannedGroup("parts", "read", "out", ("clean", "cut"), 3, ordered, at_least)
    schedule, tasks, said, reason = Schedule(Plan(FOREACH.stages, groups=(group,)), ("a", "b"), known=known), [], [], ""
    for worker in ("a", "b"):
        schedule.here(worker)
    while not schedule.complete and not reason:
        tasks += [(worker, task) for worker, given_out in schedule.assign() for task in given_out]
        worker, task = choose(tasks)
        tasks.remove((worker, task))
        if task["stage"] == "clean" and task["item"] in fails:
            reason = schedule.fail(worker, {**task, "failed": "no good"})
        else:
            outputs = {"out": piece(task["stage"], task.get("item"))}
            outputs |= {COUNT + "parts": count} if task["stage"] == "read" else {}
            assert schedule.finish(worker, {**task, "outputs": outputs}) is not None
            if task["stage"] == "fit":
                assert task["inputs"]["x"] == [f"cut[{item}]" for item in schedule.collections[0, "parts"].passed]
        said += schedule.news
        schedule.news.clear()
    return schedule, said, reason


@settings(deadline=None)
@given(st.integers(1, 20), st.sets(st.integers(0, 19)), st.floats(0, 1), st.booleans(), st.randoms())
def test_a_run_goes_on_without_the_items_that_fail_until_they_are_too_many(count, fails, at_least, ordered, lots):
    fails = {item for item in fails if item < count}
    _, said, reason = with_failures(count, at_least, fails, lots.choice, ordered=ordered)
    enough = count - len(fails) >= at_least * count - 1e-6
    assert bool(reason) != enough
    if enough:
        left = [(fact.kind, int(fact.key[7:-1])) for fact in said if getattr(fact, "kind", "") in ("item", "dropped")]
        assert {item for kind, item in left if kind == "dropped"} == fails
        assert sorted(item for _, item in left) == list(range(count))
        assert not ordered or [item for _, item in left] == list(range(count))


def test_a_run_that_needs_all_its_items_says_which_one_failed_and_why():
    assert with_failures(4, 1.0, {2})[2] == "item 2: no good"


def test_a_run_that_has_lost_too_many_items_says_how_many_it_needed():
    assert with_failures(4, 0.75, {1, 2})[2] == "2 of 4 items failed, at least 75 % must succeed; item 2: no good"


def test_items_that_were_recorded_to_have_failed_are_not_done_again():
    first, _, _ = with_failures(6, 0.5, {1, 4})
    known = {f"done/0/{name}": outputs for (_, name), outputs in first.done.items() if name != "fit"}
    known |= {f"failed/0/{name}": cause for (_, name), cause in first.failed.items()}
    again, _, reason = with_failures(6, 0.5, set(), known=known)
    assert reason == "" and again.collections[0, "parts"].passed == [0, 2, 3, 5]
    assert set(again.begun) == {(0, "fit")}
