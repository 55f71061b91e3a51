from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.runs.judgement import HELD, MISSED, NOT_ASKED, UNKNOWN, judge
from workbench.runs.statistics import figure, half_width


@dataclass(frozen=True)
class Told:
    """A run as a judgement sees it."""

    engine: str
    combination: str
    numbers: dict[str, float] = field(default_factory=dict)
    replication: int = 0
    outcome: str = "finished"

    @property
    def is_whole(self) -> bool:
        return self.outcome == "finished"


def both(combination, simulated, real):
    return [Told("simulated", combination, simulated), Told("real", combination, real)]


def replications(combination, metric, values, engine="simulated"):
    return [Told(engine, combination, {metric: value}, index) for index, value in enumerate(values)]


def test_a_name_without_engine_must_hold_on_every_engine_that_was_run():
    runs = both("ring", {"steps": 5}, {"steps": 7})
    judgement = judge("ring.steps > 6", runs)
    assert judgement.outcome == MISSED
    assert [(check.engine, check.outcome, check.left, check.right) for check in judgement.checks] == [
        ("simulated", MISSED, 5, 6),
        ("real", HELD, 7, 6),
    ]


def test_a_name_with_engine_is_held_against_that_engine_alone():
    runs = both("ring", {"steps": 5}, {"steps": 7})
    assert judge("real.ring.steps > 6", runs).outcome == HELD
    assert judge("simulated.ring.steps > 6", runs).outcome == MISSED


def test_both_engines_may_stand_in_one_expectation():
    runs = both("ring", {"duration_s": 4.0}, {"duration_s": 5.0})
    judgement = judge("real.ring.duration_s < 1.5 * simulated.ring.duration_s", runs)
    assert [(check.engine, check.outcome) for check in judgement.checks] == [("", HELD)]


def test_an_engine_that_cannot_tell_leaves_the_decision_to_the_other():
    judgement = judge("ring.accuracy >= 90 %", both("ring", {}, {"accuracy": 0.95}))
    assert judgement.outcome == HELD
    assert [check.engine for check in judgement.deciding] == ["real"]


def test_a_figure_that_no_run_tells_cannot_be_judged():
    judgement = judge("ring.accuracy >= 90 %", [Told("simulated", "ring")])
    assert judgement.outcome == UNKNOWN
    assert [(check.reason, check.about) for check in judgement.deciding] == [("not-told", "ring.accuracy")]


def test_an_expectation_about_runs_that_were_not_made_is_not_asked():
    ring = [Told("simulated", "ring", {"steps": 3})]
    assert judge("ring.steps > server.steps", ring).outcome == NOT_ASKED
    assert judge("real.ring.accuracy > 0.9", ring).outcome == NOT_ASKED


def test_an_engine_that_ran_one_combination_only_leaves_the_decision_to_the_other():
    runs = [*both("ring", {"steps": 5}, {"steps": 7}), Told("simulated", "server", {"steps": 4})]
    judgement = judge("ring.steps > server.steps", runs)
    assert judgement.outcome == HELD
    assert [check.engine for check in judgement.deciding] == ["simulated"]


@pytest.mark.parametrize("end", ["broken-off", "failed", "stopped", "running"])
def test_a_run_that_did_not_finish_makes_its_expectations_unknown(end):
    runs = [Told("simulated", "ring", {"steps": 9}), Told("real", "ring", {"steps": 3}, outcome=end)]
    judgement = judge("ring.steps > 1", runs)
    assert (judgement.outcome, judgement.checks[1].reason) == (UNKNOWN, end)


def test_a_side_that_decides_alone_does_not_need_the_other():
    runs = [Told("simulated", "ring", {"steps": 9})]
    assert judge("ring.steps > 1 or ring.accuracy > 0.9", runs).outcome == HELD
    assert judge("ring.steps > 1 and ring.accuracy > 0.9", runs).outcome == UNKNOWN


def test_replications_decide_where_the_interval_of_the_difference_lies_on_one_side():
    clear = replications("ring", "steps", [10, 11, 12]) + replications("server", "steps", [5, 6, 6])
    assert judge("ring.steps > server.steps", clear).outcome == HELD
    assert judge("ring.steps < server.steps", clear).outcome == MISSED


def test_replications_that_scatter_over_both_sides_do_not_decide():
    runs = replications("ring", "steps", [4, 6, 5]) + replications("server", "steps", [5, 5, 5.5])
    judgement = judge("ring.steps > server.steps", runs)
    assert (judgement.outcome, judgement.checks[0].reason) == (UNKNOWN, "too-few")
    assert judgement.checks[0].half_width is not None


def test_differences_are_paired_by_replication_so_that_a_common_scatter_does_not_hide_them():
    ring, server = [10.0, 50.0, 90.0, 130.0], [9.0, 48.9, 89.0, 129.1]
    runs = replications("ring", "steps", ring) + replications("server", "steps", server)
    assert half_width(ring) > 40
    assert judge("ring.steps > server.steps", runs).outcome == HELD


def test_equal_replications_decide_without_an_interval():
    runs = replications("ring", "steps", [660, 660, 660])
    assert judge("ring.steps == 660", runs).outcome == HELD
    assert judge("ring.steps > 660", runs).outcome == MISSED
    assert judge("ring.steps >= 660", runs).outcome == HELD


def test_a_real_run_that_was_made_once_stands_beside_every_replication():
    runs = [*replications("ring", "duration_s", [4.0, 4.1, 4.2]), Told("real", "ring", {"duration_s": 5.0})]
    assert judge("real.ring.duration_s > simulated.ring.duration_s", runs).outcome == HELD


def test_a_compound_expectation_is_decided_where_all_replications_agree():
    agree = replications("ring", "steps", [10, 11, 12])
    assert judge("ring.steps > 9 and ring.steps < 20", agree).outcome == HELD
    scatter = replications("ring", "steps", [8, 11, 12])
    assert judge("ring.steps > 9 and ring.steps < 20", scatter).outcome == UNKNOWN


def test_the_interval_is_students_t_of_95_percent():
    # n = 4, s = 1.2909944, t(0.975, 3) = 3.1824463: 3.1824463 * 1.2909944 / 2
    assert half_width([1.0, 2.0, 3.0, 4.0]) == pytest.approx(2.0542, abs=1e-4)
    assert half_width([1.0]) is None
    assert half_width([2.0, 2.0]) == 0


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20))
def test_a_mean_lies_between_the_least_and_the_greatest(values):
    mean = figure(values).mean
    assert min(values) - 1e-6 <= mean <= max(values) + 1e-6
