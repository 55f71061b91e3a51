"""Faults on real processes: when they strike, which signal they are, and when they end."""

from __future__ import annotations

import signal

from workbench.architectures.job import Strike
from workbench.architectures.single_leader import LEADER
from workbench.engines.real.supervisor import Supervisor
from workbench.runs.events import FaultBegan, FaultEnded, Warned


class Faults:
    """Carries out the strikes of a run on its processes. `restart_s` is how soon a lost leader comes back by itself."""

    def __init__(self, supervisor: Supervisor, strikes: list[Strike], restart_s: float):
        self.supervisor, self.restart_s = supervisor, restart_s
        self.waiting = list(strikes)
        self._ends: dict[str, tuple[float, str]] = {}  # member -> when its fault ends, and its kind
        supervisor.comes_back = self._comes_back
        supervisor.on_joined = self._joined

    @property
    def watch_steps(self) -> bool:
        """Whether a fault is to strike at a step, which must not be seen late."""
        return any(strike.at_step is not None for strike in self.waiting)

    def turn(self) -> None:
        """Let faults strike, and freezes end, whose time has come."""
        now_s, steps = self.supervisor.now_s, self.supervisor.gathering.steps_finished
        for strike in [strike for strike in self.waiting if _is_due(strike, now_s, steps)]:
            self.waiting.remove(strike)
            self.strike(strike)
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


def _is_due(strike: Strike, now_s: float, steps: int) -> bool:
    if strike.at_s is not None:
        return strike.at_s <= now_s
    return strike.at_step is not None and strike.at_step <= steps
