"""Max-min fair rates from nothing, by water-filling on arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

TIE = 1 + 1e-12


def padded(paths: list[tuple[int, ...]], links: int) -> NDArray[np.int64]:
    """Paths of unequal lengths as one array of links a row, filled up with `links`, which is no link."""
    table = np.full((len(paths), max(map(len, paths), default=0)), links, dtype=np.int64)
    for row, path in enumerate(paths):
        table[row, : len(path)] = path
    return table


def waterfill(table: NDArray[np.int64], capacities: NDArray[np.float64]) -> NDArray[np.float64]:
    """The max-min fair rate of each path of `table` (see `padded`), in the unit of the capacities; inf without a link.

    Progressive filling (Bertsekas and Gallager, Data Networks, 1992, section 6.5.2), but a round freezes every link
    that is the tightest for all of its flows, not only the tightest of all: fewer rounds, the same rates.
    """
    flows, hops = table.shape
    none = len(capacities)
    rates = np.full(flows, np.inf)
    left = np.append(capacities, np.inf)
    index = np.flatnonzero((table < none).any(axis=1))
    open_ = table[index]
    while len(index):
        flat = open_.ravel()
        count = np.bincount(flat, minlength=none + 1)
        share = np.where(count > 0, left / np.maximum(count, 1), np.inf)
        share[none] = np.inf
        tightest = share[open_].min(axis=1)  # of each flow
        lowest = np.full(none + 1, np.inf)  # of the flows of each link
        np.minimum.at(lowest, flat, np.repeat(tightest, hops))
        full = (count > 0) & (share <= lowest * TIE)
        full[none] = False
        frozen = full[open_].any(axis=1)
        rates[index[frozen]] = tightest[frozen]
        taken = np.repeat(tightest[frozen], hops)
        left -= np.bincount(open_[frozen].ravel(), weights=taken, minlength=none + 1)
        np.maximum(left, 0.0, out=left)
        left[none] = np.inf
        index, open_ = index[~frozen], open_[~frozen]
    return rates
