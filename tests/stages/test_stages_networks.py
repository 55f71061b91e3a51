"""The stages `train-cnn`, `train-recurrent`, `train-transformer` and `letters`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from workbench.stages import networks, values
from workbench.stages.base import BadInput, Context
from workbench.stages.letters import Letters
from workbench.stages.models import predicted, require_sound
from workbench.stages.networks import module
from workbench.stages.registry import STAGES
from workbench.stages.train_networks import TrainCnn, TrainRecurrent, TrainTransformer
from workbench.stages.values import size_of

NETWORKS = [
    ("train-cnn", {"channels": [3, 5]}),
    ("train-recurrent", {"input": "numbers", "steps": 8, "hidden": 6}),
    ("train-transformer", {"input": "numbers", "steps": 8, "width": 8, "heads": 2, "layers": 1}),
    ("train-recurrent", {"hidden": 6}),
    ("train-transformer", {"width": 8, "heads": 2, "layers": 1}),
]
TEXT = pa.table({"text": ["the cat sat on the mat and the dog sat on the log " * 8]})


@pytest.fixture
def rows(work: Callable[..., Any], dataset: Callable[..., Any]) -> Callable[..., Any]:
    """rows(parameters): pictures of digits for numbers, letters of a text for symbols."""
    return lambda kind, parameters: (
        dataset("digits", scale="minmax")
        if kind == "train-cnn" or parameters.get("input") == "numbers"
        else work("letters", {"table": TEXT}, length=6)
    )


@pytest.mark.parametrize(("kind", "parameters"), NETWORKS)
def test_the_shapes_are_those_of_the_torch_module(rows: Callable[..., Any], kind: str, parameters: Any) -> None:
    data = rows(kind, parameters)
    network = STAGES[kind](**parameters).network(len(data.features), len(data.classes))
    theirs = module(network.kind, tuple(sorted(network.settings.items()))).named_parameters()
    assert {name: tuple(part.shape) for name, part in theirs} == network.shapes
    assert networks.of_settings(network.kind, network.settings) == network


@pytest.mark.parametrize(("kind", "parameters"), NETWORKS)
def test_shares_of_a_batch_add_up_to_its_gradient(
    rows: Callable[..., Any], context: Context, kind: str, parameters: Any
) -> None:
    learner = STAGES[kind](**parameters).learner({"dataset": rows(kind, parameters)}, context)
    whole = learner.gradient(0, 0, 1)
    assert np.abs(whole).max() > 0
    assert np.allclose(whole, sum(learner.gradient(0, rank, 3) for rank in range(3)), atol=1e-5)


@pytest.mark.parametrize(("kind", "parameters"), NETWORKS)
def test_a_model_predicts_the_same_from_a_file_and_has_the_foretold_size(
    work: Callable[..., Any], rows: Callable[..., Any], tmp_path: Path, kind: str, parameters: Any
) -> None:
    data = rows(kind, parameters)
    model = work(kind, {"dataset": data}, epochs=1, **parameters)
    values.save(model, tmp_path / "m.zip")
    again = values.load(tmp_path / "m.zip")
    require_sound(again)
    assert np.array_equal(predicted(again, data.test_x), predicted(model, data.test_x))
    foretold = STAGES[kind](epochs=1, **parameters).cost({"dataset": size_of(data)}, Path()).outputs["model"]
    assert foretold == size_of(model)


def test_networks_learn(
    work: Callable[..., Any], rows: Callable[..., Any], measured: list[tuple[str, float, str]]
) -> None:
    for kind, parameters in (NETWORKS[0], *NETWORKS[3:]):
        data = rows(kind, parameters)
        chance = np.bincount(data.test_y).max() / len(data.test_y)
        work(kind, {"dataset": data}, epochs=5, batch_size=32, learning_rate=0.02, **parameters)
        told = {name: value for name, value, _ in measured}
        assert told["accuracy"] > chance + 0.2, kind
        assert 0 < told["gradient_s"] < 1


def test_what_does_not_fit_a_network_is_refused_by_what_would(
    dataset: Callable[..., Any], context: Context, work: Callable[..., Any]
) -> None:
    wine = {"dataset": dataset("wine")}
    with pytest.raises(BadInput, match="13 features are no picture of 3 rows; set `height`"):
        TrainCnn().learner(wine, context)
    assert TrainCnn().step_cost({"dataset": size_of(wine["dataset"])}).operations > 0  # sizes are a forecast
    with pytest.raises(BadInput, match="13 features cannot be divided into 2 steps"):
        TrainRecurrent(input="numbers", steps=2).learner(wine, context)
    with pytest.raises(BadInput, match="the features are not symbols"):
        TrainTransformer().learner(wine, context)
    (problem,) = TrainTransformer(width=10, heads=4).problems(Path())
    assert "a width of 10 cannot be shared by 4 heads" in problem.words()


def test_letters_are_followed_by_the_next_one(work: Callable[..., Any]) -> None:
    whole = TEXT.column("text")[0].as_py()
    data = work("letters", {"table": TEXT}, length=6, rows=50)
    assert len(data.train_x) + len(data.test_x) == 50
    for x, y in zip(data.train_x, data.train_y, strict=True):
        assert "".join(data.classes[int(code)] for code in x) + data.classes[y] in whole
    foretold = Letters(length=6, rows=50).cost({"table": size_of(TEXT)}, Path()).outputs["dataset"]
    assert (foretold.rows, foretold.columns, foretold.bytes) == (40, 6, size_of(data).bytes)


def test_a_text_that_is_too_short_is_refused(work: Callable[..., Any]) -> None:
    with pytest.raises(BadInput, match="the text has 3 letters, too few for sequences of 32"):
        work("letters", {"table": pa.table({"text": ["abc"]})})
