"""The stage `map`: held-out rows on a plane with their nearest neighbours, as raw features or a model see them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np

from workbench.stages import neighbours
from workbench.stages.base import BadInput, Context, Cost, Port, Size, Stage, parameter


class MapRows(Stage):
    """A row of the table for each held-out row: its place, its class, and its nearest training rows.

    With a model, rows are compared by the vectors of its last hidden layer (of its scores where it has none), and
    `explained` is the share of its predictions that a vote of the nearest neighbours says too.
    """

    group = "evaluate"
    title = "Map of rows"
    title_ja = "行の地図"
    doc = "Places held-out rows on a plane with their nearest neighbours, as raw features or a model see them."
    doc_ja = "評価用の行を近傍とともに平面に置きます。元の特徴量、またはモデルが学んだ見方で比べます。"
    inputs = (Port("dataset", "dataset"), Port("model", "model", optional=True))
    outputs = (Port("table", "table"),)
    measures = ("neighbours_alike", "map_neighbours_alike", "explained", "mistakes_explained")

    method: Literal["pca", "t-sne"] = parameter("pca", "how vectors are laid out on a plane", "平面への配置方法")
    neighbours: int = parameter(5, "nearest rows that are named", "示す近傍の数", ge=1, le=100)
    seed: int | None = parameter(None, "the run's seed when empty", "空なら実行のシード", ge=0)

    def cost(self, inputs: Mapping[str, Size], folder: Path) -> Cost:
        data = inputs["dataset"]
        rows = min(data.test_rows, neighbours.MOST_ROWS)
        model = inputs.get("model")
        weights = (model.bytes - model.carried_bytes) / 4 if model else 0.0
        layout = 2.0 * rows * data.columns**2 if self.method == "pca" else 1000.0 * 40 * rows * np.log2(rows + 2).item()
        seeing = 2.0 * weights * (data.rows + rows)
        columns = 4 + bool(model)
        size = Size(rows=rows, columns=columns, bytes=rows * (16.0 * columns + 8.0 * self.neighbours))
        return Cost(seeing + layout + 2.0 * rows * data.rows * data.columns, 4 * data.bytes, {"table": size})

    def work(self, inputs: Mapping[str, Any], context: Context) -> dict[str, Any]:
        import pyarrow as pa

        data, model = inputs["dataset"], inputs.get("model")
        if model is not None and model.classes != data.classes:
            raise BadInput("the model tells other classes apart than those of the dataset")
        seed = context.seed if self.seed is None else self.seed
        asked = neighbours.some(len(data.test_x), seed)
        own, x = data.test_y[asked], data.test_x[asked]
        vectors, among = _seen(model, x), _seen(model, data.train_x)
        found = neighbours.nearest(among, vectors, self.neighbours)
        context.measure("neighbours_alike", neighbours.alike(found, data.train_y, own))
        places = self._places(vectors, seed)
        on_map = neighbours.nearest(places, places, self.neighbours, same=True)
        context.measure("map_neighbours_alike", neighbours.alike(on_map, own, own))
        classes = np.array(data.classes)
        columns = {
            "x": pa.array(places[:, 0].astype(np.float64)),
            "y": pa.array(places[:, 1].astype(np.float64)),
            "class": pa.array(classes[own].tolist()),
            "neighbours": pa.array([" ".join(str(row) for row in rows) for rows in found]),
        }
        if model is not None:
            said = self._explain(data, model, x, own, found, context)
            columns["predicted"] = pa.array(classes[said].tolist())
        return {"table": pa.table(columns)}

    def _explain(
        self, data: Any, model: Any, x: np.ndarray, own: np.ndarray, found: np.ndarray, context: Context
    ) -> np.ndarray:
        """What the model says; how often the vote of neighbours says the same is measured."""
        from workbench.stages.models import predicted

        said = predicted(model, x)
        agrees = neighbours.vote(found, data.train_y, len(data.classes)) == said
        context.measure("explained", float(agrees.mean()))
        if (wrong := said != own).any():
            context.measure("mistakes_explained", float(agrees[wrong].mean()))
        return said

    def _places(self, vectors: np.ndarray, seed: int) -> np.ndarray:
        if len(vectors) < 4:
            raise BadInput(f"{len(vectors)} held-out rows make no map; raise `held_out` in the preparation")
        if self.method == "t-sne":
            from sklearn.manifold import TSNE
            from threadpoolctl import threadpool_limits

            near = min(30.0, (len(vectors) - 1) / 3)
            with threadpool_limits(1):  # a worker has one core
                return TSNE(2, perplexity=near, init="pca", random_state=seed, n_jobs=1).fit_transform(vectors)
        from sklearn.decomposition import PCA

        flat = PCA(min(2, *vectors.shape), svd_solver="full").fit_transform(vectors)
        return np.pad(flat, ((0, 0), (0, 2 - flat.shape[1])))


def _seen(model: Any, x: np.ndarray) -> np.ndarray:
    from workbench.stages.models import hidden

    return x if model is None else hidden(model, x)
