"""Faults in virtual time: when they strike, what they do, and when they end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from workbench.architectures.job import COMMAND, Job, Strike
from workbench.architectures.operations import Record
from workbench.architectures.orchestration import LEADER
from workbench.architectures.setting import SILENT_S
from workbench.architectures.single_leader import SingleLeader
from workbench.engines.checkpoints import unusable_text
from workbench.engines.simulated.clock import Call
from workbench.engines.simulated.paces import Paces
from workbench.engines.simulated.world import World
from workbench.runs.events import Event, FaultBegan, FaultEnded, StepsFinished, Warned, WorkerFailed, WorkerJoined


@dataclass(eq=False, slots=True)
class InForce:
    """A fault that lasts: what ends it, and the call that is to do so, or to make more of it."""

    kind: str
    worker: str
    origin: str
    undo: Callable[[], None]
    due: Call | None = None


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
        paces: Paces,
    ):
        self.world, self.job, self.tell, self.paces = world, job, tell, paces
        self.by_step, self.by_time = list(by_step), by_time
        self.elect_s, self.elections = elect_s, 0
        self.in_force: list[InForce] = []
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
        """Begin a fault now; members that are lost or finished, or that cannot answer, are spared."""
        if self.over:
            return
        if strike.kind == "storage-full":
            self._fill_storage(strike)
        elif strike.kind == "corrupt-checkpoint":
            self._corrupt_checkpoint(strike)
        else:
            self._strike_workers(strike)

    def _strike_workers(self, strike: Strike) -> None:
        struck = [worker for worker in strike.workers if self._can_be_struck(worker)]
        cut = set(struck)
        if strike.kind == "partition":
            self.world.cuts.begin(cut)
        for worker in struck:
            one = replace(strike, worker=worker)
            self._began(one)
            match strike.kind:
                case "crash" | "leader-crash":
                    self._crash(self._put_in_force(one), "crash", self._back_after_s(one))
                case "freeze":
                    self.world.freeze(worker)
                    self._silence(one, partial(self.world.thaw, worker))
                case "partition":
                    self._silence(one, partial(self.world.cuts.reach, cut, worker))
                case "slow-down":
                    self._slow_down(one)
                case "slow-link":
                    self._slow_link(one)
                case kind:
                    raise AssertionError(kind)

    def _can_be_struck(self, name: str) -> bool:
        member = self.world.members.get(name)
        return member is not None and not (member.finished or member.frozen or self.world.cuts.is_cut_off(name))

    @property
    def over(self) -> bool:
        """Whether the work has ended: nothing that comes later belongs to the run."""
        return any(self.world.members[name].finished and name not in self.world.lost for name in self.job.deciders)

    @property
    def stalled(self) -> bool:
        """Whether nothing but faults is left to happen, and none that would let anybody go on."""
        idle = {fault.due for fault in self.in_force if fault.kind in ("slow-down", "slow-link")} | {self.next_call}
        return all(call in idle for call in self.world.clock.calls_left)

    def _began(self, strike: Strike) -> None:
        self.tell(FaultBegan(kind=strike.kind, worker=strike.worker, origin=strike.origin))

    # --- faults that last ------------------------------------------------------------------------------------------

    def _put_in_force(self, strike: Strike) -> InForce:
        fault = InForce(strike.kind, strike.worker, strike.origin, partial(self._join, strike.worker))
        self.in_force.append(fault)
        return fault

    def _last(self, strike: Strike, undo: Callable[[], None]) -> None:
        fault = self._put_in_force(strike)
        fault.undo = undo
        if strike.lasts_s is not None:
            fault.due = self.world.clock.call_in(strike.lasts_s, self._end, fault)

    def _end(self, fault: InForce) -> None:
        if self.over:
            return
        self.in_force.remove(fault)
        self.tell(FaultEnded(kind=fault.kind, worker=fault.worker))
        fault.undo()

    def mend(self, worker: str = "", kind: str = "") -> bool:
        """End the faults of a member, or of a kind, or both, now instead of later; whether there was one."""
        found = [
            fault
            for fault in self.in_force
            if worker in ("", fault.worker) and kind in ("", fault.kind) and (worker or kind)
        ]
        for fault in found:
            if fault.due is not None:
                fault.due.cancel()
            self._end(fault)
        return bool(found)

    @property
    def can_be_mended(self) -> bool:
        """Whether somebody who broke something by hand could still undo that."""
        return any(fault.origin == COMMAND for fault in self.in_force)

    # --- who is lost, and comes back -------------------------------------------------------------------------------

    def _back_after_s(self, strike: Strike) -> float | None:
        if strike.worker == LEADER and strike.lasts_s is None:
            leader = self.job.orchestration
            assert isinstance(leader, SingleLeader)
            if not leader.election:
                return leader.restart
            self.elections += 1
            return self.elect_s(self.elections)
        return strike.lasts_s

    def _crash(self, fault: InForce, cause: str, back_after_s: float | None) -> None:
        self.world.kill(fault.worker)
        self.tell(WorkerFailed(worker=fault.worker, cause=cause))
        fault.undo, fault.due = partial(self._join, fault.worker), None
        if back_after_s is not None:
            fault.due = self.world.clock.call_in(back_after_s, self._end, fault)

    def _join(self, worker: str) -> None:
        self.tell(WorkerJoined(worker=worker))
        self.world.add(worker, self.job.program(worker))
        self.world.start([worker])

    def _silence(self, strike: Strike, undo: Callable[[], None]) -> None:
        fault = self._put_in_force(strike)
        fault.undo = undo
        if strike.lasts_s is not None and strike.lasts_s <= SILENT_S:
            fault.due = self.world.clock.call_in(strike.lasts_s, self._end, fault)
        else:
            left_s = None if strike.lasts_s is None else strike.lasts_s - SILENT_S
            fault.due = self.world.clock.call_in(SILENT_S, self._give_up, (fault, left_s))

    def _give_up(self, silence: tuple[InForce, float | None]) -> None:
        """The watchdog's rule: who is silent for too long is taken for lost, and ended."""
        fault, back_after_s = silence
        if not self.over:
            self._crash(fault, "silent", back_after_s)

    # --- who is slower ---------------------------------------------------------------------------------------------

    def _slow_down(self, strike: Strike) -> None:
        what = self.world, strike.worker, strike.factor
        self.paces.slow(*what)
        self._last(strike, partial(self.paces.recover, *what))

    def _slow_link(self, strike: Strike) -> None:
        what = strike.worker, strike.factor, strike.late_s
        links = self.world.network.links
        links.begin(*what)
        self._last(strike, partial(links.end, *what))

    # --- what is recorded ------------------------------------------------------------------------------------------

    def _fill_storage(self, strike: Strike) -> None:
        if any(fault.kind == strike.kind for fault in self.in_force):
            return
        self._began(strike)
        store = self.world.store
        store.waits = self._tell_of_waiting
        store.fill(strike.room_bytes)
        self._last(strike, store.clear)

    def _tell_of_waiting(self, member: str, operation: Record) -> None:
        text = f"{member} waits to {operation.label}: the storage is full"
        self.tell(Warned(code="storage-full", text=text))

    def _corrupt_checkpoint(self, strike: Strike) -> None:
        found = self.world.store.corrupt()
        if found is None:
            self.tell(Warned(code="fault-refused", text="no checkpoint is recorded that could become unusable"))
            return
        self._began(strike)
        self.tell(Warned(code=strike.kind, text=unusable_text(*found)))
