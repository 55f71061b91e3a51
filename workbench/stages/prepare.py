"""The stage `prepare`: from a raw table to numbers with a held-out part."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from workbench.stages.base import BadInput, Context, Cost, Port, Size, Stage, parameter
from workbench.stages.split import held_out_rows, split

MOST_CLASSES = 1000


class Prepare(Stage):
    """Fills in, scales, encodes and splits; learns on the training part only, so that nothing leaks from the rest."""

    group = "prepare"
    title = "Prepare"
    title_ja = "前処理"
    doc = "Turns a raw table into numbers: missing values, scaling, encoding of text, and a held-out part for testing."
    doc_ja = "生の表を数値に変えます：欠損値、スケーリング、文字列の符号化、評価用データの取り分け。"
    inputs = (Port("table", "table"),)
    outputs = (Port("dataset", "dataset"),)
    measures = ("training_rows", "held_out_rows", "dropped_rows")

    label: str = parameter("label", "column that holds the class", "クラスの列", min_length=1)
    leave_out: tuple[str, ...] = parameter((), "columns that are not used", "使わない列")
    missing: Literal["mean", "median", "most-frequent", "drop"] = parameter(
        "mean", "what stands for a missing number (text: the most frequent), or drop the row", "欠損値の扱い"
    )
    scale: Literal["standard", "minmax", "none"] = parameter("standard", "scaling of numbers", "数値のスケーリング")
    encode: Literal["one-hot", "ordinal"] = parameter("one-hot", "encoding of text", "文字列の符号化")
    unknown: Literal["refuse", "ignore"] = parameter(
        "refuse", "text that did not occur in the training part: an error, or no category", "未知のカテゴリの扱い"
    )
    held_out: float = parameter(0.2, "share of rows held out for testing", "評価用に取り分ける割合", gt=0, le=0.9)
    stratify: bool = parameter(True, "hold out the same share of each class", "クラスごとに同じ割合で取り分ける")
    seed: int | None = parameter(None, "the run's seed when empty", "空なら実行のシード", ge=0)

    def cost(self, inputs: Mapping[str, Size], folder: Path) -> Cost:
        table = inputs["table"]
        test = held_out_rows(table.rows, self.held_out)
        used = [level for level in table.levels if level.column not in (self.label, *self.leave_out)]
        texts = [level for level in used if level.text]
        numbers = max(table.columns - 1 - len(set(self.leave_out) - {self.label}) - len(texts), 0)
        columns = numbers + (sum(level.distinct for level in texts) if self.encode == "one-hot" else len(texts))
        classes = next((level.distinct for level in table.levels if level.column == self.label), 2)
        carried = 24.0 * numbers
        bytes_ = table.rows * (4.0 * columns + 8) + carried
        size = Size(table.rows - test, columns, test, classes, bytes_, carried)
        # Per cell: fill, mean, deviation, shift, factor and conversion; reading the table twice and writing the matrix.
        return Cost(12.0 * table.rows * max(columns, table.columns), 2 * table.bytes + bytes_, {"dataset": size})

    def work(self, inputs: Mapping[str, Any], context: Context) -> dict[str, Any]:

        from workbench.stages import steps
        from workbench.stages.values import Dataset

        table, features = inputs["table"], self._features(inputs["table"])
        rows = self._usable(table, features, context)
        if len(rows) < table.num_rows:
            table = table.take(rows)
        codes, classes = labels_of(table, self.label, self.stratify, rows)
        seed = context.seed if self.seed is None else self.seed
        train, test = split(codes, self.held_out, seed, self.stratify)
        part = table.take(train)
        step = steps.fit(part, features, self.missing, self.scale, self.encode, self.unknown)
        names = steps.feature_names(step)
        if not names:
            raise BadInput(f"nothing to learn from: the table has no usable column beside '{self.label}'")
        train_x = steps.matrix((step,), part, rows[train] + 1)
        test_x = steps.matrix((step,), table.take(test), rows[test] + 1)
        context.measure("training_rows", float(len(train)), "rows")
        context.measure("held_out_rows", float(len(test)), "rows")
        return {"dataset": Dataset(train_x, codes[train], test_x, codes[test], names, classes, (step,))}

    def _features(self, table: Any) -> list[str]:
        for name in (self.label, *self.leave_out):
            if name not in table.column_names:
                near = difflib.get_close_matches(name, table.column_names, 1)
                hint = f"did you mean '{near[0]}'? " if near else ""
                listed = ", ".join(table.column_names[:20]) + (" …" if table.num_columns > 20 else "")
                raise BadInput(f"the table has no column '{name}'; {hint}its columns are {listed}")
        return [name for name in table.column_names if name != self.label and name not in self.leave_out]

    def _usable(self, table: Any, features: list[str], context: Context) -> Any:
        """Positions of the rows that have a label, and with `missing: drop` every other value too."""
        import numpy as np
        import pyarrow as pa

        usable = np.ones(table.num_rows, dtype=bool)
        for name in (self.label, *(features if self.missing == "drop" else ())):
            usable &= (
                ~table.column(name).is_null(nan_is_null=pa.types.is_floating(table.schema.field(name).type)).to_numpy()
            )
        if (dropped := int((~usable).sum())) > 0:
            context.measure("dropped_rows", float(dropped), "rows")
        if usable.sum() < 2:
            raise BadInput(f"only {usable.sum()} of {table.num_rows} rows can be used; the others lack values")
        return np.flatnonzero(usable)


def labels_of(table: Any, label: str, stratify: bool, rows: Any) -> tuple[Any, tuple[str, ...]]:
    """The class of each row as a position, and the classes: numbers in order of size, text in order of the alphabet."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    from workbench.stages.steps import as_text, is_number, is_text

    kind = table.schema.field(label).type
    if not is_number(kind) and not is_text(kind):
        raise BadInput(f"column '{label}' holds values of type {kind}; classes are text or whole numbers")
    if pa.types.is_floating(kind):
        values = table.column(label).to_numpy()
        broken = values != np.floor(values)
        if broken.any():
            first = int(broken.argmax())
            raise BadInput(
                f"data row {rows[first] + 1}, column '{label}': {values[first]:g} is measured, not a class; "
                "choose a column of text or whole numbers"
            )
    texts = as_text(table, label)
    numeric = is_number(kind) and not pa.types.is_boolean(kind)
    classes = texts.unique().to_pylist()
    if not 2 <= len(classes) <= MOST_CLASSES:
        raise BadInput(f"column '{label}' holds {len(classes)} different values; classes are 2 to {MOST_CLASSES}")
    classes.sort(key=(lambda text: (float(text), text)) if numeric else (lambda text: (0.0, text)))
    codes = pc.index_in(texts, pa.array(classes, pa.large_string())).to_numpy().astype(np.int64)
    counts = np.bincount(codes)
    if stratify and counts.min() < 2:
        raise BadInput(
            f"class '{classes[counts.argmin()]}' of column '{label}' occurs once, and a stratified split needs "
            "two rows; set `stratify: false` or leave the row out"
        )
    return codes, tuple(classes)
