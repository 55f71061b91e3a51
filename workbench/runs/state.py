"""The state of a run: the fold of its events, and the one place where what an event means is decided.

Everything that is computed from a run (charts, figures, report) is computed from this state, so that two engines,
a live run and an old one cannot be read in two ways.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from workbench.runs.checkpoints import Saves
from workbench.runs.events import (
    Event,
    FaultBegan,
    FaultEnded,
    Ground,
    Measured,
    MessageSent,
    OperationFinished,
    OperationStarted,
    Recorded,
    RunFinished,
    RunStarted,
    StepsFinished,
    Warned,
    WorkerFailed,
    WorkerJoined,
    WorkMeasured,
)
from workbench.runs.items import Items, instance_of, is_item
from workbench.runs.pace import Pace
from workbench.runs.spans import Lane
from workbench.runs.stage_state import StageState, TrainingState
from workbench.runs.tasks import Tasks

ENDED_OVER_WORK = ("time-limit", "memory-limit", "cancelled")  # no failure of the member whose process was ended
STRUCK = ("lost", "frozen")  # a member in such a state does not change it by what it did before
WORKING = {
    "perform": "working",
    "receive": "waiting",
    "wait": "waiting",
}  # any other operation is communication
BESIDE = ("rest", "claim", "renew", "release", "recall")  # what a member does beside whatever else it does
TOLD_ALWAYS = ("elected", "leased", "skipped", "collected", "saved", "failed", "retried", "cancelled")


@dataclass(slots=True)
class MemberState:
    """What one member does now, and what its time went to so far.

    `status` is waiting, working, communicating, frozen, lost or finished; `operation` the label of what it is in.
    `communication_s` counts exchanges between two pieces of training work, so that waiting for a task does not count.
    """

    status: str = "waiting"
    operation: str = ""
    since_s: float = 0.0
    work_s: float = 0.0
    training_work_s: float = 0.0
    communication_s: float = 0.0
    exchanged_s: float = 0.0  # communication since the last training work: counts once the next such work begins
    trains: str = ""  # the stage that it last did training work of


class FaultSpan(NamedTuple):
    """A fault, and when it ended; None as long as it lasts."""

    kind: str
    worker: str
    began_s: float
    ended_s: float | None


class Failure(NamedTuple):
    """The loss of a member."""

    t_s: float
    worker: str
    cause: str


class Measure(NamedTuple):
    """A number that was measured during the run; `step` is -1 where it belongs to no step."""

    t_s: float
    value: float
    unit: str
    step: int
    stage: str = ""


@dataclass(slots=True)
class RunState:
    """What is known about a run after some of its events. Apply each event once, in the order of the file."""

    t_s: float = 0.0
    engine: str = ""
    combination: str = ""
    replication: int = 0
    seed: int = 0
    label: str = ""
    grounds: tuple[Ground, ...] = ()
    fidelity: str = ""
    team: tuple[str, ...] = ()
    outcome: str = ""  # finished, stopped, failed; empty as long as the run has not said its end
    reason: str = ""
    members: dict[str, MemberState] = field(default_factory=dict)
    stages: dict[str, StageState] = field(default_factory=dict)
    trainings: dict[tuple[str, str], TrainingState] = field(default_factory=dict)  # by (stage, instance)
    steps_done: int = 0  # a step that is told by several members, or again after a loss, counts once
    samples_done: int = 0
    step_times: list[tuple[float, int]] = field(default_factory=list)  # (t_s, samples so far) after each new step
    step_counts: list[int] = field(default_factory=list)  # steps so far, beside step_times
    pace: Pace = field(default_factory=Pace)
    saves: Saves = field(default_factory=Saves)
    training_began_s: float | None = None  # when a member was first ready to do a step
    failures: list[Failure] = field(default_factory=list)
    joins: list[tuple[float, str]] = field(default_factory=list)
    faults: list[FaultSpan] = field(default_factory=list)
    measures: dict[str, list[Measure]] = field(default_factory=dict)
    last_of_stage: dict[tuple[str, str], float] = field(default_factory=dict)  # (what, stage) -> measured last
    items: Items = field(default_factory=Items)
    left_out: int = 0  # stages whose condition, or one before, did not hold
    recorded: dict[str, Recorded] = field(default_factory=dict)
    progress_times: list[tuple[float, bool]] = field(default_factory=list)  # (t_s, whether by a training step)
    tasks: Tasks = field(default_factory=Tasks)
    submitted: dict[str, float] = field(default_factory=dict)  # instance -> when it arrived
    begun: dict[str, float] = field(default_factory=dict)  # instance -> when the first work on it started
    stages_of: dict[str, int] = field(default_factory=dict)  # instance -> how many of its stages are done
    instance_times: list[float] = field(default_factory=list)  # when each instance was complete
    operations: dict[tuple[str, str], Lane] = field(default_factory=dict)  # the timeline, by (member, lane)
    messages: int = 0
    message_bytes: int = 0
    warnings: list[Warned] = field(default_factory=list)
    log: list[Event] = field(default_factory=list)  # what a person wants to read

    @property
    def steps_of(self) -> int:
        """How many steps the trainings that have begun will have."""
        return sum(training.of for training in self.trainings.values())

    @property
    def mendable(self) -> tuple[tuple[str, str], ...]:
        """Kind and worker of each fault that lasts; what is corrupt stays so."""
        if self.outcome:
            return ()
        lasting = ((fault.kind, fault.worker) for fault in self.faults if fault.ended_s is None)
        return tuple(dict.fromkeys(each for each in lasting if each[0] != "corrupt-checkpoint"))

    @property
    def breakable(self) -> tuple[str, ...]:
        """The kinds of faults that somebody may order, beside the end of a member and a freeze."""
        of_links = ("slow-link", "partition") if self.engine == "simulated" or self.fidelity == "shaped" else ()
        return ("slow-down", *of_links, "storage-full", "corrupt-checkpoint")

    def apply(self, event: Event) -> None:
        """Take one event in."""
        if event.t_s > self.t_s:
            self.t_s = event.t_s
        match event:
            case OperationFinished():
                self._operation_finished(event)
            case OperationStarted():
                self._operation_started(event)
            case StepsFinished():
                self._steps_finished(event)
            case MessageSent():
                self.messages += 1
                self.message_bytes += event.size_bytes
            case Measured():
                measure = Measure(event.t_s, event.value, event.unit, event.step, event.stage)
                self.measures.setdefault(event.name, []).append(measure)
                if event.stage:
                    self.last_of_stage[event.name, event.stage] = event.value
            case WorkMeasured():
                self.stages.setdefault(event.stage, StageState()).measure(event)
            case Recorded():
                self._recorded(event)
            case RunStarted():
                self._run_started(event)
            case RunFinished():
                self._run_finished(event)
            case WorkerFailed():
                self._worker_failed(event)
            case WorkerJoined():
                self.joins.append((event.t_s, event.worker))
                self._set(event.worker, "waiting", event.t_s)
                self.log.append(event)
            case FaultBegan():
                self.faults.append(FaultSpan(event.kind, event.worker, event.t_s, None))
                if event.kind == "freeze":
                    self._set(event.worker, "frozen", event.t_s)
                self.log.append(event)
            case FaultEnded():
                self._fault_ended(event)
            case Warned():
                self.warnings.append(event)
                self.log.append(event)

    def _run_started(self, event: RunStarted) -> None:
        self.engine, self.combination, self.replication = event.engine, event.combination, event.replication
        self.seed, self.label, self.fidelity = event.seed, event.label, event.fidelity
        self.team = event.team
        self.tasks.after = dict(zip(event.stages, event.after, strict=False))
        self.members.update({name: MemberState(since_s=event.t_s) for name in event.members})
        self.stages.update({stage: StageState() for stage in event.stages})
        self.log.append(event)

    def _run_finished(self, event: RunFinished) -> None:
        self.outcome, self.reason = event.outcome, event.reason
        self.label, self.grounds = event.label or self.label, event.grounds
        for lane in self.operations.values():
            lane.close(event.t_s, "closed")
        for name, member in self.members.items():
            if member.status != "lost":
                self._set(name, "finished", event.t_s)
        self.log.append(event)

    def _operation_started(self, event: OperationStarted) -> None:
        who = event.who
        lane = self.operations.get((who, event.lane))
        if lane is None:
            lane = self.operations[who, event.lane] = Lane()
        member = self.members.get(who)
        if member is None:
            member = self.members[who] = MemberState()
        kind = lane.start(event)
        if member.status == "lost":
            lane.close(member.since_s, "lost")
            return
        if kind in BESIDE:
            return
        if member.status != "frozen":
            member.status = WORKING.get(kind, "communicating")
        member.operation, member.since_s = event.label, event.t_s
        if event.stage:
            self._work_started(member, event, lane.part)

    def _work_started(self, member: MemberState, event: OperationStarted, part: str) -> None:
        stage = self.stages.get(event.stage)
        if stage is None:
            stage = self.stages[event.stage] = StageState()
        stage.start(event.item, event.t_s, alone=part == "run")
        self.tasks.start(event.stage, event.item, event.t_s)
        self.begun.setdefault(instance_of(event.item), event.t_s)
        if part == "run":
            member.trains = ""
            return
        if part == "state":
            self.saves.begin(event.who, event.t_s)
        elif part == "gradient":
            self.pace.begin(event.who)
        elif part == "open":
            self.pace.leave(event.who)
            self.saves.leave(event.who)
        if member.trains == event.stage and part != "open":
            member.communication_s += member.exchanged_s
        member.exchanged_s = 0.0
        member.trains = event.stage

    def _operation_finished(self, event: OperationFinished) -> None:
        lane = self.operations.get((event.who, event.lane))
        span = None if lane is None else lane.finish(event)
        if lane is None or span is None:
            return  # it was closed when its member was lost
        member = self.members[event.who]
        if span.kind in BESIDE:
            return
        if member.status not in STRUCK:
            member.status, member.operation, member.since_s = "waiting", "", event.t_s
        taken = event.t_s - span.start_s
        if not event.stage:
            if span.kind == "record":
                self.saves.recorded(event.who, event.t_s)
            if member.trains:
                member.exchanged_s += taken
            return
        member.work_s += taken
        stage = self.stages[event.stage]
        stage.finish(event.item, event.t_s, taken)
        if span.outcome == "finished":
            self.tasks.finish(event.stage, event.item, event.t_s)
        if lane.part == "gradient":
            self.pace.finish(event.who)
        if lane.part != "run":
            member.training_work_s += taken
            if self.training_began_s is None and lane.part == "open":
                self.training_began_s = event.t_s

    def _steps_finished(self, event: StepsFinished) -> None:
        training = self.trainings.get((event.stage, event.item))
        if training is None:
            training = self.trainings[event.stage, event.item] = TrainingState()
        fresh = training.take(event)
        if fresh == 0:
            return
        told = event.last - event.first + 1
        self.steps_done += fresh
        self.samples_done += event.samples if fresh == told else round(event.samples * fresh / told)
        t_s = max(event.t_s, self.step_times[-1][0]) if self.step_times else event.t_s
        self.step_times.append((t_s, self.samples_done))
        self.step_counts.append(self.steps_done)
        self._progress(event.t_s, True)

    def _recorded(self, event: Recorded) -> None:
        self.recorded[event.key] = event
        _, _, item = event.key.partition("#")
        if event.kind in ("arrived", "submitted"):
            self.submitted.setdefault(event.key, event.t_s)
            self.tasks.arrive(event.key, event.t_s)
        elif event.kind == "done":
            self._stage_done(event, item)
        elif event.kind in ("due", "cached", "retried", "cancelled"):
            self.stages.setdefault(event.stage, StageState()).hear(event, item)
            if event.kind == "cached":
                self.tasks.finish(event.stage, item, event.t_s)
        elif event.kind in ("collected", "skipped"):
            self.left_out += event.kind == "skipped"
            if event.kind == "collected" and event.stage in self.stages:
                self.stages[event.stage].collect()
            self._stage_over(item, event.t_s)
        elif event.kind == "kept":
            _, _, port = event.key.partition("#")[0].partition(".")
            self.stages.setdefault(event.stage, StageState()).kept[port] = event.value
        elif event.kind == "item":
            self.items.leave(event.key, event.t_s)
        elif event.kind == "dropped":
            self.items.drop(event.key)
        elif event.kind == "failed" and event.stage:
            self.stages.setdefault(event.stage, StageState()).fail(item, event.t_s)
        if event.kind in TOLD_ALWAYS or (event.kind in ("done", "cached") and not item):
            self.log.append(event)

    def _stage_done(self, event: Recorded, item: str) -> None:
        self.tasks.record(event.stage, item)
        if not self.stages.setdefault(event.stage, StageState()).done(item, event.t_s):
            return
        self._progress(event.t_s, False)
        if is_item(item):
            self.items.record(item, event.t_s)
        else:
            self._stage_over(item, event.t_s)

    def _stage_over(self, instance: str, t_s: float) -> None:
        """A stage of an instance is done, for all of its items, or left out."""
        done = self.stages_of[instance] = self.stages_of.get(instance, 0) + 1
        if done == len(self.stages):
            self.instance_times.append(t_s)

    def _progress(self, t_s: float, by_step: bool) -> None:
        last = self.progress_times[-1][0] if self.progress_times else 0.0
        self.progress_times.append((max(t_s, last), by_step))

    def _worker_failed(self, event: WorkerFailed) -> None:
        self.pace.leave(event.worker)
        self.saves.leave(event.worker)
        if event.cause not in ENDED_OVER_WORK:
            self.failures.append(Failure(event.t_s, event.worker, event.cause))
        for (who, _), lane in self.operations.items():
            if who == event.worker:
                lane.close(event.t_s, "lost")
        self._set(event.worker, "lost", event.t_s)
        self.log.append(event)

    def _fault_ended(self, event: FaultEnded) -> None:
        for index in reversed(range(len(self.faults))):
            fault = self.faults[index]
            if fault.ended_s is None and (fault.kind, fault.worker) == (event.kind, event.worker):
                self.faults[index] = fault._replace(ended_s=event.t_s)
                break
        member = self.members.get(event.worker)
        if event.kind == "freeze" and member is not None and member.status == "frozen":
            kind = member.operation.partition(" ")[0]
            member.status = WORKING.get(kind, "communicating") if kind else "waiting"
        self.log.append(event)

    def _set(self, name: str, status: str, t_s: float) -> None:
        member = self.members.setdefault(name, MemberState())
        member.status, member.since_s = status, t_s
        if status != "frozen":
            member.operation = ""


def fold(events: Iterable[Event], state: RunState | None = None) -> RunState:
    """The state after `events`, begun from `state` (which is changed) or from nothing."""
    state = state or RunState()
    for event in events:
        state.apply(event)
    return state


def replay(events: Iterable[Event], until: float | None = None) -> RunState:
    """The state at `until` seconds of the run, or at its end: what a time slider shows."""
    return fold(events if until is None else (event for event in events if event.t_s <= until))
