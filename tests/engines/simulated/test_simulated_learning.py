"""Virtual-time training: the model learns as it would for real, while time is the simulator's."""

import math

import pytest
from samples import SMALL

from workbench.architectures.check import check_all
from workbench.runs.events import Measured, OperationFinished, RunFinished, StepsFinished, Warned
from workbench.stages.base import BadInput
from workbench.stages.train import Train

PLAIN = "batch_size: 128, optimiser: momentum, momentum: 0.0, learning_rate: 0.3"
WAYS = {
    "ring4": "ring-all-reduce, with: {workers: 4}",
    "server4": "parameter-server, with: {workers: 4}",
    "sharded": "parameter-server, with: {workers: 4, servers: 3, pieces: 2}",
    "one": "parameter-server, with: {workers: 1}",
    "one_alone": "parameter-server, with: {workers: 1, mode: asynchronous}",
    "stale": "parameter-server, with: {workers: 6, mode: asynchronous}",
    "stale_sharded": "parameter-server, with: {workers: 6, servers: 2, mode: asynchronous}",
    "bounded": "parameter-server, with: {workers: 6, mode: bounded, staleness: 1}",
    "backup": "parameter-server, with: {workers: 6, backup: 2}",
    "federated": "federated, with: {rounds: 6, clients: 5, local_epochs: 3}",
    "uneven": "federated, with: {rounds: 6, clients: 5, local_epochs: 3, dirichlet: 0.05}",
    "some": "federated, with: {rounds: 6, clients: 5, local_epochs: 3, fraction: 0.6, dropout: 0.3, deadline: 1 s}",
}


def text(learn=True, run="", fault="", train=PLAIN, ways=WAYS, checkpoints=0):
    found = SMALL.replace("batch_size: 64", train).replace("{id: w, count: 3}", "{id: w, count: 8, variation: 0.2}")
    knob = f", checkpoint_every: {checkpoints}}}" if checkpoints else "}"
    for name, way in ways.items():
        found += f"  - {{id: {name}, training: {{use: {way.replace('}', knob)}}}}}\n"
    found += f"run: {{seed: 3, learn: {str(learn).lower()}{run}}}\n"
    return found + (f"faults:\n  - {{kind: {fault}}}\n" if fault else "")


def series(events, name):
    return [event.value for event in events if isinstance(event, Measured) and event.name == name]


def apart_from_the_model(events):
    """The story without what is measured of the model."""
    return [event for event in events if not (isinstance(event, Measured) and event.stage)]


@pytest.mark.parametrize("way", WAYS)
def test_learning_changes_nothing_of_the_story_but_what_is_measured_of_the_model(runner, way):
    learnt, sized = runner("simulated", way, text()), runner("simulated", way, text(learn=False))
    assert apart_from_the_model(learnt) == apart_from_the_model(sized)
    assert len(learnt) > len(apart_from_the_model(learnt)) and len(sized) == len(apart_from_the_model(sized))


@pytest.mark.parametrize("way", ["stale", "some"])
def test_a_run_that_learns_tells_the_same_to_the_byte_again(runner, way):
    found = []
    for _ in range(2):
        runner("simulated", way, text())
        found.append((runner.last / "events.jsonl").read_bytes())
    assert found[0] == found[1]


def test_the_simulated_ring_learns_what_the_real_one_does(runner):
    real, simulated = (runner(engine, "ring", text()) for engine in ("real", "simulated"))
    assert len(series(real, "loss")) > 20
    assert series(simulated, "loss") == pytest.approx(series(real, "loss"), rel=1e-3)
    assert series(simulated, "accuracy")[-1] == pytest.approx(series(real, "accuracy")[-1], abs=0.003)


@pytest.mark.parametrize("way", ["server4", "sharded"])
def test_however_a_batch_is_shared_the_same_is_learnt(runner, way):
    alone, shared = (series(runner("simulated", name, text()), "accuracy") for name in ("alone", way))
    assert shared[-1] == pytest.approx(alone[-1], abs=0.006)
    ring, other = (series(runner("simulated", name, text()), "loss") for name in ("ring4", way))
    assert other == pytest.approx(ring, rel=1e-3)


def test_a_worker_alone_is_never_stale(runner):
    waits, does_not = (series(runner("simulated", way, text()), "loss") for way in ("one", "one_alone"))
    assert len(waits) > 20 and does_not == waits


def test_servers_that_share_the_weights_out_learn_as_one_does_without_waiting(runner):
    one, two = (series(runner("simulated", way, text()), "accuracy")[-1] for way in ("stale", "stale_sharded"))
    assert one > 0.9 and two > 0.9


def test_accuracy_is_told_on_the_way_against_simulated_time(runner):
    events = runner("simulated", "ring4", text())
    told = [event for event in events if isinstance(event, Measured) and event.name == "accuracy" and event.step >= 0]
    ends = {event.last: event.t_s for event in events if isinstance(event, StepsFinished)}
    assert len(told) == len({event.step for event in told}) > 20
    assert all(event.t_s <= ends[event.step] for event in told)
    assert told[0].value < 0.8 < told[-1].value


def test_an_update_by_one_worker_s_samples_varies_more_than_one_by_a_whole_batch(runner):
    whole, own = (series(runner("simulated", way, text()), "update_variance") for way in ("server4", "stale"))
    assert min(map(len, (whole, own))) > 20
    assert sum(own) / len(own) > 3 * sum(whole) / len(whole)


def test_clients_whose_classes_are_uneven_learn_a_worse_model_together(runner):
    even, uneven = (series(runner("simulated", way, text()), "accuracy")[-1] for way in ("federated", "uneven"))
    assert even > 0.85 and uneven < even - 0.1


def test_replications_have_data_and_weights_of_their_own(runner):
    first, second = (series(runner("simulated", "ring", text(), replication=n), "loss") for n in (0, 1))
    assert len(first) == len(second) and first[0] != second[0]


def test_a_lost_worker_s_survivors_go_on_learning(runner):
    events = runner("simulated", "ring", text(fault="crash, worker: w1, at_step: 12"))
    assert runner.outcome == "finished" and series(events, "accuracy")[-1] > 0.85


@pytest.mark.parametrize("way", ["server4", "sharded", "stale_sharded", "federated"])
def test_a_training_that_begins_again_goes_on_from_what_it_had_learnt(runner, way):
    fault = "crash, worker: w0, at_step: 4, lasts: 50 ms"
    whole = series(runner("simulated", way, text(checkpoints=2)), "accuracy")[-1]
    events = runner("simulated", way, text(fault=fault, checkpoints=2))
    assert runner.outcome == "finished"
    told = [event.first for event in events if isinstance(event, StepsFinished)]
    assert told.count(0) == 1 and len(told) > len(set(told))
    assert series(events, "accuracy")[-1] == pytest.approx(whole, abs=0.04)


def test_a_training_that_diverges_says_so_once_and_tells_no_number_that_is_none(runner):
    wild = text(train=PLAIN.replace("0.3", "100.0").replace("momentum: 0.0", "momentum: 0.99"))
    events = runner("simulated", "stale", wild)
    assert runner.outcome == "finished"
    assert [event.code for event in events if isinstance(event, Warned)].count("diverged") == 1
    assert all(math.isfinite(event.value) for event in events if isinstance(event, Measured))


def test_work_that_fails_is_told_when_it_would_have_ended(runner, monkeypatch):
    def learner(stage, inputs, context):
        raise BadInput("no row is any good")

    monkeypatch.setattr(Train, "learner", learner)
    events = runner("simulated", "ring", text())
    assert runner.outcome == "failed"
    end = next(event for event in events if isinstance(event, RunFinished))
    assert "no row is any good" in end.reason
    opened = [event for event in events if isinstance(event, OperationFinished) and event.label == "perform train.open"]
    assert opened and opened[0].t_s > 0


def test_a_simulated_run_writes_no_files_for_its_user(runner):
    saved = text().replace("    - {id: evaluate,", "    - {id: save, use: save}\n    - {id: evaluate,")
    runner("simulated", "ring", saved.replace("cluster:", "    - train.model -> save.model\ncluster:"))
    assert runner.outcome == "finished" and not (runner.last / "outbox").exists()


@pytest.mark.parametrize(
    ("use", "said"),
    [
        ("pipeline-parallel, with: {}", "cannot learn in a simulated run"),
        ("ring-all-reduce, with: {bucket_mb: 1}", "cannot learn in a simulated run"),
        ("fully-sharded, with: {}", "cannot learn in a simulated run"),
    ],
)
def test_what_cannot_learn_in_a_simulated_run_is_refused_by_name(use, said, tmp_path):
    problems = check_all(text(ways={"other": use}), tmp_path).problems
    assert any(said in str(problem) and "other" in str(problem) for problem in problems)
    assert not check_all(text(learn=False, ways={"other": use}), tmp_path).refused
