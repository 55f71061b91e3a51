"""Faults on real processes: when they strike, which signal they are, and when they end."""

from __future__ import annotations

import signal
from collections.abc import Callable

from workbench.architectures.job import Job, Strike
from workbench.architectures.single_leader import LEADER
from workbench.engines.real.supervisor import Supervisor
from workbench.runs.events import Event, FaultBegan, FaultEnded, StepsFinished, WorkerFailed, WorkerJoined


class Faults:
    """Carries out the strikes of a run on its processes; `tell(event)` tells facts of the run itself."""

    def __init__(self, supervisor: Supervisor, job: Job, strikes: list[Strike], tell: Callable[[Event], None]):
        self.supervisor, self.job, self.tell = supervisor, job, tell
        self.waiting = list(strikes)
        self.later: list[tuple[float, Callable[[], None]]] = []
        self.causes: dict[str, str] = {}  # why a member is about to be lost
        self.back_after_s: dict[str, tuple[float, str]] = {}
        self.joining: dict[str, str] = {}
        supervisor.on_lost = self._lost
        supervisor.on_joined = self._joined

    def watch(self, event: Event) -> None:
        """Let faults strike that wait for a training step."""
        if isinstance(event, StepsFinished):
            self._strike_due([s for s in self.waiting if s.at_step is not None and event.last + 1 >= s.at_step])

    def turn(self) -> None:
        """Let faults strike and end whose time has come."""
        now_s = self.supervisor.now_s
        self._strike_due([s for s in self.waiting if s.at_s is not None and s.at_s <= now_s])
        due = [what for at_s, what in self.later if at_s <= now_s]
        self.later = [(at_s, what) for at_s, what in self.later if at_s > now_s]
        for what in due:
            what()

    def _strike_due(self, due: list[Strike]) -> None:
        for strike in due:
            self.waiting.remove(strike)
            self.strike(strike)

    def strike(self, strike: Strike) -> None:
        life = self.supervisor.lives.get(strike.worker)
        leader = self.supervisor.lives.get(LEADER)
        if life is None or life.ended or life.frozen or not life.ready or (leader is not None and leader.ended):
            return
        self.tell(FaultBegan(kind=strike.kind, worker=strike.worker, origin=strike.origin))
        back_s = strike.lasts_s
        if strike.worker == LEADER and back_s is None:
            back_s = self.job.orchestration.restart
        if strike.kind == "freeze":
            self._freeze(strike, back_s)
        else:
            if back_s is not None:
                self.back_after_s[strike.worker] = (back_s, strike.kind)
            self.kill(strike.worker, "crash")

    def kill(self, worker: str, cause: str) -> None:
        self.causes[worker] = cause
        self.supervisor.signal(worker, signal.SIGKILL)

    def _freeze(self, strike: Strike, back_s: float | None) -> None:
        self.supervisor.signal(strike.worker, signal.SIGSTOP)
        life = self.supervisor.lives[strike.worker]
        life.frozen = True
        if back_s is not None:
            self.back_after_s[strike.worker] = (back_s, "freeze")  # should the watchdog take it for lost before
            self.later.append((self.supervisor.now_s + back_s, lambda: self._thaw(strike.worker)))

    def _thaw(self, worker: str) -> None:
        life = self.supervisor.lives.get(worker)
        if life is not None and life.frozen:
            life.frozen = False
            self.back_after_s.pop(worker, None)
            self.supervisor.signal(worker, signal.SIGCONT)
            self.tell(FaultEnded(kind="freeze", worker=worker))

    def _lost(self, worker: str) -> None:
        self.tell(WorkerFailed(worker=worker, cause=self.causes.pop(worker, "crash")))
        back = self.back_after_s.pop(worker, None)
        if back is None and worker == LEADER:
            back = (self.job.orchestration.restart, "leader-crash")
        if back is not None:
            after_s, self.joining[worker] = back
            self.later.append((self.supervisor.now_s + after_s, lambda: self.supervisor.restart(worker)))

    def _joined(self, worker: str) -> None:
        self.tell(FaultEnded(kind=self.joining.pop(worker), worker=worker))
        self.tell(WorkerJoined(worker=worker))
