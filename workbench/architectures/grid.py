"""A grid of members: who splits layers with whom, who is whose replica, and who comes next in the pipeline."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate, pairwise


@dataclass(frozen=True)
class Grid:
    """A team as a grid, numbered as Megatron does: neighbours share layers, then come replicas, then stages.

    Whoever of the team is left over has no place in it.
    """

    team: tuple[str, ...]
    tensor: int
    stages: int
    replicas: int

    def at(self, tensor: int, stage: int, replica: int) -> str:
        return self.team[(stage * self.replicas + replica) * self.tensor + tensor]

    @property
    def used(self) -> tuple[str, ...]:
        return self.team[: self.tensor * self.stages * self.replicas]

    def place(self, member: str) -> tuple[int, int, int]:
        """(place within its layers' team, stage, replica)."""
        rest, tensor = divmod(self.team.index(member), self.tensor)
        return tensor, *divmod(rest, self.replicas)


def equal_parts(sums: tuple[int, ...], parts: int) -> list[tuple[int, int]]:
    """As many layers in each part as in any other, or one more in the first ones; a head goes with the last layer."""
    each, more = divmod(sum(map(bool, sums)), parts)
    ends = list(accumulate(each + (part < more) for part in range(parts)))
    return list(pairwise([0, *ends[:-1], len(sums)]))
