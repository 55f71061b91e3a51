import json
import math
import multiprocessing
import os
import signal
from pathlib import Path

import pytest
from event_strategies import EVENTS, STORIES
from hypothesis import given
from hypothesis import strategies as st
from stories import started, training_run, write_run

from workbench.runs.events import Measured, RunFinished, StepsFinished, Warned, WorkerJoined, decode, encode
from workbench.runs.folder import RunReader, RunWriter, artifact_path, read_run, runs_in, store_bytes
from workbench.runs.state import fold


@given(EVENTS)
def test_an_event_read_back_from_its_line_is_the_same_event(event):
    line = encode(event)
    assert line.count(b"\n") == 1 and line.endswith(b"\n")
    assert decode(line) == event


def test_a_measured_value_that_is_no_finite_number_becomes_a_warning():
    line = encode(Measured(t_s=1.0, who="w0", name="loss", value=math.nan, step=12))
    assert decode(line) == Warned(t_s=1.0, who="w0", code="not-finite", text="loss was nan at step 12")


@given(STORIES, st.data())
def test_whatever_pieces_a_file_grows_by_a_reader_gets_every_event_once_and_none_early(tmp_path_factory, events, data):
    whole = b'{"format":1,"kind":"workbench run"}\n' + b"".join(encode(event) for event in events)
    path = tmp_path_factory.mktemp("run")
    reader = RunReader(path)
    read, begin = [], 0
    while begin < len(whole):
        end = data.draw(st.integers(begin + 1, len(whole)))
        with open(path / "events.jsonl", "ab") as file:
            file.write(whole[begin:end])
        read += reader.read_new(data.draw(st.sampled_from([-1, 1, 50])))
        begin = end
    while new := reader.read_new():
        read += new
    assert read == events


def test_a_torn_last_line_waits_until_its_rest_is_there(tmp_path):
    path = write_run(tmp_path, [started()])
    line = encode(StepsFinished(t_s=1.0, first=0, last=0))
    reader = RunReader(path)
    with open(path / "events.jsonl", "ab", buffering=0) as file:
        file.write(line[:-7])
        assert reader.read_new() == [started()]
        assert reader.read_new() == []
        file.write(line[-7:])
    assert reader.read_new() == [StepsFinished(t_s=1.0, first=0, last=0)]


def test_a_reader_that_comes_before_the_run_sees_nothing_and_then_all(tmp_path):
    reader = RunReader(tmp_path / "simulated-ring")
    assert reader.read_new() == []
    write_run(tmp_path, training_run())
    assert reader.read_new() == training_run()
    assert reader.finished and not reader.broken_off


def test_events_are_visible_after_a_flush_while_the_writer_goes_on(tmp_path):
    reader = RunReader(tmp_path / "run")
    with RunWriter(tmp_path / "run") as writer:
        writer.write(started())
        writer.flush()
        assert reader.read_new() == [started()]
        assert not reader.finished and not reader.broken_off


def test_a_run_whose_writer_is_gone_without_an_end_is_broken_off(tmp_path):
    path = write_run(tmp_path, training_run(outcome=""))
    reader = RunReader(path)
    assert not reader.broken_off, "there are events that it has not read"
    reader.read_new()
    assert reader.broken_off


def write_and_be_killed(path: Path) -> None:
    writer = RunWriter(path)
    writer.write(started())
    writer.flush()
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_run_whose_writer_was_killed_is_broken_off_and_keeps_what_was_flushed(tmp_path):
    process = multiprocessing.get_context("spawn").Process(target=write_and_be_killed, args=(tmp_path / "run",))
    process.start()
    process.join()
    reader = RunReader(tmp_path / "run")
    assert reader.read_new() == [started()]
    assert reader.broken_off


def test_the_end_of_a_run_is_found_when_it_is_read_in_pieces(tmp_path):
    reader = RunReader(write_run(tmp_path, training_run()))
    read = []
    while new := reader.read_new(100):
        assert not reader.finished or isinstance(new[-1], RunFinished)
        read += new
    assert reader.finished and read == training_run()


def test_a_folder_that_holds_a_run_is_not_written_again(tmp_path):
    path = write_run(tmp_path, training_run(), "format: 1\nname: first\n")
    with pytest.raises(FileExistsError, match="holds a run already"):
        RunWriter(path, "format: 1\nname: second\n")
    assert read_run(path) == training_run()
    assert RunReader(path).scenario_text() == "format: 1\nname: first\n"


def test_a_second_writer_of_a_run_is_refused(tmp_path):
    with RunWriter(tmp_path / "run"), pytest.raises(BlockingIOError, match="written by another process"):
        RunWriter(tmp_path / "run")


def test_a_run_of_a_newer_format_is_refused_by_its_number(tmp_path):
    (tmp_path / "events.jsonl").write_text('{"format":9,"kind":"workbench run"}\n')
    with pytest.raises(ValueError, match="format 9; this version reads up to 1"):
        RunReader(tmp_path).read_new()


def test_a_file_that_is_no_run_is_refused(tmp_path):
    (tmp_path / "events.jsonl").write_text('{"format":1,"kind":"shopping list"}\n')
    with pytest.raises(ValueError, match="not the event file of a run"):
        RunReader(tmp_path).read_new()


def test_a_whole_line_that_is_no_event_is_refused_with_its_number(tmp_path):
    path = write_run(tmp_path, [started()])
    with open(path / "events.jsonl", "a") as file:
        file.write('{"type":"Surprise"}\n')
    with pytest.raises(ValueError, match="line 3"):
        RunReader(path).read_new()


def test_the_runs_of_a_study_are_listed_in_the_order_in_which_they_began(tmp_path):
    paths = [write_run(tmp_path, training_run(engine, name)) for engine, name in (("simulated", "z"), ("real", "a"))]
    assert runs_in(tmp_path) == paths


def test_a_run_folder_is_a_study_of_one_run(tmp_path):
    path = write_run(tmp_path, training_run())
    assert runs_in(path) == [path]


def test_equal_artifacts_are_kept_once_under_their_sha_256(tmp_path):
    with RunWriter(tmp_path / "run") as writer:
        digest = writer.store_bytes(b"weights")
        assert store_bytes(writer.path, b"weights") == digest
        assert writer.artifact_path(digest).read_bytes() == b"weights"
        assert [path.name for path in artifact_path(writer.path, digest).parent.iterdir()] == [digest]


def test_live_commands_are_kept_with_the_time_at_which_they_took_effect(tmp_path):
    with RunWriter(tmp_path / "run") as writer:
        writer.command(1.5, {"command": "break", "worker": "w1", "kind": "crash"})
        writer.command(2.0, {"command": "stop"})
    assert RunReader(tmp_path / "run").commands() == [
        {"t_s": 1.5, "command": "break", "worker": "w1", "kind": "crash"},
        {"t_s": 2.0, "command": "stop"},
    ]


def test_machine_and_wall_clock_are_told_beside_the_events_and_not_in_them(tmp_path):
    path = write_run(tmp_path, training_run())
    machine = RunReader(path).machine()
    assert machine["processors"] >= 1 and machine["memory_bytes"] > 0 and machine["libraries"]["msgspec"]
    events = (path / "events.jsonl").read_text()
    assert machine["began"][:10] not in events and machine["platform"] not in events


def test_two_folders_of_the_same_events_are_equal_to_the_byte(tmp_path):
    first, second = (write_run(tmp_path / name, training_run()) for name in ("a", "b"))
    assert (first / "events.jsonl").read_bytes() == (second / "events.jsonl").read_bytes()


def test_the_log_keeps_lines_in_order(tmp_path):
    with RunWriter(tmp_path / "run") as writer:
        writer.log("first")
        writer.log("zweitens\n")
    assert (tmp_path / "run" / "log.txt").read_text(encoding="utf-8") == "first\nzweitens\n"


def test_the_first_line_names_format_and_kind(tmp_path):
    path = write_run(tmp_path, [started(), WorkerJoined(t_s=1.0, worker="w0")])
    head = json.loads((path / "events.jsonl").read_text().splitlines()[0])
    assert head == {"format": 1, "kind": "workbench run"}
    assert fold(read_run(path)).joins == [(1.0, "w0")]
