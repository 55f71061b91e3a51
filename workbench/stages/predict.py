"""The stage `predict`: a model at work on a raw new table."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workbench.document.problems import Problem
from workbench.stages import files
from workbench.stages.base import BadInput, Context, Cost, Port, Size, Stage, parameter

FORESEEN_NAME = 8  # letters of the name of a class, for sizes


class Predict(Stage):
    """Takes a table through the model's own preparation and adds a column with the class of each row."""

    group = "deploy"
    title = "Predict"
    title_ja = "予測"
    doc = "Applies the model, with the preparation that it learnt, to a new table; writes a CSV file if one is named."
    doc_ja = "モデルと学習済みの前処理を新しい表に適用します。名前を書けば CSV にも出力します。"
    inputs = (Port("model", "model"), Port("table", "table"))
    outputs = (Port("table", "table"),)
    measures = ("predicted_rows",)

    column: str = parameter("prediction", "name of the new column", "追加する列の名前", min_length=1)
    csv: str = parameter("", "file to write in the run's folder; none when empty", "出力する CSV（空なら書かない）")

    def problems(self, folder: Path) -> list[Problem]:
        return [Problem("path-outside", "csv", {"path": self.csv})] if files.leads_outside(self.csv) else []

    def rests_on(self) -> list[str] | None:
        return None if self.csv else []

    def cost(self, inputs: Mapping[str, Size], folder: Path) -> Cost:
        model, table = inputs["model"], inputs["table"]
        weights = (model.bytes - model.carried_bytes) / 4
        size = Size(
            rows=table.rows,
            columns=table.columns + 1,
            bytes=table.bytes + 4.0 * (table.rows + 1) + FORESEEN_NAME * table.rows,
            levels=table.levels,
        )
        per_row = 2.0 * weights + 12.0 * model.columns + (30.0 * table.columns if self.csv else 0.0)
        moved = table.bytes + size.bytes * (2 if self.csv else 1) + 4.0 * table.rows * model.columns
        return Cost(per_row * table.rows, moved, {"table": size})

    def work(self, inputs: Mapping[str, Any], context: Context) -> dict[str, Any]:
        import pyarrow as pa

        from workbench.stages.models import predicted
        from workbench.stages.steps import matrix

        model, table = inputs["model"], inputs["table"]
        if self.column in table.column_names:
            raise BadInput(f"the table already has a column '{self.column}'; give `column` another name")
        if not model.steps:
            raise BadInput("the model carries no preparation, so that it cannot take a raw table")
        codes = predicted(model, matrix(model.steps, table))
        said = pa.array([model.classes[code] for code in codes], pa.string())
        table = table.append_column(self.column, said)
        if self.csv:
            _write_csv(table, files.to_write(context.outbox, self.csv))
        context.measure("predicted_rows", float(table.num_rows), "rows")
        return {"table": table}


def _write_csv(table: Any, path: Path) -> None:
    from pyarrow import csv

    unfinished = files.beside(path)
    try:
        csv.write_csv(table, str(unfinished))
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
