"""How often to save: the formulas against the exact answer, and what a run says beside them."""

import json
from math import exp, sqrt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import SMALL
from stories import operation, started, work

from workbench import cli
from workbench.document.text import read
from workbench.runs.checkpoints import (
    EVERY,
    FAILURES,
    YOUNG_RANGE,
    Interval,
    daly_s,
    exact_stretch,
    interval_of,
    young_s,
)
from workbench.runs.events import Measured, RunFinished, StepsFinished, WorkerFailed
from workbench.runs.state import fold

SCENARIO = Path(__file__).parent.parent.parent / "scenarios" / "checkpoint-interval.yaml"


def least_stretch(save_s, failure_s):
    """The least that any interval comes to, by looking at many."""
    return min(exact_stretch(failure_s * i / 2000, save_s, failure_s) for i in range(1, 4000))


@given(st.floats(1e-4, YOUNG_RANGE))
def test_within_its_range_young_s_interval_costs_less_than_one_percent_more_than_the_best(save):
    assert exact_stretch(young_s(save, 1.0), save, 1.0) < 1.01 * least_stretch(save, 1.0)


@given(st.floats(1e-4, 1.0))
def test_daly_s_interval_is_as_good_as_the_best_far_beyond_that(save):
    assert exact_stretch(daly_s(save, 1.0), save, 1.0) < 1.001 * least_stretch(save, 1.0)


def test_the_published_formulas():
    assert young_s(0.02, 3.0) == sqrt(2 * 0.02 * 3.0)
    half = 0.02 / 6
    assert daly_s(0.02, 3.0) == pytest.approx(sqrt(0.12) * (1 + sqrt(half) / 3 + half / 9) - 0.02)
    assert daly_s(6.0, 3.0) == daly_s(9.0, 3.0) == 3.0
    assert exact_stretch(0.5, 0.02, 3.0, 0.1) == pytest.approx(3 * exp(0.1 / 3) * (exp(0.52 / 3) - 1) / 0.5)


def test_where_saving_takes_long_the_formulas_say_that_they_do_not_hold():
    holds = [
        (one.young_holds, one.daly_holds) for save in (0.1, 0.2, 2.5) for one in [Interval(3, 1.0, save, 1.0, 0.5)]
    ]
    assert holds == [(True, True), (False, True), (False, False)]


# --- what a run tells ------------------------------------------------------------------------------------------------


def saving_run(every, steps, step_s=1.0, save_s=0.25, lost_after=None):
    """Steps of one member, which saves; a crash costs two seconds and the last step."""
    events, t_s = [started(), Measured(t_s=0.0, name=EVERY, value=float(every), unit="steps")], 0.0
    events += [Measured(t_s=0.0, name=FAILURES, value=50.0, unit="s"), *work("w0", "train", "open", 0.0, 0.0)]
    for step in range(steps):
        t_s += step_s
        told = StepsFinished(t_s=t_s, who="w0", first=step, last=step, samples=1, of=steps, stage="train")
        events += [*work("w0", "train", "gradient", t_s - step_s, t_s), told]
        if (step + 1) % every == 0:
            events += [
                *work("w0", "train", "state", t_s, t_s + save_s),
                *operation("w0", "record x", t_s + save_s, t_s + save_s),
            ]
            t_s += save_s
        if step + 1 == lost_after:
            events.append(WorkerFailed(t_s=t_s, worker="w1", cause="crash"))
            t_s += 2.0
    return [*events, RunFinished(t_s=t_s, outcome="finished")]


@pytest.mark.parametrize("every", [1, 2, 5])
def test_a_run_says_what_its_steps_and_its_checkpoints_take(every):
    found = interval_of(fold(saving_run(every, 20)))
    assert (found.every, found.failure_s) == (every, 50.0)
    assert (found.step_s, found.save_s) == pytest.approx((1.0, 0.25))
    assert found.chosen_s == pytest.approx(every) and found.steps(found.young_s) == 5


def test_useful_time_is_what_went_into_steps_that_counted():
    found = interval_of(fold(saving_run(5, 20, lost_after=7)))
    assert found.useful == pytest.approx(20 / (20 + 3 * 0.25 + 2.0))


def test_a_checkpoint_that_comes_to_nothing_does_not_count():
    events = saving_run(5, 20)
    broken = [*events[:-1], *work("w0", "train", "state", 30.0, 31.0), *work("w0", "train", "open", 50.0, 50.0)]
    again = [*work("w0", "train", "state", 60.0, 60.25), *operation("w0", "record x", 60.25, 60.25)]
    state = fold([*broken, *again])
    assert (state.saves.count, state.saves.mean_s) == (5, 0.25)


def test_a_run_without_random_failures_has_no_best_interval():
    events = [event for event in saving_run(5, 20) if not isinstance(event, Measured)]
    assert interval_of(fold(events)) is None


RANDOM = "faults:\n  - {kind: crash, every: 10 s, lasts: 1 s}\n"


def facts(events):
    return {
        event.name: event.value for event in events if isinstance(event, Measured) and event.name in (EVERY, FAILURES)
    }


@pytest.mark.parametrize(
    ("combination", "knobs", "faults", "failure_s"),
    [
        ("ring", "on_loss: restart, checkpoint_every: 4", RANDOM, 15.0),
        ("ring", "on_loss: restart, checkpoint_every: 4", RANDOM.replace("lasts", "worker: w0, lasts"), 10.0),
        ("ring", "on_loss: restart, checkpoint_every: 4", RANDOM.replace("crash", "leader-crash"), None),
        ("ring", "on_loss: restart, checkpoint_every: 4", "", None),
        ("ring", "on_loss: restart", RANDOM, None),
        ("ring", "checkpoint_every: 4", RANDOM, None),
        ("server", "checkpoint_every: 4", RANDOM, 30.0),
        ("ring", "on_loss: restart, checkpoint_every: 4", RANDOM + RANDOM.removeprefix("faults:\n"), 7.5),
    ],
)
def test_a_run_says_how_often_it_is_thrown_back_where_it_saves(runner, combination, knobs, faults, failure_s):
    use = {"ring": "ring-all-reduce", "server": "parameter-server"}[combination]
    text = SMALL.replace(f"{use}, with: {{workers: 2}}", f"{use}, with: {{workers: 2, {knobs}}}")
    found = facts(runner("simulated", combination, text + faults))
    assert found == ({EVERY: 4.0, FAILURES: pytest.approx(failure_s)} if failure_s else {})


def test_useful_time_as_simulated_is_what_the_exact_formula_says(tmp_path, capsys):
    text = SCENARIO.read_text().replace("epochs: 20", "epochs: 60").replace("replications: 5", "replications: 3")
    path = tmp_path / "longer.yaml"
    path.write_text(text)
    assert not read(text).refused
    cli.main(["run", str(path), "--out", str(tmp_path / "out"), "--json", "-c", "best"])
    report = json.loads(capsys.readouterr().out)
    [one] = report["checkpoints"]
    back_s = [recovery["seconds"] for run in report["runs"] for recovery in run["recoveries"]]
    restart_s = sum(back_s) / len(back_s) - one["chosen_s"] / 2  # a standstill is a restart and the steps done again
    exact = 1 / exact_stretch(one["chosen_s"], one["save_s"], one["failure_every_s"], restart_s)
    assert one["label"] and one["useful"] == pytest.approx(exact, abs=0.03)


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", ("Checkpoint interval", "13 steps", "1/8")), ("ja", ("チェックポイント間隔", "13 ステップ", "1/8"))],
)
@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_a_report_shows_the_best_intervals_beside_the_chosen_one(tmp_path, capsys, language, words, form):
    out = tmp_path / "out"
    cli.main(["run", str(SCENARIO), "--out", str(out), "-c", "best"])
    capsys.readouterr()
    cli.main(["report", str(out), "--format", form, "--language", language])
    told = (out / "report.html").read_text(encoding="utf-8") if form == "html" else capsys.readouterr().out
    assert all(word in told for word in words)
    assert "1974" in told and "2006" in told
