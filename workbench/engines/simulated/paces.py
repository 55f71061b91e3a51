"""Paces: whose work takes longer than usual just now, and what that makes of the work in hand."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import TYPE_CHECKING, Any

from workbench.architectures.operations import Perform
from workbench.engines.simulated.member import Member

if TYPE_CHECKING:
    from workbench.engines.simulated.world import World


class Paces:
    """Factors on the compute times of members. Several at once multiply; fetching inputs is not slowed."""

    def __init__(self) -> None:
        self.factors: dict[str, list[float]] = {}
        self.busy_from_s: dict[str, float] = {}  # when the inputs of a member's work in hand are, or were, there

    def times(self, member: str) -> float:
        """How many times as long as usual the member computes now."""
        return prod(self.factors.get(member, ()))

    def slow(self, world: World, member: str, factor: float) -> None:
        """From now on, and for what is left of the work in hand."""
        self.factors.setdefault(member, []).append(factor)
        self._stretch(world, member, factor)

    def recover(self, world: World, member: str, factor: float) -> None:
        self.factors[member].remove(factor)
        self._stretch(world, member, 1 / factor)

    def _stretch(self, world: World, name: str, times: float) -> None:
        member, clock = world.members[name], world.clock
        for leaf in _performing(member):
            timer = leaf.timer
            if timer is None:
                continue
            left_s = leaf.timer_ends_s - max(clock.now, self.busy_from_s.get(name, 0.0))
            leaf.timer_ends_s += (times - 1) * left_s
            leaf.timer = clock.call_at(leaf.timer_ends_s, timer.function, timer.argument)
            timer.cancel()
        performing = set(_performing(member))
        for number, (function, held) in enumerate(member.held_back):
            if function == world.rearm and held[0] in performing:
                member.held_back[number] = function, _longer(held, times)


def _performing(member: Member) -> Iterator[Member]:
    return (leaf for leaf in member.leaves() if isinstance(leaf.operation, Perform))


def _longer(held: tuple[Any, ...], times: float) -> tuple[Any, ...]:
    """What a frozen member's timer has left, which is the last of what is kept of it."""
    return (*held[:-1], times * held[-1])
