"""Several runs at once: the same bytes as one by one, and the same ways to end."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from small_study import SMALL

from workbench.document.text import read
from workbench.engines.control import Control
from workbench.runs.events import RunFinished
from workbench.runs.folder import RunReader, runs_in
from workbench.runs.report import build
from workbench.studies.compare import Comparison, carry_out

SCENARIO = SMALL + "run: {seed: 3, replications: 2}\n"
LONG = SCENARIO.replace("epochs: 1", "epochs: 1000000")


def study(out, text=SCENARIO, workers=2, **more):
    return Comparison(text, read(text).scenario, out.parent, out, ("simulated",), workers=workers, **more)


def events_of(out):
    return {path.name: (path / "events.jsonl").read_bytes() for path in runs_in(out)}


def test_runs_are_the_same_bytes_one_by_one_and_at_once(tmp_path):
    messages = []
    assert carry_out(study(tmp_path / "one", workers=1), Control()) == ["finished"] * 6
    assert carry_out(study(tmp_path / "two", notify=messages.append), Control()) == ["finished"] * 6
    assert events_of(tmp_path / "one") == events_of(tmp_path / "two")
    assert len(events_of(tmp_path / "two")) == 6
    folders = [str(path) for path in study(tmp_path / "two").out.iterdir() if path.is_dir()]
    assert sorted(m["started"] for m in messages if "started" in m) == sorted(folders)
    ended = {m["finished"]: m["outcome"] for m in messages if "finished" in m}
    assert ended == dict.fromkeys(folders, "finished")


def _is_spawned(process):
    """Whether it is a worker of the pool; one that ends just now is none any more."""
    try:
        return "multiprocessing.spawn" in " ".join(process.cmdline())
    except psutil.Error:
        return False


def test_runs_at_once_are_carried_out_by_other_processes(tmp_path):
    alive = []
    me = psutil.Process()

    def notify(message):
        if "finished" in message:
            alive.append(sum(_is_spawned(child) for child in me.children()))

    carry_out(study(tmp_path / "out", notify=notify), Control())
    assert max(alive) == 2


def test_stop_ends_what_runs_and_begins_nothing_more(tmp_path):
    control, messages = Control(), []

    def notify(message):
        messages.append(message)
        if len(messages) == 2:  # both workers have begun
            control.put({"command": "pause"})
            control.put({"command": "stop"})

    assert carry_out(study(tmp_path / "out", LONG, notify=notify), control) == ["stopped", "stopped"]
    assert [m["problem"] for m in messages if "problem" in m] == ["pause: not while several runs go on at once"]
    runs = build(tmp_path / "out").runs
    assert sorted((run.combination, run.replication, run.outcome) for run in runs) == [
        ("ring", 0, "stopped"),
        ("ring", 1, "stopped"),
    ]


def test_a_stop_that_comes_when_everything_has_ended_still_stops_the_study(tmp_path):
    control, ended = Control(), []

    def notify(message):
        ended.extend([message["finished"]] if "finished" in message else [])
        if len(ended) == 2:
            control.put({"command": "stop"})

    two = study(tmp_path / "out", combinations=("ring",), notify=notify)
    assert carry_out(two, control) == ["finished", "finished", "stopped"]


def test_a_folder_that_holds_a_run_already_ends_the_study_and_stops_the_others(tmp_path):
    (tmp_path / "out" / "simulated-ring").mkdir(parents=True)
    (tmp_path / "out" / "simulated-ring" / "events.jsonl").touch()
    with pytest.raises(FileExistsError, match="holds a run already"):
        carry_out(study(tmp_path / "out", LONG), Control())
    other = tmp_path / "out" / "simulated-ring-r1"
    if other.exists():
        assert RunReader(other).read_new()[-1].outcome == "stopped"


def test_a_study_that_somebody_watches_at_a_pace_runs_one_by_one(tmp_path):
    messages = []
    carry_out(study(tmp_path / "out", speed=1e9, notify=messages.append), Control())
    assert [next(iter(message)) for message in messages] == ["started", "finished"] * 6


@pytest.fixture
def command_line_run(tmp_path):
    """A long study of the command line with two runs at once, both well on their way: its process and its folder."""
    scenario, out = tmp_path / "long.yaml", tmp_path / "out"
    scenario.write_text(LONG)
    command = [sys.executable, "-m", "workbench", "run", str(scenario), "--workers", "2", "--out", str(out)]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
    ) as process:
        began = [out / name / "events.jsonl" for name in ("simulated-ring", "simulated-ring-r1")]
        deadline = time.monotonic() + 60
        while not all(path.exists() and path.stat().st_size > 5000 for path in began) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert all(path.exists() for path in began)
        yield process, out
        process.kill()


def last_events(out):
    return [RunReader(path).read_new()[-1] for path in runs_in(out)]


def test_ctrl_c_stops_every_run_in_order_and_exits_with_130(command_line_run):
    process, out = command_line_run
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the whole group
    complaints = process.communicate(timeout=60)[1].decode()
    assert process.returncode == 130
    assert [(type(event), event.outcome) for event in last_events(out)] == [(RunFinished, "stopped")] * 2
    assert "Traceback" not in complaints


def test_when_the_command_line_is_killed_its_runs_end_and_are_broken_off(command_line_run):
    process, out = command_line_run
    family = psutil.Process(process.pid).children(recursive=True)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    _, alive = psutil.wait_procs(family, timeout=30)
    assert not [p for p in alive if p.status() != psutil.STATUS_ZOMBIE]
    assert [run.outcome for run in build(Path(out)).runs] == ["broken-off"] * 2
