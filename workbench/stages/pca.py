"""The stage `pca`: fewer features that keep most of the variance."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workbench.stages.base import BadInput, Context, Cost, Port, Size, Stage, parameter


class PrincipalComponents(Stage):
    """Principal component analysis (scikit-learn), learnt on the training part and applied to both."""

    group = "features"
    title = "PCA"
    title_ja = "主成分分析"
    doc = "Replaces the features by fewer ones that keep most of their variance."
    doc_ja = "特徴量を、分散の大部分を保つ少数の成分に置き換えます。"
    inputs = (Port("dataset", "dataset"),)
    outputs = (Port("dataset", "dataset"),)
    measures = ("explained_variance",)

    components: int = parameter(16, "features to keep", "残す成分の数", ge=1, le=100_000)
    whiten: bool = parameter(False, "bring every component to variance 1", "各成分の分散を 1 にする")

    def cost(self, inputs: Mapping[str, Size], folder: Path) -> Cost:
        data = inputs["dataset"]
        rows, columns, kept = data.rows, data.columns, min(self.components, data.columns, data.rows)
        carried = data.carried_bytes + 4.0 * (columns + kept * columns + kept)
        bytes_ = (rows + data.test_rows) * (4.0 * kept + 8) + carried
        size = Size(rows, kept, data.test_rows, data.classes, bytes_, carried)
        # A singular value decomposition, then one product for each row and component.
        operations = 4.0 * rows * columns * min(rows, columns) + 2.0 * (rows + data.test_rows) * columns * kept
        return Cost(operations, 4 * data.bytes + bytes_, {"dataset": size})

    def work(self, inputs: Mapping[str, Any], context: Context) -> dict[str, Any]:
        import numpy as np
        from sklearn.decomposition import PCA

        from workbench.stages.steps import projected
        from workbench.stages.values import Dataset, FittedStep

        data = inputs["dataset"]
        most = min(data.train_x.shape)
        if self.components > most:
            raise BadInput(
                f"{self.components} components are asked for, and {len(data.train_x)} training rows "
                f"of {len(data.features)} features have at most {most}; lower `components`"
            )
        fitted = PCA(self.components, svd_solver="full").fit(data.train_x)
        spread = np.sqrt(np.maximum(fitted.explained_variance_, 1e-12))
        factor = 1 / spread if self.whiten else np.ones(self.components)
        arrays = {"mean": fitted.mean_, "components": fitted.components_, "factor": factor}
        step = FittedStep("pca", {}, {name: array.astype(np.float32) for name, array in arrays.items()})
        context.measure("explained_variance", float(fitted.explained_variance_ratio_.sum()), "")
        train_x, test_x = projected(step, data.train_x), projected(step, data.test_x)
        names = tuple(f"component {i + 1}" for i in range(self.components))
        return {
            "dataset": Dataset(train_x, data.train_y, test_x, data.test_y, names, data.classes, (*data.steps, step))
        }
