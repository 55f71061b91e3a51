import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stories import training_run, write_run
from test_runs_judgement import Told, replications
from test_runs_report import scenario

from workbench.runs.pairs import main_metric, pairs_of
from workbench.runs.report import build
from workbench.runs.report_html import render_html
from workbench.runs.report_json import as_data, render_json
from workbench.runs.report_text import render_markdown, render_text
from workbench.runs.statistics import Figure, half_width, paired, replications_needed

METRIC = "samples_per_second"


def pair(left, right, metric=METRIC):
    (found,) = pairs_of(["a", "b"], replications("a", metric, left) + replications("b", metric, right))
    return found


def test_the_one_with_more_throughput_wins_by_a_share_of_the_other():
    found = pair([111.0, 112.0, 113.0], [100.0, 100.0, 100.0])
    assert (found.outcome, found.winner, found.loser, found.reason) == ("better", "a", "b", "")
    # s = 1, n = 3, t(0.975, 2) = 4.3026527
    assert found.share == pytest.approx((0.12, 0.0430265 / 3**0.5), abs=1e-6)


def test_the_winner_may_be_the_right_one_and_is_not_told_with_a_sign():
    found = pair([100.0, 100.0, 100.0], [111.0, 112.0, 113.0])
    assert (found.winner, found.loser) == ("b", "a")
    assert found.difference.mean == -12
    assert found.share[0] == pytest.approx(0.12)


def test_less_is_better_where_the_metric_says_so():
    assert pair([10.0, 11.0], [5.0, 6.0], metric="duration_s").winner == "b"


def test_a_common_scatter_does_not_hide_a_difference():
    left = [10.0, 50.0, 90.0, 130.0]
    found = pair(left, [9.0, 48.9, 89.0, 129.1])
    assert half_width(left) > 40
    assert found.winner == "a"


def test_what_scatters_over_both_sides_is_not_decided_and_says_how_many_would_do():
    found = pair([104.0, 99.0, 101.0], [100.0, 101.0, 100.0])
    assert (found.outcome, found.winner, found.reason) == ("unknown", "", "too-few")
    assert found.needed > 3


def test_equal_combinations_are_equal_and_not_undecided():
    found = pair([7.0, 8.0], [7.0, 8.0])
    assert (found.outcome, found.winner, found.reason, found.needed) == ("equal", "", "", None)


def test_a_run_that_did_not_finish_leaves_its_pairs_undecided_with_the_reason():
    runs = replications("a", METRIC, [2.0, 3.0]) + replications("b", METRIC, [1.0, 1.0])
    runs.append(Told("simulated", "b", {}, replication=2, outcome="stopped"))
    (found,) = pairs_of(["a", "b"], runs)
    assert (found.outcome, found.reason, found.about) == ("unknown", "stopped", "b")


def test_every_two_combinations_are_a_pair_and_single_runs_are_none():
    runs = [run for name in "abc" for run in replications(name, METRIC, [1.0, 2.0])]
    runs += [Told("real", name, {METRIC: 1.0}) for name in "abc"] + [Told("simulated", "d", {METRIC: 1.0})]
    assert [(p.left, p.right) for p in pairs_of(list("abcd"), runs)] == [("a", "b"), ("a", "c"), ("b", "c")]


def test_the_main_metric_is_the_throughput_that_there_is():
    rate = {"duration_s": 1.0, "instances_per_second": 1.0}
    assert main_metric([Told("simulated", "a", {**rate, METRIC: 1.0})]) == METRIC
    assert main_metric([Told("simulated", "a", {**rate, "instances": 9.0})]) == "instances_per_second"
    assert main_metric([Told("simulated", "a", {**rate, "instances": 1.0})]) == "duration_s"
    assert main_metric([Told("simulated", "a", {})]) == ""


def test_as_many_replications_would_do_as_bring_the_half_width_below_the_difference():
    # s = 5: the half-width is 3.577 at n = 10, 1.0024 at 98 and 0.9972 at 99
    assert replications_needed(Figure(1.0, 3.5767847, 10)) == 99


def test_the_most_replications_that_are_advised_are_advised():
    # t(0.975, 9999) / sqrt(10000) = 0.0196020, and t(0.975, 9998) / sqrt(9999) = 0.0196030
    half = 3.1824463 / 2  # of four values with s = 1
    assert replications_needed(Figure(0.01960250, half, 4)) == 10_000
    assert replications_needed(Figure(0.01960150, half, 4)) is None


def test_no_number_of_replications_decides_between_equals():
    assert replications_needed(Figure(0.0, 1.0, 10)) is None
    assert replications_needed(Figure(1e-6, 1.0, 10)) is None
    assert replications_needed(Figure(1.0, None, 1)) is None


@given(st.lists(st.floats(-100, 100), min_size=2, max_size=12), st.floats(0.01, 100))
def test_more_replications_are_advised_exactly_where_the_difference_is_not_clear(differences, shift):
    figure = paired([shift + each for each in differences], [0.0] * len(differences))
    needed = replications_needed(figure)
    if needed is not None:
        assert (needed == figure.count) == figure.is_clear


def study(tmp_path, ring, server, server_outcome="finished"):
    """The report of two combinations whose training steps take these times, replication by replication."""
    for name, step_times in (("ring", ring), ("server", server)):
        for replication, step_s in enumerate(step_times):
            outcome = server_outcome if name == "server" else "finished"
            events = training_run(combination=name, step_s=step_s, replication=replication, outcome=outcome)
            write_run(tmp_path, events, scenario(replications=len(step_times)))
    return build(tmp_path)


def test_the_report_says_who_wins_in_every_form_and_both_languages(tmp_path):
    report = study(tmp_path, [1.0, 1.01, 0.99], [1.25, 1.26, 1.24])
    # 64 samples a step: differences 12.8, 12.573, 13.034 around 51.2; t(0.975, 2) * 0.2305 / sqrt(3) = 0.573
    said = "A ring beats server by ~25.0 % (±1.1)"
    assert f"\n  {said}\n" in render_text(report)
    assert "Which is better (Training throughput; " in render_text(report)
    assert f"<li>{said}</li>" in render_html(report)
    assert f"- {said}" in render_markdown(report)
    assert json.loads(render_json(report))["pairs"][0]["text"] == said
    for text in (render_text(report, "ja"), render_html(report, "ja"), render_markdown(report, "ja")):
        assert "A ring は server より ~25.0 % (±1.1) 優れています" in text


def test_the_report_says_how_many_replications_would_do_where_it_cannot_tell(tmp_path):
    report = study(tmp_path, [1.0, 1.1, 0.9], [1.05, 0.95, 1.02])
    assert re.search(
        r"cannot tell A ring from server \(difference ~-?\d+(\.\d+)? % ± \d+\); about [\d,]+ replications would do",
        render_text(report),
    )
    assert re.search(r"A ring と server の優劣は判定できません \(差 .*約 [\d,]+ 回の反復で", render_text(report, "ja"))
    data = as_data(report)["pairs"][0]
    assert (data["outcome"], data["winner"], data["count"], data["reason"]) == ("unknown", "", 3, "too-few")
    assert data["needed"] > 3 and abs(data["difference"]) < data["half_width"]


def test_the_report_says_so_where_a_run_is_missing_or_both_are_equal(tmp_path):
    stopped = study(tmp_path / "stopped", [1.0, 1.1], [1.0, 1.1], server_outcome="stopped")
    assert "cannot tell A ring from server: the run of server was stopped" in render_text(stopped)
    assert as_data(stopped)["pairs"][0]["difference"] is None
    assert "A ring and server are equal in every replication" in render_text(
        study(tmp_path / "equal", [1.0, 1.1], [1.0, 1.1])
    )


def test_a_report_of_single_runs_has_no_verdicts_on_pairs(tmp_path):
    report = study(tmp_path, [1.0], [2.0])
    assert report.pairs == () and as_data(report)["pairs"] == []
    assert "Which is better" not in render_text(report) + render_html(report) + render_markdown(report)
