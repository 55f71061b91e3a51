"""The stage `estimator`: arrays that predict as scikit-learn does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

from workbench.stages import models
from workbench.stages.base import BadInput
from workbench.stages.estimator import Estimator, Kind
from workbench.stages.models import predicted
from workbench.stages.prepare import Prepare
from workbench.stages.sample import SHIPPED, Sample
from workbench.stages.values import size_of

KINDS = get_args(Kind)


def theirs(kind: str) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.naive_bayes import GaussianNB
    from sklearn.neighbors import NearestCentroid
    from sklearn.svm import LinearSVC

    return {
        "logistic-regression": LogisticRegression(max_iter=200),
        "linear-svm": LinearSVC(max_iter=200, random_state=1),
        "naive-bayes": GaussianNB(),
        "nearest-centroid": NearestCentroid(),
    }[kind]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("name", ["wine", "breast_cancer"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_arrays_predict_what_scikit_learn_predicts(
    work: Callable[..., Any], dataset: Callable[..., Any], kind: str, name: str
) -> None:
    data = dataset(name)
    model = work("estimator", {"dataset": data}, kind=kind)
    expected = theirs(kind).fit(data.train_x, data.train_y).predict(data.test_x)
    assert np.array_equal(predicted(model, data.test_x), expected)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_tells_the_digits_apart(
    work: Callable[..., Any], dataset: Callable[..., Any], measured: list[tuple[str, float, str]], kind: str
) -> None:
    work("estimator", {"dataset": dataset("digits")}, kind=kind)
    name, accuracy, _ = measured[-1]
    assert name == "held_out_accuracy"
    assert accuracy > 0.75


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("kind", KINDS)
def test_the_size_is_foretold(work: Callable[..., Any], dataset: Callable[..., Any], kind: str, name: str) -> None:
    table = Sample(name=name).cost({}, Path()).outputs["table"]
    prepared = Prepare().cost({"table": table}, Path()).outputs["dataset"]
    stage = Estimator(kind=kind, iterations=5)
    model = work("estimator", {"dataset": dataset(name)}, kind=kind, iterations=5)
    assert stage.cost({"dataset": prepared}, Path()).outputs["model"] == size_of(model)


def test_a_class_without_training_rows_is_refused_by_name(
    work: Callable[..., Any], dataset: Callable[..., Any]
) -> None:
    data = dataset("iris")
    keep = data.train_y != 2
    with pytest.raises(BadInput, match="class 'virginica' has no training row"):
        work("estimator", {"dataset": replace(data, train_x=data.train_x[keep], train_y=data.train_y[keep])})


@pytest.mark.parametrize("kind", KINDS)
def test_predicting_in_small_parts_changes_nothing(
    work: Callable[..., Any], dataset: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    data = dataset("wine")
    model = work("estimator", {"dataset": data}, kind=kind)
    at_once = predicted(model, data.test_x)
    monkeypatch.setattr(models, "NUMBERS_AT_ONCE", 100)
    assert np.array_equal(predicted(model, data.test_x), at_once)
