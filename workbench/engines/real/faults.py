"""Faults on real processes: when they strike, which signal they are, and when they end."""

from __future__ import annotations

import signal
from collections.abc import Iterator

from workbench.architectures.job import Strike
from workbench.architectures.orchestration import LEADER
from workbench.engines.real.supervisor import Supervisor
from workbench.runs.events import FaultBegan, FaultEnded, Warned


class Faults:
    """Carries out the strikes of a run on its processes. `restart_s` is how soon a lost leader comes back by itself."""

    def __init__(self, supervisor: Supervisor, by_step: list[Strike], by_time: Iterator[Strike], restart_s: float):
        self.supervisor, self.restart_s = supervisor, restart_s
        self.by_step, self._by_time = list(by_step), by_time
        self._next = next(by_time, None)
        self._ends: dict[str, tuple[float, str]] = {}  # member -> when its fault ends, and its kind
        supervisor.comes_back = self._comes_back
        supervisor.on_joined = self._joined

    @property
    def watch_steps(self) -> bool:
        """Whether a fault is to strike at a step, which must not be seen late."""
        return bool(self.by_step)

    def turn(self) -> None:
        """Let faults strike, and freezes end, whose time has come."""
        now_s, steps = self.supervisor.now_s, self.supervisor.gathering.steps_finished
        for strike in [strike for strike in self.by_step if (strike.at_step or 0) <= steps]:
            self.by_step.remove(strike)
            self.strike(strike)
        while self._next is not None and (self._next.at_s or 0.0) <= now_s:
            self.strike(self._next)
            self._next = next(self._by_time, None)
        for worker, (ends_s, kind) in list(self._ends.items()):
            if kind == "freeze" and now_s >= ends_s and self.supervisor.thaw(worker):
                del self._ends[worker]
                self.supervisor.tell(FaultEnded(kind=kind, worker=worker))

    def strike(self, strike: Strike) -> None:
        """Begin a fault now; a member that is lost, frozen or finished is spared."""
        if not self.supervisor.can_be_struck(strike.worker):
            return
        if strike.kind == "freeze" and not hasattr(signal, "SIGSTOP"):
            self.supervisor.tell(Warned(code="fault-refused", text="this system cannot freeze a process"))
            return
        self.supervisor.tell(FaultBegan(kind=strike.kind, worker=strike.worker, origin=strike.origin))
        lasts_s = strike.lasts_s
        if lasts_s is None and strike.worker == LEADER and strike.kind != "freeze":
            lasts_s = self.restart_s
        if lasts_s is not None:
            self._ends[strike.worker] = (self.supervisor.now_s + lasts_s, strike.kind)
        if strike.kind == "freeze":
            self.supervisor.freeze(strike.worker)
        else:
            self.supervisor.kill(strike.worker)

    def _comes_back(self, worker: str) -> float | None:
        """After how many seconds a lost member is started again: at the end of its fault; a leader in any case."""
        if worker not in self._ends:
            if worker != LEADER:
                return None
            self._ends[worker] = (self.supervisor.now_s + self.restart_s, "leader-crash")
        return max(0.0, self._ends[worker][0] - self.supervisor.now_s)

    def _joined(self, worker: str) -> None:
        if worker in self._ends:
            _, kind = self._ends.pop(worker)
            self.supervisor.tell(FaultEnded(kind=kind, worker=worker))
