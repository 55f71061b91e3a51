"""Limits of stages on real processes: what fails is tried again, and what goes beyond a limit is ended and named."""

import pytest

from workbench.runs.events import OperationStarted, Recorded, RunFinished, WorkerFailed, WorkerJoined
from workbench.runs.state import fold
from workbench.stages import trust

TEXT = """
format: 1
name: Own code
pipeline:
  stages:
    - {id: rows, use: synthetic, with: {rows: 200}}
    - {id: own, use: python, with: {file: step.py}, LIMITS}
    - {id: prepare, use: prepare}
  links: [rows.table -> own.table, own.table -> prepare.table]
cluster: {workers: [{id: w, count: 1}]}
"""
FLAKY = """
import pathlib
tries = pathlib.Path({mark!r})
def run(table):
    tries.write_text(tries.read_text() + "x" if tries.exists() else "x")
    if len(tries.read_text()) < {enough}:
        {else_}
    return table
"""
SLOW = "import time; time.sleep(600)"
LARGE = "import time; held = b'x' * 700_000_000; time.sleep(600)"


def of_kind(events, kind):
    return [event for event in events if isinstance(event, kind)]


@pytest.fixture
def own(runner, tmp_path):
    """Runs a pipeline with the user's own function, which does something else until it has been tried often enough."""

    def carry_out(limits, else_, enough=2):
        code = FLAKY.format(mark=str(tmp_path / "tries"), enough=enough, else_=else_)
        (tmp_path / "step.py").write_text(code)
        trust.trust(trust.digest_of(code.encode()))
        return runner("real", "ring", TEXT.replace("LIMITS", limits), beside=tmp_path)

    return carry_out


def test_a_stage_that_fails_is_tried_again_after_a_pause_that_doubles(own, runner):
    events = own("retries: 3, backoff: 200 ms", "raise RuntimeError('not yet')", enough=3)
    assert runner.outcome == "finished"
    told = [e for e in of_kind(events, Recorded) if e.kind == "retried"]
    assert [e.stage for e in told] == ["own", "own"] and all("not yet" in e.value for e in told)
    began = [e.t_s for e in of_kind(events, OperationStarted) if e.stage == "own"]
    assert began[1] - told[0].t_s >= 0.2 and began[2] - told[1].t_s >= 0.4
    state = fold(events)
    assert state.stages["own"].status == "done" and state.stages["own"].retried == 2
    assert not state.tasks.disagreements


def test_a_run_fails_once_its_retries_are_used_up(own, runner):
    events = own("retries: 1, backoff: 10 ms", "raise RuntimeError('never')", enough=9)
    assert runner.outcome == "failed"
    assert len([e for e in of_kind(events, OperationStarted) if e.stage == "own"]) == 2
    assert "own: " in of_kind(events, RunFinished)[0].reason and "never" in of_kind(events, RunFinished)[0].reason


def test_work_beyond_its_time_limit_is_ended_and_tried_again_by_a_new_process(own, runner):
    events = own("retries: 1, backoff: 10 ms, time_limit: 2 s", SLOW)
    assert runner.outcome == "finished"
    assert [(e.worker, e.cause) for e in of_kind(events, WorkerFailed)] == [("w0", "time-limit")]
    assert [e.worker for e in of_kind(events, WorkerJoined)] == ["w0"]
    (told,) = (e for e in of_kind(events, Recorded) if e.kind == "retried")
    assert told.stage == "own" and "its time_limit is 2 s" in told.value
    assert not fold(events).failures


def test_work_beyond_its_memory_limit_ends_the_run_and_names_stage_limit_and_what_was_reached(own, runner):
    events = own("memory_limit: 300 MB", LARGE)
    assert runner.outcome == "failed"
    assert [(e.worker, e.cause) for e in of_kind(events, WorkerFailed)] == [("w0", "memory-limit")]
    reason = of_kind(events, RunFinished)[0].reason
    assert "own: it took " in reason and "MB of memory, and its memory_limit is 300 MB" in reason


def test_a_training_beyond_its_time_limit_ends_with_its_whole_team(runner):
    from samples import SMALL

    text = SMALL.replace("epochs: 3, batch_size: 64}", "epochs: 100000, batch_size: 64}, time_limit: 2 s")
    events = runner("real", "ring", text)
    assert runner.outcome == "failed"
    assert "train: it took " in of_kind(events, RunFinished)[0].reason
    assert {e.cause for e in of_kind(events, WorkerFailed)} == {"time-limit"}
