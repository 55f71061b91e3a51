"""The score tells how far simulated figures lie from published ones, and does not flatter."""

import json
import math

import pytest

from workbench import cli
from workbench.studies.score import checkpoints, interruptions
from workbench.studies.score.case import Case, Point, score
from workbench.studies.score.library import CASES


def case_of(*points, **settings):
    settings = {"target": 0.1, **settings}
    return Case(id="X", title="x", source="nobody", unit="s", points=lambda: points, **settings)


def test_the_error_is_the_mean_of_relative_errors():
    assert score(case_of(Point("a", 10, 11), Point("b", 10, 10))).error == pytest.approx(0.05)


def test_points_are_judged_by_their_difference():
    assert score(case_of(Point("a", 0.9, 0.88), kind="points", target=0.02001)).passed
    assert not score(case_of(Point("a", 0.9, 0.87), kind="points", target=0.02)).passed


def test_skill_is_measured_against_somebody_who_knows_of_no_overhead():
    result = score(case_of(Point("a", 10, 11, null=20), Point("b", 10, 9, null=5)))
    assert result.skill == pytest.approx(1 - 0.1 / 0.75)


def test_a_figure_that_a_constant_was_fitted_to_is_not_scored():
    result = score(case_of(Point("fitted", 10, 10, calibrated=True), Point("b", 10, 12, held_back=True), target=0.1))
    assert not result.passed and result.error == result.held_back == pytest.approx(0.2)


def test_a_case_that_must_keep_the_order_fails_when_the_order_is_lost():
    points = [Point(str(i), 10 + i, 10 - i) for i in range(3)]
    assert score(case_of(*points, target=1)).passed
    assert not score(case_of(*points, target=1, least_rank=0.9)).passed


def test_order_is_judged_within_each_group_and_the_worst_group_counts():
    good = [Point(str(i), 10 + i, 10 + i, group="good") for i in range(4)]
    bad = [Point(str(i), 100 + i, 100 - i, group="bad") for i in range(4)]
    assert score(case_of(*good, *bad)).rank == -1
    assert score(case_of(*good)).rank == 1


def test_the_worst_point_counts_where_a_case_says_so():
    points = (Point("a", 10, 10), Point("b", 10, 11.5))
    assert score(case_of(*points, target=0.1)).passed and not score(case_of(*points, target=0.1, most=True)).passed


def test_a_figure_may_have_a_target_of_its_own():
    points = (Point("a", 0.9, 0.88), Point("b", 0.7, 0.76, target=0.08))
    assert score(case_of(*points, kind="points", target=0.05, most=True)).passed
    stricter = (Point("a", 0.9, 0.88), Point("b", 0.7, 0.76, target=0.04))
    assert not score(case_of(*stricter, kind="points", target=0.07, most=True)).passed


@pytest.mark.parametrize("id", CASES)
def test_every_case_of_the_library_meets_its_target_or_says_why_not(id, capsys):
    code = cli.main(["score", id, "--json"])
    (told,) = json.loads(capsys.readouterr().out)
    assert told["id"] == id and told["source"] and told["points"]
    assert told["passed"] == (code == cli.HELD) == (not CASES[id].missed), told


def test_the_table_says_why_a_target_is_missed(capsys):
    assert cli.main(["score", "A0", "B1"]) == cli.MISSED
    text = capsys.readouterr().out
    assert "B1 misses its target: the rows of length 512" in text and "A0 misses" not in text


def test_a_case_that_does_not_exist_is_refused_with_those_that_do(capsys):
    assert cli.main(["score", "Z9"]) == cli.WRONG
    assert "A0" in capsys.readouterr().err


def test_more_than_nine_tenths_of_the_time_is_useful_only_where_recovery_is_fast():
    slow, fast = interruptions.useful_shares(failures=3000)
    assert slow < 0.89 < 0.90 < fast


def test_useful_time_follows_the_exact_formula_where_the_interval_of_young_is_far_too_long():
    row = checkpoints.Row(1.0, 0.5, 0.1, 0.0)
    interval = math.sqrt(2 * 0.5 * 1.0)
    exact = interval / (math.exp(0.1) * (math.exp(interval + 0.5) - 1))
    assert checkpoints.useful_share(row, failures=20_000) == pytest.approx(exact, abs=0.005)
