"""The stage `embed`: short dense vectors in the place of many features, and how much of the structure they keep."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from workbench.stages import neighbours
from workbench.stages.base import BadInput, Context, Cost, Port, Size, Stage, parameter

ENOUGH = 0.9  # of the structure that the most dimensions of a curve keep


class Embed(Stage):
    """An embedding of rows, learnt on the training part alone: principal components, or an autoencoder.

    `kept_neighbours` is the share of a held-out row's nearest training rows that are still its nearest when only the
    short vectors are compared. With a `curve`, the same is measured for other numbers of dimensions.
    """

    group = "features"
    title = "Embed rows"
    title_ja = "行の埋め込み"
    doc = "Replaces the features by a short vector, and measures which nearest neighbours it keeps, by dimensions."
    doc_ja = "特徴量を短いベクトルに置き換え、近傍がどれだけ保たれるかを次元数ごとに測ります。"
    inputs = (Port("dataset", "dataset"),)
    outputs = (Port("dataset", "dataset"), Port("curve", "table"))
    measures = ("kept_neighbours", "neighbours_alike", "kept_bytes", "enough_dimensions")

    dimensions: int = parameter(8, "numbers in a vector", "ベクトルの次元数", ge=1, le=10_000)
    method: Literal["pca", "autoencoder"] = parameter("pca", "how vectors are found", "埋め込みの方法")
    neighbours: int = parameter(10, "nearest rows that are compared", "比べる近傍の数", ge=1, le=1000)
    curve: tuple[Annotated[int, Field(ge=1, le=10_000)], ...] = parameter(
        (), "other numbers of dimensions to measure", "ほかに測る次元数", max_length=30
    )
    hidden: int = parameter(64, "width of the encoder's hidden layer", "エンコーダの隠れ層の幅", ge=1, le=65_536)
    epochs: int = parameter(60, "how often an autoencoder sees each row", "オートエンコーダのエポック数", ge=1)
    seed: int | None = parameter(None, "the run's seed when empty", "空なら実行のシード", ge=0)

    def cost(self, inputs: Mapping[str, Size], folder: Path) -> Cost:
        data = inputs["dataset"]
        rows, columns, kept = data.rows, data.columns, self.dimensions
        weights = self._numbers(columns)
        carried = data.carried_bytes + 4.0 * weights
        bytes_ = (rows + data.test_rows) * (4.0 * kept + 8) + carried
        fitting = 4.0 * rows * columns * min(rows, columns)
        if self.method == "autoencoder":
            fitting = 12.0 * weights * rows * self.epochs
        asked = min(data.test_rows, neighbours.MOST_ROWS)
        looking = 2.0 * asked * rows * (columns + kept)
        times = 1 + len(set(self.curve) - {self.dimensions})
        size = Size(rows, kept, data.test_rows, data.classes, bytes_, carried)
        curve = Size(rows=times, columns=3, bytes=24.0 * times)
        return Cost(times * (fitting + looking), times * 6 * data.bytes, {"dataset": size, "curve": curve})

    def _numbers(self, columns: int) -> int:
        if self.method == "pca":
            return columns + self.dimensions * columns + self.dimensions
        return (columns + 1) * self.hidden + (self.hidden + 1) * self.dimensions

    def work(self, inputs: Mapping[str, Any], context: Context) -> dict[str, Any]:
        import pyarrow as pa

        from workbench.stages.steps import projected
        from workbench.stages.values import Dataset

        data, seed = inputs["dataset"], context.seed if self.seed is None else self.seed
        counts = sorted({self.dimensions, *self.curve})
        self._require(data, counts)
        steps = {count: self._fitted(data.train_x, count, seed) for count in counts}
        asked = neighbours.some(len(data.test_x), seed)
        raw = neighbours.nearest(data.train_x, data.test_x[asked], self.neighbours)
        kept, same = [], []
        for count, step in steps.items():
            near = neighbours.nearest(
                projected(step, data.train_x), projected(step, data.test_x[asked]), self.neighbours
            )
            kept.append(neighbours.shared(raw, near))
            same.append(neighbours.alike(near, data.train_y, data.test_y[asked]))
            context.measure("kept_neighbours_at", kept[-1], "", step=count)
        at = counts.index(self.dimensions)
        context.measure("kept_neighbours", kept[at])
        context.measure("neighbours_alike", same[at])
        context.measure("kept_bytes", self.dimensions / len(data.features))
        enough = next(count for count, share in zip(counts, kept, strict=True) if share >= ENOUGH * max(kept))
        context.measure("enough_dimensions", float(enough))
        step = steps[self.dimensions]
        names = tuple(f"dimension {i + 1}" for i in range(self.dimensions))
        train_x, test_x = projected(step, data.train_x), projected(step, data.test_x)
        made = Dataset(train_x, data.train_y, test_x, data.test_y, names, data.classes, (*data.steps, step))
        curve = pa.table({"dimensions": counts, "kept_neighbours": kept, "neighbours_alike": same})
        return {"dataset": made, "curve": curve}

    def _require(self, data: Any, counts: list[int]) -> None:
        most = min(data.train_x.shape)
        if self.method == "pca" and counts[-1] > most:
            raise BadInput(
                f"{counts[-1]} dimensions are asked for, and {len(data.train_x)} training rows of "
                f"{len(data.features)} features have at most {most}; lower `dimensions`, or the largest of `curve`"
            )
        if not len(data.test_x):
            raise BadInput("the dataset has no held-out rows to judge an embedding by")

    def _fitted(self, x: np.ndarray, dimensions: int, seed: int) -> Any:
        from workbench.stages.values import FittedStep

        if self.method == "autoencoder":
            return FittedStep("encoder", {}, encoder(x, self.hidden, dimensions, self.epochs, seed))
        from sklearn.decomposition import PCA
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1):  # a worker has one core
            found = PCA(dimensions, svd_solver="full").fit(x)
        arrays = {"mean": found.mean_, "components": found.components_, "factor": np.ones(dimensions)}
        return FittedStep("pca", {}, {name: array.astype(np.float32) for name, array in arrays.items()})


def encoder(x: np.ndarray, hidden: int, dimensions: int, epochs: int, seed: int) -> dict[str, np.ndarray]:
    """The weights of the first half of an autoencoder (one hidden layer on either side), trained by Adam."""
    import torch
    from torch import nn

    torch.set_num_threads(1)
    draws = torch.Generator().manual_seed(seed)
    width = x.shape[1]
    layers = [(hidden, width), (dimensions, hidden), (hidden, dimensions), (width, hidden)]
    parts = []
    for after, before in layers:
        bound = before**-0.5
        parts.append(((torch.rand(after, before, generator=draws) * 2 - 1) * bound).requires_grad_())
        parts.append(torch.zeros(after).requires_grad_())
    rows, rule = torch.from_numpy(x), torch.optim.Adam(parts, lr=0.003)
    for _ in range(epochs):
        for batch in torch.randperm(len(rows), generator=draws).split(64):
            given = rows[batch]
            code = nn.functional.linear(torch.tanh(nn.functional.linear(given, *parts[0:2])), *parts[2:4])
            again = nn.functional.linear(torch.tanh(nn.functional.linear(code, *parts[4:6])), *parts[6:8])
            rule.zero_grad()
            nn.functional.mse_loss(again, given).backward()
            rule.step()
    names = ("weights_0", "bias_0", "weights_1", "bias_1")
    return {name: part.detach().numpy() for name, part in zip(names, parts[:4], strict=True)}
