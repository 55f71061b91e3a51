"""The guard: ends the work of a stage that goes beyond a limit of it, and names stage, limit and what was reached."""

from __future__ import annotations

from dataclasses import dataclass

import psutil

from workbench.architectures.orchestration import LEADER
from workbench.architectures.stage_limits import over_memory, over_time
from workbench.document.scenario import Pipeline, StageUse
from workbench.engines.real.hosts import LocalProcess
from workbench.engines.real.supervisor import Supervisor
from workbench.runs.events import Event, OperationFinished, OperationStarted, Recorded, WorkerFailed

_REPORT = "send done to "  # with which a member is through with a training


@dataclass
class Work:
    """What a member is at: of a training everything from its opening to its report."""

    stage: str
    of: str
    since_s: float


class Guard:
    """Sees the events of a run, and at each `turn` looks at the clock and at the memory of processes.

    Work that cannot be interrupted is ended with its process, which is started again at once; whoever handed the work
    out learns what it was ended for.
    """

    def __init__(self, supervisor: Supervisor, pipeline: Pipeline):
        self.supervisor = supervisor
        self.uses = {use.id: use for use in pipeline.stages}
        self.limited = any(use.time_limit or use.memory_limit for use in pipeline.stages)
        self.weighs = any(use.memory_limit for use in pipeline.stages)
        self.asked: set[str] = set()  # stages that somebody has cancelled
        self.cancelled: set[str] = set()  # those of which the leader has taken note
        self.work: dict[str, Work] = {}
        self.idle_bytes: dict[str, float] = {}  # what processes held when they last were at nothing

    def see(self, event: Event) -> None:
        """Take note of who begins and ends which work."""
        match event:
            case OperationStarted() if event.stage:
                work = self.work.get(event.who)
                if work is None or (work.stage, work.of) != (event.stage, event.item):
                    self.work[event.who] = Work(event.stage, event.item, event.t_s)
            case OperationStarted() if event.label.startswith(_REPORT):
                self.work.pop(event.who, None)
            case OperationFinished() if event.stage and event.label.split(" #")[0].endswith(".run"):
                self.work.pop(event.who, None)
            case WorkerFailed():
                self.work.pop(event.worker, None)
            case Recorded(kind="cancelled"):
                self.cancelled.add(event.stage)
            case Recorded(kind="elected"):  # what the old leader was told may have gone with it
                for stage in self.asked - self.cancelled:
                    self.cancel(stage)
            case Recorded(kind="done"):
                stage, _, of = event.key.partition("#")
                over = [who for who, work in self.work.items() if (work.stage, work.of) == (stage, of)]
                for who in over:
                    del self.work[who]

    def cancel(self, stage: str) -> None:
        """Have the leader give a stage up; who is at work on it then is ended."""
        self.asked.add(stage)
        channel = self.supervisor.lives[LEADER].channel
        if channel is not None:
            channel.put({"kind": "cancel", "stage": stage})

    def turn(self) -> None:
        """End what has gone beyond a limit, or was cancelled."""
        for who in [who for who, work in self.work.items() if work.stage in self.cancelled]:
            del self.work[who]
            self.supervisor.end_work(who, "cancelled", {})
        if not self.limited:
            return
        if self.weighs:
            for name in self.supervisor.lives.keys() - self.work.keys():
                self.idle_bytes[name] = self._held_bytes(name)
        for who, work in list(self.work.items()):
            if cause := self._beyond(who, work, self.uses[work.stage]):
                kind, _, text = cause.partition(" ")
                self._end(work, kind, text)

    def _beyond(self, who: str, work: Work, use: StageUse) -> str:
        if late := over_time(use, self.supervisor.now_s - work.since_s):
            return f"time-limit {late}"
        if use.memory_limit is None:
            return ""
        grown = self._held_bytes(who) - self.idle_bytes.get(who, 0.0)
        large = over_memory(use, grown)
        return f"memory-limit {large}" if large else ""

    def _end(self, work: Work, kind: str, text: str) -> None:
        """All who are at this work: of a team nobody can go on with what is given up."""
        over = {"stage": work.stage, "of": work.of, "cause": text}
        for who in [who for who, own in self.work.items() if (own.stage, own.of) == (work.stage, work.of)]:
            del self.work[who]
            self.supervisor.end_work(who, kind, over)

    def _held_bytes(self, name: str) -> float:
        """The resident memory of a member's process; nothing if it is gone."""
        process = self.supervisor.lives[name].process
        if not isinstance(process, LocalProcess):
            return 0.0
        try:
            return float(psutil.Process(process.pid).memory_info().rss)
        except psutil.Error:
            return 0.0
