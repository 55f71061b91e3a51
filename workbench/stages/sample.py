"""The stage `sample`: real tables that come with scikit-learn, so that nothing is downloaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from workbench.stages.base import Context, Cost, Level, Port, Size, Stage, parameter


@dataclass(frozen=True)
class Shipped:
    """What is known of a table before it is read."""

    rows: int
    columns: int
    classes: int
    bytes: float
    text_label: bool


SHIPPED = {
    "digits": Shipped(1797, 65, 10, 934_440.0, False),
    "breast_cancer": Shipped(569, 31, 2, 142_886.0, True),
    "iris": Shipped(150, 5, 3, 6_650.0, True),
    "wine": Shipped(178, 14, 3, 20_470.0, True),
}


class Sample(Stage):
    """A shipped table: one column of numbers for each feature, and the column `label`."""

    group = "ingest"
    title = "Sample table"
    title_ja = "サンプル表"
    doc = (
        "A real table that is shipped: handwritten digits, breast cancer, iris or wine. The class is in column `label`."
    )
    doc_ja = "同梱の実データ表です（手書き数字、乳がん、アイリス、ワイン）。クラスは `label` 列にあります。"
    outputs = (Port("table", "table"),)

    name: Literal["digits", "breast_cancer", "iris", "wine"] = parameter("digits", "which table", "どの表か")

    def rests_on(self) -> list[str]:
        return []

    def cost(self, inputs: Mapping[str, Size], folder: Path) -> Cost:
        known = SHIPPED[self.name]
        label = Level("label", known.classes, known.text_label)
        size = Size(rows=known.rows, columns=known.columns, bytes=known.bytes, levels=(label,))
        cells = known.rows * known.columns
        return Cost(30.0 * cells, 2 * known.bytes, {"table": size})  # the tables are text files that are parsed

    def work(self, inputs: Mapping[str, Any], context: Context) -> dict[str, Any]:
        import pyarrow as pa
        from sklearn import datasets

        bunch = getattr(datasets, f"load_{self.name}")()
        columns = {str(name): pa.array(bunch.data[:, i]) for i, name in enumerate(bunch.feature_names)}
        names = [str(name) for name in bunch.target_names]
        labels = [names[code] for code in bunch.target] if SHIPPED[self.name].text_label else bunch.target
        return {"table": pa.table(columns | {"label": pa.array(labels)})}
