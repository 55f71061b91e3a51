"""Previews: what is seen of a value is what is in it, and its file is not read whole for that."""

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.stages import values
from workbench.stages.base import BadInput
from workbench.stages.preview import Preview, preview, told
from workbench.stages.values import Dataset, FittedStep, Model


def stored(tmp_path, value, **how):
    values.save(value, tmp_path / "value", **how)
    return preview(tmp_path / "value")


def test_a_table_shows_its_first_rows_and_how_often_values_occur(tmp_path):
    table = pa.table(
        {
            "height": [1.5, 2.5, None, 4.0] * 30,
            "label": ["cat", "dog", "dog", None] * 30,
            "when": pa.array([[1, 2], [3], None, [4]] * 30),
        }
    )
    seen = stored(tmp_path, table, partition=7)
    assert dict(seen.facts)["rows"] == 120 and dict(seen.facts)["columns"] == 3
    assert seen.columns == ("height", "label", "when")
    assert seen.head[:3] == (("1.5", "cat", "1, 2"), ("2.5", "dog", "3"), ("", "dog", ""))
    height, label = seen.bars
    assert sum(height.counts) == 90 and height.edges[0] == 1.5 and height.edges[-1] == 4.0
    assert (label.names, label.counts) == (("dog", "cat"), (60, 30))


def test_a_table_of_places_is_shown_on_a_plane_by_class(tmp_path):
    seen = stored(tmp_path, pa.table({"x": [0.0, 1.0], "y": [2.0, 3.0], "class": ["b", "a"]}))
    assert seen.scatter is not None
    assert (seen.scatter.x, seen.scatter.y, seen.scatter.of) == ((0.0, 1.0), (2.0, 3.0), (1, 0))
    assert seen.scatter.classes == ("a", "b")


@given(rows=st.integers(2, 200), columns=st.integers(1, 5), classes=st.integers(1, 4))
def test_a_dataset_shows_the_rows_that_loading_it_gives(tmp_path_factory, rows, columns, classes):
    draws = np.random.default_rng(rows)
    x, y = draws.normal(size=(rows, columns)).astype(np.float32), draws.integers(0, classes, rows)
    names, features = tuple(f"c{i}" for i in range(classes)), tuple(f"f{i}" for i in range(columns))
    dataset = Dataset(x, y, x[:1], y[:1], features, names, (FittedStep("table", {}, {}),))
    seen = stored(tmp_path_factory.mktemp("value"), dataset)
    facts = dict(seen.facts)
    assert (facts["training_rows"], facts["held_out_rows"], facts["columns"]) == (rows, 1, columns)
    assert seen.columns == ("class", *features)
    assert [row[0] for row in seen.head] == [names[label] for label in y[:50]]
    assert [float(row[1]) for row in seen.head] == pytest.approx(x[:50, 0].tolist(), rel=1e-3, abs=1e-6)
    assert seen.bars[0].counts == tuple(np.bincount(y, minlength=classes).tolist())


def test_a_model_shows_its_arrays_and_metrics_their_matrix(tmp_path):
    arrays = {"weights_0": np.zeros((4, 3)), "bias_0": np.zeros(4)}
    seen = stored(tmp_path, Model("perceptron", arrays, ("a", "b", "c"), ("no", "yes")))
    assert dict(seen.facts)["parameters"] == 16
    assert seen.head == (("bias_0", "4", "4"), ("weights_0", "4 × 3", "12"))
    seen = stored(tmp_path, {"accuracy": 0.75, "rows": 4, "classes": ["no", "yes"], "confusion": [[2, 1], [0, 1]]})
    assert (seen.matrix, seen.classes) == (((2, 1), (0, 1)), ("no", "yes"))
    assert dict(seen.facts) == {"accuracy": 0.75, "rows": 4}
    assert stored(tmp_path, "model.zip") == Preview("file", texts=(("path", "model.zip"),))


def test_what_is_no_value_says_so_here_and_through_a_process(tmp_path):
    (tmp_path / "torn").write_bytes(b"PK\x03\x04 torn")
    with pytest.raises(BadInput, match="torn holds no value"):
        preview(tmp_path / "torn")
    ask = [sys.executable, "-m", "workbench.stages.preview"]
    said = subprocess.run([*ask, str(tmp_path / "torn")], capture_output=True, check=True).stdout
    assert "torn holds no value" in told(said)
    values.save({"accuracy": 1.0}, tmp_path / "whole")
    said = subprocess.run([*ask, str(tmp_path / "whole")], capture_output=True, check=True).stdout
    assert told(said) == preview(tmp_path / "whole")
