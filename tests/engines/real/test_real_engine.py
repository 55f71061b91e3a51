"""Real processes: loss, freezing, silence, deadlock, cancel, and that nothing is left behind."""

import itertools
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from samples import SMALL

from workbench.engines.control import Control
from workbench.engines.real import codec
from workbench.engines.real.forkserver import warm_up
from workbench.runs.events import (
    FaultBegan,
    FaultEnded,
    Measured,
    Recorded,
    RunFinished,
    StepsFinished,
    Warned,
    WorkerFailed,
    WorkerJoined,
)
from workbench.runs.folder import RunReader

LONG = SMALL.replace("epochs: 3", "epochs: 2000")


def with_fault(fault, text=SMALL):
    return f"{text}faults:\n  - {fault}\n"


def of_kind(events, kind):
    return [event for event in events if isinstance(event, kind)]


def test_a_ring_shrinks_when_a_member_is_killed_and_finishes_every_step(runner):
    events = runner("real", "ring", with_fault("{kind: crash, worker: w0, at_step: 20}"))
    assert runner.outcome == "finished"
    assert [(e.worker, e.cause) for e in of_kind(events, WorkerFailed)] == [("w0", "crash")]
    assert {e.last for e in of_kind(events, StepsFinished)} == set(range(66))
    assert of_kind(events, Measured)[-1].value > 0.8


def test_workers_that_are_lost_at_the_same_moment_are_all_survived(runner):
    text = SMALL.replace("ring-all-reduce, with: {workers: 2}", "ring-all-reduce, with: {workers: 3}")
    events = runner("real", "ring", with_fault("{kind: crash, workers: [w1, w2], at_step: 20}", text))
    assert runner.outcome == "finished"
    assert sorted(e.worker for e in of_kind(events, WorkerFailed)) == ["w1", "w2"]
    assert {e.last for e in of_kind(events, StepsFinished)} == set(range(66))


def test_training_begins_again_from_the_checkpoint_when_the_server_is_killed(runner):
    text = SMALL.replace(
        "{use: parameter-server, with: {workers: 2}}",
        "{use: parameter-server, with: {workers: 2, checkpoint_every: 10}}",
    )
    events = runner("real", "server", with_fault("{kind: crash, worker: w0, at_step: 35}", text))
    assert runner.outcome == "finished"
    steps = [e.last for e in of_kind(events, StepsFinished)]
    resumed = [after for before, after in itertools.pairwise(steps) if after <= before]
    assert len(resumed) == 1 and resumed[0] % 10 == 0 and resumed[0] >= 30
    assert steps[-1] == 65


def test_a_killed_leader_comes_back_and_begins_with_what_was_recorded(runner):
    events = runner("real", "ring", with_fault("{kind: leader-crash, at_step: 20}"))
    assert runner.outcome == "finished"
    assert [e.key for e in of_kind(events, Recorded) if e.kind == "elected"] == ["leader term 1", "leader term 2"]
    done = [e.key for e in of_kind(events, Recorded) if e.kind == "done"]
    assert sorted(done) == ["digits", "evaluate", "prepare", "train"]
    assert [e.worker for e in of_kind(events, WorkerJoined)] == ["leader"]


def test_a_member_that_was_frozen_for_a_while_goes_on_and_nobody_is_lost(runner):
    events = runner("real", "ring", with_fault("{kind: freeze, worker: w1, at_step: 20, lasts: 400 ms}"))
    assert runner.outcome == "finished"
    assert not of_kind(events, WorkerFailed)
    began, ended = of_kind(events, FaultBegan)[0], of_kind(events, FaultEnded)[0]
    assert ended.t_s - began.t_s >= 0.4
    during = [e for e in of_kind(events, StepsFinished) if began.t_s + 0.1 < e.t_s < ended.t_s]
    assert not during


def test_a_member_that_stays_silent_is_named_killed_and_declared_lost(runner):
    events = runner("real", "ring", with_fault("{kind: freeze, worker: w1, at_step: 20}"), patience_s=3.0)
    assert runner.outcome == "finished"
    assert [(e.worker, e.cause) for e in of_kind(events, WorkerFailed)] == [("w1", "silent")]
    assert "w1 has been silent" in of_kind(events, Warned)[0].text


def test_when_nobody_can_go_on_the_watchdog_names_who_waits_for_whom(runner):
    def wait_for_each_other(run):
        run.supervisor.factory = "deadlocked:make"

    events = runner("real", "ring", prepare=wait_for_each_other, patience_s=3.0)
    assert runner.outcome == "failed"
    text = of_kind(events, Warned)[0].text
    assert "w0 waits in receive word from w1" in text and "w1 waits in receive word from w0" in text


def test_a_stage_that_fails_ends_the_run_with_its_cause(runner):
    events = runner("real", "ring", SMALL.replace("use: prepare}", "use: prepare, with: {label: nothing}}"))
    assert runner.outcome == "failed"
    assert "prepare: " in of_kind(events, RunFinished)[0].reason and "nothing" in of_kind(events, RunFinished)[0].reason


def test_stop_ends_a_run_and_leaves_no_process(runner):
    control = Control()
    threading.Timer(3.0, lambda: control.put({"command": "stop"})).start()
    events = runner("real", "ring", LONG, control=control)
    assert runner.outcome == "stopped"
    assert of_kind(events, RunFinished)[0].outcome == "stopped"
    assert not [life for life in runner.run.supervisor.lives.values() if life.process.join(0) is None]


def test_a_worker_can_be_broken_by_command(runner):
    control = Control()
    threading.Timer(3.0, lambda: control.put({"command": "break", "worker": "w1", "kind": "crash"})).start()
    threading.Timer(4.0, lambda: control.put({"command": "stop"})).start()
    events = runner("real", "ring", LONG, control=control)
    assert [(e.worker, e.origin) for e in of_kind(events, FaultBegan)] == [("w1", "command")]
    lost_s = of_kind(events, WorkerFailed)[0].t_s
    assert [e for e in of_kind(events, StepsFinished) if e.t_s > lost_s], "the survivor goes on"
    commands = [c["command"] for c in RunReader(runner.last).commands()]
    assert commands == ["break", "stop"]


def test_the_duration_of_a_scenario_ends_its_run(runner):
    events = runner("real", "ring", LONG + "run: {duration: 1 s}\n")
    end = of_kind(events, RunFinished)[0]
    assert (end.outcome, end.reason) == ("finished", "the duration is reached")


@pytest.fixture
def command_line_run(tmp_path):
    """A long real run of the command line, well into training: its process, its reader, and what was told so far."""
    scenario, out = tmp_path / "long.yaml", tmp_path / "out"
    scenario.write_text(LONG)
    command = [sys.executable, "-m", "workbench", "run", str(scenario), "--real", "-c", "ring", "--out", str(out)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        reader, told = RunReader(out / "real-ring"), []
        deadline = time.monotonic() + 60
        while not of_kind(told, StepsFinished) and time.monotonic() < deadline:
            time.sleep(0.1)
            told += reader.read_new()
        assert of_kind(told, StepsFinished)
        yield process, reader, told
        process.kill()


def test_when_the_supervisor_is_killed_its_members_die_and_its_folder_says_broken_off(command_line_run):
    process, reader, _ = command_line_run
    family = psutil.Process(process.pid).children(recursive=True)
    assert len(family) >= 4
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    _, alive = psutil.wait_procs(family, timeout=10)
    assert not [p for p in alive if p.status() != psutil.STATUS_ZOMBIE]
    reader.read_new()
    assert reader.broken_off


def test_ctrl_c_leaves_a_readable_folder_and_exit_code_130(command_line_run):
    process, reader, told = command_line_run
    process.send_signal(signal.SIGINT)
    complaints = process.communicate(timeout=30)[1].decode()
    told += reader.read_new()
    assert process.returncode == 130
    assert isinstance(told[-1], RunFinished) and told[-1].outcome == "stopped"
    assert "Traceback" not in complaints


def test_what_was_recorded_is_in_a_file_that_any_sqlite_reads(runner):
    runner("real", "ring")
    with sqlite3.connect(runner.last / "records.sqlite") as connection:
        keys = [key for (key,) in connection.execute("SELECT key FROM record ORDER BY key")]
    assert keys == ["done/0/digits", "done/0/evaluate", "done/0/prepare", "done/0/train", "term"]


@pytest.mark.parametrize(
    "value", [None, {"a": [1, "two", 3.0, True]}, np.arange(7, dtype=np.float32), [np.zeros((2, 0)), {"x": np.eye(3)}]]
)
def test_letters_come_out_as_they_went_in(value):
    back = codec.from_bytes(codec.to_bytes(value))
    np.testing.assert_equal(back, value)


def test_a_frame_may_come_in_pieces_of_any_size():
    data = codec.to_bytes(["tag", np.arange(1000.0)]) + codec.to_bytes("next")
    for size in (1, 7, 4096):
        here, there = socket.socketpair()
        there.setblocking(False)
        reader, values = codec.FrameReader(), []
        for start in range(0, len(data), size):
            here.send(data[start : start + size])
            values += reader.read(there)
        assert values[1] == "next" and values[0][1].sum() == 499500.0
        here.close()
        assert reader.read(there) == [] and reader.ended
        there.close()


def test_objects_that_could_carry_code_cannot_be_sent():
    with pytest.raises(TypeError):
        codec.to_bytes(np.array([object()]))
    sources = [p.read_text() for p in (Path(codec.__file__).parent).glob("*.py")]
    assert not [text for text in sources if "import pickle" in text]


def test_the_forkserver_is_started_once_and_stays_warm():
    from multiprocessing import forkserver

    warm_up()
    first = forkserver._forkserver._forkserver_pid
    warm_up()
    assert first is not None and forkserver._forkserver._forkserver_pid == first
