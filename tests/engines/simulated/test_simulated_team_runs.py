"""Runs at team level: a training in closed form tells what the same training tells message by message."""

import time
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.architectures.check import check_all
from workbench.document.text import read
from workbench.engines.control import Control
from workbench.engines.simulated.network import Network
from workbench.engines.simulated.run import SimulatedRun, carry_out
from workbench.engines.simulated.steady import training
from workbench.engines.simulated.team_run import TeamRun
from workbench.engines.window import Window
from workbench.runs.events import (
    FaultBegan,
    FaultEnded,
    MessageSent,
    OperationFinished,
    OperationStarted,
    Recorded,
    StepsFinished,
    Warned,
    WorkerFailed,
    WorkerJoined,
)
from workbench.runs.folder import RunWriter, read_run
from workbench.runs.recovery import recoveries
from workbench.runs.state import fold

OPEN, SAVED = "perform train.open", "record checkpoint//train"
NEAR = {"rel": 1e-9, "abs": 1e-9}


def scenario_of(pools=(4,), steps=30, every=5, workers=0, faults=(), run="", latency="5 us"):
    listed = "".join(
        f"    - {{id: p{index}x, count: {count}, accelerator: a100-sxm4-80gb, speed: {1 - 0.13 * index}}}\n"
        for index, count in enumerate(pools)
    )
    struck = "".join(f"  - {fault}\n" for fault in faults)
    return f"""
format: 1
name: Long
pipeline:
  stages:
    - {{id: train, use: language-model, with: {{model: gpt-1.7b, batch_size: 3, steps: {steps}}}}}
  links: []
cluster:
  workers:
{listed}  network: {{bandwidth: 200 GB/s, latency: {latency}}}
architectures:
  - id: ring
    training: {{use: ring-all-reduce, with: {{on_loss: restart, checkpoint_every: {every}, workers: {workers}}}}}
{"faults:" if faults else ""}
{struck}
run: {{seed: 3{run}}}
"""


class Levels:
    """One scenario at both levels, where letters between leader and followers take no time at either."""

    def __init__(self, folder, monkeypatch):
        monkeypatch.setattr(Network, "transfer", lambda self, now_s, *letter: now_s)
        self.folder, self.count = folder, 0

    def __call__(self, kind, text, **more):
        document = read(text)
        assert not document.refused, [str(p) for p in document.refused]
        self.count += 1
        path = self.folder / str(self.count)
        with RunWriter(path, text) as writer:
            combination = document.scenario.architectures[0]
            kind(document.scenario, combination, self.folder, writer, Control(), **more).carry_out()
        return read_run(path)


@pytest.fixture
def levels(tmp_path, monkeypatch):
    return Levels(tmp_path, monkeypatch)


def facts(events):
    """Who broke and came back, when."""
    kinds = (FaultBegan, FaultEnded, WorkerFailed, WorkerJoined)
    return [(type(e).__name__, e.worker, e.t_s) for e in events if isinstance(e, kinds)]


def attempts(events):
    """For each time that the training was opened: the steps that were told, and when each was first."""
    found, opened_s = [], -1.0
    for event in events:
        if isinstance(event, OperationStarted) and event.label == OPEN and event.t_s > opened_s:
            opened_s = event.t_s
            found.append((opened_s, {}))
        elif isinstance(event, StepsFinished):
            for step in range(event.first, event.last):
                found[-1][1].setdefault(step, None)
            found[-1][1].setdefault(event.last, event.t_s)
    return found


def saves(events):
    return [e.t_s for e in events if isinstance(e, OperationFinished) and e.label == SAVED]


def done(events):
    return [(e.key, e.t_s) for e in events if isinstance(e, Recorded) and e.kind == "done"]


def assert_same_story(team, message):
    assert [fact[:2] for fact in facts(team)] == [fact[:2] for fact in facts(message)]
    assert [fact[2] for fact in facts(team)] == pytest.approx([fact[2] for fact in facts(message)], **NEAR)
    mine, theirs = attempts(team), attempts(message)
    assert [opened for opened, _ in mine] == pytest.approx([opened for opened, _ in theirs], **NEAR)
    for (_, told), (_, step_by_step) in zip(mine, theirs, strict=True):
        assert sorted(told) == sorted(step_by_step)
        for step, told_s in told.items():
            assert told_s is None or told_s == pytest.approx(step_by_step[step], **NEAR), step
    assert saves(team) == pytest.approx(saves(message), **NEAR)
    assert [key for key, _ in done(team)] == [key for key, _ in done(message)]
    assert [at for _, at in done(team)] == pytest.approx([at for _, at in done(message)], **NEAR)
    assert team[-1].outcome == message[-1].outcome
    if not done(team) and team[-1].outcome == "finished":
        assert team[-1].t_s == message[-1].t_s
    mine, theirs = recoveries(fold(team)), recoveries(fold(message))
    if done(team):
        assert [r.seconds for r in mine] == pytest.approx([r.seconds for r in theirs], **NEAR)


# a step takes 0.05 to 0.6 s here
crashes = st.lists(
    st.tuples(st.integers(0, 8), st.floats(0.01, 12), st.none() | st.floats(0.001, 4)),
    max_size=5,
    unique_by=lambda crash: crash[1],
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    pools=st.lists(st.integers(1, 3), min_size=1, max_size=3),
    steps=st.integers(1, 40),
    every=st.integers(0, 9),
    workers=st.integers(0, 3),
    struck=crashes,
    duration=st.none() | st.floats(0.05, 8),
    latency=st.sampled_from(["0 s", "5 us", "20 ms"]),
)
def test_a_training_in_closed_form_is_the_one_that_is_stepped(
    levels, pools, steps, every, workers, struck, duration, latency
):
    names = [f"p{index}x{i}" for index, count in enumerate(pools) for i in range(count)]
    faults = [
        f"{{kind: crash, worker: {names[who % len(names)]}, at: {at_s}{'' if lasts is None else f', lasts: {lasts}'}}}"
        for who, at_s, lasts in struck
    ]
    run = "" if duration is None else f", duration: {duration}"
    text = scenario_of(pools, steps, every, min(workers, len(names)), faults, run, latency)
    assert_same_story(levels(TeamRun, text), levels(SimulatedRun, text))


def test_with_letters_that_take_time_the_levels_differ_by_that_time_only(tmp_path):
    text = scenario_of((4,), 100, 7, 0, ["{kind: crash, every: 2 s, lasts: 300 ms}"])
    team = carried_out(tmp_path / "team", text.replace("seed: 3", "seed: 3, fidelity: team"))
    message = carried_out(tmp_path / "message", text)
    assert [events[0].fidelity for events in (team, message)] == ["team", "message"]
    losses = len(facts(message)) // 4
    assert losses > 3 and [fact[:2] for fact in facts(team)] == [fact[:2] for fact in facts(message)]
    assert abs(done(message)[0][1] - done(team)[0][1]) < 0.02 * (losses + 1)


def carried_out(folder, text, control=None, **more):
    scenario = read(text).scenario
    with RunWriter(folder, text) as writer:
        carry_out(scenario, scenario.architectures[0], folder, writer, control or Control(), **more)
    return read_run(folder)


LONG = scenario_of((300,), 9_000_000, 1000, 0, ["{kind: crash, every: 1 d, lasts: 1 h}"], ", duration: 9 d").replace(
    "batch_size: 3", "batch_size: 600"
)


def test_the_same_seed_gives_the_same_bytes_and_another_replication_other_losses(tmp_path):
    for name, replication in (("first", 0), ("again", 0), ("other", 1)):
        carried_out(tmp_path / name, LONG, replication=replication)
    first, again, other = ((tmp_path / name / "events.jsonl").read_bytes() for name in ("first", "again", "other"))
    assert first == again != other


def test_a_replication_tells_the_same_bytes_whatever_its_process_carried_out_before(tmp_path):
    faults = ("{kind: crash, every: 2 s, lasts: 1 s}", "{kind: crash, every: 5 s}")
    text = scenario_of(pools=(200, 150), steps=60, faults=faults, run=", duration: 60 s")
    scenario = read(text).scenario

    def told(scenario, replication, name):
        with RunWriter(tmp_path / name, text) as writer:
            carry_out(scenario, scenario.architectures[0], tmp_path, writer, Control(), replication)
        return (tmp_path / name / "events.jsonl").read_bytes()

    one_after_another = [told(scenario, replication, f"after-{at}") for at, replication in enumerate((0, 1, 2, 0))]
    alone = [told(read(text).scenario, replication, f"alone-{at}") for at, replication in enumerate((0, 1, 2, 0))]
    assert one_after_another == alone
    assert len(set(alone)) == 3


def test_a_large_team_is_simulated_as_a_team_and_tells_stretches_not_steps(tmp_path):
    events = carried_out(tmp_path / "long", LONG)
    assert events[0].fidelity == "team"
    state = fold(events)
    stretches = [event for event in events if isinstance(event, StepsFinished)]
    assert state.steps_done > 1_000_000 and 4 <= len(state.failures) <= 25
    assert len(stretches) <= state.saves.count + 4 * (len(state.failures) + 1)
    assert events[-1].reason == "the duration is reached" and events[-1].t_s == 9 * 86400


def test_work_since_the_last_save_is_done_again(tmp_path):
    events = carried_out(tmp_path / "long", LONG)
    told = [(event.first, event.last) for event in events if isinstance(event, StepsFinished)]
    again = [(before, after) for before, after in pairwise(told) if after[0] != before[1] + 1]
    assert 3 < len(again) <= len([event for event in events if isinstance(event, WorkerFailed)])
    assert all(after[0] % 1000 == 0 and 0 <= before[1] + 1 - after[0] <= 1000 for before, after in again)


def test_a_run_at_team_level_can_be_stopped(tmp_path):
    control = Control()
    control.put({"command": "stop"})
    assert carried_out(tmp_path / "run", LONG, control)[-1].outcome == "stopped"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (("on_loss: restart, ", ""), "team-survivors"),
        (("kind: crash", "kind: freeze"), "team-crashes"),
        (("kind: crash", "kind: crash, workers: [p0x0, p0x1]"), "team-crashes"),
        (("speed: 1.0", "speed: 1.0, variation: 0.1"), "team-variation"),
        (("bandwidth: 200 GB/s", "sharing: fair, bandwidth: 200 GB/s"), "team-links"),
        (("- id: ring", "- id: ring\n    orchestration: {use: single-leader, with: {decision: 1 ms}}"), "team-leader"),
        (("use: ring-all-reduce, with: {on_loss: restart, ", "use: fully-sharded, with: {"), "team-letters"),
        (("run: {", "workload: {instances: 2}\nrun: {"), "team-at-once"),
        (("  links: []", "    - {id: two, use: sample}\n  links: []"), "team-one-training"),
    ],
)
def test_what_cannot_be_simulated_as_a_team_is_refused_by_name(tmp_path, change, code):
    text = scenario_of((2,), 30, 5, 0, ["{kind: crash, every: 2 s, lasts: 300 ms}"], ", fidelity: team")
    assert not check_all(text, tmp_path).refused
    assert change[0] in text
    problems = check_all(text.replace(*change), tmp_path).refused
    assert [(problem.code, problem.place) for problem in problems] == [(code, "run.fidelity")]
    assert problems[0].words("ja") != problems[0].words("en")


def test_a_model_that_does_not_fit_fails_the_run_as_it_does_message_by_message(levels):
    text = scenario_of((1,)).replace("batch_size: 3", "batch_size: 30")
    team, message = levels(TeamRun, text)[-1], levels(SimulatedRun, text)[-1]
    assert team.outcome == message.outcome == "failed"
    assert team.reason == message.reason


def chunks(events):
    sent = [event for event in events if isinstance(event, MessageSent) and event.tag == "chunk"]
    return sorted((event.who, event.to, event.size_bytes, event.t_s, event.arrives_s) for event in sent)


@pytest.mark.parametrize("window", [Window(0, 0.2), Window(2.0, 2.5), Window(3.999, 4.7), Window(0, 6)])
@pytest.mark.parametrize("latency", ["5 us", "20 ms"])
@pytest.mark.parametrize("algorithm", ["ring", "tree"])
def test_a_window_shows_the_messages_that_the_training_sends_message_by_message(levels, window, latency, algorithm):
    text = scenario_of((2, 2), 40, 6, latency=latency).replace("restart,", f"restart, algorithm: {algorithm},")
    shown = chunks(levels(TeamRun, text, messages=window))
    sent = chunks(levels(SimulatedRun, text, messages=window))
    assert len(shown) == len(sent) > {"ring": 6, "tree": 2}[algorithm]
    for mine, theirs in zip(shown, sent, strict=True):
        assert mine[:3] == theirs[:3] and mine[3:] == pytest.approx(theirs[3:], **NEAR)


def test_a_window_changes_nothing_else_of_a_run_at_team_level(levels):
    text = scenario_of((4,), 60, 6, faults=["{kind: crash, worker: p0x1, at: 3.3, lasts: 1.5}"])
    opened = levels(TeamRun, text, messages=Window(2, 5))
    messages = [event for event in opened if isinstance(event, MessageSent)]
    assert [event for event in opened if not isinstance(event, MessageSent)] == levels(TeamRun, text)
    assert messages and all(2 <= message.t_s < 5 for message in messages)
    assert not [message for message in messages if 3.3 <= message.t_s < 3.32]  # until the loss is noticed


def test_months_into_a_large_training_a_window_opens_on_single_messages(tmp_path):
    window = Window(6 * 86400, 6 * 86400 + 0.5)
    events = carried_out(tmp_path / "long", LONG, messages=window)
    sent = [event for event in events if isinstance(event, MessageSent)]
    assert len({message.who for message in sent}) >= 250 and all(window.covers(message.t_s) for message in sent)
    assert [event for event in events if not isinstance(event, MessageSent)] == carried_out(tmp_path / "shut", LONG)


def test_a_window_that_is_too_wide_says_where_it_ends(tmp_path, monkeypatch):
    monkeypatch.setattr(training, "MOST_MESSAGES", 1000)
    events = carried_out(tmp_path / "long", LONG, messages=Window(0, 600))
    sent = [event for event in events if isinstance(event, MessageSent)]
    warned = [event for event in events if isinstance(event, Warned)]
    assert [event.code for event in warned] == ["team-level", "window-too-wide"]
    assert len(sent) == 1000 and warned[1].t_s == max(event.t_s for event in sent)


def test_watching_a_run_at_team_level_at_a_pace_does_not_change_its_bytes(tmp_path):
    text = scenario_of((4,), 60, 6, 0, ["{kind: crash, every: 4 s, lasts: 1 s}"], ", fidelity: team")
    carried_out(tmp_path / "at once", text)
    began = time.monotonic()
    events = carried_out(tmp_path / "paced", text, speed=20.0)
    assert time.monotonic() - began > 0.8 * events[-1].t_s / 20
    at_once, paced = ((tmp_path / name / "events.jsonl").read_bytes() for name in ("at once", "paced"))
    assert at_once == paced


def test_what_cannot_be_done_by_hand_at_team_level_is_refused_in_the_run(tmp_path):
    control = Control()
    control.put({"command": "break", "kind": "crash", "worker": "p0x1"})
    text = scenario_of((4,), 60, 6, 0, (), ", fidelity: team")
    events = carried_out(tmp_path / "run", text, control)
    assert "fault-refused" in [event.code for event in events if isinstance(event, Warned)]
    assert not [event for event in events if isinstance(event, FaultBegan)] and events[-1].outcome == "finished"
