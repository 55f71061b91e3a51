"""What each stage of a real run took is measured, told as events, and shown; what its code prints says whose it is."""

import pytest

from workbench.cli import main
from workbench.runs.events import WorkMeasured
from workbench.runs.folder import read_run
from workbench.runs.report import build
from workbench.runs.report_json import as_data
from workbench.runs.report_text import render_text
from workbench.stages import trust

TEXT = """
format: 1
name: Measured
pipeline:
  stages:
    - {id: rows, use: synthetic, with: {rows: 300}}
    - {id: own, use: python, with: {file: step.py}}
    - {id: prepare, use: prepare}
    - {id: train, use: train, with: {hidden: [8], epochs: 2}}
  groups:
    - {id: parts, stages: [own], foreach: rows.table, partition: 100}
  links: [rows.table -> own.table, own.table -> prepare.table, prepare.dataset -> train.dataset]
cluster: {workers: [{id: w, count: 2}]}
"""
CODE = """
import sys
def run(table):
    held = b"x" * 200_000_000
    print("held", len(held))
    print("and no end of line", end="")
    print("an error", file=sys.stderr)
    return table.head(60)
"""


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """The folder and the events of one run."""
    folder = tmp_path_factory.mktemp("measured")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_HOME", str(folder / "home"))
        (folder / "step.py").write_text(CODE)
        (folder / "measured.yaml").write_text(TEXT)
        trust.trust(trust.digest_of(CODE.encode()))
        assert main(["run", str(folder / "measured.yaml"), "--real", "--out", str(folder / "out")]) == 0
    return folder / "out" / "real-ring", read_run(folder / "out" / "real-ring")


def took(events, stage):
    return [event for event in events if isinstance(event, WorkMeasured) and event.stage == stage]


def test_rows_and_bytes_in_and_out_and_memory_are_told_of_every_item_and_of_a_training(measured):
    _, events = measured
    (rows,) = took(events, "rows")
    assert (rows.rows_in, rows.rows_out) == (0, 300) and rows.bytes_out > 300
    own = took(events, "own")
    assert sorted(event.item for event in own) == ["[0]", "[1]", "[2]"]
    assert {(event.rows_in, event.rows_out) for event in own} == {(100, 60)}
    assert all(150e6 < event.memory_bytes < 900e6 for event in own)
    (prepare,) = took(events, "prepare")
    assert (prepare.rows_in, prepare.rows_out) == (180, 180)
    (train,) = took(events, "train")
    assert train.rows_in == 180 and train.bytes_in == prepare.bytes_out and train.bytes_out > 0


def test_a_report_shows_what_every_stage_took(measured):
    report = build(measured[0])
    own = next(line for line in render_text(report).splitlines() if "  own  " in line)
    assert "300 → 180" in own and "first time" in own and " MB" in own
    stages = {stage["stage"]: stage["measured"] for stage in as_data(report)["runs"][0]["stages"]}
    assert (stages["own"]["rows_in"], stages["own"]["rows_out"]) == (300, 180)
    assert stages["own"]["memory_bytes"] > 150e6 > stages["rows"]["memory_bytes"]


def test_what_code_prints_is_in_the_log_with_worker_stage_and_item(measured):
    lines = (measured[0] / "log.txt").read_text().splitlines()
    for item in ("[0]", "[1]", "[2]"):
        said = {line.split(": ", 1)[1] for line in lines if f"[own#{item}]" in line}
        assert said == {f"[own#{item}] {text}" for text in ("held 200000000", "and no end of line", "an error")}
    assert {line.split(": ")[0] for line in lines if "[own#" in line} <= {"w0", "w1"}
