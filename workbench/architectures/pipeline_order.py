"""The order of work in a pipeline: which micro-batch a member takes through which of its parts, and when."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple


class Turn(NamedTuple):
    """One pass of one micro-batch through one of the member's own parts (counted from 0)."""

    part: str  # forward or backward
    micro: int
    own: int


def gpipe(micro_batches: int) -> list[Turn]:
    """All forward passes, then all backward passes from the last micro-batch to the first."""
    forwards = [Turn("forward", micro, 0) for micro in range(micro_batches)]
    return forwards + [Turn("backward", micro, 0) for micro in reversed(range(micro_batches))]


def interleaved(rank: int, members: int, micro_batches: int, virtual: int) -> list[Turn]:
    """Forward passes until the first gradient can be here, then one of each kind in turn, then what is left.

    Micro-batches pass in groups of as many as there are members. With one part a member (`virtual` = 1) this is 1F1B
    (Narayanan et al., "Memory-efficient pipeline-parallel DNN training", ICML 2021).
    """
    forwards = [Turn("forward", *_nth(n, members, virtual)) for n in range(micro_batches * virtual)]
    backwards = [Turn("backward", turn.micro, virtual - 1 - turn.own) for turn in forwards]
    ahead = members - rank - 1
    if virtual > 1:
        ahead = 2 * ahead + (virtual - 1) * members
    ahead = min(ahead, len(forwards))
    turns = forwards[:ahead]
    for forward, backward in zip(forwards[ahead:], backwards, strict=False):
        turns += [forward, backward]
    return turns + backwards[len(forwards) - ahead :]


def _nth(n: int, members: int, virtual: int) -> tuple[int, int]:
    """(micro-batch, own part) of the n-th forward pass."""
    if virtual == 1:
        return n, 0
    group, within = divmod(n, members * virtual)
    return group * members + within % members, within // members


def even_cut(costs: Sequence[float], parts: int) -> tuple[int, ...]:
    """How many neighbouring layers each part gets, so that the dearest part is as cheap as can be; none is empty."""
    before = [0.0, *accumulate(costs)]
    dearest = [[float("inf")] * (len(costs) + 1) for _ in range(parts + 1)]
    begins = [[0] * (len(costs) + 1) for _ in range(parts + 1)]
    dearest[0][0] = 0.0
    for part in range(1, parts + 1):
        for end in range(part, len(costs) - (parts - part) + 1):
            for begin in range(part - 1, end):
                dear = max(dearest[part - 1][begin], before[end] - before[begin])
                if dear < dearest[part][end]:
                    dearest[part][end], begins[part][end] = dear, begin
    ends = [len(costs)]
    for part in range(parts, 0, -1):
        ends.append(begins[part][ends[-1]])
    return tuple(end - begin for begin, end in pairwise(reversed(ends)))
