"""Collectives as recurrences on the vector of the times at which members enter."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np

Times = np.ndarray[Any, np.dtype[np.float64]]
Ranks = np.ndarray[Any, np.dtype[np.int64]]


def ring(
    start_s: Times,
    occupied_s: Times,
    delay_s: Times | float,
    free_s: Times | None = None,
    history: list[Times] | None = None,
) -> tuple[Times, Times]:
    """When each member of a ring all-reduce is done, and when its link is free, in seconds; shapes (members,).

    Link i leads from member i to member i+1: a chunk occupies it for `occupied_s` and is there `delay_s` later.
    Member i sends chunk k+1 once chunk k has come and it has entered. `free_s`: when links are free of older traffic.
    2(n-1) steps of one array operation a link; the message level does the same additions in the same order. Of each
    step, when chunks came and when members had taken them are added to `history`.
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
        if history is not None:
            history.append(following.copy())
        np.maximum(following, start_s, out=following)
        if history is not None:
            history.append(following.copy())
        ready, following = following, ready
    return ready, free


def ring_of_equal_links(start_s: Times, occupied_s: float, delay_s: float) -> Times:
    """When each member of a ring all-reduce over equal, idle links is done, in seconds; in O(n log n).

    A chunk goes at most n-1 times over one link and at least n-1 hops further, so that with K = 2(n-1)
    end_i = max over m in 0..n-1 of start_(i-K+m) + (K-m)(occupied + delay) + m * occupied: a sliding maximum over the
    ring laid out twice, whose windows end in its second turn: the larger of the maxima of a window's two halves.
    """
    members = len(start_s)
    steps = 2 * (members - 1)
    late_s = delay_s * _two_turns(members)
    first_s, second_s = start_s - late_s[:members], start_s - late_s[members:]
    window_max = np.maximum.accumulate(first_s[::-1])[::-1]  # from a member to the end of its turn
    np.maximum(window_max[1:], np.maximum.accumulate(second_s)[:-1], out=window_max[1:])
    window_max += late_s[:members]
    window_max += steps * (occupied_s + delay_s)
    return np.roll(window_max, steps - members)


@cache
def _two_turns(members: int) -> Times:
    return np.arange(2.0 * members)


class Sent(NamedTuple):
    """Sums that members of a tree, by rank, hand to their links: to whom, when, and when they arrive, in seconds."""

    source: Ranks
    target: Ranks
    at_s: Times
    arrives_s: Times


def tree(
    start_s: Times, occupied_s: float, delay_s: float, free_s: Times, sent: list[Sent] | None = None
) -> tuple[Times, Times]:
    """When each member of an all-reduce over a binomial tree is done, and when its link is free, in seconds.

    Shapes (members,) and (2, members): links are outwards and inwards. A parent's link takes the sums of those below in
    the order in which they are sent; whatever is sent is added to `sent`. One array operation for each pair of a level
    and a child: log2(n)^2 / 2 of them.
    """
    members = len(start_s)
    up_s, down_s = free_s.copy()
    levels = [1 << bit for bit in range((members - 1).bit_length())]
    ready_s = np.array(start_s, dtype=float)
    for top in [*levels, 0]:  # those whose lowest bit it is; all below them are ready
        parents = np.arange(top, members, 2 * top) if top else np.zeros(1, dtype=np.int64)
        below = [step for step in levels if step < top or not top]
        rising = _rise(parents, below, ready_s, up_s, down_s, occupied_s, delay_s)
        if sent is not None:
            sent += rising
    for step in reversed(levels):  # the largest subtree first
        parents = np.arange(0, members - step, 2 * step)
        children = parents + step
        begin_s = np.maximum(ready_s[parents], np.maximum(up_s[parents], down_s[children]))
        up_s[parents] = down_s[children] = begin_s + occupied_s
        ready_s[children] = up_s[parents] + delay_s
        if sent is not None:
            sent.append(Sent(parents, children, ready_s[parents], ready_s[children]))
    return ready_s, np.stack([up_s, down_s])


def _rise(
    parents: Ranks,
    below: list[int],
    ready_s: Times,
    up_s: Times,
    down_s: Times,
    occupied_s: float,
    delay_s: float,
) -> list[Sent]:
    """What the children of `parents`, `below` ranks further, send them: as it becomes ready."""
    sent: list[Sent] = []
    if not below:
        return sent
    last = len(ready_s) - 1
    children = parents[:, None] + np.array(below)
    sent_s = np.where(children <= last, ready_s[np.minimum(children, last)], np.inf)
    order = np.argsort(sent_s, axis=1, kind="stable")
    for column in range(len(below)):
        at = order[:, column]
        those = parents + np.array(below)[at]
        some = those <= last
        child, above = those[some], parents[some]
        begin_s = np.maximum(ready_s[child], np.maximum(up_s[child], down_s[above]))
        up_s[child] = down_s[above] = begin_s + occupied_s
        arrived_s = up_s[child] + delay_s
        sent.append(Sent(child, above, ready_s[child], arrived_s))
        ready_s[above] = np.maximum(ready_s[above], arrived_s)
    return sent
