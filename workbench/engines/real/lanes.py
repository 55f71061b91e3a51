"""Lanes: the programs that one member carries out side by side, each in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from workbench.architectures.narration import Tell, closed
from workbench.architectures.operations import Operation, Program, Together, Trouble
from workbench.engines.real.floor import Closed, Floor
from workbench.engines.real.watchdog import IDLE, Activity

Carry = Callable[[Operation], Any]


class Lane:
    """One program being carried out: the whole of a member's, or a lane of a Together; `name` is that of its story."""

    def __init__(self, name: str, program: Program):
        self.name, self.program = name, program
        self.activity: Activity = IDLE
        self.operation: Operation | None = None  # what it is in
        self.lanes: list[Lane] = []  # what it does together just now
        self.begun = False  # whether it has come to its first wait
        self.performs = False  # whether it has the processor
        self.ending = False  # whether it is to end with the work that it performs
        self.finished = False
        self.failure: BaseException | None = None
        self.result: Any = None

    def go(self, carry: Carry, tell: Tell) -> Any:
        """Drive the program to its end; answers what it returns. The Trouble that it does not meet is raised."""
        answer: Any = None
        trouble: Trouble | None = None
        while True:
            try:
                self.operation = self.program.throw(trouble) if trouble else self.program.send(answer)
            except StopIteration as stop:
                self.operation = None
                return stop.value
            answer = trouble = None
            try:
                answer = carry(self.operation)
            except Trouble as raised:
                trouble = raised
            if self.ending:
                close(self, tell)
                raise Closed

    @property
    def is_at_work(self) -> bool:
        """Whether it, or a lane within it, has the processor, which is not let go."""
        return self.performs or any(lane.is_at_work for lane in self.lanes)

    def activities(self) -> list[Activity]:
        """What it waits in, or what its lanes and theirs do."""
        lanes = [lane for lane in self.lanes if not lane.finished]
        return [activity for lane in lanes for activity in lane.activities()] if lanes else [self.activity]


class Lanes:
    """One Together under way. The first failure of a lane closes the others, a performing one when its work is done."""

    def __init__(self, floor: Floor, together: Together, carry: Carry, tell: Tell, closing: Callable[[str], None]):
        self.floor, self.carry, self.tell, self.closing = floor, carry, tell, closing
        self.failure: BaseException | None = None
        above = floor.lane.name
        self.lanes = [Lane(f"{above}{number}.", program) for number, program in enumerate(together.lanes)]

    def carry_out(self) -> tuple[Any, ...]:
        """What the lanes return; the first failure of one is raised once all have ended."""
        floor, above = self.floor, self.floor.lane
        above.lanes = self.lanes
        for lane in self.lanes:
            if self.failure is None:
                self._start(lane)
            else:
                lane.program.close()
                lane.finished = True
        floor.wait_until(lambda: all(lane.finished for lane in self.lanes) or above.finished)
        floor.check()
        above.lanes = []
        if self.failure is not None:
            raise self.failure
        return tuple(lane.result for lane in self.lanes)

    def _start(self, lane: Lane) -> None:
        above = self.floor.lane
        threading.Thread(target=self._run, args=(lane,), name=f"lane {lane.name}", daemon=True).start()
        self.floor.wait_until(lambda: lane.begun or lane.finished or above.finished)
        self.floor.check()

    def _run(self, lane: Lane) -> None:
        with self.floor.held_by(lane):
            try:
                lane.result = lane.go(self.carry, self.tell)
            except Closed:
                pass
            except Exception as raised:  # noqa: BLE001 - raised again by whoever waits for the lanes
                lane.failure = raised
            if not lane.finished:
                lane.finished = True
                if lane.failure is not None and self.failure is None:
                    self.failure = lane.failure
                    for other in self.lanes:
                        self._close(other)
            self.floor.changed()

    def _close(self, lane: Lane) -> None:
        for inner in lane.lanes:
            self._close(inner)
        if lane.finished:
            return
        if lane.is_at_work:
            lane.ending = True
            return
        self.closing(lane.name)
        close(lane, self.tell)
        self.floor.wake()


def close(lane: Lane, tell: Tell) -> None:
    """End a lane where it waits, and tell that its operation was closed."""
    if lane.finished:
        return
    if lane.operation is not None:
        tell(closed(lane.operation, lane.name))
    lane.program.close()
    lane.finished, lane.operation, lane.activity = True, None, IDLE
