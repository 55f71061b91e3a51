"""What earlier runs led to is not done again, and every run says of every stage why it was carried out, or was not."""

import pytest
from samples import SMALL

from workbench.cli import main
from workbench.runs.events import Measured, OperationStarted, Recorded
from workbench.runs.folder import read_run
from workbench.runs.state import fold

SHORT = SMALL.replace("epochs: 3", "epochs: 1")
OWN = """
format: 1
name: Own code
pipeline:
  stages:
    - {id: rows, use: synthetic, with: {rows: 200}}
    - {id: own, use: python, with: {file: step.py}}
    - {id: prepare, use: prepare}
    - {id: save, use: save}
    - {id: model, use: estimator}
  links:
    - rows.table -> own.table
    - own.table -> prepare.table
    - prepare.dataset -> model.dataset
    - model.model -> save.model
cluster: {workers: [{id: w, count: 1}]}
"""
CODE = "def run(table):\n    return table.head({rows})\n"


@pytest.fixture
def play(tmp_path, monkeypatch):
    """Runs the command line on a text for real, and answers what was told."""
    monkeypatch.chdir(tmp_path)
    count = iter(range(100))

    def carry_out(text, *more, expected=0):
        path, out = tmp_path / "play.yaml", tmp_path / "runs" / str(next(count))
        path.write_text(text)
        assert main(["run", str(path), "--real", "-c", "ring", "--out", str(out), "--json", *more]) == expected
        return read_run(out / "real-ring")

    return carry_out


def why(events):
    """Stage -> why it was carried out, or an earlier result taken."""
    return {e.stage: (e.kind, e.value) for e in events if isinstance(e, Recorded) and e.kind in ("due", "cached")}


def worked_on(events):
    return {e.stage for e in events if isinstance(e, OperationStarted) and e.stage}


def outputs(events):
    return [(e.name, e.value) for e in events if isinstance(e, Measured) and e.name == "accuracy"][-1]


def test_an_unchanged_pipeline_is_not_carried_out_again_and_has_the_same_results(play):
    first = play(SHORT)
    assert why(first) == dict.fromkeys(("digits", "prepare", "train", "evaluate"), ("due", "first"))
    second = play(SHORT)
    assert why(second) == dict.fromkeys(("digits", "prepare", "train", "evaluate"), ("cached", "unchanged"))
    assert worked_on(second) == set() and outputs(second) == outputs(first)
    state = fold(second)
    assert state.outcome == "finished" and not state.tasks.disagreements
    assert all(stage.status == "done" for stage in state.stages.values())

    changed = play(SHORT.replace("hidden: [32]", "hidden: [16]"))
    assert why(changed)["train"] == ("due", "parameter hidden")
    assert why(changed)["evaluate"] == ("due", "input train")
    assert worked_on(changed) == {"train", "evaluate"}

    fresh = play(SHORT, "--fresh")
    assert set(why(fresh).values()) == {("due", "fresh")} and len(worked_on(fresh)) == 4


def test_a_run_that_is_to_show_how_its_work_goes_does_all_of_it(play):
    play(SHORT)
    events = play(SHORT + "expect: [ring.samples_per_second > 0]\n")
    assert set(why(events).values()) == {("due", "measured")} and len(worked_on(events)) == 4
    events = play(SHORT + "expect: [ring.accuracy > 0.1]\n")
    assert {kind for kind, _ in why(events).values()} == {"cached"}


def test_changed_code_runs_again_and_what_writes_files_runs_always(play, tmp_path):
    (tmp_path / "step.py").write_text(CODE.format(rows=100))
    assert main(["trust", "step.py"]) == 0
    play(OWN, expected=0)
    events = play(OWN)
    assert why(events) == dict.fromkeys(("rows", "own", "prepare", "model"), ("cached", "unchanged")) | {
        "save": ("due", "effects")
    }
    (tmp_path / "step.py").write_text(CODE.format(rows=90))
    assert main(["trust", "step.py"]) == 0
    events = play(OWN)
    assert why(events) == {
        "rows": ("cached", "unchanged"),
        "own": ("due", "code"),
        "prepare": ("due", "input own"),
        "model": ("due", "input prepare"),
        "save": ("due", "effects"),
    }
