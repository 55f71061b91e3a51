"""The stage `synthetic`: a table of any size, drawn from a seed, for questions about speed and scale."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workbench.stages.base import Context, Cost, Level, Port, Size, Stage, parameter


class Synthetic(Stage):
    """Points around one random centre for each class, with noise of deviation 1 in each direction."""

    group = "ingest"
    title = "Synthetic table"
    title_ja = "合成データ表"
    doc = "A table drawn from a seed: one cloud of points for each class. It says nothing about the real world."
    doc_ja = "乱数から作る表です。クラスごとに 1 つの点群になります。現実のデータではありません。"
    outputs = (Port("table", "table"),)

    rows: int = parameter(1000, "rows of the table", "行数", ge=2, le=100_000_000)
    features: int = parameter(20, "columns beside the label", "ラベル以外の列数", ge=1, le=100_000)
    classes: int = parameter(2, "classes, drawn with equal chance", "クラス数（等確率）", ge=2, le=1000)
    separation: float = parameter(
        1.0, "distance of the centres from the origin, in deviations of the noise", "中心の原点からの距離", gt=0
    )
    seed: int | None = parameter(None, "the run's seed when empty", "空なら実行のシード", ge=0)

    anew: bool = parameter(
        False, "other rows around the same centres in each instance of the pipeline", "インスタンスごとに別の行を引く"
    )

    def differs(self) -> bool:
        return self.anew

    def rests_on(self) -> list[str]:
        return []

    def cost(self, inputs: Mapping[str, Size], folder: Path) -> Cost:
        bytes_ = 8.0 * self.rows * (self.features + 1)
        label = Level("label", self.classes, False)
        size = Size(rows=self.rows, columns=self.features + 1, bytes=bytes_, levels=(label,))
        return Cost(20.0 * self.rows * self.features, 3 * bytes_, {"table": size})

    def work(self, inputs: Mapping[str, Any], context: Context) -> dict[str, Any]:
        import numpy as np
        import pyarrow as pa

        seed = context.seed if self.seed is None else self.seed
        draws = np.random.default_rng(seed)
        centres = draws.normal(size=(self.classes, self.features))
        centres *= self.separation / np.linalg.norm(centres, axis=1, keepdims=True)
        if self.anew and context.instance:
            draws = np.random.default_rng((seed, context.instance))
        labels = draws.integers(self.classes, size=self.rows)
        columns = {f"x{i}": pa.array(centres[labels, i] + draws.normal(size=self.rows)) for i in range(self.features)}
        return {"table": pa.table(columns | {"label": pa.array(labels)})}
