"""Nearest neighbours: what they tell of how well short vectors keep the structure of the data."""

from __future__ import annotations

import numpy as np

MOST_ROWS = 2000  # that are asked for their neighbours, so that large datasets are looked at in a sample


def nearest(among: np.ndarray, of: np.ndarray, count: int, same: bool = False) -> np.ndarray:
    """Positions of the `count` nearest rows of `among` for each row of `of`, the nearest first.

    `same` where both are the same rows, none of which is a neighbour of itself.
    """
    from sklearn.neighbors import NearestNeighbors
    from threadpoolctl import threadpool_limits

    count = min(count, len(among) - same)
    with threadpool_limits(1):  # a worker has one core
        search = NearestNeighbors(n_neighbors=count, algorithm="brute").fit(among)
        return search.kneighbors(None if same else of, return_distance=False)


def shared(one: np.ndarray, other: np.ndarray) -> float:
    """The mean share of neighbours that two searches have in common, row by row."""
    return float(np.mean([len(np.intersect1d(a, b)) / len(a) for a, b in zip(one, other, strict=True)]))


def alike(found: np.ndarray, classes: np.ndarray, own: np.ndarray) -> float:
    """The share of neighbours that are of the class of the row that they are neighbours of."""
    return float((classes[found] == own[:, None]).mean())


def vote(found: np.ndarray, classes: np.ndarray, count: int) -> np.ndarray:
    """The class that most of each row's neighbours have."""
    said = [np.bincount(classes[row], minlength=count).argmax() for row in found]
    return np.array(said, dtype=np.int64)


def some(rows: int, seed: int) -> np.ndarray:
    """Positions of at most MOST_ROWS rows, in rising order."""
    if rows <= MOST_ROWS:
        return np.arange(rows)
    return np.sort(np.random.default_rng([seed, 2]).choice(rows, MOST_ROWS, replace=False))
