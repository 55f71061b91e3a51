"""Conditions and events of real runs ask about what stages have measured, now or in an earlier run."""

import pytest

from workbench.cli import CANNOT, main
from workbench.engines.real.store import Store
from workbench.runs.events import OperationStarted, Recorded
from workbench.runs.folder import read_run
from workbench.runs.numbers import numbers
from workbench.runs.state import fold

JUDGED = """
format: 1
name: Judged
pipeline:
  stages:
    - {id: iris, use: sample, with: {name: iris}}
    - {id: prepare, use: prepare}
    - {id: quick, use: estimator, with: {kind: nearest-centroid}}
    - {id: judge, use: evaluate, assume: {accuracy: 0.9, macro_f1: 0.9}}
    - {id: good, use: save, with: {path: good.zip}, when: judge.accuracy >= 0.5}
    - {id: bad, use: save, with: {path: bad.zip}, when: judge.accuracy < 0.5}
  links:
    - iris.table -> prepare.table
    - prepare.dataset -> quick.dataset
    - quick.model -> judge.model
    - prepare.dataset -> judge.dataset
    - quick.model -> good.model
    - quick.model -> bad.model
cluster: {workers: [{id: w, count: 1}]}
"""
CHAIN = """
format: 1
name: A chain
pipeline:
  stages:
    - {id: rows, use: synthetic, with: {rows: 200, features: 4, anew: true}}
    - {id: prepare, use: prepare}
    - {id: quick, use: estimator, with: {kind: nearest-centroid}, assume: {held_out_accuracy: [0, 1]}}
  links:
    - rows.table -> prepare.table
    - prepare.dataset -> quick.dataset
cluster: {workers: [{id: w, count: 2}]}
workload: {instances: 6, arrivals: by-event, event: quick.held_out_accuracy < 1}
"""


@pytest.fixture
def play(tmp_path):
    count = iter(range(100))

    def carry_out(text, expected=0):
        path, out = tmp_path / "play.yaml", tmp_path / "runs" / str(next(count))
        path.write_text(text)
        assert main(["run", str(path), "--real", "--out", str(out), "--json"]) == expected
        return read_run(out / "real-ring") if expected == 0 else out

    return carry_out


def performed(events):
    return {e.stage for e in events if isinstance(e, OperationStarted) and e.stage}


def skipped(events):
    return {e.key for e in events if isinstance(e, Recorded) and e.kind == "skipped"}


def test_a_stage_is_left_out_unless_what_was_measured_meets_its_condition_also_if_an_earlier_run_measured_it(play):
    first = play(JUDGED)
    assert "good" in performed(first) and "bad" not in performed(first) and skipped(first) == {"bad"}
    again = play(JUDGED)
    assert "judge" not in performed(again) and "good" in performed(again) and skipped(again) == {"bad"}
    other = play(JUDGED.replace("judge.accuracy", "judge.macro_f1"))
    assert {"judge", "good"} <= performed(other) and skipped(other) == {"bad"}


def test_what_a_stage_finds_leads_to_the_next_run_of_the_pipeline_on_rows_of_its_own(play, tmp_path):
    events = play(CHAIN)
    found = numbers(fold(events))
    assert (found["instances"], found["lost_items"], found["disagreements"]) == (6, 0, 0)
    assert [e.key for e in events if isinstance(e, Recorded) and e.kind == "submitted"] == list("12345")
    rows = Store(tmp_path / "runs" / "0" / "real-ring").recall("done/")
    assert len({rows[f"done/{n}/rows"]["table"] for n in range(6)}) == 6
    calm = play(CHAIN.replace("held_out_accuracy < 1}", "held_out_accuracy > 1}"))
    assert numbers(fold(calm))["instances"] == 1


def test_a_question_about_what_no_work_measures_is_refused_before_a_real_run_begins(play, capsys):
    text = JUDGED.replace("accuracy: 0.9,", "accuracy: 0.9, drift: 0.1,").replace("judge.accuracy <", "judge.drift <")
    out = play(text, CANNOT)
    told = capsys.readouterr().err
    assert "drift of the stage 'judge', about which is asked, can only be simulated; it measures accuracy," in told
    assert not out.exists()
