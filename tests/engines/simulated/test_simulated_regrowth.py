"""Spare workers that take the place of lost ones, and teams that grow again when a lost worker is back."""

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from samples import SMALL

from workbench.architectures.placing import could_grow
from workbench.architectures.plan import Plan, PlannedStage
from workbench.architectures.ring import RingAllReduce
from workbench.architectures.schedule import Schedule
from workbench.runs.events import OperationStarted, StepsFinished, WorkerFailed, WorkerJoined

STEPS = 300


def question(knobs, faults, workers=4, orchestration="single-leader"):
    text = SMALL.replace("epochs: 3", "epochs: 100").replace("count: 3", f"count: {workers}")
    before, _ = text.split("architectures:")
    way = (
        f"{{id: ring, orchestration: {{use: {orchestration}}}, training: {{use: ring-all-reduce, with: {{{knobs}}}}}}}"
    )
    return f"{before}architectures:\n  - {way}\nrun: {{steps: {STEPS}}}\nfaults: [{faults}]\n"


def of_kind(events, kind):
    return [event for event in events if isinstance(event, kind)]


def teams(events):
    """Who finished each step, the last time that it was done."""
    found = {}
    for event in of_kind(events, StepsFinished):
        found.setdefault(event.first, {})[event.who] = event.t_s
    return {
        step: {who for who, t_s in times.items() if max(times.values()) - t_s < 0.01} for step, times in found.items()
    }


def repeated(events):
    """The steps that a member did more than once."""
    done = Counter((e.who, e.first) for e in of_kind(events, StepsFinished))
    return {step for (_, step), times in done.items() if times > 1}


BACK = "{kind: crash, worker: w1, at_step: 40, lasts: 100 ms}"
FOR_GOOD = "{kind: crash, worker: w1, at_step: 43}"
W = [f"w{i}" for i in range(6)]


def test_a_team_grows_again_at_the_next_look_after_a_lost_worker_is_back(runner):
    events = runner("simulated", "ring", question("workers: 3, regrow_every: 20", BACK, workers=3))
    back_s = of_kind(events, WorkerJoined)[0].t_s
    done = teams(events)
    assert runner.outcome == "finished" and set(done) == set(range(STEPS))
    first_of_all = min(step for step in range(41, STEPS) if done[step] == {"w0", "w1", "w2"})
    assert first_of_all % 20 == 0
    assert all(done[step] == {"w0", "w2"} for step in range(41, first_of_all))
    assert all(done[step] == {"w0", "w1", "w2"} for step in range(first_of_all, STEPS))
    # it is the first look after the return
    reached = [e.t_s for e in of_kind(events, StepsFinished) if e.who == "w0" and e.first == first_of_all - 1]
    before = [e.t_s for e in of_kind(events, StepsFinished) if e.who == "w0" and e.first == first_of_all - 21]
    assert before[0] < back_s < reached[0]


def test_nothing_is_done_twice_for_a_team_to_grow(runner):
    events = runner("simulated", "ring", question("workers: 3, regrow_every: 20", BACK, workers=3))
    assert repeated(events) <= {39}  # in which the worker was lost


def test_a_team_without_looks_stays_as_small_as_it_is(runner):
    done = teams(runner("simulated", "ring", question("workers: 3", BACK, workers=3)))
    assert all(done[step] == {"w0", "w2"} for step in range(41, STEPS))


def test_a_spare_worker_takes_the_place_of_one_that_never_comes_back(runner):
    done = teams(runner("simulated", "ring", question("workers: 3, regrow_every: 10", FOR_GOOD)))
    assert all(done[step] == {"w0", "w1", "w2"} for step in range(39))
    assert all(done[step] == {"w0", "w2"} for step in range(44, 50))
    assert all(done[step] == {"w0", "w2", "w3"} for step in range(50, STEPS))


def test_where_a_training_begins_again_after_a_loss_a_spare_worker_is_in_its_team_at_once(runner):
    text = question("workers: 3, on_loss: restart, checkpoint_every: 10", FOR_GOOD)
    done = teams(runner("simulated", "ring", text))
    assert all(done[step] == {"w0", "w2", "w3"} for step in range(44, STEPS))


def test_a_short_team_that_nobody_can_join_looks_and_goes_on_without_beginning_again(runner):
    events = runner("simulated", "ring", question("workers: 3, regrow_every: 10", FOR_GOOD, workers=3))
    opened = [e for e in of_kind(events, OperationStarted) if e.label == "perform train.open"]
    asked = [e for e in of_kind(events, OperationStarted) if e.label == "send short to leader"]
    assert len(opened) == 3 and len(asked) == (STEPS - 50) // 10
    assert all(who == {"w0", "w2"} for step, who in teams(events).items() if step > 43)


def test_a_full_team_never_looks(runner):
    looking = runner("simulated", "ring", question("workers: 3, regrow_every: 10", ""))
    plain = runner("simulated", "ring", question("workers: 3", ""))
    assert len(of_kind(looking, StepsFinished)) == len(of_kind(plain, StepsFinished)) == 3 * STEPS
    assert not [e for e in of_kind(looking, OperationStarted) if "meet" in e.label]
    assert looking[-1].t_s == pytest.approx(plain[-1].t_s, abs=0.001)  # but for agreeing on where to begin


def test_a_member_that_looked_too_early_begins_at_the_checkpoint_that_another_one_has_found(runner):
    faults = "{kind: partition, workers: [w0, w1], at: 10 ms, lasts: 11 s}"
    text = question("workers: 3, regrow_every: 7", faults, orchestration="shared-nothing")
    events = runner("simulated", "ring", text.replace("sharing: fifo", "sharing: fair"))
    assert runner.outcome == "finished"
    first = {e.who: e.first for e in reversed(of_kind(events, StepsFinished)) if e.t_s > 10.035}
    assert len(set(first.values())) == 1 and len(first) > 1


def test_where_nobody_knows_who_is_free_the_next_attempt_shows_it(runner):
    text = question("workers: 3, regrow_every: 20", FOR_GOOD, orchestration="shared-nothing")
    events = runner("simulated", "ring", text)
    done = teams(events)
    assert runner.outcome == "finished" and set(done) == set(range(STEPS))
    assert done[39] == {"w0", "w1", "w2"} and done[50] == {"w0", "w2"} and done[STEPS - 1] == {"w0", "w2", "w3"}


def test_a_team_of_one_that_is_left_grows_again(runner):
    faults = "{kind: crash, workers: [w0, w1], at_step: 40, lasts: 50 ms}"
    done = teams(runner("simulated", "ring", question("workers: 3, regrow_every: 20", faults, workers=3)))
    assert done[STEPS - 1] == {"w0", "w1", "w2"}


def test_gradients_in_buckets_do_not_keep_a_team_from_growing(runner):
    done = teams(runner("simulated", "ring", question("workers: 3, regrow_every: 10, bucket_mb: 0.004", FOR_GOOD)))
    assert done[45] == {"w0", "w2"} and done[STEPS - 1] == {"w0", "w2", "w3"}


def test_a_model_that_learns_learns_the_same_steps_once_each_while_its_team_shrinks_and_grows(runner):
    text = question("workers: 3, regrow_every: 20", BACK, workers=3).replace("run: {", "run: {learn: true, ")
    events = runner("simulated", "ring", text)
    assert runner.outcome == "finished"
    apart = [e.value for e in events if getattr(e, "name", "") == "replicas_apart"]
    assert apart and max(apart) == 0.0


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    every=st.integers(1, 12),
    losses=st.lists(
        st.tuples(st.sampled_from(W[:4]), st.integers(1, 230), st.sampled_from([5, 40, 200])), min_size=1, max_size=6
    ),
    orchestration=st.sampled_from(["single-leader", "shared-nothing"]),
)
def test_whoever_is_lost_whenever_every_step_is_done_and_nobody_waits_for_ever(runner, every, losses, orchestration):
    faults = ", ".join(f"{{kind: crash, worker: {w}, at: {at} ms, lasts: {lasts} ms}}" for w, at, lasts in losses)
    text = question(f"workers: 3, regrow_every: {every}", faults, orchestration=orchestration)
    events = runner("simulated", "ring", text)
    assert runner.outcome == "finished", events[-1].reason
    assert set(teams(events)) == set(range(STEPS))


def test_a_team_whose_leader_was_lost_asks_no_more_and_goes_on(runner):
    faults = f"{FOR_GOOD}, {{kind: leader-crash, at_step: 46, lasts: 20 s}}"
    events = runner("simulated", "ring", question("workers: 3, regrow_every: 10", faults))
    asked = [e for e in of_kind(events, OperationStarted) if e.label == "send short to leader"]
    assert runner.outcome == "finished" and set(teams(events)) == set(range(STEPS))
    assert len(asked) == 1 and max(e.t_s for e in of_kind(events, StepsFinished)) < 10


def test_a_leader_knows_whether_a_short_team_could_have_more_members():
    plan = Plan((PlannedStage("train", {}, team=3),))
    schedule = Schedule(plan, tuple(W[:4]))
    for worker in W[:3]:
        schedule.here(worker)
    [*_] = schedule.assign()
    assert not could_grow(schedule, "w0")
    schedule.here("w3")
    assert not could_grow(schedule, "w0")  # the team is complete
    schedule.lose("w1")
    assert could_grow(schedule, "w0")
    schedule.lose("w3")
    assert not could_grow(schedule, "w0")
    schedule.here("w1")
    assert could_grow(schedule, "w0")


def test_only_a_simulated_ring_grows_again():
    assert RingAllReduce(regrow_every=5).engines == ("simulated",)


def test_losses_are_told_of_each_life_once(runner):
    faults = ", ".join(f"{{kind: crash, worker: w1, at: {at} ms, lasts: 15 ms}}" for at in (40, 90, 140))
    events = runner("simulated", "ring", question("workers: 3, regrow_every: 5", faults, workers=3))
    assert len(of_kind(events, WorkerFailed)) == 3 and teams(events)[STEPS - 1] == {"w0", "w1", "w2"}
