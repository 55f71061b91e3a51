"""Fitted steps: what preparation learnt from a training part, applied to any table in the same way."""

from __future__ import annotations

import difflib
from typing import Any

import numpy as np

from workbench.stages.base import BadInput
from workbench.stages.values import FittedStep


def matrix(steps: tuple[FittedStep, ...], table: Any, rows: np.ndarray | None = None) -> np.ndarray:
    """The table after all steps: float32 of shape (rows, features). BadInput names row and column.

    `rows` are the numbers by which the rows are called in errors (from 1), where the table is a part of another.
    """
    first, *others = steps
    if first.kind == "words":
        from workbench.stages import bag_of_words

        x = bag_of_words.matrix(first, table)
    else:
        x = _encoded(first, table, np.arange(1, table.num_rows + 1) if rows is None else rows)
    for step in others:
        x = projected(step, x)
    return x


def projected(step: FittedStep, x: np.ndarray) -> np.ndarray:
    """A matrix after a step that maps numbers to numbers."""
    if step.kind == "select":
        return x[:, step.arrays["kept"]]
    if step.kind == "encoder":
        arrays = step.arrays
        inner = np.tanh(x @ arrays["weights_0"].T + arrays["bias_0"])
        return (inner @ arrays["weights_1"].T + arrays["bias_1"]).astype(np.float32)
    assert step.kind == "pca", step.kind
    return ((x - step.arrays["mean"]) @ step.arrays["components"].T * step.arrays["factor"]).astype(np.float32)


# --- fitting ---------------------------------------------------------------------------------------------------


def is_number(column: Any) -> bool:
    """Whether an Arrow type is one of numbers (truth values count)."""
    from pyarrow import types

    return types.is_integer(column) or types.is_floating(column) or types.is_decimal(column) or types.is_boolean(column)


def is_text(column: Any) -> bool:
    from pyarrow import types

    inner = column.value_type if types.is_dictionary(column) else column
    return types.is_string(inner) or types.is_large_string(inner) or types.is_string_view(inner)


def split_by_kind(table: Any, features: list[str]) -> tuple[list[str], list[str]]:
    """The columns of numbers and those of text; BadInput for any other kind."""
    kinds = {name: table.schema.field(name).type for name in features}
    for name, kind in kinds.items():
        if not is_number(kind) and not is_text(kind):
            what = "no value at all" if str(kind) == "null" else f"values of type {kind}"
            raise BadInput(
                f"column '{name}' holds {what}; only numbers and text can be prepared: put it in `leave_out`"
            )
    return [n for n in features if is_number(kinds[n])], [n for n in features if is_text(kinds[n])]


def fit(table: Any, features: list[str], missing: str, scale: str, encode: str, unknown: str) -> FittedStep:
    """The step that turns tables like this one into numbers, learnt from this one alone."""
    numbers, texts = split_by_kind(table, features)
    fills, shifts, factors = [], [], []
    for name in numbers:
        values = _numbers(table, name, None)
        present = values[~np.isnan(values)]
        fill = _fill(present, missing)
        shift, factor = _scaling(np.where(np.isnan(values), fill, values), scale)
        fills.append(fill)
        shifts.append(shift)
        factors.append(factor)
    categories, usual = {}, {}
    for name in texts:
        counts = _counts(table, name)
        categories[name] = sorted(counts)
        usual[name] = min(counts, key=lambda value: (-counts[value], value)) if counts else ""
    settings = {
        "numbers": numbers,
        "texts": texts,
        "categories": categories,
        "usual": usual,
        "missing": missing,
        "encode": encode,
        "unknown": unknown,
    }
    arrays = {"fill": np.array(fills), "shift": np.array(shifts), "factor": np.array(factors)}
    return FittedStep("table", settings, arrays)


def _fill(present: np.ndarray, missing: str) -> float:
    if not len(present):
        return 0.0
    if missing == "median":
        return float(np.median(present))
    if missing == "most-frequent":
        values, counts = np.unique(present, return_counts=True)
        return float(values[counts.argmax()])
    return float(present.mean())


def _scaling(values: np.ndarray, scale: str) -> tuple[float, float]:
    if scale == "standard":
        return float(values.mean()), 1.0 / (float(values.std()) or 1.0)
    if scale == "minmax":
        low, high = float(values.min()), float(values.max())
        return low, 1.0 / ((high - low) or 1.0)
    return 0.0, 1.0


def _counts(table: Any, name: str) -> dict[str, int]:
    import pyarrow.compute as pc

    counted = pc.value_counts(as_text(table, name).drop_null()).to_pylist()
    return {pair["values"]: pair["counts"] for pair in counted}


# --- applying --------------------------------------------------------------------------------------------------


def feature_names(step: FittedStep) -> tuple[str, ...]:
    """The names of the numbers that a fitted table step makes."""
    named = list(step.settings["numbers"])
    for name in step.settings["texts"]:
        categories = step.settings["categories"][name]
        named += [f"{name}={value}" for value in categories] if step.settings["encode"] == "one-hot" else [name]
    return tuple(named)


def _encoded(step: FittedStep, table: Any, rows: np.ndarray) -> np.ndarray:
    numbers, texts = step.settings["numbers"], step.settings["texts"]
    _require(table, [*numbers, *texts])
    x = np.zeros((table.num_rows, len(feature_names(step))), dtype=np.float32)
    drops = step.settings["missing"] == "drop"
    for place, name in enumerate(numbers):
        values = _numbers(table, name, rows)
        absent = np.isnan(values)
        if drops and absent.any():
            raise BadInput(f"data row {rows[absent.argmax()]}, column '{name}': the value is missing")
        values = np.where(absent, step.arrays["fill"][place], values)
        x[:, place] = (values - step.arrays["shift"][place]) * step.arrays["factor"][place]
    at = len(numbers)
    for name in texts:
        codes = _codes(step, table, name, rows)
        if step.settings["encode"] == "one-hot":
            known = codes >= 0
            x[np.flatnonzero(known), at + codes[known]] = 1.0
            at += len(step.settings["categories"][name])
        else:
            x[:, at] = codes
            at += 1
    return x


def _require(table: Any, names: list[str]) -> None:
    absent = [name for name in names if name not in table.column_names]
    if absent:
        near = difflib.get_close_matches(absent[0], table.column_names, 1)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        listed = ", ".join(f"'{name}'" for name in absent[:5]) + (" …" if len(absent) > 5 else "")
        raise BadInput(f"the table lacks {len(absent)} of the columns that were prepared: {listed}{hint}")


def _numbers(table: Any, name: str, rows: np.ndarray | None) -> np.ndarray:
    """A column as float64, with NaN where a value is missing."""
    import pyarrow as pa

    column = table.column(name)
    if not is_number(column.type):
        column = _parsed(column, name, rows)
    values = column.cast(pa.float64(), safe=False).to_numpy()
    infinite = np.isinf(values)
    if infinite.any():
        row = infinite.argmax() + 1 if rows is None else rows[infinite.argmax()]
        raise BadInput(f"data row {row}, column '{name}': the value is infinite")
    return values


def _parsed(column: Any, name: str, rows: np.ndarray | None) -> Any:
    """Text that should be numbers, as a table typed by hand may hold it."""
    import pyarrow as pa

    texts = column.to_pylist()
    values = []
    for place, text in enumerate(texts):
        try:
            values.append(None if text is None else float(text))
        except (TypeError, ValueError):
            row = place + 1 if rows is None else rows[place]
            raise BadInput(
                f"data row {row}, column '{name}': '{text}' is no number, and numbers were prepared"
            ) from None
    return pa.chunked_array([pa.array(values, pa.float64())])


def as_text(table: Any, name: str) -> Any:
    """A column as text; whole numbers are written without a point."""
    import pyarrow as pa

    column = table.column(name)
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_floating(column.type):
        values = column.to_numpy()
        present = values[~np.isnan(values)]
        if (present == np.floor(present)).all() and (np.abs(present) < 2**53).all():
            column = pa.chunked_array([pa.array(values, from_pandas=True)]).cast(pa.int64())
    return column.cast(pa.large_string())


def _codes(step: FittedStep, table: Any, name: str, rows: np.ndarray) -> np.ndarray:
    """The position of each value among the categories that were learnt; -1 for one that was not."""
    import pyarrow as pa
    import pyarrow.compute as pc

    categories = step.settings["categories"][name]
    column = as_text(table, name)
    absent = column.is_null().to_numpy()
    if step.settings["missing"] == "drop" and absent.any():
        raise BadInput(f"data row {rows[absent.argmax()]}, column '{name}': the value is missing")
    column = pc.fill_null(column, step.settings["usual"][name])
    codes = pc.fill_null(pc.index_in(column, pa.array(categories, pa.large_string())), -1).to_numpy()
    unknown = (codes < 0) & ~absent
    if step.settings["unknown"] == "refuse" and unknown.any():
        place = int(unknown.argmax())
        raise BadInput(
            f"data row {rows[place]}, column '{name}': '{column[place]}' did not occur in the training part; "
            "set `unknown: ignore` in the preparation, or name the column in `leave_out`"
        )
    return codes.astype(np.int64)
