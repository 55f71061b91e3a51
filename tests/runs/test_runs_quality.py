"""Curves of quality against dimensions or observations, as stages measure them."""

from workbench.runs.events import Measured
from workbench.runs.series import quality
from workbench.runs.state import RunState


def state_of(*measured):
    state = RunState()
    for name, stage, step, value in measured:
        state.apply(Measured(name=name, value=value, stage=stage, step=step))
    return state


def test_a_curve_is_that_of_the_stage_that_measured_most_of_it():
    state = state_of(
        ("kept_neighbours_at", "two", 2, 0.1),
        ("kept_neighbours_at", "many", 1, 0.05),
        ("kept_neighbours_at", "many", 8, 0.5),
        ("accuracy", "judge", -1, 0.9),
    )
    assert quality(state) == {"kept_neighbours_at": [(1, 0.05), (8, 0.5)]}


def test_one_point_is_no_curve():
    assert quality(state_of(("cold_start", "items", 2, 0.1))) == {}
