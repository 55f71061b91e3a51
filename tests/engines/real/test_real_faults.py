"""Slow workers, a full storage, damaged checkpoints and faults from a file, in runs of real processes."""

from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import SMALL

from workbench import cli
from workbench.engines.control import Control
from workbench.engines.real.pace import Pace
from workbench.runs.events import (
    FaultBegan,
    FaultEnded,
    OperationFinished,
    OperationStarted,
    Recorded,
    RunFinished,
    StepsFinished,
    Warned,
    WorkerFailed,
)

RING = "{id: ring, training: {use: ring-all-reduce, with: {workers: 2"
SAVING = SMALL.replace(RING, f"{RING}, on_loss: restart, checkpoint_every: 10").replace("epochs: 3", "epochs: 4")
STEPS = 4 * 22


def with_faults(text, *faults):
    return f"{text}faults:\n" + "".join(f"  - {fault}\n" for fault in faults)


def of_kind(events, kind):
    return [event for event in events if isinstance(event, kind)]


def by_hand(orders):
    """Somebody who reads what is told, and gives the commands that `orders(event)` answers."""
    control = Control()

    def prepare(run):
        write = run.writer.write

        def heard(event):
            write(event)
            for command in orders(event):
                control.put(command)

        run.supervisor.gathering._write = heard

    return {"control": control, "prepare": prepare}


# --- slow workers ----------------------------------------------------------------------------------------------------


def test_work_in_hand_is_late_by_what_lies_within_the_slow_time():
    pace = Pace()
    assert pace.due_s(10.0, 2.0) == 12.0
    pace.change(11.0, 4.0)
    assert (pace.due_s(5.0, 2.0), pace.due_s(10.0, 2.0), pace.due_s(12.0, 1.0)) == (7.0, 15.0, 16.0)
    pace.change(13.0, 1.0)
    assert (pace.due_s(10.0, 2.0), pace.due_s(12.0, 1.0), pace.due_s(14.0, 1.0)) == (13.5, 13.75, 15.0)


@given(st.lists(st.tuples(st.floats(0.1, 5), st.floats(1, 50)), max_size=6), st.floats(0, 20), st.floats(0.01, 9))
def test_slow_work_is_never_early_nor_later_than_at_the_slowest_pace(changes, began_s, work_s):
    pace, at_s = Pace(), 0.0
    for gap_s, times in changes:
        at_s += gap_s
        pace.change(at_s, times)
    slowest = max([times for _, times in changes], default=1.0)
    assert began_s + work_s - 1e-9 <= pace.due_s(began_s, work_s) <= began_s + slowest * work_s + 1e-9


def seconds_of(events, worker, part):
    """(when it began, how long it took) of each work of that part of a stage."""
    began_s, found = 0.0, []
    for event in events:
        if event.who == worker and getattr(event, "label", "") == f"perform {part}":
            if isinstance(event, OperationStarted):
                began_s = event.t_s
            elif isinstance(event, OperationFinished):
                found.append((began_s, event.t_s - began_s))
    return found


def test_a_slowed_worker_takes_so_many_times_as_long_for_its_work_until_that_ends_and_nobody_is_lost(runner):
    text = with_faults(
        SMALL.replace("epochs: 3", "epochs: 20"),
        "{kind: slow-down, worker: w1, at_step: 60, factor: 20, lasts: 1 s}",
    )
    events = runner("real", "ring", text)
    (began,), (ended,) = of_kind(events, FaultBegan), of_kind(events, FaultEnded)
    assert (began.kind, began.worker, ended.kind, ended.worker) == ("slow-down", "w1") * 2
    assert ended.t_s - began.t_s >= 1.0 and not of_kind(events, WorkerFailed) and runner.outcome == "finished"
    took = seconds_of(events, "w1", "train.gradient")
    slow = [seconds for at_s, seconds in took if began.t_s < at_s and at_s + seconds < ended.t_s]
    usual = [seconds for at_s, seconds in took if at_s + seconds < began.t_s or at_s > ended.t_s + 0.1]
    assert slow and median(slow) > 8 * median(usual)


# --- the storage -----------------------------------------------------------------------------------------------------


def test_what_is_to_be_recorded_waits_until_there_is_room_again(runner):
    events = runner("real", "ring", with_faults(SAVING, "{kind: storage-full, at_step: 15, lasts: 900 ms}"))
    (began,), (ended,) = of_kind(events, FaultBegan), of_kind(events, FaultEnded)
    assert (began.kind, began.worker, runner.outcome) == ("storage-full", "", "finished")
    waits = [e for e in of_kind(events, Warned) if e.code == "storage-full"]
    assert waits and all("w0 waits to record checkpoint//train: the storage is full" in e.text for e in waits)
    between = [e.last for e in of_kind(events, StepsFinished) if waits[0].t_s + 0.1 < e.t_s < ended.t_s]
    assert not between and {e.last for e in of_kind(events, StepsFinished)} == set(range(STEPS))


def test_a_storage_that_somebody_has_filled_by_hand_can_be_mended_by_hand(runner):
    def orders(event):
        if isinstance(event, Recorded) and (event.kind, event.key) == ("done", "digits"):
            yield {"command": "break", "kind": "storage-full"}
        if isinstance(event, Warned) and event.code == "mending-awaited":
            yield {"command": "mend", "kind": "storage-full"}

    events = runner("real", "alone", SMALL, patience_s=1.5, **by_hand(orders))
    assert runner.outcome == "finished"
    assert [e.origin for e in of_kind(events, FaultBegan)] == ["command"] and len(of_kind(events, FaultEnded)) == 1
    assert [e.code for e in of_kind(events, Warned)].count("mending-awaited") == 1


def test_a_storage_that_stays_full_ends_the_run_and_says_who_waits(runner):
    text = with_faults(SAVING, "{kind: storage-full, at_step: 15}")
    events = runner("real", "ring", text, patience_s=1.5)
    assert runner.outcome == "failed"
    [reason] = [e.reason for e in of_kind(events, RunFinished)]
    assert reason.startswith("nobody can go on") and "w0 waits in record checkpoint//train" in reason


def test_after_a_damaged_checkpoint_training_begins_again_at_the_one_before(runner):
    crash = "{kind: crash, worker: w1, at_step: 35}"
    events = runner("real", "ring", with_faults(SAVING, "{kind: corrupt-checkpoint, at_step: 33}", crash))
    [told] = [e for e in of_kind(events, Warned) if e.code == "corrupt-checkpoint"]
    [lost] = of_kind(events, WorkerFailed)
    assert runner.outcome == "finished" and "is unusable; a restart begins at the one after step" in told.text
    before = int(told.text.rpartition(" ")[2])
    again = [e.last for e in of_kind(events, StepsFinished) if e.t_s > lost.t_s + 0.01]
    assert min(again) == before and before % 10 == 0 and max(again) == STEPS - 1


def test_without_a_checkpoint_there_is_none_to_damage_and_that_is_said(runner):
    events = runner("real", "ring", with_faults(SMALL, "{kind: corrupt-checkpoint, at_step: 3}"))
    assert [e.text for e in of_kind(events, Warned) if e.code == "fault-refused"] == [
        "no checkpoint is recorded that could become unusable"
    ]
    assert not of_kind(events, FaultBegan) and runner.outcome == "finished"


# --- from a file -----------------------------------------------------------------------------------------------------


def test_faults_from_a_file_strike_at_their_times(runner, tmp_path):
    (tmp_path / "seen.csv").write_text("at,kind,worker,lasts\n0.3,slow-down,w1,0.2\n0.4,freeze,w2,0.3\n")
    text = with_faults(SMALL.replace("epochs: 3", "epochs: 60"), "{kind: crash, trace: seen.csv}")
    events = runner("real", "ring", text, beside=tmp_path)
    began = [(e.kind, e.worker) for e in of_kind(events, FaultBegan)]
    assert began == [("slow-down", "w1"), ("freeze", "w2")]
    assert all(e.t_s >= 0.3 for e in of_kind(events, FaultBegan)) and len(of_kind(events, FaultEnded)) == 2


@pytest.mark.parametrize("kind", ["partition", "slow-link"])
def test_what_a_file_asks_for_and_these_links_cannot_do_is_refused_before_anything_begins(kind, tmp_path, capsys):
    (tmp_path / "seen.csv").write_text(f"at,kind,worker,lasts\n1,crash,w1,\n2,{kind},w2,1\n")
    path = tmp_path / "scenario.yaml"
    path.write_text(with_faults(SMALL, "{kind: crash, trace: seen.csv}"))
    assert cli.main(["run", str(path), "--real", "--out", str(tmp_path / "out")]) == cli.CANNOT
    assert f"a fault of kind '{kind}' can only be simulated" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
