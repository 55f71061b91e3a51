"""Faults on real processes, on shaped links and on the store: when they strike, what they do, and when they end."""

from __future__ import annotations

import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from math import prod

from workbench.architectures.job import COMMAND, Strike
from workbench.architectures.orchestration import LEADER
from workbench.engines.checkpoints import unusable_text
from workbench.engines.real.links import OF_LINKS, Links
from workbench.engines.real.store import Store
from workbench.engines.real.supervisor import Supervisor
from workbench.runs.events import FaultBegan, FaultEnded, Warned

STORAGE, CHECKPOINT = "storage-full", "corrupt-checkpoint"


@dataclass(eq=False)
class InForce:
    """A fault that lasts. `undo` ends it, and answers whether it could; a member that is lost comes back instead."""

    kind: str
    worker: str
    origin: str
    ends_s: float | None
    undo: Callable[[], bool]

    @property
    def keeps_away(self) -> bool:
        """Whether it may keep its member from the others until that is lost."""
        return self.kind not in ("slow-link", "slow-down", STORAGE)


class Faults:
    """Carries out the strikes of a run on its processes. `restart_s` is how soon a lost leader comes back by itself."""

    def __init__(self, supervisor: Supervisor, by_step: list[Strike], by_time: Iterator[Strike], restart_s: float):
        self.supervisor, self.restart_s = supervisor, restart_s
        self.by_step, self._by_time = list(by_step), by_time
        self._next = next(by_time, None)
        self._in_force: list[InForce] = []
        self._factors: dict[str, list[float]] = {}  # of members that are slowed; several at once multiply
        self._orders: list[Callable[[], None]] = []  # for the store, which somebody else may be writing to just now
        self._told_to_mend = False
        supervisor.holds_on = self._holds_on
        supervisor.comes_back = self._comes_back
        supervisor.on_joined = self._joined

    @property
    def watch_steps(self) -> bool:
        """Whether a fault is to strike at a step, which must not be seen late."""
        return bool(self.by_step)

    def turn(self) -> None:
        """Let faults strike, and others end, whose time has come."""
        now_s, steps = self.supervisor.now_s, self.supervisor.gathering.steps_finished
        for strike in [strike for strike in self.by_step if (strike.at_step or 0) <= steps]:
            self.by_step.remove(strike)
            self.strike(strike)
        while self._next is not None and (self._next.at_s or 0.0) <= now_s:
            self.strike(self._next)
            self._next = next(self._by_time, None)
        for fault in list(self._in_force):
            if fault.ends_s is not None and now_s >= fault.ends_s:
                self._end(fault)
        self._order_the_store()

    def strike(self, strike: Strike) -> None:
        """Begin a fault now; members that are lost or finished, or that cannot answer, are spared."""
        if strike.kind in (STORAGE, CHECKPOINT):
            self._orders.append(partial(self._fill if strike.kind == STORAGE else self._corrupt, strike))
            return self._order_the_store()
        struck = [worker for worker in strike.workers if self.supervisor.can_be_struck(worker)]
        if strike.kind == "freeze" and not hasattr(signal, "SIGSTOP"):
            return self._refuse("this system cannot freeze a process")
        if strike.kind in OF_LINKS and self.supervisor.links is None:
            return self._refuse(f"a fault of kind '{strike.kind}' needs links that are shaped (run.links)")
        cut = list(struck)
        for worker in struck:
            self._begin(replace(strike, worker=worker), cut)
        return None

    def _begin(self, strike: Strike, cut: list[str]) -> None:
        worker, supervisor = strike.worker, self.supervisor
        supervisor.tell(FaultBegan(kind=strike.kind, worker=worker, origin=strike.origin))
        lasts_s = strike.lasts_s
        if lasts_s is None and worker == LEADER and strike.kind in ("crash", "leader-crash"):
            lasts_s = self.restart_s
        fault = self._put_in_force(strike, lasts_s)
        match strike.kind:
            case "freeze":
                fault.undo = partial(supervisor.thaw, worker)
                supervisor.freeze(worker)
            case "slow-down":
                fault.undo = partial(self._recover, strike)
                self._factors.setdefault(worker, []).append(strike.factor)
                supervisor.set_pace(worker, prod(self._factors[worker]))
            case "slow-link":
                fault.undo = partial(self._quicken, strike)
                self._links.slow_down(worker, strike.factor, strike.late_s)
                supervisor.links_changed()
            case "partition":
                fault.undo = partial(self._reach, cut, worker)
                if worker == cut[0]:
                    self._links.cuts.append(cut)
                    supervisor.links_changed()
            case _:
                supervisor.kill(worker)

    def _put_in_force(self, strike: Strike, lasts_s: float | None) -> InForce:
        ends_s = None if lasts_s is None else self.supervisor.now_s + lasts_s
        fault = InForce(strike.kind, strike.worker, strike.origin, ends_s, _comes_back_itself)
        self._in_force.append(fault)
        return fault

    def mend(self, worker: str = "", kind: str = "") -> bool:
        """End the faults of a member, or of a kind, or both, now instead of later; whether there was one."""
        found = [
            fault
            for fault in self._in_force
            if worker in ("", fault.worker) and kind in ("", fault.kind) and (worker or kind)
        ]
        for fault in found:
            fault.ends_s = self.supervisor.now_s
            self._end(fault)
            if fault.worker:
                self.supervisor.bring_back(fault.worker)
        self._told_to_mend = False
        return bool(found)

    def _end(self, fault: InForce) -> None:
        """A member that is lost meanwhile is started again by the supervisor, which ends its fault."""
        if fault.undo():
            self._in_force.remove(fault)
            self.supervisor.watchdog.change(time.monotonic())
            self.supervisor.tell(FaultEnded(kind=fault.kind, worker=fault.worker))

    def _refuse(self, text: str) -> None:
        self.supervisor.tell(Warned(code="fault-refused", text=text))

    def _recover(self, strike: Strike) -> bool:
        self._factors[strike.worker].remove(strike.factor)
        self.supervisor.set_pace(strike.worker, prod(self._factors[strike.worker]))
        return True

    # --- the store ---------------------------------------------------------------------------------------------------

    def _order_the_store(self) -> None:
        """What is to be done to it, now or, as long as somebody else writes to it, at a later turn."""
        while self._orders and self.supervisor.decided_s is None:
            try:
                self._orders[0]()
            except sqlite3.OperationalError:  # it is locked
                return
            del self._orders[0]

    def _store(self) -> closing[Store]:
        """A connection for one order: nobody may wait for whoever holds the store, who may be frozen."""
        return closing(Store(self.supervisor.run, busy_s=0.0))

    def _fill(self, strike: Strike) -> None:
        if any(fault.kind == STORAGE for fault in self._in_force):
            return
        with self._store() as store:
            store.fill(strike.room_bytes)
        self.supervisor.tell(FaultBegan(kind=STORAGE, origin=strike.origin))
        self._put_in_force(strike, strike.lasts_s).undo = self._clear

    def _clear(self) -> bool:
        try:
            with self._store() as store:
                store.clear()
        except sqlite3.OperationalError:
            return False
        return True

    def _corrupt(self, strike: Strike) -> None:
        with self._store() as store:
            found = store.corrupt()
        if found is None:
            return self._refuse("no checkpoint is recorded that could become unusable")
        self.supervisor.tell(FaultBegan(kind=CHECKPOINT, origin=strike.origin))
        self.supervisor.tell(Warned(code=CHECKPOINT, text=unusable_text(*found)))
        return None

    def _holds_on(self, waiting: str) -> bool:
        """Whether members that all wait do so for a storage that will have room again, by itself or by hand."""
        full = next((fault for fault in self._in_force if fault.kind == STORAGE), None)
        if full is None or (full.ends_s is None and full.origin != COMMAND):
            return False
        if full.ends_s is None and not self._told_to_mend:
            self._told_to_mend = True
            text = f"nobody can go on until something is mended: {waiting}"
            self.supervisor.tell(Warned(code="mending-awaited", text=text))
        return True

    # --- links -------------------------------------------------------------------------------------------------------

    @property
    def _links(self) -> Links:
        assert self.supervisor.links is not None
        return self.supervisor.links

    def _quicken(self, strike: Strike) -> bool:
        self._links.recover(strike.worker, strike.factor, strike.late_s)
        self.supervisor.links_changed()
        return True

    def _reach(self, cut: list[str], worker: str) -> bool:
        """The member is within reach again; whether it was still away."""
        was_away = worker in cut
        if was_away:
            cut.remove(worker)
            self._links.cuts[:] = [each for each in self._links.cuts if each]
            self.supervisor.links_changed()
        return was_away

    # --- who is lost, and comes back ---------------------------------------------------------------------------------

    def _comes_back(self, worker: str) -> float | None:
        """After how many seconds a lost member is started again: at the end of its fault; a leader in any case."""
        fault = next((fault for fault in self._in_force if fault.worker == worker and fault.keeps_away), None)
        if fault is None:
            if worker != LEADER:
                return None
            lost = Strike("leader-crash", worker, None, None, None)
            fault = self._put_in_force(lost, self.restart_s)
        if fault.kind == "partition":
            fault.undo()  # nothing more will be heard of it, and whoever is in its place can be reached
        return None if fault.ends_s is None else max(0.0, fault.ends_s - self.supervisor.now_s)

    def _joined(self, worker: str) -> None:
        for fault in [fault for fault in self._in_force if fault.worker == worker and fault.keeps_away]:
            self._in_force.remove(fault)
            self.supervisor.tell(FaultEnded(kind=fault.kind, worker=worker))


def _comes_back_itself() -> bool:
    return False
