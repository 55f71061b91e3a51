"""Splitting rows into a training part and a held-out part, from a seed."""

from __future__ import annotations

import math

import numpy as np

from workbench.stages.base import BadInput


def held_out_rows(rows: int, share: float) -> int:
    """How many of `rows` are held out: the share, rounded up, leaving at least one on each side."""
    return min(max(1, math.ceil(share * rows - 1e-9)), rows - 1)


def split(labels: np.ndarray, share: float, seed: int, stratify: bool) -> tuple[np.ndarray, np.ndarray]:
    """(training, held-out) positions in rising order; `labels` are codes from 0.

    Stratified: each class gives its share of the held-out rows, up to rounding, and keeps a row for training.
    """
    draws = np.random.default_rng(seed)
    wanted = held_out_rows(len(labels), share)
    held = _stratified(labels, wanted, draws) if stratify else draws.permutation(len(labels))[:wanted]
    mask = np.zeros(len(labels), dtype=bool)
    mask[held] = True
    return np.flatnonzero(~mask), np.flatnonzero(mask)


def _stratified(labels: np.ndarray, wanted: int, draws: np.random.Generator) -> np.ndarray:
    counts = np.bincount(labels)
    exact = counts * (wanted / len(labels))
    taken = np.minimum(np.floor(exact).astype(np.int64), counts - 1)
    while taken.sum() < wanted:
        spare = np.where(taken < counts - 1, exact - taken, -np.inf)
        most = int(spare.argmax())
        if spare[most] == -np.inf:
            raise BadInput("the held-out share is too large to leave a training row of each class; lower `held_out`")
        taken[most] += 1
    return np.concatenate([draws.permutation(np.flatnonzero(labels == c))[:n] for c, n in enumerate(taken)])
