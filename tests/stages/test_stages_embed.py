"""The stages `embed`, `embed-items`, `map`, `texts` and `bag-of-words`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from workbench.stages.bag_of_words import BagOfWords
from workbench.stages.base import BadInput, Context
from workbench.stages.embed import Embed
from workbench.stages.prepare import Prepare
from workbench.stages.registry import STAGES
from workbench.stages.sample import Sample
from workbench.stages.steps import matrix
from workbench.stages.texts import Texts
from workbench.stages.values import load, save, size_of


def outputs(context: Context, kind: str, inputs: dict[str, Any], **parameters: Any) -> dict[str, Any]:
    return STAGES[kind](**parameters).work(inputs, context)


# --- rows ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["pca", "autoencoder"])
def test_vectors_come_of_raw_tables_as_they_came_of_the_dataset(
    work: Callable[..., Any], context: Context, tmp_path: Path, method: str
) -> None:
    table = work("sample", name="wine")
    data = work("prepare", {"table": table})
    made = outputs(context, "embed", {"dataset": data}, dimensions=3, method=method, hidden=8, epochs=3)["dataset"]
    save(made, tmp_path / "d.zip")
    whole = matrix(load(tmp_path / "d.zip").steps, table)
    assert whole.shape == (178, 3)
    assert {tuple(row) for row in made.test_x} <= {tuple(row) for row in whole}


def test_vectors_as_long_as_the_rows_keep_every_neighbour(
    context: Context, dataset: Callable[..., Any], measured: list[tuple[str, float, str]]
) -> None:
    made = outputs(context, "embed", {"dataset": dataset("iris")}, dimensions=4, curve=[1, 2])
    told = {name: value for name, value, _ in measured}
    assert told["kept_neighbours"] == pytest.approx(1.0, abs=0.01)
    assert told["kept_bytes"] == 1.0
    assert made["curve"].column("dimensions").to_pylist() == [1, 2, 4]
    kept = made["curve"].column("kept_neighbours").to_pylist()
    assert kept == sorted(kept) and kept[0] < 0.8


def test_an_autoencoder_keeps_more_the_longer_it_learns(
    context: Context, dataset: Callable[..., Any], measured: list[tuple[str, float, str]]
) -> None:
    for epochs in (1, 40):
        outputs(context, "embed", {"dataset": dataset("wine")}, dimensions=2, method="autoencoder", epochs=epochs)
    short, long = (value for name, value, _ in measured if name == "kept_neighbours")
    assert long > short + 0.1


@pytest.mark.parametrize("method", ["pca", "autoencoder"])
def test_the_size_of_embedded_rows_is_foretold(context: Context, dataset: Callable[..., Any], method: str) -> None:
    table = Sample(name="wine").cost({}, Path()).outputs["table"]
    prepared = Prepare().cost({"table": table}, Path()).outputs["dataset"]
    parameters = {"dimensions": 3, "method": method, "hidden": 8, "epochs": 1, "curve": [1, 2]}
    foretold = Embed(**parameters).cost({"dataset": prepared}, Path()).outputs
    made = outputs(context, "embed", {"dataset": dataset("wine")}, **parameters)
    assert foretold == {port: size_of(value) for port, value in made.items()}


def test_more_dimensions_than_features_are_refused(context: Context, dataset: Callable[..., Any]) -> None:
    with pytest.raises(BadInput, match=r"5 dimensions are asked for, .* at most 4"):
        outputs(context, "embed", {"dataset": dataset("iris")}, dimensions=2, curve=[5])


# --- maps ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["pca", "t-sne"])
def test_a_map_names_the_nearest_training_rows(
    work: Callable[..., Any], dataset: Callable[..., Any], method: str
) -> None:
    data = dataset("iris")
    made = work("map", {"dataset": data, "model": work("estimator", {"dataset": data})}, method=method, neighbours=3)
    assert made.column_names == ["x", "y", "class", "neighbours", "predicted"]
    first = [int(row) for row in made.column("neighbours")[0].as_py().split()]
    from workbench.stages.models import scores

    model = work("estimator", {"dataset": data})
    far = np.linalg.norm(scores(model, data.train_x) - scores(model, data.test_x[:1]), axis=1)
    assert set(far[first]) == set(np.sort(far)[:3])


def test_a_map_needs_no_model(work: Callable[..., Any], dataset: Callable[..., Any]) -> None:
    assert work("map", {"dataset": dataset("iris")}).column_names == ["x", "y", "class", "neighbours"]


# --- items and text -----------------------------------------------------------------------------------------------


def test_items_that_keep_the_same_company_are_neighbours(context: Context) -> None:
    draws = np.random.default_rng(2)
    rows = [(f"{kind}{item}", f"{kind}{draws.integers(90)}") for kind in "ab" for item in range(40) for _ in range(150)]
    table = pa.table({"word": [item for item, _ in rows], "paragraph": [place for _, place in rows]})
    made = outputs(context, "embed-items", {"table": table}, dimensions=4, neighbours=5, many=10)["table"]
    for row in made.to_pylist():
        assert all(name.startswith(row["item"][0]) for name in row["neighbours"].split())


def test_too_few_items_are_refused_by_number(context: Context) -> None:
    table = pa.table({"word": ["a", "b"] * 9, "paragraph": list(range(18))})
    with pytest.raises(BadInput, match="2 items are observed 5 times or more"):
        outputs(context, "embed-items", {"table": table})
    with pytest.raises(BadInput, match="no column 'goods'"):
        outputs(context, "embed-items", {"table": table}, item="goods")


@pytest.mark.parametrize("parameters", [{}, {"rows": "words", "topics": 3}])
def test_the_size_of_the_shipped_text_is_foretold(work: Callable[..., Any], parameters: dict[str, Any]) -> None:
    assert Texts(**parameters).cost({}, Path()).outputs["table"] == size_of(work("texts", **parameters))


def test_words_are_counted_alike_in_training_and_in_new_texts(work: Callable[..., Any]) -> None:
    table = work("texts", topics=4)
    data = work("bag-of-words", {"table": table}, words=50)
    assert data.features == tuple(sorted(data.features))
    assert {tuple(row) for row in data.test_x} <= {tuple(row) for row in matrix(data.steps, table)}
    assert np.linalg.norm(data.train_x, axis=1).max() == pytest.approx(1.0, abs=1e-5)
    foretold = BagOfWords(words=50).cost({"table": size_of(table)}, Path()).outputs["dataset"]
    assert (foretold.rows, foretold.bytes) == (size_of(data).rows, size_of(data).bytes)


def test_a_column_without_words_is_refused(work: Callable[..., Any]) -> None:
    table = pa.table({"text": ["12", "34", "56", "78"], "topic": ["a", "b", "a", "b"], "n": [1, 2, 3, 4]})
    with pytest.raises(BadInput, match="holds no words"):
        work("bag-of-words", {"table": table})
    with pytest.raises(BadInput, match="column 'n' holds values of type int64, not text"):
        work("bag-of-words", {"table": table}, text="n")
