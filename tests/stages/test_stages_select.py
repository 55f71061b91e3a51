"""The stage `select`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workbench.stages.base import BadInput
from workbench.stages.prepare import Prepare
from workbench.stages.sample import Sample
from workbench.stages.select import SelectFeatures
from workbench.stages.steps import matrix
from workbench.stages.values import size_of

METHODS = ("anova", "mutual-information", "variance")


@pytest.mark.parametrize("method", METHODS)
def test_features_that_tell_nothing_are_left_out(
    work: Callable[..., Any], dataset: Callable[..., Any], method: str
) -> None:
    data, draws = dataset("iris"), np.random.default_rng(3)
    noise, other = (0.1 * draws.normal(size=(len(x), 4)).astype(np.float32) for x in (data.train_x, data.test_x))
    wide = replace(
        data,
        train_x=np.hstack([noise, data.train_x]),
        test_x=np.hstack([other, data.test_x]),
        features=("n1", "n2", "n3", "n4", *data.features),
    )
    kept = work("select", {"dataset": wide}, keep=4, method=method)
    assert kept.features == data.features
    assert np.array_equal(kept.test_x, data.test_x)


@pytest.mark.parametrize("method", METHODS)
def test_features_that_never_vary_are_kept_last(
    work: Callable[..., Any], dataset: Callable[..., Any], method: str
) -> None:
    data = dataset("digits")
    kept = work("select", {"dataset": data}, keep=50, method=method)
    assert "pixel_0_0" not in kept.features
    assert len(kept.features) == 50


def test_the_choice_is_applied_to_raw_tables_too(work: Callable[..., Any]) -> None:
    table = work("sample", name="wine")
    data = work("select", {"dataset": work("prepare", {"table": table})}, keep=3)
    whole = matrix(data.steps, table)
    assert whole.shape == (178, 3)
    assert {tuple(row) for row in data.test_x} <= {tuple(row) for row in whole}


@pytest.mark.parametrize("name", ["wine", "digits"])
def test_the_size_is_foretold(work: Callable[..., Any], dataset: Callable[..., Any], name: str) -> None:
    table = Sample(name=name).cost({}, Path()).outputs["table"]
    prepared = Prepare().cost({"table": table}, Path()).outputs["dataset"]
    foretold = SelectFeatures(keep=5).cost({"dataset": prepared}, Path()).outputs["dataset"]
    assert foretold == size_of(work("select", {"dataset": dataset(name)}, keep=5))


def test_more_features_than_there_are_cannot_be_kept(work: Callable[..., Any], dataset: Callable[..., Any]) -> None:
    with pytest.raises(BadInput, match="5 features are to be kept, and the dataset has 4"):
        work("select", {"dataset": dataset("iris")}, keep=5)
