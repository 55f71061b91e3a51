"""The stage `train` and its learner."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.stages.base import BadInput, Context
from workbench.stages.models import predicted
from workbench.stages.perceptron import Adam, Momentum, PerceptronLearner, share_of
from workbench.stages.prepare import Prepare
from workbench.stages.sample import SHIPPED, Sample
from workbench.stages.synthetic import Synthetic
from workbench.stages.train import Train
from workbench.stages.values import Dataset, size_of

QUIET = Context(Path(), Path(), 1)


def small() -> Dataset:
    table = Synthetic(rows=120, features=5, classes=3).work({}, QUIET)["table"]
    return Prepare().work({"table": table}, QUIET)["dataset"]


SMALL = small()


def learner(**parameters: Any) -> PerceptronLearner:
    made = Train(**{"hidden": (7,), "epochs": 3, "batch_size": 16} | parameters).learner({"dataset": SMALL}, QUIET)
    assert isinstance(made, PerceptronLearner)
    return made


def go(who: PerceptronLearner, first: int, last: int) -> PerceptronLearner:
    for step in range(first, last):
        who.apply(step, who.gradient(step, 0, 1))
    return who


@given(members=st.integers(1, 5), batch_size=st.integers(1, 40), step=st.integers(0, 5), hidden=st.integers(0, 2))
@settings(deadline=None, max_examples=60)
def test_the_shares_of_a_gradient_add_up_to_the_whole(members: int, batch_size: int, step: int, hidden: int) -> None:
    who = learner(batch_size=batch_size, hidden=(6,) * hidden, epochs=6)
    whole = who.gradient(step, 0, 1)
    shares = [who.gradient(step, rank, members) for rank in range(members)]
    assert all(share.dtype == np.float32 and share.shape == who.weights().shape for share in shares)
    assert np.allclose(sum(shares), whole, rtol=1e-4, atol=1e-6)


def test_the_gradient_is_that_of_the_mean_loss_over_the_batch() -> None:
    import torch

    who = learner()
    rows = who.batch(4)
    layers = torch.nn.Sequential(torch.nn.Linear(5, 7), torch.nn.ReLU(), torch.nn.Linear(7, 3))
    model = who.model()
    with torch.no_grad():
        for place, layer in enumerate((layers[0], layers[2])):
            layer.weight.copy_(torch.from_numpy(model.arrays[f"weights_{place}"]))
            layer.bias.copy_(torch.from_numpy(model.arrays[f"bias_{place}"]))
    loss = torch.nn.CrossEntropyLoss()(
        layers(torch.from_numpy(SMALL.train_x[rows])), torch.from_numpy(SMALL.train_y[rows])
    )
    loss.backward()
    expected = np.concatenate([parameter.grad.numpy().ravel() for parameter in layers.parameters()])
    assert np.allclose(who.gradient(4, 0, 1), expected, atol=1e-6)


@given(rows=st.integers(1, 150), hidden=st.lists(st.integers(1, 40), max_size=3), seed=st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_light_sums_are_those_of_torch_up_to_rounding(rows: int, hidden: list[int], seed: int) -> None:
    draws = np.random.default_rng(seed)
    x, y = draws.normal(size=(rows, 6)).astype(np.float32), draws.integers(3, size=rows)
    data = Dataset(x, y, x, y, tuple("abcdef"), ("p", "q", "r"), ())
    found = []
    for light in (False, True):
        who = PerceptronLearner(data, tuple(hidden), 1, rows, Momentum(0.1, 0.9), seed, lambda *a, **b: None)
        who.light = light
        found.append(who.gradient_of(np.arange(rows), rows))
    (gradient, loss), (lightly, its_loss) = found
    assert its_loss == pytest.approx(loss, rel=1e-4)
    assert np.allclose(lightly, gradient, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("kind", ["adam", "momentum"])
def test_the_optimiser_moves_weights_as_that_of_torch(kind: str) -> None:
    import torch

    rule = Adam(0.01) if kind == "adam" else Momentum(0.01, 0.9)
    draws = np.random.default_rng(0)
    weights = draws.normal(size=50).astype(np.float32)
    theirs = torch.nn.Parameter(torch.from_numpy(weights.copy()))
    optimiser = (
        torch.optim.Adam([theirs], lr=0.01) if kind == "adam" else torch.optim.SGD([theirs], lr=0.01, momentum=0.9)
    )
    slots = [np.zeros_like(weights) for _ in range(rule.slots)]
    for step in range(20):
        gradient = draws.normal(size=50).astype(np.float32)
        theirs.grad = torch.from_numpy(gradient)
        optimiser.step()
        weights, slots = rule.move(step, weights, slots, gradient)
    assert weights.dtype == np.float32
    assert np.allclose(weights, theirs.detach().numpy(), atol=1e-5)


@pytest.mark.parametrize("optimiser", ["adam", "momentum"])
def test_a_training_goes_on_from_a_state_to_identical_weights(optimiser: str) -> None:
    straight = go(learner(optimiser=optimiser), 0, 12)
    state = go(learner(optimiser=optimiser), 0, 5).state()
    resumed = learner(optimiser=optimiser)
    resumed.load_state(state)
    assert np.array_equal(go(resumed, 5, 12).weights(), straight.weights())


def test_a_state_is_plain_data_and_arrays_and_does_not_change_later() -> None:
    who = go(learner(), 0, 3)
    state = who.state()
    before = {name: np.copy(value) for name, value in state.items()}
    go(who, 3, 6)
    assert all(isinstance(value, int | np.ndarray) for value in state.values())
    assert all(np.array_equal(state[name], before[name]) for name in state)


@pytest.mark.parametrize("optimiser", ["adam", "momentum"])
def test_going_back_undoes_one_step_to_the_bit(optimiser: str) -> None:
    who = go(learner(optimiser=optimiser), 0, 5)
    before = who.state()
    go(who, 5, 6)
    who.back(5)
    assert all(np.array_equal(who.state()[name], before[name]) for name in before)
    assert np.array_equal(go(who, 5, 9).weights(), go(learner(optimiser=optimiser), 0, 9).weights())


def test_going_back_two_steps_is_our_own_mistake() -> None:
    who = go(learner(), 0, 5)
    who.back(4)
    with pytest.raises(AssertionError):
        who.back(3)


def test_equal_seeds_make_equal_members_and_other_seeds_do_not() -> None:
    assert np.array_equal(go(learner(), 0, 6).weights(), go(learner(), 0, 6).weights())
    assert not np.array_equal(learner(seed=1).weights(), learner(seed=2).weights())


def test_weights_that_are_loaded_are_a_copy() -> None:
    one, other = go(learner(), 0, 3), learner()
    weights = one.weights()
    other.load_weights(weights)
    weights[:] = 0
    assert np.array_equal(other.weights(), one.weights())


def test_each_epoch_sees_every_row_of_whole_batches_once() -> None:
    who = learner(batch_size=16)
    assert who.steps_per_epoch == 96 // 16
    first = np.concatenate([who.batch(step) for step in range(6)])
    second = np.concatenate([who.batch(step) for step in range(6, 12)])
    assert sorted(first) == sorted(second) == list(range(96))
    assert not np.array_equal(first, second)


def test_a_team_of_three_trains_to_the_accuracy_of_one(dataset: Callable[..., Any], context: Context) -> None:
    data = dataset("digits")
    stage = Train(hidden=(32,), epochs=8)
    alone = stage.work({"dataset": data}, context)["model"]
    team = stage.learner({"dataset": data}, context)
    for step in range(team.steps):
        team.apply(step, sum(team.gradient(step, rank, 3) for rank in range(3)))
    together = team.finish()["model"]
    right = [float((predicted(model, data.test_x) == data.test_y).mean()) for model in (alone, together)]
    assert min(right) >= 0.9
    assert abs(right[0] - right[1]) <= 0.02


def test_loss_falls_and_accuracy_is_told_at_the_end(
    work: Callable[..., Any], dataset: Callable[..., Any], measured: list[tuple[str, float, str]]
) -> None:
    work("train", {"dataset": dataset("digits")}, epochs=10)
    losses = [value for name, value, _ in measured if name == "loss"]
    assert 10 <= len(losses) <= 250
    assert losses[-1] < 0.3 * losses[0]
    assert measured[-1][0] == "accuracy"
    assert measured[-1][1] > 0.9


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("hidden", [(), (8,), (16, 8)])
def test_model_size_and_steps_are_foretold(
    work: Callable[..., Any], dataset: Callable[..., Any], name: str, hidden: tuple[int, ...]
) -> None:
    table = Sample(name=name).cost({}, Path()).outputs["table"]
    inputs = {"dataset": Prepare().cost({"table": table}, Path()).outputs["dataset"]}
    stage, data = Train(hidden=hidden, epochs=2, batch_size=48), dataset(name)
    real = stage.learner({"dataset": data}, QUIET)
    step = stage.step_cost(inputs)
    assert (step.steps, step.samples_per_step) == (real.steps, real.samples_per_step)
    assert step.gradient_bytes == real.weights().nbytes
    assert step.state_bytes == sum(value.nbytes for value in real.state().values() if isinstance(value, np.ndarray))
    assert stage.cost(inputs, Path()).outputs["model"] == size_of(real.finish()["model"])


def test_a_step_costs_six_operations_for_each_parameter_and_row(dataset: Callable[..., Any]) -> None:
    step = Train(hidden=(), batch_size=10).step_cost({"dataset": size_of(dataset("iris"))})
    assert step.operations == 6 * (4 * 3 + 3) * 10


def test_a_dataset_without_training_rows_is_refused() -> None:
    empty = replace(SMALL, train_x=SMALL.train_x[:0], train_y=SMALL.train_y[:0])
    with pytest.raises(BadInput, match="no training rows"):
        Train().work({"dataset": empty}, QUIET)


@given(rows=st.integers(0, 200), members=st.integers(1, 40))
def test_the_shares_of_a_batch_are_as_equal_as_can_be_and_together_all_of_it(rows: int, members: int) -> None:
    batch = np.arange(rows)
    shares = [share_of(batch, rank, members) for rank in range(members)]
    assert [list(share) for share in shares] == [list(share) for share in np.array_split(batch, members)]
