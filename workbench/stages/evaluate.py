"""The stage `evaluate`: how good a model is on the rows that it has never seen."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workbench.stages.base import BadInput, Context, Cost, Port, Size, Stage, parameter


class Evaluate(Stage):
    """Accuracy, the mean of the classes' F1 scores, and the confusion matrix (true classes in rows)."""

    group = "evaluate"
    title = "Evaluate"
    title_ja = "評価"
    doc = "Predicts the held-out part and measures accuracy, macro F1 and the confusion matrix."
    doc_ja = "取り分けたデータで予測し、正解率、マクロ F1、混同行列を測ります。"
    inputs = (Port("model", "model"), Port("dataset", "dataset"))
    outputs = (Port("metrics", "metrics"),)
    measures = ("accuracy", "macro_f1")

    prefix: str = parameter(
        "", "put before the names of what is measured, where several models are evaluated", "測定名の前に付ける名前"
    )

    def tells(self) -> tuple[str, ...]:
        return tuple(self._named(name) for name in self.measures)

    def _named(self, name: str) -> str:
        return f"{self.prefix}_{name}" if self.prefix else name

    def cost(self, inputs: Mapping[str, Size], folder: Path) -> Cost:
        from workbench.stages.values import metrics_size

        model, data = inputs["model"], inputs["dataset"]
        weights = (model.bytes - model.carried_bytes) / 4
        moved = model.bytes + data.test_rows * (4.0 * data.columns + 16)
        return Cost(2.0 * weights * data.test_rows, moved, {"metrics": metrics_size(data.classes)})

    def work(self, inputs: Mapping[str, Any], context: Context) -> dict[str, Any]:
        import numpy as np

        from workbench.stages.models import predicted

        model, data = inputs["model"], inputs["dataset"]
        if model.classes != data.classes:
            raise BadInput(f"the model tells {len(model.classes)} classes apart, which are not those of the dataset")
        guessed = predicted(model, data.test_x)
        classes = len(data.classes)
        confusion = np.bincount(data.test_y * classes + guessed, minlength=classes * classes).reshape(classes, classes)
        hits, given, said = confusion.diagonal(), confusion.sum(axis=1), confusion.sum(axis=0)
        f1 = 2 * hits / np.maximum(given + said, 1)
        metrics: dict[str, Any] = {
            "accuracy": float(hits.sum() / len(data.test_y)),
            "macro_f1": float(f1[given + said > 0].mean()),
            "rows": len(data.test_y),
            "classes": list(data.classes),
            "confusion": confusion.tolist(),
        }
        for name in self.measures:
            context.measure(self._named(name), metrics[name])
        return {"metrics": metrics}
