"""The stage `winsorize`: extreme numbers are pulled in to quantiles of their column."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workbench.stages.base import Context, Cost, Port, Size, Stage, parameter


class Winsorize(Stage):
    """A table whose columns of floating-point numbers end at the quantiles `tail` and 1 - `tail`."""

    group = "prepare"
    title = "Winsorize"
    title_ja = "ウィンザー化"
    doc = "Pulls the most extreme numbers of each column in, so that outliers weigh less."
    doc_ja = "各列の極端な値を分位点まで引き寄せ、外れ値の影響を抑えます。"
    inputs = (Port("table", "table"),)
    outputs = (Port("table", "table"),)

    tail: float = parameter(
        0.01, "share of values that are pulled in, at each end", "両端で引き寄せる割合", gt=0, lt=0.5
    )

    def cost(self, inputs: Mapping[str, Size], folder: Path) -> Cost:
        """Each column is partly sorted for its quantiles, and written anew."""
        table = inputs["table"]
        cells = table.rows * table.columns
        return Cost(20.0 * cells, 3 * table.bytes, {"table": table})

    def work(self, inputs: Mapping[str, Any], context: Context) -> dict[str, Any]:
        import numpy as np
        import pyarrow as pa

        table, pulled = inputs["table"], 0
        for at, field in enumerate(table.schema):
            if not pa.types.is_floating(field.type):
                continue
            values = table.column(at).to_numpy()
            low, high = np.nanquantile(values, [self.tail, 1 - self.tail])
            within = np.clip(values, low, high)
            pulled += int((within != values).sum() - np.isnan(values).sum())
            table = table.set_column(at, field, pa.array(within, field.type, from_pandas=True))
        context.measure("pulled_in_values", float(pulled), "values")
        return {"table": table}
