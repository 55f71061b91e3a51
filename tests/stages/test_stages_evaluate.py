"""The stage `evaluate`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workbench.stages.base import BadInput
from workbench.stages.evaluate import Evaluate
from workbench.stages.models import predicted
from workbench.stages.values import size_of


def test_the_metrics_are_those_of_scikit_learn(
    work: Callable[..., Any], dataset: Callable[..., Any], measured: list[tuple[str, float, str]]
) -> None:
    from sklearn.metrics import accuracy_score, confusion_matrix, f1_score

    data = dataset("digits")
    model = work("estimator", {"dataset": data}, kind="naive-bayes")
    metrics = work("evaluate", {"model": model, "dataset": data})
    guessed = predicted(model, data.test_x)
    assert metrics["accuracy"] == pytest.approx(accuracy_score(data.test_y, guessed))
    assert metrics["macro_f1"] == pytest.approx(f1_score(data.test_y, guessed, average="macro"))
    assert metrics["confusion"] == confusion_matrix(data.test_y, guessed).tolist()
    assert measured[-2:] == [("accuracy", metrics["accuracy"], ""), ("macro_f1", metrics["macro_f1"], "")]


def test_a_prefix_keeps_the_figures_of_several_models_apart(
    work: Callable[..., Any], dataset: Callable[..., Any], measured: list[tuple[str, float, str]]
) -> None:
    data = dataset("iris")
    work("evaluate", {"model": work("estimator", {"dataset": data}), "dataset": data}, prefix="baseline")
    assert [name for name, _, _ in measured[-2:]] == ["baseline_accuracy", "baseline_macro_f1"]


def test_the_size_is_foretold(work: Callable[..., Any], dataset: Callable[..., Any]) -> None:
    data = dataset("wine")
    model = work("estimator", {"dataset": data})
    inputs = {"model": model, "dataset": data}
    sizes = {port: size_of(value) for port, value in inputs.items()}
    assert Evaluate().cost(sizes, Path()).outputs["metrics"] == size_of(work("evaluate", inputs))


def test_a_model_of_other_classes_is_refused(work: Callable[..., Any], dataset: Callable[..., Any]) -> None:
    model = work("estimator", {"dataset": dataset("wine")})
    with pytest.raises(BadInput, match="not those of the dataset"):
        work("evaluate", {"model": model, "dataset": dataset("iris")})


def test_a_model_of_other_features_is_refused(work: Callable[..., Any], dataset: Callable[..., Any]) -> None:
    data = dataset("iris")
    model = work("estimator", {"dataset": data})
    narrow = replace(data, test_x=np.ascontiguousarray(data.test_x[:, :3]))
    with pytest.raises(BadInput, match="has 3 features and the model was trained with 4"):
        work("evaluate", {"model": model, "dataset": narrow})
