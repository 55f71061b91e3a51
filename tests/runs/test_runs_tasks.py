"""What a run says of its tasks: how long they waited, and whether the record agrees with the work."""

import pytest

from workbench.runs.events import OperationFinished, OperationStarted, Recorded, RunFinished, RunStarted
from workbench.runs.numbers import numbers
from workbench.runs.state import fold

BEGUN = RunStarted(
    engine="simulated", combination="one", seed=1, stages=("a", "b", "c", "d"), after=((), ("a",), ("a",), ("b", "c"))
)
OVER = RunFinished(t_s=50.0, outcome="finished")


def work(stage, item, start_s, end_s, who="w0", outcome="finished"):
    label = f"perform {stage}.run #{item}"
    told = {"who": who, "label": label, "stage": stage, "item": item}
    return [OperationStarted(t_s=start_s, **told), OperationFinished(t_s=end_s, outcome=outcome, **told)]


def done(stage, item, t_s):
    return Recorded(t_s=t_s, kind="done", key=f"{stage}#{item}", stage=stage)


def of(*parts):
    events = [BEGUN, *(event for part in parts for event in (part if isinstance(part, list) else [part])), OVER]
    return numbers(fold(sorted(events, key=lambda event: event.t_s)))


def a_whole_instance(item="0", at_s=0.0):
    return [
        Recorded(t_s=at_s, kind="arrived", key=item),
        *work("a", item, at_s + 1, at_s + 2),
        done("a", item, at_s + 4),
        *work("b", item, at_s + 5, at_s + 6),
        *work("c", item, at_s + 7, at_s + 9, "w1"),
        done("b", item, at_s + 7),
        done("c", item, at_s + 10),
        *work("d", item, at_s + 10, at_s + 11),
        done("d", item, at_s + 11.5),
    ]


def test_a_task_is_delayed_from_the_end_of_the_work_before_it_to_its_own_start():
    found = of(a_whole_instance())
    # a from its arrival; b and c from the end of a, though that was recorded later; d from the end of c, the later one
    assert found["scheduling_delay_s"] == pytest.approx((1 + 3 + 5 + 1) / 4)
    assert found["scheduling_delay_p99_s"] == 5


def test_a_task_that_is_done_again_is_delayed_only_until_its_first_start():
    again = work("b", "0", 20, 21, "w2")
    assert of(a_whole_instance(), again)["scheduling_delay_s"] == of(a_whole_instance())["scheduling_delay_s"]


def test_the_99_th_percentile_is_the_delay_that_99_of_100_tasks_do_not_exceed():
    late = [part for i in range(100) for part in (Recorded(t_s=0, kind="arrived", key=str(i)),)]
    starts = [part for i in range(100) for part in work("a", str(i), i / 10, i / 10, f"w{i}")]
    assert of(late, starts)["scheduling_delay_p99_s"] == pytest.approx(9.8)


def test_a_record_that_says_what_was_done_disagrees_with_nothing():
    assert of(a_whole_instance())["disagreements"] == 0


def test_work_that_was_done_again_after_a_loss_and_recorded_once_agrees():
    assert of(a_whole_instance(), work("a", "0", 20, 21, "w2"))["disagreements"] == 0


@pytest.mark.parametrize(
    "wrong",
    [
        [done("b", "1", 30.0)],
        [done("b", "0", 30.0)],
        work("b", "1", 30, 31),
        [*work("b", "1", 30, 31, outcome="failed"), done("b", "1", 32)],
    ],
    ids=["recorded without work", "recorded twice", "work that was never recorded", "recorded though it failed"],
)
def test_a_record_that_says_another_thing_than_the_work_is_a_disagreement(wrong):
    assert of(a_whole_instance(), wrong)["disagreements"] == 1
