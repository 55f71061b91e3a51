"""Collectives as recurrences on the vector of the times at which members enter."""

from __future__ import annotations

from typing import Any

import numpy as np

Times = np.ndarray[Any, np.dtype[np.float64]]


def ring(start_s: Times, occupied_s: Times, delay_s: Times, free_s: Times | None = None) -> tuple[Times, Times]:
    """When each member of a ring all-reduce is done, and when its link is free, in seconds; shapes (members,).

    Link i leads from member i to member i+1: a chunk occupies it for `occupied_s` and is there `delay_s` later.
    Member i sends chunk k+1 once chunk k has come and it has entered. `free_s`: when links are free of older traffic.
    2(n-1) steps of one array operation a link; the message level does the same additions in the same order.
    """
    members = len(start_s)
    ready = np.array(start_s, dtype=float)
    free = np.zeros(members) if free_s is None else np.array(free_s, dtype=float)
    begin, arrived, following = np.empty(members), np.empty(members), np.empty(members)
    for _ in range(2 * (members - 1)):
        np.maximum(ready, free, out=begin)
        np.add(begin, occupied_s, out=free)
        np.add(free, delay_s, out=arrived)
        following[1:], following[0] = arrived[:-1], arrived[-1]
        np.maximum(following, start_s, out=following)
        ready, following = following, ready
    return ready, free


def ring_of_equal_links(start_s: Times, occupied_s: float, delay_s: float) -> Times:
    """When each member of a ring all-reduce over equal, idle links is done, in seconds; in O(n log n).

    A chunk goes at most n-1 times over one link and at least n-1 hops further, so that with K = 2(n-1)
    end_i = max over m in 0..n-1 of start_(i-K+m) + (K-m)(occupied + delay) + m * occupied: a sliding maximum,
    found by doubling windows.
    """
    members = len(start_s)
    steps = 2 * (members - 1)
    first = (np.arange(members) - steps) % members
    window_max = np.concatenate([start_s, start_s]) - delay_s * np.arange(2 * members)
    width = 1
    while 2 * width <= members:
        window_max = np.maximum(window_max[:-width], window_max[width:])
        width *= 2
    rest = members - width
    if rest:
        window_max = np.maximum(window_max[:-rest], window_max[rest:])
    return np.asarray(window_max[first] + delay_s * first + steps * (occupied_s + delay_s))
