"""Replicas that are simulated in one process do together what each would do alone, to the bit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.stages import perceptron_sums, replicas
from workbench.stages.perceptron import Adam, Momentum, PerceptronLearner
from workbench.stages.replicas import Replicas
from workbench.stages.values import Dataset


def data(rows=150, features=6):
    draws = np.random.default_rng(2)
    y = np.arange(rows) % 3
    x = draws.normal(size=(rows, features)).astype(np.float32) + y[:, None].astype(np.float32)
    return Dataset(x, y, x[:9], y[:9], tuple(map(str, range(features))), ("0", "1", "2"), ())


DATA = data()


def learner(rule=None, batch_size=150, seed=3):
    made = PerceptronLearner(DATA, (5,), 4, batch_size, rule or Adam(0.01), seed, lambda *told, **more: None)
    made.light = True
    return made


def together(count, **more):
    shared, made = Replicas(), [learner(**more) for _ in range(count)]
    for each in made:
        each.join(shared)
    return made


@given(
    models=st.integers(1, 5),
    rows=st.sampled_from([1, 2, 16, 23, 64, 65, 128, 150]),
    hidden=st.lists(st.integers(1, 70), max_size=3),
    scale=st.sampled_from([0.01, 1.0, 1e4]),
    seed=st.integers(0, 999),
)
@settings(max_examples=40, deadline=None)
def test_gradients_of_several_models_are_those_of_each_to_the_bit(models, rows, hidden, scale, seed):
    draws = np.random.default_rng(seed)
    widths = [int(draws.integers(1, 70)), *hidden, 3]
    layers = list(zip(widths[1:], widths, strict=False))
    flat = draws.normal(size=(models, sum(a * b + a for a, b in layers)), scale=scale).astype(np.float32)
    x, y = draws.normal(size=(models, rows, widths[0])).astype(np.float32), draws.integers(3, size=(models, rows))
    with np.errstate(all="ignore"):
        found, losses = perceptron_sums.gradients(flat, layers, x, y)
        same, its_losses = perceptron_sums.gradients(flat[:1], layers, x, y)
        for model in range(models):
            alone, loss = perceptron_sums.gradient(flat[model], layers, x[model], y[model])
            assert found[model].tobytes() == alone.tobytes() and losses[model].tobytes() == np.float64(loss).tobytes()
            alone, loss = perceptron_sums.gradient(flat[0], layers, x[model], y[model])
            assert (
                same[model].tobytes() == alone.tobytes() and its_losses[model].tobytes() == np.float64(loss).tobytes()
            )


@pytest.mark.parametrize("rule", [Adam(0.01), Momentum(0.1, 0.9)], ids=["adam", "momentum"])
@pytest.mark.parametrize("batch_size", [150, 50])
def test_a_team_that_trains_in_one_process_comes_to_the_weights_of_one_whose_members_are_alone(rule, batch_size):
    alone, team = [learner(rule, batch_size) for _ in range(4)], together(4, rule=rule, batch_size=batch_size)
    for step in range(4):
        for rank, each in enumerate(team):
            each.expect(step, rank, 4)
        totals = []
        for members in (alone, team):
            gradients = [each.gradient(step, rank, 4) for rank, each in enumerate(members)]
            totals.append(sum(gradients[1:], start=gradients[0]))
            for each in members:
                each.apply(step, totals[-1])
        assert totals[0].tobytes() == totals[1].tobytes()
    states = [each.state() for each in (*alone, *team)]
    assert all(state[key].tobytes() == states[0][key].tobytes() for state in states for key in state if key != "step")
    assert len({id(each.weights()) for each in team}) == 1


def test_a_step_that_all_make_alike_is_made_once(monkeypatch):
    made = []
    monkeypatch.setattr(Adam, "move", lambda rule, *what, move=Adam.move: made.append(what) or move(rule, *what))
    team = together(8)
    gradient = team[0].gradient(0, 0, 8)
    for each in team:
        each.apply(0, gradient)
    assert len(made) == 1
    team[3].apply(1, gradient + 1)
    team[4].apply(1, gradient)
    assert len(made) == 3 and not np.array_equal(team[3].weights(), team[4].weights())


def test_who_begins_with_other_weights_shares_nothing():
    shared, one, other = Replicas(), learner(), learner(seed=4)
    one.join(shared)
    other.join(shared)
    assert not np.array_equal(one.weights(), other.weights())
    gradient = one.gradient(0, 0, 1)
    for each in (one, other):
        each.expect(0, 0, 1)
    assert one.gradient(0, 0, 1).tobytes() == gradient.tobytes() != other.gradient(0, 0, 1).tobytes()


def test_what_turns_out_otherwise_than_was_expected_is_computed_anew():
    one, other = together(2)
    alone = learner()
    one.expect(0, 0, 2)
    other.expect(0, 1, 2)
    other.load_weights(np.ones_like(alone.weights()))
    assert one.gradient(0, 0, 1).tobytes() == alone.gradient(0, 0, 1).tobytes()
    alone.load_weights(np.ones_like(alone.weights()))
    assert other.gradient(0, 1, 2).tobytes() == alone.gradient(0, 1, 2).tobytes()


@pytest.mark.parametrize("most", [1, 3, 64])
def test_the_number_that_is_computed_at_once_changes_nothing(most, monkeypatch):
    monkeypatch.setattr(replicas, "AT_ONCE", most)
    team, alone = together(7, batch_size=50), learner(batch_size=50)
    for rank, each in enumerate(team):
        each.expect(0, rank, 7)
    for rank, each in enumerate(team):
        assert each.gradient(0, rank, 7).tobytes() == alone.gradient(0, rank, 7).tobytes()


def test_weights_that_are_shared_can_be_written_to_by_nobody():
    one, other = together(2)
    with pytest.raises(ValueError, match="read-only"):
        one.weights()[:] = 0
    other.load_weights(one.weights())
    own = np.zeros_like(one.weights())
    other.load_weights(own)
    own[:] = 1
    assert not other.weights().any() and one.weights().any()


def test_a_server_that_moves_its_share_leaves_alone_what_it_has_given_away():
    one, other = together(2)
    given = one.weights()
    before = given.copy()
    one.move(0, np.ones(10, dtype=np.float32), slice(4, 14))
    assert np.array_equal(given, before) and np.array_equal(other.weights(), before)
    assert np.flatnonzero(one.weights() != before).tolist() == list(range(4, 14))
