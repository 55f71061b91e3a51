"""A window of messages: what it adds to a run, and that it changes nothing else."""

import json

import pytest
from samples import SCENARIOS, SMALL

from workbench import cli
from workbench.engines.window import Window, window_of
from workbench.runs.events import MessageSent
from workbench.runs.folder import read_run, runs_in

CRASH = "faults: [{kind: crash, worker: w1, at: 30 ms, lasts: 10 ms}]\n"
SHARED = "\n  network: {sharing: fair}\narchitectures"
WINDOW = Window(0.02, 0.04)


@pytest.mark.parametrize("combination", ["ring", "server"])
@pytest.mark.parametrize("text", [SMALL, SMALL + CRASH, SMALL.replace("\narchitectures", SHARED)])
def test_a_run_with_a_window_tells_the_same_and_the_messages_in_it(runner, combination, text):
    without = runner("simulated", combination, text)
    opened = runner("simulated", combination, text, messages=WINDOW)
    messages = [event for event in opened if isinstance(event, MessageSent)]
    assert [event for event in opened if not isinstance(event, MessageSent)] == without
    assert len(messages) > 10 and all(WINDOW.covers(message.t_s) for message in messages)


def test_windows_side_by_side_tell_together_what_one_of_all_time_tells(runner):
    def sent(*bounds):
        events = runner("simulated", "ring", SMALL, messages=Window(*bounds))
        return [event for event in events if isinstance(event, MessageSent)]

    assert sent(0, 0.025) + sent(0.025, 0.03) + sent(0.03, 1e9) == sent()


def test_a_message_takes_its_links_time_and_latency(runner):
    events = runner("simulated", "ring", SMALL, messages=Window())
    chunks = [event for event in events if isinstance(event, MessageSent) and event.tag == "chunk"]
    network = runner.run.world.network
    least_s = min(chunk.size_bytes for chunk in chunks) / network.bytes_per_s + network.latency_s
    assert all(chunk.arrives_s - chunk.t_s >= least_s * (1 - 1e-9) for chunk in chunks)


@pytest.mark.parametrize(
    ("text", "window"),
    [
        ("10s..12s", Window(10, 12)),
        ("10 ms .. 1 min", Window(0.01, 60)),
        ("..2h", Window(0, 7200)),
        ("5..", Window(5)),
        ("..", Window()),
    ],
)
def test_a_window_is_written_as_two_times_of_which_each_may_be_left_out(text, window):
    assert window_of(text) == window


@pytest.mark.parametrize("text", ["", "10s", "10s-12s", "12s..10s", "1s..1s", "1s..2km", "-1s..2s", "a..b"])
def test_what_is_no_window_is_refused_with_an_example_or_a_reason(text):
    with pytest.raises(ValueError, match=r"10s\.\.12s|ends before it begins"):
        window_of(text)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_command_line_opens_every_simulated_run_of_a_study(workers, tmp_path, capsys):
    scenario = tmp_path / "small.yaml"
    scenario.write_text(SMALL)
    arguments = ["run", str(scenario), "--out", str(tmp_path / "out"), "--json", "--workers", workers]
    assert cli.main([*arguments, "--messages", "20ms..25ms"]) == cli.HELD
    assert json.loads(capsys.readouterr().out)
    for run in runs_in(tmp_path / "out"):
        sent = [event.t_s for event in read_run(run) if isinstance(event, MessageSent)]
        assert all(0.02 <= t_s < 0.025 for t_s in sent)
        assert bool(sent) == ("alone" not in run.name)


def test_a_window_without_a_simulated_run_is_refused(capsys):
    assert cli.main(["run", str(SCENARIOS / "quickstart.yaml"), "--real", "--messages", "0s..1s"]) == cli.WRONG
    assert "real run" in capsys.readouterr().err


def test_a_wrong_window_is_refused_before_anything_runs(tmp_path, capsys):
    out = tmp_path / "out"
    assert cli.main(["run", str(SCENARIOS / "quickstart.yaml"), "--out", str(out), "--messages", "2s"]) == cli.WRONG
    assert "10s..12s" in capsys.readouterr().err and not out.exists()
