"""The stage `select`: the features that tell most about the class."""

from __future__ import annotations

from collections.abc import Mapping
from math import log2
from pathlib import Path
from typing import Any, Literal

import numpy as np

from workbench.stages.base import BadInput, Context, Cost, Port, Size, Stage, parameter

Method = Literal["anova", "mutual-information", "variance"]


class SelectFeatures(Stage):
    """Keeps the best features by a score that is computed on the training part alone (scikit-learn)."""

    group = "features"
    title = "Select features"
    title_ja = "特徴量の選択"
    doc = "Keeps the features that tell most about the class, by ANOVA, mutual information or variance."
    doc_ja = "分散分析、相互情報量、分散のいずれかで、クラスをよく表す特徴量だけを残します。"
    inputs = (Port("dataset", "dataset"),)
    outputs = (Port("dataset", "dataset"),)
    measures = ("kept_features", "kept_score")

    keep: int = parameter(10, "features to keep", "残す特徴量の数", ge=1, le=100_000)
    method: Method = parameter("anova", "how features are scored", "評価の方法")
    seed: int | None = parameter(None, "the run's seed when empty", "空なら実行のシード", ge=0)

    def cost(self, inputs: Mapping[str, Size], folder: Path) -> Cost:
        data = inputs["dataset"]
        kept = min(self.keep, data.columns)
        carried = data.carried_bytes + 8.0 * kept
        bytes_ = (data.rows + data.test_rows) * (4.0 * kept + 8) + carried
        size = Size(data.rows, kept, data.test_rows, data.classes, bytes_, carried)
        # Mutual information looks for the nearest neighbours of every row in every feature, by sorting.
        per_cell = {"anova": 6.0, "variance": 3.0, "mutual-information": 60.0 * log2(max(data.rows, 2))}
        return Cost(per_cell[self.method] * data.rows * data.columns, 2 * data.bytes + bytes_, {"dataset": size})

    def work(self, inputs: Mapping[str, Any], context: Context) -> dict[str, Any]:
        from workbench.stages.steps import projected
        from workbench.stages.values import Dataset, FittedStep

        data = inputs["dataset"]
        if self.keep > len(data.features):
            raise BadInput(f"{self.keep} features are to be kept, and the dataset has {len(data.features)}")
        scores = self._scores(data, context.seed if self.seed is None else self.seed)
        kept = np.sort(np.argsort(-scores, kind="stable")[: self.keep])
        step = FittedStep("select", {}, {"kept": kept.astype(np.int64)})
        context.measure("kept_features", float(self.keep))
        context.measure("kept_score", float(scores[kept].sum() / (scores.sum() or 1.0)))
        names = tuple(data.features[at] for at in kept)
        train_x, test_x = projected(step, data.train_x), projected(step, data.test_x)
        return {
            "dataset": Dataset(train_x, data.train_y, test_x, data.test_y, names, data.classes, (*data.steps, step))
        }

    def _scores(self, data: Any, seed: int) -> np.ndarray:
        """A number for every feature, larger for the better; features that never vary tell nothing."""
        from sklearn.feature_selection import f_classif, mutual_info_classif

        x, y = data.train_x, data.train_y
        varies = x.std(axis=0) > 0
        scores = np.zeros(x.shape[1])
        if self.method == "variance":
            return x.var(axis=0, dtype=np.float64)
        if self.method == "mutual-information":
            scores[varies] = mutual_info_classif(x[:, varies], y, random_state=seed)
        else:
            with np.errstate(divide="ignore"):
                found = f_classif(x[:, varies].astype(np.float64), y)[0]
            scores[varies] = np.minimum(np.nan_to_num(found, posinf=1e12), 1e12)  # classes told apart without fail
        return scores
