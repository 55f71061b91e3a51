import copy

from event_strategies import STORIES, TIMES
from hypothesis import given
from hypothesis import strategies as st
from stories import SAMPLES, done, operation, started, step_of, training_run, work

from workbench.runs import spans
from workbench.runs.events import (
    FaultBegan,
    FaultEnded,
    OperationStarted,
    Recorded,
    RunFinished,
    StepsFinished,
    WorkerFailed,
    WorkerJoined,
)
from workbench.runs.spans import Span
from workbench.runs.state import FaultSpan, fold, replay


@given(STORIES, st.integers(0, 60))
def test_folding_a_prefix_and_then_the_rest_is_folding_the_whole(events, cut):
    prefix = copy.deepcopy(fold(events[:cut]))
    assert fold(events[cut:], prefix) == fold(events)


@given(STORIES, TIMES)
def test_replay_until_a_time_is_the_fold_of_what_happened_by_then(events, until):
    assert replay(events, until) == fold([event for event in events if event.t_s <= until])


@given(STORIES)
def test_steps_samples_and_times_never_go_back(events):
    state = fold(events)
    assert state.step_times == sorted(state.step_times)
    assert state.step_counts == sorted(set(state.step_counts))
    assert [t_s for t_s, _ in state.progress_times] == sorted(t_s for t_s, _ in state.progress_times)


@given(STORIES)
def test_every_operation_that_started_is_on_the_timeline_or_open(events):
    begun = sum(isinstance(event, OperationStarted) for event in events)
    state = fold(events)
    assert begun == sum(len(lane) + (lane.open is not None) for lane in state.operations.values())
    assert all(span.end_s >= span.start_s for lane in state.operations.values() for span in lane)


def test_a_step_that_every_member_tells_counts_once():
    state = fold(training_run(steps=8))
    assert (state.steps_done, state.steps_of, state.samples_done) == (8, 8, 8 * SAMPLES)
    assert state.step_counts == list(range(1, 9))


def test_a_step_that_is_told_again_after_a_loss_counts_once():
    told = [
        StepsFinished(t_s=t, first=s, last=s, samples=10, of=4, stage="train") for t, s in enumerate([0, 1, 2, 1, 2, 3])
    ]
    state = fold(told)
    assert (state.steps_done, state.samples_done) == (4, 40)
    assert state.step_times == [(0, 10), (1, 20), (2, 30), (5, 40)]


def test_steps_told_as_a_stretch_count_as_far_as_they_are_new():
    stretch = [
        StepsFinished(t_s=1.0, first=0, last=9, samples=100, of=20, stage="train"),
        StepsFinished(t_s=2.0, first=5, last=14, samples=100, of=20, stage="train"),
    ]
    state = fold(stretch)
    assert (state.steps_done, state.samples_done) == (15, 150)


def test_the_trainings_of_two_instances_are_counted_apart():
    told = [StepsFinished(t_s=1.0, first=0, last=0, samples=5, of=1, stage="train", item=item) for item in ("0", "1")]
    state = fold(told)
    assert (state.steps_done, state.steps_of, state.samples_done) == (2, 2, 10)


def test_a_member_is_working_in_a_perform_communicating_in_an_all_reduce_and_waiting_in_a_receive():
    begin = [started()]
    assert fold([*begin, *work("w0", "train", "gradient", 1, 2)[:1]]).members["w0"].status == "working"
    assert fold([*begin, *operation("w0", "all-reduce over w0 w1", 1, 2)[:1]]).members["w0"].status == "communicating"
    assert fold([*begin, *operation("w0", "receive do from leader", 1, 2)[:1]]).members["w0"].status == "waiting"
    assert fold([*begin, *work("w0", "train", "gradient", 1, 2)]).members["w0"].status == "waiting"


def test_a_lost_member_stays_lost_and_its_open_operation_ends_on_the_timeline_as_lost():
    events = [
        started(),
        *work("w1", "train", "gradient", 1.0, 9.0)[:1],
        WorkerFailed(t_s=3.0, worker="w1", cause="crash"),
        *work("w1", "train", "apply", 2.5, 9.0),
        RunFinished(t_s=9.0, outcome="finished"),
    ]
    state = fold(events)
    assert state.members["w1"].status == "lost" and state.members["w0"].status == "finished"
    assert [(span.end_s, span.outcome) for span in state.operations["w1", ""]] == [(3.0, "lost"), (3.0, "lost")]
    assert state.failures == [(3.0, "w1", "crash")]


def test_a_lost_member_that_joins_again_waits_for_work():
    events = [started(), WorkerFailed(t_s=1, worker="w1", cause="crash"), WorkerJoined(t_s=2, worker="w1")]
    assert fold(events).members["w1"].status == "waiting"
    assert fold([*events, *work("w1", "load", "run", 3, 4)[:1]]).members["w1"].status == "working"


def test_a_frozen_member_is_frozen_until_the_fault_ends_and_then_goes_on_with_what_it_did():
    events = [
        started(),
        *work("w1", "train", "gradient", 1.0, 9.0)[:1],
        FaultBegan(t_s=2.0, kind="freeze", worker="w1"),
    ]
    assert fold(events).members["w1"].status == "frozen"
    events.append(FaultEnded(t_s=5.0, kind="freeze", worker="w1"))
    state = fold(events)
    assert state.members["w1"].status == "working"
    assert state.faults == [FaultSpan("freeze", "w1", 2.0, 5.0)]


def test_a_fault_that_has_not_ended_has_no_end():
    assert fold([FaultBegan(t_s=2.0, kind="crash", worker="w1")]).faults == [FaultSpan("crash", "w1", 2.0, None)]


def test_a_stage_goes_from_waiting_over_running_to_done():
    events = [started(), *work("w0", "load", "run", 0.5, 2.0), done("load", 2.5)]
    assert fold(events[:1]).stages["load"].status == "waiting"
    assert fold(events[:3]).stages["load"].status == "running"
    stage = fold(events).stages["load"]
    assert (stage.status, stage.started_s, stage.finished_s, stage.seconds, stage.items_done) == (
        "done",
        0.5,
        2.0,
        1.5,
        1,
    )


def test_a_stage_that_a_team_carries_out_takes_from_the_first_work_to_the_last():
    stage = fold(training_run(steps=8)).stages["train"]
    assert (stage.started_s, stage.finished_s, stage.seconds) == (1.0, 11.0, 10.0)
    assert stage.work_s == 2 * (1.0 + 8 * 0.75) + 1.0


def test_a_stage_with_an_instance_under_way_is_running_even_if_another_is_done():
    events = [
        started(),
        *work("w0", "load", "run", 0, 1, "0"),
        *work("w1", "load", "run", 0, 3, "1")[:1],
        done("load", 1, "0"),
    ]
    stage = fold(events).stages["load"]
    assert (stage.status, stage.items_done, stage.items_running) == ("running", 1, 1)


def test_a_stage_whose_work_ended_in_an_error_has_failed():
    events = [
        started(),
        *work("w0", "load", "run", 0, 1),
        Recorded(t_s=1, who="leader", kind="failed", key="load", stage="load"),
    ]
    assert fold(events).stages["load"].status == "failed"


def test_work_that_is_begun_again_counts_as_repeated_and_its_lost_attempt_belongs_to_its_time():
    events = [
        started(),
        *work("w1", "load", "run", 0, 9)[:1],
        WorkerFailed(t_s=2, worker="w1", cause="crash"),
        *work("w0", "load", "run", 3, 4),
        done("load", 4),
    ]
    stage = fold(events).stages["load"]
    assert (stage.repeated, stage.seconds, stage.items_done) == (1, 4, 1)


def test_a_result_that_is_recorded_again_counts_once():
    state = fold([started(stages=("load",)), *work("w0", "load", "run", 0, 1), done("load", 1), done("load", 2)])
    assert state.stages["load"].items_done == 1 and state.instance_times == [1]


def test_an_instance_is_complete_when_all_its_stages_are_done():
    events = [
        started(stages=("load", "evaluate")),
        done("load", 1, "0"),
        done("load", 2, "1"),
        done("evaluate", 3, "1"),
    ]
    assert fold(events).instance_times == [3]


def test_communication_counts_between_pieces_of_training_and_not_while_waiting_for_a_task():
    events = [
        started(),
        *operation("w0", "receive do from leader", 0, 5),
        *work("w0", "train", "open", 5, 6),
        *step_of("w0", 0, 2, 6, 4),
        *step_of("w0", 1, 2, 10, 4),
        *operation("w0", "receive do from leader", 14, 30),
    ]
    member = fold(events).members["w0"]
    assert (member.communication_s, member.training_work_s) == (2.0, 1.0 + 2 * 3.0)


def test_waiting_between_two_attempts_of_a_training_is_no_communication():
    events = [
        started(),
        *work("w0", "train", "open", 0, 1),
        *operation("w0", "receive do from leader", 1, 9),
        *work("w0", "train", "open", 9, 10),
        *work("w0", "train", "gradient", 10, 11),
    ]
    assert fold(events).members["w0"].communication_s == 0


def test_a_long_timeline_keeps_its_extent_its_troubles_and_the_number_of_its_operations(monkeypatch):
    monkeypatch.setattr(spans, "MOST_SPANS", 16)
    events = [started()]
    for i in range(1000):
        events += work("w0", "train", "gradient", i, i + 0.5)
    lane = fold(events).operations["w0", ""]
    assert len(lane) < 16 and lane.merged
    assert sum(span.operations for span in lane) == 1000
    assert (lane.spans[0].start_s, lane.spans[-1].end_s) == (0, 999.5)


def test_neighbours_drawn_as_one_look_like_the_longer_and_keep_an_outcome_that_is_not_finished():
    short = Span(0, 1, "receive", "receive x from w1", "", "failed")
    long = Span(1, 5, "perform", "perform train.apply", "train", "finished")
    assert spans.merge(short, long) == Span(0, 5, "perform", "2 operations", "train", "failed", 2)


def test_an_operation_that_is_open_at_the_end_of_the_run_is_closed_there():
    events = [
        started(),
        *work("w0", "load", "run", 1, 9)[:1],
        RunFinished(t_s=4, outcome="stopped", reason="by command"),
    ]
    state = fold(events)
    assert [(span.end_s, span.outcome) for span in state.operations["w0", ""]] == [(4, "closed")]
    assert (state.outcome, state.reason) == ("stopped", "by command")


def test_the_log_holds_what_a_person_wants_to_read_in_order():
    kinds = [type(event).__name__ for event in fold(training_run(steps=4, crash_after=2)).log]
    assert kinds == ["RunStarted", "Recorded", "FaultBegan", "WorkerFailed", "Recorded", "Recorded", "RunFinished"]
