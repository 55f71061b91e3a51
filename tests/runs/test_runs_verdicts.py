"""The verdict on each fault: how long nothing moved, what was kept of the throughput, and whether anything was lost."""

import pytest
from stories import SAMPLES, done, started, training_run, work, write_run

from workbench.runs.events import FaultBegan, RunFinished, StepsFinished
from workbench.runs.numbers import numbers
from workbench.runs.report import build
from workbench.runs.report_text import render_text
from workbench.runs.state import fold
from workbench.runs.verdicts import verdicts


def of(events):
    state = fold(events)
    return [(v.recovery.seconds, v.kept, v.lost_items) for v in verdicts(state, numbers(state))]


def trained(times, faults, end_s=None, outcome="finished"):
    """A training that begins at 1 s, whose steps end at `times`, with faults at `faults`."""
    events = [started(stages=("train",)), *work("w0", "train", "open", 0.0, 1.0)]
    for i, t_s in enumerate(times):
        events.append(StepsFinished(t_s=t_s, who="w0", first=i, last=i, samples=SAMPLES, of=len(times), stage="train"))
    events += [FaultBegan(t_s=t_s, kind="slow-down", worker="w1") for t_s in faults]
    events.sort(key=lambda event: event.t_s)
    return [*events, RunFinished(t_s=end_s or times[-1] + 1, outcome=outcome)]


def items_at(times, fault_s, submitted=0):
    """Instances of one stage that are complete at `times`, and a fault."""
    events = [started(stages=("load",)), FaultBegan(t_s=fault_s, kind="crash", worker="w1")]
    for number, t_s in enumerate(times):
        events += [*work("w0", "load", "run", t_s - 0.5, t_s, str(number)), done("load", t_s, str(number))]
    for number in range(submitted):
        events.append(work("w0", "load", "run", times[-1], times[-1], str(len(times) + number))[0])
    return [*sorted(events, key=lambda event: event.t_s), RunFinished(t_s=times[-1] + 1, outcome="finished")]


def test_a_run_without_faults_has_no_verdict():
    assert of(training_run()) == []


def test_what_is_kept_is_the_throughput_after_the_fault_over_that_before_it_with_the_standstill():
    assert of(training_run(steps=8, crash_after=4, outage_s=3)) == [(4, pytest.approx(4 / 7), 0)]


def test_each_fault_is_judged_until_the_next_one_and_against_the_time_before_the_first():
    found = of(trained([2, 3, 4, 6, 8, 10, 11, 12, 13], [4, 10]))
    assert [kept for _, kept, _ in found] == [pytest.approx(0.5), pytest.approx(1.0)]


def test_who_never_moves_again_has_kept_nothing_and_what_was_lost_cannot_be_told():
    assert of(trained([2, 3, 4], [4], end_s=20, outcome="failed")) == [(16, 0.0, None)]


def test_before_the_first_step_there_is_nothing_to_compare_with():
    assert [kept for _, kept, _ in of(trained([2, 3, 4], [0.5]))] == [None]


def test_without_training_instances_of_the_pipeline_count():
    [(_, kept, lost)] = of(items_at([1, 2, 3, 4, 6, 8], 4))
    assert (kept, lost) == (pytest.approx((2 / 4) / (4 / 3.5)), 0)


def test_instances_that_were_begun_and_never_done_are_lost():
    assert [lost for _, _, lost in of(items_at([1, 2, 3, 4], 2, submitted=2))] == [2]


def test_a_report_says_the_verdict_in_words_in_both_languages(tmp_path):
    write_run(tmp_path / "study", training_run("real", crash_after=4, outage_s=3))
    report = build(tmp_path / "study")
    assert "4 s · 57.1 % · nothing lost" in render_text(report)
    assert "57.1 % · 喪失なし" in render_text(report, "ja")
