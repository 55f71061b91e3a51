"""The stage `export`: what leaves as a graph gives the scores of the model, and holds nothing pickled."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workbench.stages import exported
from workbench.stages.base import BadInput, Context
from workbench.stages.export import Export
from workbench.stages.models import scores


@pytest.fixture
def models(work: Callable[..., Any], dataset: Callable[..., Any]) -> Callable[[str], Any]:
    def make(kind: str) -> Any:
        if kind in ("linear", "naive-bayes"):
            named = {"linear": "logistic-regression"}.get(kind, kind)
            return work("estimator", {"dataset": dataset("iris")}, kind=named)
        digits = dataset("digits")
        return work("train-recurrent", {"dataset": digits}, epochs=1, input="numbers", steps=8, hidden=6)

    return make


@pytest.mark.parametrize("kind", ["linear", "recurrent"])
def test_an_exported_graph_gives_the_scores_of_the_model(
    work: Callable[..., Any], models: Callable[[str], Any], context: Context, kind: str, measured: list[Any]
) -> None:
    model = models(kind)
    assert work("export", {"model": model}, path="out/m.pt2") == "out/m.pt2"
    assert [path.name for path in (context.outbox / "out").iterdir()] == ["m.pt2"]
    x = np.random.default_rng(3).random((5, len(model.features)), dtype=np.float32)
    assert np.allclose(exported.scores_of_torch(context.outbox / "out/m.pt2", x), scores(model, x), atol=1e-5)
    told = {name: value for name, value, _ in measured}
    assert told["scores_apart"] < 1e-5
    with zipfile.ZipFile(context.outbox / "out/m.pt2") as archive:
        contents = {name: archive.read(name) for name in archive.namelist() if "/weights/weight_" not in name}
    assert not [name for name, content in contents.items() if content.startswith((b"\x80", b"PK"))]
    assert sum(len(content) for name, content in contents.items() if name.endswith((".pt", ".pkl"))) == 0


def test_a_graph_that_gives_other_scores_does_not_count(
    work: Callable[..., Any], models: Callable[[str], Any], context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exported, "scores_of_torch", lambda path, x: np.zeros((len(x), 3)))
    with pytest.raises(BadInput, match="gives other scores than the model, by up to"):
        work("export", {"model": models("linear")})
    assert list(context.outbox.iterdir()) == []


def test_what_cannot_be_exported_is_refused_by_name(
    work: Callable[..., Any], models: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BadInput, match="a model of kind 'gaussian-naive-bayes' has no layers"):
        work("export", {"model": models("naive-bayes")})
    monkeypatch.setattr(exported, "ONNX_PACKAGES", ("onnx", "no_such_onnx"))
    (problem,) = Export(format="onnx").problems(Path())
    assert "packages for ONNX that are not installed: no_such_onnx" in problem.words()
    assert not problem.refuses
    with pytest.raises(BadInput, match="pip install no_such_onnx"):
        work("export", {"model": models("linear")}, format="onnx")
