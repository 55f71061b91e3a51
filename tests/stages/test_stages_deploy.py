"""The stages `save` and `predict`: a model that leaves the run and works on new tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import csv

from workbench.stages import values
from workbench.stages.base import BadInput, Context
from workbench.stages.open_model import OpenModel
from workbench.stages.predict import Predict
from workbench.stages.save import Save
from workbench.stages.values import size_of

PENGUINS = {
    "island": ["Biscoe", "Dream", "Torgersen"] * 10,
    "mass": [3700.0 + 40 * (i % 3) * i for i in range(30)],
    "label": ["Adelie", "Chinstrap", "Gentoo"] * 10,
}


@pytest.fixture
def model(work: Callable[..., Any]) -> Any:
    return work("estimator", {"dataset": work("prepare", {"table": pa.table(PENGUINS)})})


def test_a_saved_model_predicts_as_before(work: Callable[..., Any], context: Context, model: Any) -> None:
    assert work("save", {"model": model}, path="models/penguins.zip") == "models/penguins.zip"
    again = values.load(context.outbox / "models" / "penguins.zip")
    table = pa.table(PENGUINS).drop(["label"])
    assert work("predict", {"model": again, "table": table}).equals(work("predict", {"model": model, "table": table}))


def test_a_model_may_be_saved_beside_the_scenario(work: Callable[..., Any], context: Context, model: Any) -> None:
    work("save", {"model": model}, path="m.zip", beside_scenario=True)
    assert (context.folder / "m.zip").is_file()


def test_saving_leaves_one_whole_file_and_no_other(work: Callable[..., Any], context: Context, model: Any) -> None:
    (context.outbox / "m.zip").write_bytes(b"an earlier one")
    work("save", {"model": model}, path="m.zip")
    assert [path.name for path in context.outbox.iterdir()] == ["m.zip"]
    assert values.load(context.outbox / "m.zip").classes == ("Adelie", "Chinstrap", "Gentoo")


def test_a_model_of_an_earlier_run_is_opened_and_predicts_as_before(
    work: Callable[..., Any], context: Context, model: Any
) -> None:
    work("save", {"model": model}, path="m.zip", beside_scenario=True)
    again = work("open-model", file="m.zip")
    table = pa.table(PENGUINS)
    assert work("predict", {"model": again, "table": table}).equals(work("predict", {"model": model, "table": table}))
    assert OpenModel(file="m.zip").cost({}, context.folder).outputs["model"] == size_of(again)
    assert OpenModel(file="m.zip").problems(context.folder) == []


def test_a_file_without_a_sound_model_is_refused_before_the_run(
    work: Callable[..., Any], context: Context, model: Any
) -> None:
    def refusal() -> str:
        (problem,) = OpenModel(file="m.zip").problems(context.folder)
        return problem.words()

    assert "there is no file m.zip" in refusal()
    (context.folder / "m.zip").write_bytes(b"a,b\n1,2\n")
    assert "m.zip holds no value" in refusal()
    values.save({"accuracy": 1.0}, context.folder / "m.zip")
    assert "m.zip holds no model" in refusal()
    values.save(replace(model, arrays={"weights": model.arrays["weights"]}), context.folder / "m.zip")
    assert "the model is broken: 'bias'" in refusal()
    values.save(replace(model, classes=("a", "b")), context.folder / "m.zip")
    assert "it scores 3 classes and names 2" in refusal()


@pytest.mark.parametrize("path", ["/etc/model.zip", "../model.zip", "a/../../m.zip", "C:\\model.zip", "..\\m.zip"])
def test_a_path_that_leads_outside_is_refused(work: Callable[..., Any], model: Any, path: str) -> None:
    assert [problem.code for problem in Save(path=path).problems(Path())] == ["path-outside"]
    assert [problem.code for problem in Predict(csv=path).problems(Path())] == ["path-outside"]
    with pytest.raises(BadInput, match="leads out"):
        work("save", {"model": model}, path=path)


def test_predictions_join_the_raw_table_as_a_column_and_a_file(
    work: Callable[..., Any], context: Context, model: Any
) -> None:
    table = pa.table(PENGUINS)
    made = work("predict", {"model": model, "table": table}, column="species", csv="out/predicted.csv")
    assert made.column_names == ["island", "mass", "label", "species"]
    assert made.column("species").to_pylist() == PENGUINS["label"]
    written = csv.read_csv(context.outbox / "out" / "predicted.csv")
    assert written.column("species").to_pylist() == PENGUINS["label"]


def test_a_column_that_is_there_already_is_refused(work: Callable[..., Any], model: Any) -> None:
    with pytest.raises(BadInput, match="already has a column 'mass'"):
        work("predict", {"model": model, "table": pa.table(PENGUINS)}, column="mass")


def test_a_new_table_without_a_needed_column_is_refused_by_its_name(work: Callable[..., Any], model: Any) -> None:
    with pytest.raises(BadInput, match="lacks 1 of the columns that were prepared: 'island'"):
        work("predict", {"model": model, "table": pa.table({"mass": [3700.0]})})


def test_a_category_that_is_new_is_refused_with_row_and_column(work: Callable[..., Any], model: Any) -> None:
    new = pa.table({"island": ["Dream", "Atlantis"], "mass": [3700.0, 3800.0]})
    with pytest.raises(BadInput, match="row 2, column 'island': 'Atlantis'"):
        work("predict", {"model": model, "table": new})


def test_the_sizes_are_foretold(work: Callable[..., Any], model: Any) -> None:
    table = pa.table(PENGUINS)
    foretold = Predict().cost({"model": size_of(model), "table": size_of(table)}, Path()).outputs["table"]
    real = size_of(work("predict", {"model": model, "table": table}))
    assert (foretold.rows, foretold.columns) == (real.rows, real.columns)
    assert foretold.bytes == pytest.approx(real.bytes, rel=0.1)
    assert Save().cost({"model": size_of(model)}, Path()).outputs["file"] == size_of(work("save", {"model": model}))
