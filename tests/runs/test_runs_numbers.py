import pytest
from event_strategies import STORIES
from hypothesis import given
from stories import SAMPLES, done, started, training_run, work

from workbench.runs.events import (
    FaultBegan,
    Measured,
    Recorded,
    RunFinished,
    StepsFinished,
    WorkerFailed,
)
from workbench.runs.numbers import numbers
from workbench.runs.recovery import Recovery, recoveries, standstill_s
from workbench.runs.series import Level, measured, throughput
from workbench.runs.state import fold


def of(events, warm_up_s=0.0):
    return numbers(fold(events), warm_up_s)


def steps_at(*times, fault_s=None, end_s=None):
    """A run whose steps end at `times`, with a fault at `fault_s`."""
    events = [started(stages=("train",)), *work("w0", "train", "open", 0.0, 1.0)]
    events += [
        StepsFinished(t_s=t_s, who="w0", first=i, last=i, samples=SAMPLES, of=len(times), stage="train")
        for i, t_s in enumerate(times)
    ]
    if fault_s is not None:
        events.append(FaultBegan(t_s=fault_s, kind="crash", worker="w1"))
    events = sorted(events, key=lambda event: event.t_s)
    if end_s is not None:
        events.append(RunFinished(t_s=end_s, outcome="finished"))
    return events


def test_throughput_is_samples_over_the_time_from_the_first_ready_member_to_the_last_step():
    found = of(training_run(steps=8))
    assert found["samples_per_second"] == 8 * SAMPLES / 8
    assert found["steps_per_second"] == 1
    assert (found["steps"], found["samples"], found["training_s"], found["duration_s"]) == (8, 8 * SAMPLES, 8, 12)


def test_the_warm_up_is_left_out_of_throughput():
    slow_start = steps_at(11, 12, 13, 14)
    assert of(slow_start)["steps_per_second"] == pytest.approx(4 / 13)
    assert of(slow_start, warm_up_s=11)["steps_per_second"] == 1


def test_a_run_that_ends_in_its_warm_up_has_no_throughput():
    assert "samples_per_second" not in of(steps_at(2, 3), warm_up_s=10)


def test_only_what_was_measured_has_a_figure():
    assert "accuracy" not in of(training_run("simulated"))
    assert of(training_run("real", accuracy=0.97))["accuracy"] == 0.97
    assert of(training_run("real"))["loss"] == 2.0 / 8


def test_a_run_without_training_has_no_training_figures():
    found = of([started(stages=("load",)), *work("w0", "load", "run", 0, 2), done("load", 2)])
    assert not {"steps", "samples_per_second", "training_s", "communication_share"} & found.keys()
    assert found["seconds_of_load"] == 2


def test_the_time_of_a_stage_is_the_mean_over_its_items():
    events = [started(stages=("load",))]
    for item, seconds in (("0", 1.0), ("1", 3.0)):
        events += [*work("w0", "load", "run", 10, 10 + seconds, item), done("load", 10 + seconds, item)]
    assert of(events)["seconds_of_load"] == 2


def test_communication_share_is_exchange_over_exchange_and_work_of_the_members_that_train():
    exchange, training_work = 2 * 8 * 0.25, 2 * (1 + 8 * 0.75) + 1
    assert of(training_run(steps=8))["communication_share"] == pytest.approx(exchange / (exchange + training_work))


def test_busy_share_is_work_over_the_time_of_the_whole_team():
    assert of(training_run(steps=8))["busy_share"] == pytest.approx((2 * (1 + 6) + 1 + 1 + 1) / (2 * 12))


def test_a_run_without_faults_is_always_available_and_has_no_recovery():
    found = of(training_run())
    assert (found["availability"], found["failures"], found["faults"]) == (1, 0, 0)
    assert "recovery_s" not in found and "throughput_kept" not in found


def test_recovery_is_the_time_from_the_fault_to_the_next_step():
    found = of(training_run(steps=8, crash_after=4, outage_s=3))
    assert found["recovery_s"] == 4
    assert found["availability"] == pytest.approx(1 - 4 / 15)
    assert (found["failures"], found["faults"]) == (1, 1)
    assert found["throughput_kept"] == pytest.approx((4 / 7) / 1)


def test_the_same_story_told_by_either_engine_gives_the_same_figures():
    simulated, real = (of(training_run(engine, crash_after=4)) for engine in ("simulated", "real"))
    assert simulated == {name: real[name] for name in simulated}


def test_a_step_that_a_survivor_still_tells_does_not_hide_the_standstill_behind_it():
    state = fold(steps_at(2, 3, 4.01, 14, 15, fault_s=4, end_s=16))
    assert recoveries(state) == [Recovery("w1", 4, 4.01, 14, True)]


def test_progress_by_a_stage_ends_a_recovery():
    events = [started(stages=("load", "evaluate")), FaultBegan(t_s=1, kind="crash", worker="w1"), done("load", 3)]
    events += [done("evaluate", 30), RunFinished(t_s=30, outcome="finished")]
    assert recoveries(fold(events)) == [Recovery("w1", 1, 1, 3, True)]


def test_a_run_that_never_moved_again_has_not_recovered():
    stuck = [*steps_at(2, 3, fault_s=4), RunFinished(t_s=20, outcome="failed")]
    assert recoveries(fold(stuck)) == [Recovery("w1", 4, 4, 20, False)]


def test_a_loss_after_all_was_done_is_recovered_from_by_finishing():
    assert recoveries(fold(steps_at(2, 3, fault_s=3.5, end_s=4))) == [Recovery("w1", 3.5, 3.5, 4, True)]


def test_standstills_that_overlap_count_once():
    found = [Recovery("w1", 1, 1, 4, True), Recovery("w2", 2, 2, 5, True), Recovery("w3", 9, 9, 10, True)]
    assert standstill_s(found) == 5


def test_members_that_were_stopped_did_not_fail():
    events = [started(), WorkerFailed(t_s=1, worker="w1", cause="stopped"), RunFinished(t_s=2, outcome="stopped")]
    assert of(events)["failures"] == 0 and of(events)["availability"] == 1


def test_the_queue_of_instances_gives_rate_wait_lost_and_repeated_items():
    events = [started(stages=("load",))]
    for item, submitted, begun, finished in (("0", 0, 1, 2), ("1", 0, 2, 4), ("2", 3, 7, 10)):
        events.append(Recorded(t_s=submitted, who="leader", kind="submitted", key=item))
        events += [*work("w0", "load", "run", begun, finished, item), done("load", finished, item)]
    events += [Recorded(t_s=10, who="leader", kind="submitted", key="3"), RunFinished(t_s=12, outcome="finished")]
    found = of(events)
    assert (found["instances"], found["lost_items"], found["repeated_items"]) == (3, 1, 0)
    assert found["instances_per_second"] == pytest.approx(0.3)
    assert found["mean_wait_s"] == pytest.approx((1 + 2 + 4) / 3)


@given(STORIES)
def test_shares_lie_between_nothing_and_all(events):
    found = of(events)
    for name in ("availability", "communication_share"):
        assert 0 <= found.get(name, 0) <= 1


def test_throughput_over_time_shows_a_standstill_as_a_low_level():
    levels = throughput(fold(training_run(steps=4, crash_after=2, outage_s=3)))
    assert [level.value for level in levels] == [SAMPLES, SAMPLES, SAMPLES / 4, SAMPLES]
    assert (levels[0].start_s, levels[-1].end_s) == (2, 9)


def test_a_long_throughput_is_drawn_in_equal_numbers_of_steps_and_keeps_every_sample():
    levels = throughput(fold(steps_at(*range(2, 1002))), most=100)
    assert len(levels) == 100
    assert sum((level.end_s - level.start_s) * level.value for level in levels) == pytest.approx(1000 * SAMPLES)
    assert levels[0] == Level(1, 11, SAMPLES)


def test_what_was_measured_is_thinned_with_both_ends_kept():
    events = [Measured(t_s=i, name="loss", value=1 / (i + 1), step=i) for i in range(1000)]
    points = measured(fold(events), "loss", most=50)
    assert len(points) <= 51 and points[0] == (0, 1) and points[-1] == (999, 1 / 1000)
