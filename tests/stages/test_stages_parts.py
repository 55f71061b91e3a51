"""Parts of values: whichever way an item is read it is the same rows, and all items together are the whole again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.stages import parts, values
from workbench.stages.base import BadInput
from workbench.stages.values import Dataset


def table(rows: int) -> pa.Table:
    """A table in chunks of uneven sizes, with text and a missing value."""
    numbers = pa.chunked_array([range(rows // 3), range(rows // 3, rows)], pa.int64())
    return pa.table({"n": numbers, "t": pa.array([None if n % 5 == 0 else f"é{n}" for n in range(rows)], pa.string())})


def data(rows: int, held_out: int, classes: tuple[str, ...] = ("a", "b")) -> Dataset:
    labels = np.arange(rows + held_out) % len(classes)
    x = np.arange(3 * (rows + held_out), dtype=np.float32).reshape(-1, 3)
    return Dataset(x[:rows], labels[:rows], x[rows:], labels[rows:], ("x", "y", "z"), classes)


def same(one: Any, other: Any) -> bool:
    if isinstance(one, pa.Table):
        return one.equals(other)
    names = ("train_x", "train_y", "test_x", "test_y")
    about = (one.features, one.classes) == (other.features, other.classes)
    return about and all(np.array_equal(getattr(one, name), getattr(other, name)) for name in names)


@settings(max_examples=40, deadline=None)
@given(rows=st.integers(1, 60), stored=st.integers(1, 70), asked=st.integers(1, 70), held_out=st.integers(0, 20))
def test_stored_items_are_those_of_the_value_in_memory_and_together_they_are_the_value(
    tmp_path_factory: Any, rows: int, stored: int, asked: int, held_out: int
) -> None:
    path = tmp_path_factory.mktemp("parts") / "value"
    for value in (table(rows), data(rows, held_out)):
        values.save(value, path, stored)
        assert same(values.load(path), value)
        count = parts.count(value, asked)
        held, on_disk = parts.collection(path, asked, whole=True), parts.collection(path, asked)
        items = [on_disk.part(number) for number in range(count)]
        assert all(same(items[number], held.part(number)) for number in range(count))
        assert all(0 < len(item.train_x if isinstance(item, Dataset) else item) <= asked for item in items)
        assert same(parts.together(items), value)


def test_a_table_without_rows_has_one_item_without_rows(tmp_path: Path) -> None:
    empty = table(3).slice(0, 0)
    values.save(empty, tmp_path / "v", 10)
    assert parts.count(empty, 10) == 1
    assert parts.collection(tmp_path / "v", 10).part(0).equals(empty)


def test_an_item_of_a_stored_table_does_not_read_the_others(tmp_path: Path) -> None:
    path = tmp_path / "v"
    values.save(pa.table({"n": np.arange(1_000_000)}), path, 1000)
    before = pa.total_allocated_bytes()
    item = parts.collection(path, 1000).part(500)
    assert item["n"][0].as_py() == 500_000
    assert pa.total_allocated_bytes() - before < 100_000


def test_items_that_lack_a_class_are_put_together_under_the_classes_of_all() -> None:
    some, others = data(4, 2, ("2", "10")), data(3, 1, ("10", "7"))
    both = parts.together([some, others])
    assert both.classes == ("2", "7", "10")
    named = [both.classes[code] for code in both.train_y]
    assert named == [some.classes[c] for c in some.train_y] + [others.classes[c] for c in others.train_y]


def test_items_with_different_features_are_refused_by_the_name_of_one() -> None:
    one = data(4, 2)
    other = Dataset(one.train_x, one.train_y, one.test_x, one.test_y, ("x", "y", "w"), one.classes)
    with pytest.raises(BadInput, match="different features, those of item 1 from: w, z"):
        parts.together([one, other])


def test_tables_of_items_that_do_not_go_together_are_refused() -> None:
    with pytest.raises(BadInput, match="do not go together"):
        parts.together([pa.table({"n": [1]}), pa.table({"n": ["one"]})])


def test_nothing_to_put_together_is_refused() -> None:
    with pytest.raises(BadInput, match="no item has led to a result"):
        parts.together([])
