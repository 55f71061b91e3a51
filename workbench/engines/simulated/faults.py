"""Faults in virtual time: when they strike, what they do, and when they end."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from workbench.architectures.job import Job, Strike
from workbench.architectures.orchestration import LEADER
from workbench.architectures.single_leader import SingleLeader
from workbench.engines.simulated.clock import Call
from workbench.engines.simulated.world import World
from workbench.runs.events import Event, FaultBegan, FaultEnded, StepsFinished, WorkerFailed, WorkerJoined

SILENT_S = 10.0  # how long a member may be silent until it is declared lost


class Faults:
    """Carries out the strikes of a run on its world. `tell(event)` tells facts of the run itself.

    `elect_s(number)` is how long the election takes that a leader's loss of that number leads to.
    """

    def __init__(
        self,
        world: World,
        job: Job,
        by_step: list[Strike],
        by_time: Iterator[Strike],
        tell: Callable[[Event], None],
        elect_s: Callable[[int], float],
    ):
        self.world, self.job, self.tell = world, job, tell
        self.by_step, self.by_time = list(by_step), by_time
        self.elect_s, self.elections = elect_s, 0
        self.next_call: Call | None = None  # the next fault on the clock: if nothing else is there, nobody can go on
        self._expect_next()

    def _expect_next(self) -> None:
        """Random faults never end, so that only the next one is on the clock."""
        self.next_call = None
        if (strike := next(self.by_time, None)) is not None:
            assert strike.at_s is not None
            self.next_call = self.world.clock.call_at(strike.at_s, self._strike_on_time, strike)

    def _strike_on_time(self, strike: Strike) -> None:
        self.strike(strike)
        if not self.over:
            self._expect_next()

    def watch(self, event: Event) -> None:
        """Let faults strike that wait for a training step."""
        if self.by_step and isinstance(event, StepsFinished):
            due = [s for s in self.by_step if s.at_step is not None and event.last + 1 >= s.at_step]
            for strike in due:
                self.by_step.remove(strike)
                self.world.clock.call_in(0.0, self.strike, strike)

    def strike(self, strike: Strike) -> None:
        member = self.world.members.get(strike.worker)
        if member is None or member.finished or member.frozen or self.over:
            return
        self.tell(FaultBegan(kind=strike.kind, worker=strike.worker, origin=strike.origin))
        if strike.kind == "freeze":
            self._freeze(strike)
        else:
            self._crash(strike.worker, "crash", self._back_after_s(strike), strike.kind)

    @property
    def over(self) -> bool:
        """Whether the work has ended: nothing that comes later belongs to the run."""
        return any(self.world.members[name].finished and name not in self.world.lost for name in self.job.deciders)

    def _back_after_s(self, strike: Strike) -> float | None:
        if strike.worker == LEADER and strike.lasts_s is None:
            leader = self.job.orchestration
            assert isinstance(leader, SingleLeader)
            if not leader.election:
                return leader.restart
            self.elections += 1
            return self.elect_s(self.elections)
        return strike.lasts_s

    def _crash(self, worker: str, cause: str, back_after_s: float | None, kind: str) -> None:
        self.world.kill(worker)
        self.tell(WorkerFailed(worker=worker, cause=cause))
        if back_after_s is not None:
            self.world.clock.call_in(back_after_s, self._join, (worker, kind))

    def _join(self, what: tuple[str, str]) -> None:
        worker, kind = what
        if self.over:
            return
        self.tell(FaultEnded(kind=kind, worker=worker))
        self.tell(WorkerJoined(worker=worker))
        self.world.add(worker, self.job.program(worker))
        self.world.start([worker])

    def _freeze(self, strike: Strike) -> None:
        self.world.freeze(strike.worker)
        if strike.lasts_s is not None and strike.lasts_s <= SILENT_S:
            self.world.clock.call_in(strike.lasts_s, self._thaw, strike.worker)
        else:
            self.world.clock.call_in(SILENT_S, self._give_up, strike)

    def _thaw(self, worker: str) -> None:
        self.tell(FaultEnded(kind="freeze", worker=worker))
        self.world.thaw(worker)

    def _give_up(self, strike: Strike) -> None:
        """The watchdog's rule: who is silent for too long is taken for lost."""
        self._crash(strike.worker, "silent", self._back_after_s(strike), "freeze")
