"""The stage `prepare`, its split and the steps that it fits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.stages.base import BadInput
from workbench.stages.prepare import Prepare
from workbench.stages.sample import SHIPPED, Sample
from workbench.stages.split import held_out_rows, split
from workbench.stages.steps import fit, matrix
from workbench.stages.values import size_of

PEOPLE = {
    "age": [20.0, None, 40.0, 60.0, 20.0, 30.0, 20.0, 50.0],
    "city": ["Oslo", "Rome", None, "Oslo", "Rome", "Oslo", "Oslo", "Rome"],
    "label": ["no", "yes", "no", "yes", "no", "yes", "no", "yes"],
}


def people(**changes: list[Any]) -> pa.Table:
    return pa.table(PEOPLE | changes)


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("held_out", [0.2, 0.25, 0.37])
def test_the_size_of_a_shipped_dataset_is_foretold(dataset: Callable[..., Any], name: str, held_out: float) -> None:
    table = Sample(name=name).cost({}, Path()).outputs["table"]
    foretold = Prepare(held_out=held_out).cost({"table": table}, Path()).outputs["dataset"]
    assert foretold == size_of(dataset(name, held_out=held_out))


def test_scaling_is_learnt_from_the_training_part_alone(dataset: Callable[..., Any]) -> None:
    data = dataset("wine")
    assert data.train_x.mean(axis=0) == pytest.approx(0, abs=1e-5)
    assert data.train_x.std(axis=0) == pytest.approx(1, abs=1e-5)
    assert np.abs(data.test_x.mean(axis=0)).max() > 0.01


def test_minmax_brings_the_training_part_to_zero_and_one(dataset: Callable[..., Any]) -> None:
    data = dataset("wine", scale="minmax")
    assert data.train_x.min(axis=0) == pytest.approx(0, abs=1e-6)
    assert data.train_x.max(axis=0) == pytest.approx(1, abs=1e-6)


def test_changing_the_held_out_rows_changes_nothing_that_is_learnt(work: Callable[..., Any]) -> None:
    before = work("prepare", {"table": people()}, held_out=0.25)
    _, held = split(np.array([0, 1] * 4), 0.25, 1, True)
    ages = [999.0 if row in held else age for row, age in enumerate(PEOPLE["age"])]
    after = work("prepare", {"table": people(age=ages)}, held_out=0.25)
    assert np.array_equal(before.train_x, after.train_x)
    assert not np.array_equal(before.test_x, after.test_x)


@pytest.mark.parametrize(("missing", "fill"), [("mean", 30.0), ("median", 25.0), ("most-frequent", 20.0)])
def test_a_missing_number_is_filled_as_asked(missing: str, fill: float) -> None:
    table = pa.table({"x": [20.0, 20.0, 30.0, 50.0, None]})
    assert matrix((fit(table, ["x"], missing, "none", "one-hot", "refuse"),), table)[-1, 0] == fill


def test_rows_with_missing_values_are_dropped_and_counted(
    work: Callable[..., Any], measured: list[tuple[str, float, str]]
) -> None:
    data = work("prepare", {"table": people()}, missing="drop", held_out=0.3)
    assert len(data.train_x) + len(data.test_x) == 6
    assert ("dropped_rows", 2.0, "rows") in measured


def test_rows_without_a_label_are_left_out(work: Callable[..., Any]) -> None:
    labels = [None, "yes", "no", "yes", "no", "yes", "no", "yes"]
    data = work("prepare", {"table": people(label=labels)}, held_out=0.3)
    assert len(data.train_x) + len(data.test_x) == 7


def test_one_hot_makes_a_feature_for_each_category_and_ordinal_one_for_all(work: Callable[..., Any]) -> None:
    one_hot = work("prepare", {"table": people()}, encode="one-hot", held_out=0.25)
    ordinal = work("prepare", {"table": people()}, encode="ordinal", held_out=0.25)
    assert one_hot.features == ("age", "city=Oslo", "city=Rome")
    assert set(one_hot.train_x[:, 1:].sum(axis=1)) == {1.0}
    assert ordinal.features == ("age", "city")
    assert set(ordinal.train_x[:, 1]) == {0.0, 1.0}


def test_classes_that_are_numbers_stand_in_order_of_size(work: Callable[..., Any]) -> None:
    table = pa.table({"x": [float(i) for i in range(12)], "label": [10.0, 9.0, 100.0] * 4})
    assert work("prepare", {"table": table}, held_out=0.3).classes == ("9", "10", "100")


def test_columns_left_out_are_not_needed_later(work: Callable[..., Any]) -> None:
    data = work("prepare", {"table": people()}, leave_out=("city",), held_out=0.25)
    assert matrix(data.steps, pa.table({"age": [20.0]})).shape == (1, 1)


def test_equal_seeds_split_equally_and_others_do_not(work: Callable[..., Any], dataset: Callable[..., Any]) -> None:
    assert np.array_equal(dataset("iris", seed=3).test_x, dataset("iris", seed=3).test_x)
    assert not np.array_equal(dataset("iris", seed=3).test_x, dataset("iris", seed=4).test_x)


@given(
    counts=st.lists(st.integers(2, 40), min_size=2, max_size=6),
    share=st.floats(0.05, 0.5),
    seed=st.integers(0, 1000),
)
@settings(deadline=None, max_examples=60)
def test_a_stratified_split_holds_out_the_share_of_each_class(counts: list[int], share: float, seed: int) -> None:
    labels = np.repeat(np.arange(len(counts)), counts)
    train, test = split(labels, share, seed, True)
    assert sorted([*train, *test]) == list(range(len(labels)))
    assert len(test) == held_out_rows(len(labels), share)
    for label, count in enumerate(counts):
        held = int((labels[test] == label).sum())
        assert held <= count - 1
        assert abs(held - count * len(test) / len(labels)) < 2


# --- broken input ------------------------------------------------------------------------------------------------


def refusal(work: Callable[..., Any], table: pa.Table, **parameters: Any) -> str:
    with pytest.raises(BadInput) as refused:
        work("prepare", {"table": table}, **{"held_out": 0.25} | parameters)
    return str(refused.value)


def test_a_label_that_is_no_column_is_refused_with_the_nearest_one(work: Callable[..., Any]) -> None:
    assert "no column 'lable'; did you mean 'label'?" in refusal(work, people(), label="lable")


@pytest.mark.parametrize(
    ("changes", "parameters", "words"),
    [
        ({"label": ["no"] * 8}, {}, "holds 1 different values"),
        ({"label": [0.5] * 8}, {}, "row 1, column 'label': 0.5 is measured, not a class"),
        ({"label": ["only", *["no", "yes"] * 3, "no"]}, {}, "class 'only' of column 'label' occurs once"),
        ({"age": [float("inf")] + [1.0] * 7}, {}, "column 'age': the value is infinite"),
        ({"age": [None] * 8}, {}, "column 'age' holds no value at all"),
        ({}, {"leave_out": ("age", "city")}, "nothing to learn from"),
        ({"age": [None] * 7 + [1.0]}, {"missing": "drop"}, "only 1 of 8 rows can be used"),
        ({}, {"held_out": 0.9}, "lower `held_out`"),
    ],
)
def test_a_table_that_cannot_be_prepared_is_refused_by_its_reason(
    work: Callable[..., Any], changes: dict[str, list[Any]], parameters: dict[str, Any], words: str
) -> None:
    assert words in refusal(work, people(**changes), **parameters)


def test_a_category_that_training_did_not_see_is_refused_with_its_row_or_ignored(work: Callable[..., Any]) -> None:
    new = pa.table({"age": [20.0, 30.0], "city": ["Oslo", "Paris"]})
    strict = work("prepare", {"table": people()}, held_out=0.25)
    with pytest.raises(BadInput, match="row 2, column 'city': 'Paris' did not occur in the training part"):
        matrix(strict.steps, new)
    lenient = work("prepare", {"table": people()}, held_out=0.25, unknown="ignore")
    assert matrix(lenient.steps, new)[1, 1:].tolist() == [0.0, 0.0]


def test_the_columns_that_a_new_table_lacks_are_named(work: Callable[..., Any]) -> None:
    data = work("prepare", {"table": people()}, held_out=0.25)
    with pytest.raises(BadInput, match=r"lacks 1 of the columns .* 'city'; did you mean 'City'"):
        matrix(data.steps, pa.table({"age": [1.0], "City": ["Oslo"]}))


def test_text_in_a_column_of_numbers_is_refused_with_its_row(work: Callable[..., Any]) -> None:
    data = work("prepare", {"table": people()}, held_out=0.25)
    new = pa.table({"age": ["20", "old"], "city": ["Oslo", "Oslo"]})
    with pytest.raises(BadInput, match="row 2, column 'age': 'old' is no number"):
        matrix(data.steps, new)


def test_an_error_calls_a_row_by_its_number_in_the_whole_table(work: Callable[..., Any]) -> None:
    cities = ["Oslo"] * 7 + ["Paris"]
    for seed in range(20):
        _, held = split(np.array([0, 1] * 4), 0.25, seed, True)
        if 7 in held:
            break
    assert "row 8, column 'city': 'Paris'" in refusal(work, people(city=cities), seed=seed)


def test_classes_that_were_read_as_fractions_are_whole_numbers(work: Callable[..., Any]) -> None:
    labels = [1.0, None, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0]
    assert work("prepare", {"table": people(label=labels)}, held_out=0.3).classes == ("0", "1")


def test_categories_that_come_back_as_numbers_are_known_again(work: Callable[..., Any]) -> None:
    ports = ["1", "2", "1", "2", "2", "1", "1", "2"]
    data = work("prepare", {"table": people(city=ports)}, held_out=0.25)
    as_written = matrix(data.steps, pa.table({"age": [20.0, 30.0], "city": ["1", "2"]}))
    for codes in ([1, 2], [1.0, 2.0]):
        assert np.array_equal(matrix(data.steps, pa.table({"age": [20.0, 30.0], "city": codes})), as_written)


def test_a_fraction_among_classes_is_refused_with_its_row_in_the_whole_table(work: Callable[..., Any]) -> None:
    labels = [None, 1.0, 0.0, 1.5, 0.0, 1.0, 0.0, 1.0]
    assert "row 4, column 'label': 1.5 is measured" in refusal(work, people(label=labels))
