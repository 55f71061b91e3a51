"""What a scenario's author is told of parameters that change nothing there."""

import json
from pathlib import Path

import pytest
from samples import SMALL

from workbench import cli
from workbench.architectures.check import check_all
from workbench.architectures.plan import Plan, PlannedStage
from workbench.architectures.setting import SILENT_S, most_at_once
from workbench.engines.real.run import PATIENCE_S
from workbench.engines.simulated import faults
from workbench.runs.events import Warned

HERE = Path(__file__).parent
SCENARIOS = sorted((HERE.parent.parent / "scenarios").rglob("*.yaml"))
WRITTEN = SMALL.replace("workers: 2}}}", "workers: 2, on_loss: restart}}}", 1)
PLACE = "architectures[ring].training.with.on_loss"
SENTENCE = "'on_loss' changes nothing here: no fault of this scenario ends a worker"


def notes(text):
    return [(problem.place, problem.words()) for problem in check_all(text, HERE).problems]


def test_a_parameter_that_is_written_and_changes_nothing_is_noted_where_it_stands():
    (note,) = check_all(WRITTEN, HERE).problems
    assert (note.place, note.words(), note.severity) == (PLACE, SENTENCE, "note")
    assert note.line and not note.refuses and note.words("ja") != note.words("en")


def test_a_parameter_that_is_left_out_is_not_noted():
    assert notes(SMALL) == []


@pytest.mark.parametrize(
    ("fault", "matters"),
    [
        ("{kind: crash, worker: w0, at: 1 s}", True),
        ("{kind: crash, worker: w1, at_step: 3}", True),
        ("{kind: crash, every: 1 min}", True),
        ("{kind: crash, worker: w0, at: 1 s, only: [server]}", False),
        ("{kind: leader-crash, at: 1 s}", False),
        ("{kind: freeze, worker: w0, at: 1 s, lasts: 5 s}", False),
        ("{kind: freeze, worker: w0, at: 1 s, lasts: 11 s}", True),
        ("{kind: freeze, worker: w0, at: 1 s}", True),
    ],
)
def test_what_a_loss_decides_matters_where_a_fault_may_end_a_worker(fault, matters):
    assert notes(f"{WRITTEN}faults:\n  - {fault}\n") == ([] if matters else [(PLACE, SENTENCE)])


def test_both_engines_take_a_member_for_lost_after_the_same_silence():
    assert faults.SILENT_S == PATIENCE_S == SILENT_S


@pytest.mark.parametrize("engine", ["simulated", "real"])
def test_a_run_says_which_parameters_change_nothing(runner, engine):
    told = [event for event in runner(engine, "ring", WRITTEN) if isinstance(event, Warned)]
    assert [(w.code, w.text) for w in told if w.code != "few-cores"] == [("idle-no-loss", f"{PLACE}: {SENTENCE}")]


def test_a_report_says_it_once_for_all_replications_in_its_language(tmp_path, capsys):
    path, out = tmp_path / "written.yaml", tmp_path / "out"
    path.write_text(WRITTEN + "run: {replications: 3}\n", encoding="utf-8")
    assert cli.main(["run", str(path), "--out", str(out), "-c", "ring"]) == cli.HELD
    assert capsys.readouterr().out.count(SENTENCE) == 1
    assert cli.main(["report", str(out), "--format", "json"]) == cli.HELD
    assert f"{PLACE}: {SENTENCE}" in [w["text"] for w in json.loads(capsys.readouterr().out)["runs"][0]["warnings"]]
    assert cli.main(["report", str(out), "--language", "ja"]) == cli.HELD
    assert capsys.readouterr().out.count("ワーカーが失われる障害がないためです") == 1


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_a_shipped_scenario_writes_no_parameter_that_changes_nothing(path):
    problems = check_all(path.read_text(encoding="utf-8"), path.parent).problems
    assert [problem for problem in problems if problem.code.startswith("idle-")] == []


DIAMOND = (
    PlannedStage("top", {}),
    PlannedStage("left", {"x": ("top", "out")}),
    PlannedStage("right", {"x": ("top", "out")}, team=3),
    PlannedStage("far", {"x": ("left", "out")}),
    PlannedStage("end", {"l": ("far", "out"), "r": ("right", "out")}),
)


def test_the_widest_part_of_a_pipeline_says_how_many_workers_it_can_want_at_once():
    assert most_at_once(Plan(DIAMOND)) == (4, 2)
    assert most_at_once(Plan(DIAMOND[:2])) == (1, 1)
    assert most_at_once(Plan(tuple(PlannedStage(name, {}) for name in "abcde"))) == (5, 5)
    assert most_at_once(Plan(tuple(PlannedStage(f"s{i}", {}) for i in range(2000)))) == (2000, 2000)
