"""What charts draw, computed from the state of a run."""

import numpy as np
import pytest
from watch_story import Story

from workbench.gui.watch import series
from workbench.gui.watch.series import Growing, Line
from workbench.runs.events import FaultBegan, RunFinished, WorkerFailed
from workbench.runs.numbers import numbers
from workbench.runs.state import RunState, fold


def state_of(story: Story) -> RunState:
    return fold(event for piece in story.events() for event in piece)


def steady(steps: int, gap: float, samples: int = 10) -> Line:
    times = gap * np.arange(1, steps + 1)
    return Line(times, samples * np.arange(1.0, steps + 1))


def test_a_steady_training_has_a_flat_rate():
    line = series.rate(steady(200, 0.1), 0.0, 20.0, (0.0, 20.0), 300)
    assert line.y == pytest.approx(np.full(300, 100.0))


def test_a_stall_falls_to_zero_and_comes_back():
    times = np.concatenate([0.1 * np.arange(1, 101), 15 + 0.1 * np.arange(1, 101)])
    line = series.rate(Line(times, 10 * np.arange(1.0, 201)), 0.0, 25.0, (0.0, 25.0), 500)
    during = (line.x > 11) & (line.x < 14.8)
    assert line.y[during] == pytest.approx(np.zeros(during.sum()))
    assert line.y[-1] == pytest.approx(100)


def test_a_stall_that_lasts_is_seen_before_it_ends():
    line = series.rate(steady(100, 0.1), 0.0, 14.0, (0.0, 14.0), 300)
    assert line.x[-1] == pytest.approx(14.0)
    assert line.y[-1] == 0


def test_the_mean_of_the_rate_is_the_throughput_of_the_report():
    state = state_of(Story("real", "ring", steps=200))
    pairs = Growing()
    pairs.take(state.step_times)
    line = series.rate(pairs.line(), state.training_began_s, state.t_s, (0.0, state.t_s), 400)
    assert line.y.mean() == pytest.approx(numbers(state)["samples_per_second"], rel=0.05)


def test_only_the_part_that_is_shown_is_computed():
    line = series.rate(steady(10_000, 0.01), 0.0, 100.0, (40.0, 50.0), 200)
    assert (line.x[0], line.x[-1], len(line.x)) == (40.0, 50.0, 200)


def test_growing_arrays_copy_only_what_is_new_and_begin_anew_when_the_list_is_shorter():
    growing, pairs = Growing(), [(float(i), i * 2) for i in range(3000)]
    growing.take(pairs[:10])
    growing.take(pairs)
    assert growing.line().y.tolist() == [2.0 * i for i in range(3000)]
    growing.take(pairs[:5])
    assert growing.line().x.tolist() == [0.0, 1.0, 2.0, 3.0, 4.0]


def test_a_crash_and_the_loss_that_it_causes_are_one_mark_up_to_the_next_progress():
    state = state_of(Story("real", "ring", steps=40, faults={20: ("crash", "w2")}))
    (mark,) = series.marks(state)
    assert (mark.kind, mark.worker, mark.recovered) == ("crash", "w2", True)
    assert mark.end_s - mark.start_s == pytest.approx(numbers(state)["recovery_s"])


def test_availability_ends_at_the_figure_of_the_report():
    state = state_of(Story("real", "ring", steps=40, faults={20: ("crash", "w2"), 30: ("freeze", "w1")}))
    line = series.availability(state, 100)
    assert line.y[-1] == pytest.approx(100 * numbers(state)["availability"])
    assert line.y[0] == 100
    assert line.y.min() < line.y[-1]


def test_a_run_without_faults_was_available_all_the_time():
    line = series.availability(state_of(Story("simulated", "ring", steps=20)), 50)
    assert line.y.tolist() == [100.0] * len(line.y)


def test_thinning_keeps_every_extreme():
    x = np.arange(100_000.0)
    y = np.sin(x / 500)
    y[54_321], y[77_777] = 9.0, -9.0
    thin = series.thinned(Line(x, y), 400)
    assert len(thin.x) < 1000
    assert (thin.y.max(), thin.y.min()) == (9.0, -9.0)
    assert thin.x[-1] == x[-1]


def test_an_axis_stays_as_it_is_until_the_curve_leaves_it_or_half_of_it_is_empty():
    assert series.top_for(95, 100) == 100
    assert series.top_for(50, 100) == 100
    assert series.top_for(99, 100) == 150
    assert series.top_for(30, 100) == 40
    assert series.round_up(0.0123) == pytest.approx(0.015)


def test_a_freeze_that_ends_in_a_loss_is_one_mark_and_the_loss_of_another_member_is_its_own():
    state = fold(
        [
            FaultBegan(t_s=1.0, kind="freeze", worker="w0"),
            WorkerFailed(t_s=3.0, worker="w0", cause="silent"),
            WorkerFailed(t_s=4.0, worker="w1", cause="crash"),
            RunFinished(t_s=5.0, outcome="failed"),
        ]
    )
    assert [(mark.kind, mark.worker, mark.end_s) for mark in series.marks(state)] == [
        ("freeze", "w0", 5.0),
        ("crash", "w1", 5.0),
    ]
