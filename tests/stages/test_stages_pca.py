"""The stage `pca`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workbench.stages.base import BadInput
from workbench.stages.pca import PrincipalComponents
from workbench.stages.prepare import Prepare
from workbench.stages.sample import SHIPPED, Sample
from workbench.stages.steps import matrix
from workbench.stages.values import size_of


@pytest.mark.parametrize("whiten", [False, True])
def test_components_are_those_of_scikit_learn(
    work: Callable[..., Any], dataset: Callable[..., Any], whiten: bool
) -> None:
    from sklearn.decomposition import PCA

    data = dataset("breast_cancer")
    reduced = work("pca", {"dataset": data}, components=5, whiten=whiten)
    theirs = PCA(5, svd_solver="full", whiten=whiten).fit(data.train_x)
    assert np.allclose(reduced.train_x, theirs.transform(data.train_x), atol=1e-3)
    assert np.allclose(reduced.test_x, theirs.transform(data.test_x), atol=1e-3)


def test_the_step_is_applied_to_raw_tables_too(work: Callable[..., Any]) -> None:
    table = work("sample", name="iris")
    data = work("pca", {"dataset": work("prepare", {"table": table})}, components=2)
    whole = matrix(data.steps, table)
    assert whole.shape == (150, 2)
    assert {tuple(row) for row in data.test_x} <= {tuple(row) for row in whole}


def test_the_kept_variance_is_told(
    work: Callable[..., Any], dataset: Callable[..., Any], measured: list[tuple[str, float, str]]
) -> None:
    work("pca", {"dataset": dataset("iris")}, components=4)
    assert measured[-1] == ("explained_variance", pytest.approx(1.0), "")


@pytest.mark.parametrize("name", SHIPPED)
def test_the_size_is_foretold(work: Callable[..., Any], dataset: Callable[..., Any], name: str) -> None:
    table = Sample(name=name).cost({}, Path()).outputs["table"]
    prepared = Prepare().cost({"table": table}, Path()).outputs["dataset"]
    foretold = PrincipalComponents(components=3).cost({"dataset": prepared}, Path()).outputs["dataset"]
    assert foretold == size_of(work("pca", {"dataset": dataset(name)}, components=3))


def test_more_components_than_features_are_refused(work: Callable[..., Any], dataset: Callable[..., Any]) -> None:
    with pytest.raises(BadInput, match=r"5 components are asked for, .* at most 4"):
        work("pca", {"dataset": dataset("iris")}, components=5)
