"""The stage `drift`: whether a new table still looks like the one that a model was trained on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from workbench.stages.base import BadInput, Context, Cost, Port, Size, Stage, parameter

SMALLEST = 1e-4  # share of a bin, so that an empty one does not count without end


class Drift(Stage):
    """The population stability index of every column that two tables share, and the Kolmogorov-Smirnov distance.

    Bins are quantiles of the reference (values, for text); a value that is missing, or that the reference does not
    know, has a bin of its own. By a rule of thumb an index below 0.1 is calm, and one above 0.25 calls for a look.
    """

    group = "monitor"
    title = "Drift"
    title_ja = "データのずれ"
    doc = "Compares a new table with a reference, column by column, and measures how far its values have moved."
    doc_ja = "新しい表を基準の表と列ごとに比べ、値の分布がどれだけずれたかを測ります。"
    inputs = (Port("reference", "table"), Port("table", "table"))
    outputs = (Port("table", "table"),)
    measures = ("drift", "drifted_columns")

    bins: int = parameter(10, "bins for a column of numbers", "数値列の区間の数", ge=2, le=1000)
    limit: float = parameter(0.25, "index above which a column has drifted", "ずれとみなす指数", gt=0)
    leave_out: tuple[str, ...] = parameter((), "columns that are not compared", "比べない列")

    def cost(self, inputs: Mapping[str, Size], folder: Path) -> Cost:
        reference, table = inputs["reference"], inputs["table"]
        columns = min(reference.columns, table.columns)
        rows = reference.rows + table.rows
        size = Size(columns, 3, bytes=40.0 * columns)
        per_row = 4.0 * np.log2(max(rows, 2)).item()
        return Cost(per_row * rows * columns, 3 * (reference.bytes + table.bytes), {"table": size})

    def work(self, inputs: Mapping[str, Any], context: Context) -> dict[str, Any]:
        import pyarrow as pa

        reference, table = inputs["reference"], inputs["table"]
        names = [n for n in reference.column_names if n in table.column_names and n not in self.leave_out]
        if not names:
            raise BadInput("the two tables share no column that could be compared")
        if not reference.num_rows or not table.num_rows:
            raise BadInput("a table without rows cannot be compared")
        found = [self._of(reference, table, name) for name in names]
        indices = [index for index, _ in found]
        context.measure("drift", max(indices))
        context.measure("drifted_columns", float(sum(index > self.limit for index in indices)))
        columns = {"column": names, "index": indices, "distance": [distance for _, distance in found]}
        return {"table": pa.table(columns)}

    def _of(self, reference: Any, table: Any, name: str) -> tuple[float, float]:
        """(population stability index, Kolmogorov-Smirnov distance; 0 for text) of a column."""
        from workbench.stages.steps import as_text, is_number

        kinds = [is_number(one.schema.field(name).type) for one in (reference, table)]
        if kinds[0] != kinds[1]:
            raise BadInput(f"column '{name}' holds numbers in one table and none in the other")
        if kinds[0]:
            before, now = (_numbers(one, name) for one in (reference, table))
            return self._of_numbers(before, now), _distance(before, now)
        before_texts, now_texts = (as_text(one, name).to_pylist() for one in (reference, table))
        known = sorted({text for text in before_texts if text is not None})
        place = {text: at for at, text in enumerate(known)}
        old, new = (np.array([place.get(text, len(known)) for text in texts]) for texts in (before_texts, now_texts))
        return _index(old, new, len(known) + 1), 0.0

    def _of_numbers(self, before: np.ndarray, now: np.ndarray) -> float:
        present = before[~np.isnan(before)]
        inner = np.linspace(0, 1, self.bins + 1)[1:-1]
        edges = np.unique(np.quantile(present, inner)) if len(present) else np.zeros(0)
        old, new = (np.where(np.isnan(x), len(edges) + 1, np.searchsorted(edges, x, "left")) for x in (before, now))
        return _index(old, new, len(edges) + 2)


def _numbers(table: Any, name: str) -> np.ndarray:
    import pyarrow as pa

    return table.column(name).cast(pa.float64(), safe=False).to_numpy()


def _index(before: np.ndarray, now: np.ndarray, bins: int) -> float:
    """The population stability index of two lists of bins."""
    shares = [np.maximum(np.bincount(codes, minlength=bins) / len(codes), SMALLEST) for codes in (before, now)]
    return float(((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum())


def _distance(before: np.ndarray, now: np.ndarray) -> float:
    """The largest distance between the two distribution functions."""
    before, now = (np.sort(x[~np.isnan(x)]) for x in (before, now))
    if not len(before) or not len(now):
        return 0.0
    every = np.concatenate([before, now])
    below = (np.searchsorted(x, every, "right") / len(x) for x in (before, now))
    return float(abs(next(below) - next(below)).max())
