"""Lanes: the programs that one member of the world carries out side by side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workbench.architectures.narration import closed
from workbench.architectures.operations import Operation, Perform, Program, Together, Trouble
from workbench.engines.simulated.member import PENDING, Member
from workbench.runs.events import Event


class Lanes:
    """One Together under way. Its lanes share the member's letters and its processor; troubles end them all."""

    def __init__(self, member: Member, together: Together, tell: Callable[[Event, str], None]):
        self.member, self.tell = member, tell
        self.trouble: Trouble | None = None
        self.lanes = [self._lane(number, program) for number, program in enumerate(together.lanes)]
        member.lanes = self.lanes

    def _lane(self, number: int, program: Program) -> Member:
        lane = Member(self.member.name, program, self.member.table, self.member.incarnation)
        lane.root, lane.lane = self.member.root, f"{self.member.lane}{number}."
        lane.letters = self.member.letters
        lane.lost_notices = self.member.lost_notices
        return lane

    def start(self) -> Any:
        """Every lane up to its first waiting operation; the answers if none has to wait. Trouble of a lane."""
        for lane in self.lanes:
            if self.trouble is None:
                lane.go()
                self._note(lane)
        if not self._over:
            for lane in self.lanes:
                lane.ended = self._ended
            return PENDING
        self.member.lanes = []
        if self.trouble is not None:
            raise self.trouble
        return tuple(lane.result for lane in self.lanes)

    @property
    def _over(self) -> bool:
        return all(lane.finished for lane in self.lanes)

    def _note(self, lane: Member) -> None:
        if lane.outcome is not None and self.trouble is None:
            self.trouble = lane.outcome
            self._close()

    def _ended(self, lane: Member) -> None:
        self._note(lane)
        if self._over and self.member.lanes is self.lanes:
            self.member.lanes = []
            if self.trouble is not None:
                self.member.go(trouble=self.trouble)
            else:
                self.member.go(tuple(lane.result for lane in self.lanes))

    def _close(self) -> None:
        """What waits is closed at once; what performs is closed when its work ends, for a processor is not let go."""
        for lane in self.lanes:
            if lane.finished:
                continue
            if isinstance(lane.operation, Perform) and lane.timer is not None:
                lane.program = _closing(lane, lane.program, self.tell)
                next(lane.program)
            else:
                for inner in lane.lanes:
                    close(inner, self.tell)
                close(lane, self.tell)


def close(lane: Member, tell: Callable[[Event, str], None]) -> None:
    """End a lane where it waits, and tell that its operation was closed."""
    if lane.finished:
        return
    if lane.timer is not None:
        lane.timer.cancel()
        lane.timer = None
    told_closed(lane, lane.operation, tell)
    lane.program.close()
    lane.finished, lane.operation = True, None


def told_closed(lane: Member, operation: Operation | None, tell: Callable[[Event, str], None]) -> None:
    if operation is not None:
        tell(closed(operation, lane.lane), lane.name)


def _closing(lane: Member, before: Program, tell: Callable[[Event, str], None]) -> Program:
    """In the place of a program whose last work is still being done: it ends with it."""
    operation = lane.operation
    assert operation is not None
    yield operation
    told_closed(lane, operation, tell)
    before.close()
