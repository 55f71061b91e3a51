"""Limits of stages in virtual time: the same policy, and what only a real run respects is refused by name."""

from itertools import pairwise

import pytest
from samples import SMALL

from workbench.architectures.check import check_all
from workbench.document.text import read
from workbench.engines.errors import CannotRun
from workbench.engines.simulated.limits import refusals
from workbench.runs.events import OperationStarted, Recorded, RunFinished
from workbench.studies.compare import Comparison, carry_out


def limited(stage, more):
    return SMALL.replace(f"use: {stage}}}", f"use: {stage}, {more}}}")


def ends(events):
    return [(e.t_s, e.reason) for e in events if isinstance(e, RunFinished)]


def test_work_beyond_its_time_limit_fails_at_the_limit_and_is_tried_again_after_pauses_that_double(runner):
    events = runner("simulated", "ring", limited("prepare", "time_limit: 1 us, retries: 2, backoff: 3 s"))
    assert runner.outcome == "failed"
    began = [e.t_s for e in events if isinstance(e, OperationStarted) and e.stage == "prepare"]
    assert [round(after - before, 1) for before, after in pairwise(began)] == [3.0, 6.0]
    assert len([e for e in events if isinstance(e, Recorded) and e.kind == "retried"]) == 2
    assert "its time_limit is 1 us" in ends(events)[0][1]


def test_work_beyond_its_memory_limit_names_limit_and_what_was_reached(runner):
    events = runner("simulated", "ring", limited("prepare", "memory_limit: 1 kB"))
    assert runner.outcome == "failed"
    assert "prepare: it took 1 MB of memory, and its memory_limit is 1 kB" in ends(events)[0][1]


def test_limits_that_are_kept_change_nothing(runner):
    kept = limited("prepare", "time_limit: 1 h, memory_limit: 1 GB, retries: 3")
    assert runner("simulated", "ring", kept) == runner("simulated", "ring", SMALL)


def test_limits_of_a_training_are_refused_by_name_in_simulated_runs(tmp_path):
    text = SMALL.replace("batch_size: 64}}", "batch_size: 64}, time_limit: 1 min, retries: 1}")
    scenario = read(text).scenario
    assert refusals(scenario) == [
        f"'{name}' of the training 'train' can only be respected by a real run" for name in ("retries", "time_limit")
    ]
    with pytest.raises(CannotRun, match="'retries' of the training 'train'"):
        carry_out(Comparison(text, scenario, tmp_path, tmp_path / "out", ("simulated",)), None)


def test_limits_are_refused_where_no_leader_heeds_them(tmp_path):
    text = limited("prepare", "time_limit: 1 min").replace(
        "{id: ring,", "{id: ring, orchestration: {use: shared-nothing},"
    )
    problems = [p for p in check_all(text, tmp_path).problems if p.code == "limits-need-leader"]
    assert [p.place for p in problems] == ["pipeline.stages[prepare].time_limit"]
    assert "single leader" in problems[0].words("en") and "single-leader" in problems[0].words("ja")
