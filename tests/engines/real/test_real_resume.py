"""A run that is killed as a whole goes on in its folder: nothing is lost, and nothing is done twice to be seen."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from samples import SMALL

from workbench.cli import main
from workbench.engines.control import Control
from workbench.engines.real import left
from workbench.runs.events import (
    Measured,
    Recorded,
    RunFinished,
    RunStarted,
    StepsFinished,
    Warned,
    WorkerFailed,
    WorkerJoined,
    encode,
)
from workbench.runs.folder import RunReader, RunWriter, read_run
from workbench.runs.report import build
from workbench.runs.state import fold
from workbench.studies.resume import resume

RING = "{id: ring, training: {use: ring-all-reduce, with: {workers: 2"
SAVING = SMALL.replace(RING, f"{RING}, checkpoint_every: 10").replace("epochs: 3", "epochs: 60")


def of_kind(events, kind):
    return [event for event in events if isinstance(event, kind)]


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """The folder of a run of the command line that was killed in the midst of its training, and what was told of it."""
    room = tmp_path_factory.mktemp("killed")
    (room / "saving.yaml").write_text(SAVING)
    command = [sys.executable, "-m", "workbench", "run", str(room / "saving.yaml"), "--real", "-c", "ring"]
    run = room / "out" / "real-ring"
    with subprocess.Popen([*command, "--out", str(room / "out")], stdout=subprocess.DEVNULL) as process:
        reader, told = RunReader(run), []
        deadline = time.monotonic() + 120
        while not any(e.last >= 40 for e in of_kind(told, StepsFinished)):
            assert time.monotonic() < deadline and process.poll() is None
            time.sleep(0.02)
            told += reader.read_new()
        os.kill(process.pid, signal.SIGKILL)
    with open(run / "events.jsonl", "ab") as file:
        file.write(b'{"type":"Measu')
    (run / "artifacts" / ".value-99999999").write_bytes(b"half of it")
    return run


@pytest.fixture(scope="module")
def resumed(killed):
    """The events of that run, once it was resumed by the command line."""
    assert main(["run", "--resume", str(killed.parent)]) == 0
    return read_run(killed)


def test_a_resumed_run_goes_on_in_its_own_story(resumed):
    assert len(of_kind(resumed, RunStarted)) == 1 and len(of_kind(resumed, RunFinished)) == 1
    assert [e.t_s for e in resumed if not e.who] == sorted(e.t_s for e in resumed if not e.who)
    broken = [(e.worker, e.cause) for e in of_kind(resumed, WorkerFailed)]
    assert sorted(broken) == [(name, "broken off") for name in ("leader", "w0", "w1", "w2")]
    assert sorted(e.worker for e in of_kind(resumed, WorkerJoined)) == ["leader", "w0", "w1", "w2"]
    assert [e.code for e in of_kind(resumed, Warned)].count("resumed") == 1


def test_every_stage_of_a_resumed_run_is_recorded_once(resumed):
    assert sorted(e.key for e in of_kind(resumed, Recorded) if e.kind == "done") == [
        "digits",
        "evaluate",
        "prepare",
        "train",
    ]
    state = fold(resumed)
    assert state.outcome == "finished" and not state.tasks.disagreements
    assert all(stage.status == "done" for stage in state.stages.values())


def test_training_goes_on_from_its_checkpoint(resumed):
    joined_s = of_kind(resumed, WorkerJoined)[0].t_s
    steps = [e.last for e in of_kind(resumed, StepsFinished) if e.t_s >= joined_s]
    assert min(steps) >= 40 - 10 and max(steps) == 60 * 22 - 1
    assert [e for e in of_kind(resumed, Measured) if e.name == "accuracy"][-1].value > 0.9


def test_nothing_that_was_told_before_the_kill_is_missing_or_told_twice(resumed):
    broke_s = of_kind(resumed, WorkerFailed)[0].t_s
    for worker in ("w0", "w1"):
        steps = [e.last for e in of_kind(resumed, StepsFinished) if e.who == worker and e.t_s <= broke_s]
        assert steps == list(range(len(steps))) and len(steps) >= 41


def test_what_a_kill_left_half_written_is_gone(resumed, killed):
    assert not list((killed / "artifacts").glob(".*")) and not (killed / left.FOLDER).exists()


def test_a_report_on_a_resumed_run_says_that_it_was_resumed(resumed, killed):
    report = build(killed)
    assert report.runs[0].outcome == "finished"
    assert any("resumed" in warning.text for warning in of_kind(resumed, Warned))
    assert len(json.loads((killed / "machine.json").read_text())["resumed"]) == 1


def test_a_run_that_has_ended_is_not_resumed(resumed, killed):
    with pytest.raises(ValueError, match="has ended"):
        resume(killed, Control(), lambda message: None)


def test_a_run_that_is_still_written_is_not_resumed(tmp_path):
    about = {"engine": "real", "combination": "ring", "folder": str(tmp_path)}
    with RunWriter(tmp_path / "run", SMALL, about), pytest.raises(BlockingIOError, match="written by another process"):
        resume(tmp_path / "run", Control(), lambda message: None)


def test_a_simulated_run_is_told_to_be_run_again(tmp_path):
    with RunWriter(tmp_path / "run", SMALL, {"engine": "simulated", "combination": "ring", "folder": str(tmp_path)}):
        pass
    with pytest.raises(ValueError, match="simulated run"):
        resume(tmp_path / "run", Control(), lambda message: None)


def test_what_members_told_last_is_found_once_also_at_equal_times(tmp_path):
    room = left.room_for(tmp_path, "one")
    told = [StepsFinished(t_s=at_s, who="w0", first=n, last=n) for n, at_s in enumerate((0.1, 0.2, 0.2, 0.2, 0.3))]
    (room / "w0.0.events").write_bytes(b"".join(encode(event) for event in told) + b'{"torn')
    for known in range(len(told) + 1):
        assert left.told_last(tmp_path, told[:known]) == told[known:]
