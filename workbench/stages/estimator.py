"""The stage `estimator`: a classifier of scikit-learn, fitted by one worker and kept as arrays."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np

from workbench.stages.base import BadInput, Context, Cost, Port, Size, Stage, parameter

Kind = Literal["logistic-regression", "linear-svm", "naive-bayes", "nearest-centroid"]


class Estimator(Stage):
    """Logistic regression, a linear support vector machine, Gaussian naive Bayes or the nearest class centre."""

    group = "train"
    title = "Train estimator"
    title_ja = "古典的手法で学習"
    doc = "Fits a classifier of scikit-learn on one worker: quick, and a yardstick for the network."
    doc_ja = "scikit-learn の分類器を 1 台で学習します。速く、ニューラルネットの比較対象になります。"
    inputs = (Port("dataset", "dataset"),)
    outputs = (Port("model", "model"),)
    measures = ("held_out_accuracy", "training_bytes")

    kind: Kind = parameter("logistic-regression", "which classifier", "分類器の種類")
    strength: float = parameter(
        1.0, "inverse of the regularisation (logistic regression and support vectors)", "正則化の逆数 C", gt=0, le=1e6
    )
    iterations: int = parameter(200, "most iterations of the solver", "最大反復回数", ge=1, le=100_000)
    seed: int | None = parameter(None, "the run's seed when empty", "空なら実行のシード", ge=0)

    def cost(self, inputs: Mapping[str, Size], folder: Path) -> Cost:
        data = inputs["dataset"]
        cells, classes = float(data.rows * data.columns), data.classes
        numbers = {
            "logistic-regression": classes * (data.columns + 1),
            "linear-svm": classes * (data.columns + 1),
            "naive-bayes": classes * (2 * data.columns + 1),
            "nearest-centroid": classes * data.columns,
        }[self.kind]
        # Solvers rarely need all their iterations; 50 passes is what the shipped tables take.
        passes = min(self.iterations, 50)
        operations = {
            "logistic-regression": 4.0 * cells * classes * passes,
            "linear-svm": 4.0 * cells * classes * passes,
            "naive-bayes": 4.0 * cells,
            "nearest-centroid": cells,
        }[self.kind]
        size = Size(
            columns=data.columns,
            classes=classes,
            bytes=4.0 * numbers + data.carried_bytes,
            carried_bytes=data.carried_bytes,
        )
        moved = data.bytes * (passes if self.kind in ("logistic-regression", "linear-svm") else 1)
        return Cost(operations + 2.0 * numbers * data.test_rows, moved, {"model": size})

    def work(self, inputs: Mapping[str, Any], context: Context) -> dict[str, Any]:
        from threadpoolctl import threadpool_limits

        from workbench.stages.models import predicted
        from workbench.stages.values import Model

        data = inputs["dataset"]
        absent = sorted(set(range(len(data.classes))) - set(np.unique(data.train_y).tolist()))
        if absent:
            raise BadInput(
                f"class '{data.classes[absent[0]]}' has no training row; set `stratify: true` in the preparation"
            )
        with threadpool_limits(1):  # a worker has one core
            kind, arrays = self._fitted(data, context.seed if self.seed is None else self.seed)
        arrays = {name: np.asarray(array, dtype=np.float32) for name, array in arrays.items()}
        model = Model(kind, arrays, data.features, data.classes, data.steps)
        held = data.train_x.nbytes + data.train_y.nbytes + sum(array.nbytes for array in arrays.values())
        context.measure("training_bytes", float(held), "B")
        context.measure("held_out_accuracy", float((predicted(model, data.test_x) == data.test_y).mean()), "")
        return {"model": model}

    def _fitted(self, data: Any, seed: int) -> tuple[str, dict[str, Any]]:
        """The kind of the model and its arrays."""
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import LogisticRegression
        from sklearn.naive_bayes import GaussianNB
        from sklearn.neighbors import NearestCentroid
        from sklearn.svm import LinearSVC

        x, y = data.train_x, data.train_y
        if self.kind == "naive-bayes":
            bayes = GaussianNB().fit(x, y)
            return "gaussian-naive-bayes", {"mean": bayes.theta_, "variance": bayes.var_, "prior": bayes.class_prior_}
        with warnings.catch_warnings():
            # Fewer iterations than convergence needs are the user's choice: the measured accuracy tells what they cost.
            warnings.simplefilter("ignore", ConvergenceWarning)
            # Features that do not vary within a class are nothing to this kind: only its centres are kept.
            warnings.filterwarnings("ignore", "self.within_class_std_dev_", UserWarning)
            if self.kind == "nearest-centroid":
                return "nearest-centroid", {"centroids": NearestCentroid().fit(x, y).centroids_}
            if self.kind == "linear-svm":
                line = LinearSVC(C=self.strength, max_iter=self.iterations, random_state=seed).fit(x, y)
            else:
                line = LogisticRegression(C=self.strength, max_iter=self.iterations).fit(x, y)
        weights, bias = line.coef_, line.intercept_
        if len(weights) == 1:  # two classes share one line; the first of them scores 0
            weights, bias = np.vstack([0 * weights, weights]), np.concatenate([0 * bias, bias])
        return "linear", {"weights": weights, "bias": bias}
