"""The floor of a member: of its lanes, which are threads, one goes on at a time; where it waits, others do."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.engines.real.lanes import Lane
    from workbench.engines.real.post import Post


_PACE_S = 0.01  # between two looks of a slowed member at its pace


class Closed(BaseException):
    """Ends the thread of a lane that was closed while it waited; no program sees it."""


class Floor:
    """Who has it may touch the programs, the post, the groups and the store of a member; nobody else does.

    Lanes so take turns at waits only, as they do in virtual time: what a program does between two waits is one step for
    its other lanes. Whoever waits for news listens for all: one thread reads the post, the others are woken.
    """

    def __init__(self, post: Post):
        self._post = post
        self._news = threading.Condition(threading.Lock())
        self._own = threading.local()
        self._listening = False
        self._turns: deque[object] = deque()  # for the processor: whose turn it is, then who waits for one

    @property
    def lane(self) -> Lane:
        """The lane whose thread asks."""
        lane: Lane = self._own.lane
        return lane

    @contextlib.contextmanager
    def held_by(self, lane: Lane) -> Iterator[None]:
        """For the length of a thread, which carries out `lane`."""
        self._own.lane = lane
        with self._news:
            yield

    @contextlib.contextmanager
    def taken(self) -> Iterator[None]:
        """Take it again for a moment, within `left`."""
        with self._news:
            yield

    @contextlib.contextmanager
    def left(self) -> Iterator[None]:
        """Let other lanes go on meanwhile."""
        self._yielding()
        self._news.release()
        try:
            yield
        finally:
            self._news.acquire()

    def check(self) -> None:
        """Closed, if the lane was closed while it had left the floor."""
        if self.lane.finished:
            raise Closed

    def wake(self) -> None:
        """Something has changed that others may wait for."""
        self._news.notify_all()
        if self._listening:
            self._post.wake()

    def listen(self, seconds: float | None) -> None:
        """Wait up to `seconds` (None: without end) for something to come, or to change; what has come is taken in."""
        if seconds == 0.0:
            self._take_in(self._post.select(0.0))
            if self._listening and self._post.holds:
                self._post.wake()  # whoever listens does not know until when
        elif self._listening:
            self._yielding()
            self._news.wait(seconds)
        else:
            self._listening = True
            try:
                with self.left():
                    ready = self._post.select(seconds)
            finally:
                self._listening = False
            self._take_in(ready)
            self._news.notify_all()  # one of them is to listen from now on

    def _take_in(self, ready: list[Any]) -> None:
        if ready:
            self._post.take_in(ready)
            self.wake()  # whoever listens may sleep on, for what was to wake it is taken in

    def changed(self) -> None:
        """Lanes that have left the floor until something holds are to look again."""
        self._news.notify_all()

    def wait_until(self, holds: Callable[[], bool]) -> None:
        """Leave the floor until other lanes have made it so."""
        self._yielding()
        while not holds():
            self._news.wait()

    def work(self, what: Callable[[], Any]) -> Any:
        """`what` on the member's one processor, in the order in which lanes ask for it, beside all who wait."""
        turn = object()
        self._turns.append(turn)
        try:
            if self._turns[0] is not turn:
                self.wait_until(lambda: self._turns[0] is turn or self.lane.finished)
                self.check()
            self.lane.performs = True
            with self.left():
                return self._at_pace(what)
        finally:
            self.lane.performs = False
            self._turns.remove(turn)
            self._news.notify_all()

    def _at_pace(self, what: Callable[[], Any]) -> Any:
        """`what`, and as much idling as makes it take as long as the member's pace wants."""
        began_s = time.monotonic()
        try:
            return what()
        finally:
            work_s = time.monotonic() - began_s
            self._hear()
            while (left_s := self._post.pace.due_s(began_s, work_s) - time.monotonic()) > 0:
                time.sleep(min(left_s, _PACE_S))
                self._hear()

    def _hear(self) -> None:
        with self.taken():
            if self._post.hear_supervisor():
                self.wake()

    def _yielding(self) -> None:
        if not self.lane.begun:
            self.lane.begun = True
            self._news.notify_all()
