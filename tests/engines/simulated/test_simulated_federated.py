"""Federated training: who is asked, who is waited for, whose rows are whose, and what travels."""

import math
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from samples import SMALL

from workbench.architectures.federated import Federated
from workbench.architectures.federated_data import divide
from workbench.architectures.training import TrainingJob
from workbench.engines.simulated.network import CONTROL_BYTES, Blob, Network
from workbench.engines.simulated.world import World
from workbench.engines.window import Window
from workbench.runs.events import Measured, MessageSent, OperationStarted, StepsFinished, WorkerFailed
from workbench.studies.score.laboratory import GivenWork

UPDATE_BYTES = 4 * (64 * 32 + 32 + 32 * 10 + 10)
ROWS, CLASSES, SIZE, BYTES_PER_S, LATENCY_S = 1200, 4, 1e6, 1e8, 1e-3


class Clients(GivenWork):
    """Clients that need a given time for their rounds."""

    def seconds(self, member, operation, now_s):
        return self.compute_s(member) if operation.part == "local" else 0.0

    def answer(self, member, operation):
        if operation.part == "open":
            return {"rows": ROWS, "classes": CLASSES}
        return Blob(self.size_bytes)


def carry_out(federated, clients=5, compute_s=lambda member: 0.5, network=None, seed=0):
    """What was told: (time, who, event)."""
    team = ("s", *(f"c{i}" for i in range(clients)))
    told = []
    network = network or Network(BYTES_PER_S, LATENCY_S)
    world = World(network, Clients(SIZE, compute_s=compute_s), lambda e, who: told.append((world.clock.now, who, e)))
    job = TrainingJob("train", "", {}, team, seed=seed)
    for name in team:
        world.add(name, federated.program(name, job))
    world.start(team)
    while not world.clock.idle:
        world.clock.run_slice(float("inf"), 10_000)
    assert not world.unfinished
    return told


def rounds(told):
    return [(t, event.samples) for t, _, event in told if isinstance(event, StepsFinished)]


def learnt(told):
    """Who learnt how often."""
    started = (who for _, who, e in told if isinstance(e, OperationStarted) and e.label == "perform train.local")
    return Counter(started)


# --- rounds ----------------------------------------------------------------------------------------------------------


def test_a_round_takes_what_weights_out_learning_and_updates_in_take():
    ends = rounds(carry_out(Federated(rounds=3)))
    letter_s = (SIZE + CONTROL_BYTES) / BYTES_PER_S
    # weights go out one after the other; each update comes back while later clients still learn
    assert ends[-1][0] - ends[-2][0] == pytest.approx((5 + 1) * letter_s + 2 * LATENCY_S + 0.5, rel=1e-3)


def test_without_a_deadline_a_round_waits_for_the_slowest():
    ends = rounds(carry_out(Federated(rounds=2), compute_s={f"c{i}": 0.5 + 3.0 * (i == 4) for i in range(5)}.get))
    assert ends[1][0] - ends[0][0] > 3.5 and ends[1][1] == ROWS


def test_after_the_deadline_a_round_goes_on_with_those_who_have_answered():
    told = carry_out(Federated(rounds=6, deadline=2.0), compute_s={f"c{i}": 0.5 + 3.0 * (i == 4) for i in range(5)}.get)
    ends = rounds(told)
    assert [t for t, _ in ends] == pytest.approx([2.0 * n for n in range(1, 7)], abs=0.01)
    assert {samples for _, samples in ends} == {ROWS * 4 // 5}


def test_who_was_too_slow_for_a_round_goes_on_with_the_newest_weights():
    """In ten seconds it could learn twice: after the first of five rounds, and after the one that is newest then."""
    told = carry_out(Federated(rounds=5, deadline=2.0), compute_s={"c0": 0.1, "c1": 5.0}.get, clients=2)
    assert learnt(told)["c1"] == 2


def test_a_round_in_which_nobody_answers_is_lost_and_training_goes_on():
    ends = rounds(carry_out(Federated(rounds=3, deadline=0.1)))
    assert [samples for _, samples in ends] == [0, 0, 0]


def test_late_updates_count_for_no_other_round():
    told = carry_out(Federated(rounds=5, deadline=2.0), compute_s={"c0": 2.5, "c1": 2.5}.get, clients=2)
    assert {samples for _, samples in rounds(told)} == {0}


# --- who is asked ----------------------------------------------------------------------------------------------------


def test_a_fraction_of_the_clients_is_asked_in_each_round_and_everybody_as_often_in_the_end():
    told = carry_out(Federated(rounds=300, fraction=0.3), clients=10)
    assert {samples for _, samples in rounds(told)} == {ROWS * 3 // 10}
    asked = learnt(told)
    assert len(asked) == 10 and sum(asked.values()) == 900
    assert max(abs(count - 90) for count in asked.values()) < 4 * math.sqrt(300 * 0.3 * 0.7)


def test_at_least_one_client_is_asked():
    assert sum(learnt(carry_out(Federated(rounds=4, fraction=0.01))).values()) == 4


def test_clients_drop_out_as_often_as_they_are_said_to():
    told = carry_out(Federated(rounds=200, dropout=0.3, deadline=1.0), clients=10)
    answered = sum(samples for _, samples in rounds(told)) / (ROWS / 10)
    assert abs(answered - 1400) < 4 * math.sqrt(2000 * 0.3 * 0.7)


def test_another_seed_asks_others():
    first, same, other = (learnt(carry_out(Federated(rounds=5, fraction=0.2), seed=s)) for s in (1, 1, 2))
    assert first == same != other


# --- whose rows are whose --------------------------------------------------------------------------------------------


@given(
    clients=st.integers(1, 12),
    classes=st.integers(1, 5),
    concentration=st.none() | st.floats(0.05, 100),
    counts=st.integers(1, 500),
)
def test_every_row_lies_with_exactly_one_client(clients, classes, concentration, counts):
    portions = divide(clients, classes, (), concentration, 3, 0)
    assert len(portions) == clients
    for number in range(classes):
        bounds = [(round(p.first[number] * counts), round(p.end[number] * counts)) for p in portions]
        assert bounds[0][0] == 0 and bounds[-1][1] == counts
        assert all(end == first for (_, end), (first, _) in pairwise(bounds))
    assert sum(sum(p.rows([counts] * classes)) for p in portions) == classes * counts


def test_a_list_of_shares_divides_every_class_alike():
    portions = divide(3, 2, (1, 2, 5), None, 0, 0)
    assert [p.rows([80, 800]) for p in portions] == [(10, 100), (20, 200), (50, 500)]


def purity(concentration):
    """The share that a client's greatest class has of its rows, in the mean over rows."""
    found = [p.rows([1000] * 10) for p in divide(20, 10, (), concentration, 1, 0)]
    return sum(max(rows) for rows in found) / sum(sum(rows) for rows in found)


def test_the_smaller_the_concentration_the_fewer_classes_a_client_has():
    found = [purity(concentration) for concentration in (1e4, 10, 1, 0.1)]
    assert found == sorted(found)
    assert found[0] < 0.12 and found[-1] > 0.5


def test_a_client_s_work_grows_with_its_rows(runner):
    text = federated("shares: [1, 4]")
    events = runner("simulated", "fed", text)
    assert runner.outcome == "finished"
    began, took = {}, Counter()
    for event in events:
        if getattr(event, "label", "") == "perform train.local":
            if isinstance(event, OperationStarted):
                began[event.who] = event.t_s
            else:
                took[event.who] += event.t_s - began[event.who]
    assert took["w2"] == pytest.approx(took["w1"] * 18 / 5, rel=0.02)  # batches of 64, the last of them smaller


# --- what travels ----------------------------------------------------------------------------------------------------


CORE = "accelerator: cpu-core"
THREE = f"    - {{id: w, count: 3, {CORE}}}"
FAST = f"{THREE}\n    - {{id: z, count: 1, {CORE}}}"
SLOW = f"{THREE}\n    - {{id: z, count: 1, {CORE}, bandwidth: 1 Mbit/s}}"


def federated(knobs, pools=FAST, fault="", network=""):
    way = f"  - {{id: fed, training: {{use: federated, with: {{{knobs}}}}}}}"
    text = SMALL.replace("  - {id: ring,", f"{way}\n  - {{id: ring,").replace("    - {id: w, count: 3}", pools)
    text = text.replace("architectures:", f"{network}\narchitectures:")
    return text + (f"faults:\n  - {{kind: {fault}}}\n" if fault else "")


def measured(events, name):
    return next(event.value for event in events if isinstance(event, Measured) and event.name == name)


def test_nothing_but_updates_leaves_a_client(runner):
    def with_letters(run):
        run.world.messages = Window()

    events = runner("simulated", "fed", federated("rounds: 7"), prepare=with_letters)
    sent = [e for e in events if isinstance(e, MessageSent) and e.who in ("w1", "w2", "z0") and e.to != "leader"]
    assert len(sent) == 3 * 7
    assert {e.tag for e in sent} == {"update"} and {e.to for e in sent} == {"w0"}
    assert {e.size_bytes for e in sent} == {UPDATE_BYTES + CONTROL_BYTES + 16}
    assert measured(events, "data_bytes") == 0
    assert measured(runner("simulated", "ring"), "data_bytes") > 100_000


def test_a_client_behind_a_slow_link_holds_up_nobody_s_letters_but_its_own():
    slow = Network(BYTES_PER_S, LATENCY_S, own={"c0": BYTES_PER_S / 100})
    arrivals = [slow.transfer(0.0, "s", client, 1e6) for client in ("c0", "c1", "c2")]
    assert arrivals == pytest.approx([1.0 + LATENCY_S, 0.02 + LATENCY_S, 0.03 + LATENCY_S])
    assert slow.transfer(0.0, "c0", "s", 1e6) == pytest.approx(1.0 + LATENCY_S)


def test_a_slow_link_slows_its_client_s_rounds_and_a_ring_s_steps(runner):
    even, uneven = (rounds_s(runner("simulated", "fed", federated("rounds: 4", pools))) for pools in (FAST, SLOW))
    assert uneven > even + 3 * 2 * UPDATE_BYTES * 8 / 1e6
    text = SMALL.replace("use: ring-all-reduce, with: {workers: 2}", "use: ring-all-reduce, with: {workers: 4}")
    texts = [text.replace("    - {id: w, count: 3}", pools) for pools in (FAST, SLOW)]
    fast, held_up = (rounds_s(runner("simulated", "ring", one)) for one in texts)
    assert held_up > fast + 60 * 6 * UPDATE_BYTES / 4 * 8 / 1e6


def rounds_s(events):
    ends = [event.t_s for event in events if isinstance(event, StepsFinished)]
    return ends[-1] - ends[0]


@pytest.mark.parametrize("sharing", ["fifo", "fair"])
def test_slow_links_hold_whether_links_are_shared_or_taken_in_turns(runner, sharing):
    events = runner("simulated", "fed", federated("rounds: 2", SLOW, network=f"  network: {{sharing: {sharing}}}"))
    assert rounds_s(events) == pytest.approx(2 * (UPDATE_BYTES + CONTROL_BYTES) * 8 / 1e6, rel=0.05)


# --- losses ----------------------------------------------------------------------------------------------------------


def test_a_lost_client_ends_no_training(runner):
    events = runner("simulated", "fed", federated("rounds: 12", fault="crash, worker: w2, at_step: 5"))
    assert runner.outcome == "finished"
    assert [event.worker for event in events if isinstance(event, WorkerFailed)] == ["w2"]
    told = [event.first for event in events if isinstance(event, StepsFinished)]
    assert told == list(range(12))


def test_a_lost_server_s_training_begins_again_at_its_checkpoint(runner):
    knobs = "rounds: 12, checkpoint_every: 4"
    events = runner("simulated", "fed", federated(knobs, fault="crash, worker: w0, at_step: 6, lasts: 50 ms"))
    assert runner.outcome == "finished"
    told = [event.first for event in events if isinstance(event, StepsFinished)]
    assert told[:6] == list(range(6)) and told[-8:] == list(range(4, 12))


def test_the_same_scenario_gives_the_same_events_to_the_byte(runner):
    folders = []
    for _ in range(2):
        runner("simulated", "fed", federated("rounds: 9, fraction: 0.6, dropout: 0.2, deadline: 50 ms, dirichlet: 0.3"))
        folders.append(runner.last)
    one, other = ((folder / "events.jsonl").read_bytes() for folder in folders)
    assert one == other and len(one) > 1000


@pytest.mark.parametrize(
    ("knobs", "said"),
    [
        ({"dropout": 0.1}, "need a deadline"),
        ({"shares": [1, 2], "dirichlet": 0.1}, "not by both"),
        ({"shares": [1, 2], "clients": 3}, "2 shares, but 3 clients"),
    ],
)
def test_knobs_that_contradict_each_other_are_refused(knobs, said):
    with pytest.raises(ValidationError, match=said):
        Federated(**knobs)
