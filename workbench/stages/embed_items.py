"""The stage `embed-items`: a vector for every item, from the company it keeps, and how few observations are too few."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from workbench.stages import neighbours
from workbench.stages.base import BadInput, Context, Cost, Port, Size, Stage, parameter

PROBES = 60  # items whose observations are taken away, to see what is left of their vectors
ROUNDS = 5  # how often, with other observations
FORESEEN_ITEMS = 2000


class EmbedItems(Stage):
    """Words by the paragraphs they stand in, goods by the people who buy them: a truncated SVD of weighted counts.

    A cold start is tried on the items that are observed most often. All vectors are learnt without them; then each is
    placed by all of its observations, and by a few. `kept_with_few` is the share of its nearest neighbours that it
    still has, as an item has it of which no more is known.
    """

    group = "features"
    title = "Embed items"
    title_ja = "項目の埋め込み"
    doc = "A vector for each item, from what it occurs with; measures how poor it is when few observations exist."
    doc_ja = "共に現れるものから項目ごとのベクトルを作り、観測が少ないときの質の低下（コールドスタート）を測ります。"
    inputs = (Port("table", "table"),)
    outputs = (Port("table", "table"), Port("curve", "table"))
    measures = ("items", "kept_with_few", "kept_with_many")

    item: str = parameter("word", "column of the item", "項目の列", min_length=1)
    context: str = parameter("paragraph", "column of what it occurs in", "共起の単位となる列", min_length=1)
    dimensions: int = parameter(16, "numbers in a vector", "ベクトルの次元数", ge=1, le=1000)
    at_least: int = parameter(5, "observations of an item that is embedded", "埋め込む項目の最小観測数", ge=1)
    few: int = parameter(2, "observations of a new item", "新しい項目の観測数", ge=1)
    many: int = parameter(40, "observations of a known item", "既知の項目の観測数", ge=2)
    neighbours: int = parameter(10, "nearest items that are compared and named", "比べて示す近傍の数", ge=1, le=100)
    seed: int | None = parameter(None, "the run's seed when empty", "空なら実行のシード", ge=0)

    def cost(self, inputs: Mapping[str, Size], folder: Path) -> Cost:
        rows = inputs["table"].rows
        items = min(FORESEEN_ITEMS, rows)
        size = Size(items, 5 + self.dimensions, bytes=8.0 * items * (self.dimensions + 8))
        curve = Size(rows=6, columns=2, bytes=96.0)
        operations = 200.0 * rows + 60.0 * rows * self.dimensions + 2.0 * PROBES * ROUNDS * items * self.dimensions
        return Cost(operations, 20 * inputs["table"].bytes, {"table": size, "curve": curve})

    def work(self, inputs: Mapping[str, Any], context: Context) -> dict[str, Any]:
        import pyarrow as pa

        seed = context.seed if self.seed is None else self.seed
        names, counts = self._counted(inputs["table"])
        seen = np.asarray((counts > 0).sum(axis=1)).ravel()
        weighted = _weighted(counts)
        vectors = weighted @ self._directions(weighted, seed)
        found = neighbours.nearest(_unit(vectors), _unit(vectors), self.neighbours, same=True)
        curve = self._cold_start(counts, weighted, seen, seed)
        for count, kept in curve.items():
            context.measure("cold_start", kept, "", step=count)
        context.measure("items", float(len(names)))
        context.measure("kept_with_few", curve[self.few])
        context.measure("kept_with_many", curve[self.many])
        columns = {
            "item": pa.array(names),
            "observations": pa.array(seen.astype(np.int64)),
            "x": pa.array(vectors[:, 0]),
            "y": pa.array(vectors[:, min(1, self.dimensions - 1)]),
            "neighbours": pa.array([" ".join(str(names[at]) for at in row) for row in found]),
        }
        columns |= {f"dimension {i + 1}": pa.array(vectors[:, i]) for i in range(self.dimensions)}
        told = pa.table({"observations": list(curve), "kept_neighbours": list(curve.values())})
        return {"table": pa.table(columns), "curve": told}

    def _counted(self, table: Any) -> tuple[list[str], Any]:
        """The items, and how often each occurs in each context, as a sparse matrix."""
        from scipy.sparse import csr_matrix

        for name in (self.item, self.context):
            if name not in table.column_names:
                raise BadInput(f"the table has no column '{name}'; its columns are {', '.join(table.column_names)}")
        coded = [table.column(name).combine_chunks().dictionary_encode() for name in (self.item, self.context)]
        if any(column.null_count for column in coded):
            raise BadInput(f"a value is missing in column '{self.item}' or '{self.context}'")
        rows, columns = (column.indices.to_numpy() for column in coded)
        counts = csr_matrix((np.ones(len(rows)), (rows, columns)))
        enough = np.flatnonzero(np.asarray((counts > 0).sum(axis=1)).ravel() >= self.at_least)
        if len(enough) <= max(self.dimensions, self.neighbours) + PROBES:
            raise BadInput(
                f"{len(enough)} items are observed {self.at_least} times or more, too few for {self.dimensions} "
                f"dimensions and {self.neighbours} neighbours; lower `at_least` or `dimensions`"
            )
        names = [str(name) for name in coded[0].dictionary.to_pylist()]
        return [names[at] for at in enough], counts[enough]

    def _directions(self, weighted: Any, seed: int) -> np.ndarray:
        """The directions in the space of contexts along which items differ most: (contexts, dimensions)."""
        from sklearn.decomposition import TruncatedSVD
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1):  # a worker has one core
            return TruncatedSVD(self.dimensions, random_state=seed).fit(weighted).components_.T

    def _cold_start(self, counts: Any, weighted: Any, seen: np.ndarray, seed: int) -> dict[int, float]:
        """Observations -> share of neighbours that an item of so many still has."""
        probes = np.argsort(-seen, kind="stable")[:PROBES]
        if seen[probes[-1]] <= self.many:
            raise BadInput(
                f"the {PROBES} items that are observed most have {seen[probes[-1]]} observations or more, "
                f"and `many` asks for more than {self.many}; lower `many`"
            )
        others = np.setdiff1d(np.arange(len(seen)), probes)
        directions = self._directions(weighted[others], seed)
        among = _unit(weighted[others] @ directions)
        whole = neighbours.nearest(among, _unit(weighted[probes] @ directions), self.neighbours)
        draws = np.random.default_rng([seed, 3])
        curve = {}
        for count in sorted({self.few, self.many, 1, *(n for n in (3, 10, 30) if n < self.many)}):
            kept = []
            for _ in range(ROUNDS):
                some = _weighted(_thinned(counts[probes], count, draws), weigh_like=counts)
                kept.append(
                    neighbours.shared(whole, neighbours.nearest(among, _unit(some @ directions), self.neighbours))
                )
            curve[count] = float(np.mean(kept))
        return curve


def _weighted(counts: Any, weigh_like: Any = None) -> Any:
    """Counts on a logarithmic scale, less where a context holds many items (tf-idf), as rows of length 1."""
    from scipy.sparse import diags
    from sklearn.preprocessing import normalize

    of = counts if weigh_like is None else weigh_like
    in_context = np.asarray((of > 0).sum(axis=0)).ravel()
    rare = np.log(of.shape[0] / np.maximum(in_context, 1))
    damped = counts.copy()
    damped.data = np.log1p(damped.data)
    return normalize(damped @ diags(rare))


def _unit(vectors: np.ndarray) -> np.ndarray:
    """Vectors of length 1, so that distance is a matter of direction."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)


def _thinned(counts: Any, most: int, draws: np.random.Generator) -> Any:
    """The same items with at most so many observations each, drawn at random."""
    from scipy.sparse import csr_matrix

    rows, columns, values = [], [], []
    for row in range(counts.shape[0]):
        own = counts[row]
        chosen = draws.permutation(own.nnz)[:most]
        rows += [row] * len(chosen)
        columns += own.indices[chosen].tolist()
        values += own.data[chosen].tolist()
    return csr_matrix((values, (rows, columns)), shape=counts.shape)
