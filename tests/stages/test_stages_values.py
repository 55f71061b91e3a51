"""Values on disk: every port type, without pickle, equal to the byte."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from workbench.stages import values
from workbench.stages.base import BadInput
from workbench.stages.steps import matrix
from workbench.stages.values import Model


def test_a_table_comes_back_equal(tmp_path: Path) -> None:
    table = pa.table({"a": [1, None, 3], "b": ["x", "y", None], "c": [True, False, None]})
    values.save(table, tmp_path / "v")
    assert values.load(tmp_path / "v").equals(table)


def test_a_dataset_comes_back_with_its_steps(
    tmp_path: Path, work: Callable[..., Any], dataset: Callable[..., Any]
) -> None:
    data = work("pca", {"dataset": dataset("iris")}, components=2)
    values.save(data, tmp_path / "v")
    again = values.load(tmp_path / "v")
    for name in ("train_x", "train_y", "test_x", "test_y"):
        assert np.array_equal(getattr(again, name), getattr(data, name))
        assert getattr(again, name).dtype == getattr(data, name).dtype
    assert (again.features, again.classes) == (data.features, data.classes)
    table = work("sample", name="iris")
    assert np.array_equal(matrix(again.steps, table), matrix(data.steps, table))


@pytest.mark.parametrize("value", [{"accuracy": 0.5, "confusion": [[1, 0], [2, 3]], "classes": ["a", "b"]}, "é.zip"])
def test_metrics_and_file_names_come_back_equal(tmp_path: Path, value: Any) -> None:
    values.save(value, tmp_path / "v")
    assert values.load(tmp_path / "v") == value


def test_equal_values_make_equal_bytes(tmp_path: Path, work: Callable[..., Any], dataset: Callable[..., Any]) -> None:
    for name in ("one", "other"):
        data = dataset("wine")
        values.save(data, tmp_path / f"dataset {name}")
        values.save(work("train", {"dataset": data}, epochs=2), tmp_path / f"model {name}")
        values.save(work("sample", name="wine"), tmp_path / f"table {name}")
    for kind in ("dataset", "model", "table"):
        assert (tmp_path / f"{kind} one").read_bytes() == (tmp_path / f"{kind} other").read_bytes()


def test_the_size_of_a_value_survives_storage(tmp_path: Path, dataset: Callable[..., Any]) -> None:
    data = dataset("digits")
    values.save(data, tmp_path / "v")
    assert values.size_of(values.load(tmp_path / "v")) == values.size_of(data)


def test_a_value_that_cannot_be_stored_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="pickle"):
        values.save(Model("linear", {"weights": np.array([object()])}, ("a",), ("b",)), tmp_path / "v")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 torn", b"ARROW1 torn", b"\x80\x04\x95pickle", b"{torn"])
def test_a_file_that_holds_no_value_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "v").write_bytes(data)
    with pytest.raises(BadInput, match="v holds no value"):
        values.load(tmp_path / "v")


def test_arrays_of_objects_are_never_read(tmp_path: Path) -> None:
    head = {"value": "model", "format": 1, "features": [], "classes": [], "steps": [], "kind": "linear", "settings": {}}
    with zipfile.ZipFile(tmp_path / "v", "w") as archive:
        archive.writestr("value.json", json.dumps(head))
        with archive.open("own/weights.npy", "w") as entry:
            np.lib.format.write_array(entry, np.array([print]), allow_pickle=True)
    with pytest.raises(BadInput, match="allow_pickle"):
        values.load(tmp_path / "v")


def test_a_later_format_is_refused_by_its_number(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "v", "w") as archive:
        archive.writestr("value.json", json.dumps({"value": "model", "format": 2}))
    with pytest.raises(BadInput, match="format 2; this version reads format 1"):
        values.load(tmp_path / "v")
