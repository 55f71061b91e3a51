"""Cuts: who cannot be reached by whom while the network is partitioned, and what waits until it is whole again."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from workbench.architectures.operations import Operation, Perform
from workbench.engines.simulated.member import PENDING, Member

if TYPE_CHECKING:
    from workbench.engines.simulated.world import World

CORE = ""  # the side of a cut on which the store is, and whoever is in no cut


class Held(NamedTuple):
    """What waits for a cut to end: from whom to whom it is, and how to try it again.

    A message is in vain once either of them is lost; `needs` is an operation, which goes on without the other.
    """

    source: str
    target: str
    again: Callable[[], Any]
    needs: bool = False


class Cuts:
    """The partitions of a world. A cut is a set of members that reach each other, and nobody else.

    As over TCP, what is sent across a cut is sent again until it arrives: it sets out once the cut has ended, in the
    order in which it was sent. What was on its way already arrives. Who is declared lost is never heard again.
    """

    def __init__(self, world: World):
        self.world = world
        self.cuts: list[set[str]] = []
        self.held: list[Held] = []

    def begin(self, members: set[str]) -> None:
        if members:
            self.world.gatherings.open()
            self.cuts.append(members)

    def reach(self, cut: set[str], member: str) -> None:
        """The member is within reach again."""
        cut.discard(member)
        self._let_go()

    def drop(self, member: str) -> None:
        """The member is lost: nothing of it will be heard, and it will come back within reach."""
        self.held = [each for each in self.held if each.source != member and (each.target != member or each.needs)]
        for cut in self.cuts:
            cut.discard(member)
        self._let_go()

    def _let_go(self) -> None:
        self.cuts = [each for each in self.cuts if each]
        held, self.held = self.held, []
        for each in held:
            if self.part(each.source, each.target):
                self.held.append(each)
            else:
                each.again()

    def is_cut_off(self, member: str) -> bool:
        return self.part(member, CORE)

    def part(self, one: str, other: str) -> bool:
        """Whether a cut lies between the two."""
        return any((one in cut) != (other in cut) for cut in self.cuts)

    def hold(self, source: str, target: str, again: Callable[[], Any]) -> None:
        """Keep a message, which `again` sends."""
        self.held.append(Held(source, target, again))

    # --- operations that need what lies behind a cut ---------------------------------------------------------------

    def within_reach(self, perform: Callable[[Member, Any], Any]) -> Callable[[Member, Any], Any]:
        """`perform`, an operation on the store, for members that may be cut off from it."""

        def performed(member: Member, operation: Operation) -> Any:
            if self.cuts and self.is_cut_off(member.name):
                return self._wait(member, operation, CORE)
            return perform(member, operation)

        return performed

    def keeps_from(self, member: Member, operation: Perform) -> bool:
        """Whether inputs of the work are out of reach; then it begins later."""
        away = next(
            (who for who, _ in self.world.work.inputs(member.name, operation) if self.part(member.name, who)), None
        )
        if away is None:
            return False
        self._wait(member, operation, away)
        return True

    def _wait(self, member: Member, operation: Operation, other: str) -> Any:
        self.held.append(Held(member.name, other, partial(member.try_again, operation), needs=True))
        return PENDING
