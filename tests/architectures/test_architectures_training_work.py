"""What a program asks of a training means the same for one member that holds a model and for several that share it."""

import numpy as np
import pytest

from workbench.architectures.operations import Perform
from workbench.architectures.training_work import carry_out, opened, own_rows, part_of
from workbench.stages.perceptron import Momentum, PerceptronLearner
from workbench.stages.values import Dataset

SEED, STEP = 3, 0


def learner():
    draws = np.random.default_rng(1)
    y = np.arange(60) % 3
    x = draws.normal(size=(60, 4)).astype(np.float32) + y[:, None].astype(np.float32)
    data = Dataset(x, y, x[:9], y[:9], ("a", "b", "c", "d"), ("0", "1", "2"), ())
    made = PerceptronLearner(data, (5,), 2, 20, Momentum(0.1, 0.9), SEED, lambda *told, **more: None)
    made.light = True
    return made


def do(learner, part, item=None, share=1.0, first=0.0, member="w0"):
    return carry_out(learner, Perform("train", part, item, "", share, first), member, SEED)


def begins(count):
    return [number / count for number in range(count)]


def test_a_stage_that_is_open_says_how_long_it_trains_and_on_what():
    assert opened(learner()) == {"steps": 6, "samples_per_step": 20, "rows": 60, "classes": 3}


@pytest.mark.parametrize("servers", [2, 3, 7])
def test_shares_of_the_weights_are_all_of_them_once(servers):
    model = learner()
    bounds = [part_of(model, Perform("train", share=1 / servers, first=at)) for at in begins(servers)]
    assert np.concatenate([np.arange(len(model.weights()))[at] for at in bounds]).tolist() == list(
        range(len(model.weights()))
    )


@pytest.mark.parametrize("servers", [1, 2, 3])
def test_servers_that_hold_a_share_each_come_to_the_weights_of_one_that_holds_all(servers):
    alone, shares = learner(), [learner() for _ in range(servers)]
    for step in range(4):
        gradient = alone.gradient(step, 0, 1)
        alone.apply(step, gradient)
        for server, at in zip(shares, begins(servers), strict=True):
            piece = do(server, "piece", [gradient, 0, 0], 1 / servers, at)
            do(server, "apply", [step, do(server, "sum", [piece])], 1 / servers, at)
    parts = [do(server, "weights", None, 1 / servers, at) for server, at in zip(shares, begins(servers), strict=True)]
    worker = learner()
    do(worker, "load", parts)
    np.testing.assert_array_equal(worker.weights(), alone.weights())


def test_a_server_begins_again_with_what_all_servers_saved_and_its_own_count_of_updates():
    servers = [learner(), learner()]
    for updates, server, at in zip((2, 3), servers, begins(2), strict=True):
        for update in range(updates):
            gradient = np.full_like(server.weights()[part_of(server, Perform("train", share=0.5, first=at))], update)
            do(server, "apply", [update, gradient, 4], 0.5, at)
    saved = [do(server, "state", None, 0.5, at) for server, at in zip(servers, begins(2), strict=True)]
    assert sum(len(state["weights"]) for state in saved) == len(servers[0].weights())
    again = learner()
    do(again, "restore", saved, 0.5, 0.5)
    assert again.step == 3
    second = part_of(again, Perform("train", share=0.5, first=0.5))
    np.testing.assert_array_equal(again.weights()[second], servers[1].weights()[second])
    np.testing.assert_array_equal(again.state()["slot_0"][second], servers[1].state()["slot_0"][second])
    np.testing.assert_array_equal(again.weights()[: second.start], servers[0].weights()[: second.start])


def test_the_gradient_of_a_worker_for_which_nobody_waits_counts_as_the_mean_of_its_own_samples():
    waited, not_waited = learner(), learner()
    gradient = waited.gradient(STEP, 0, 4)
    do(waited, "apply", [STEP, 4 * gradient])
    do(not_waited, "apply", [STEP, gradient, 4])
    np.testing.assert_array_equal(waited.weights(), not_waited.weights())


def rows_of(first, end):
    return {"round": 0, "epochs": 1, "first": [first] * 3, "end": [end] * 3}


def test_clients_have_rows_of_their_own_and_learn_on_those_alone():
    model = learner()
    mine, others = own_rows(model, rows_of(0.0, 0.5)), own_rows(model, rows_of(0.5, 1.0))
    assert sorted([*mine, *others]) == list(range(60))
    spoilt = learner()
    spoilt.dataset.train_x[others] = np.nan
    np.testing.assert_array_equal(do(spoilt, "local", rows_of(0.0, 0.5)), do(model, "local", rows_of(0.0, 0.5)))
    assert np.isnan(do(spoilt, "local", rows_of(0.0, 0.6))).any()


def test_the_server_moves_by_the_mean_of_its_clients_weighted_by_rows():
    server = learner()
    before = server.weights()
    do(server, "average", [[10, np.full_like(before, 1.0)], [30, np.full_like(before, 5.0)]])
    np.testing.assert_allclose(server.weights(), before + 4.0, rtol=1e-6)
    assert server.step == 1
