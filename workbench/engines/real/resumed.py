"""A run that was broken off, taken over: how far it was, and what is told of it before it goes on."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path

from msgspec.structs import replace

from workbench.architectures.plan import Plan
from workbench.engines.real import left
from workbench.engines.real.store import FILE, Store
from workbench.runs.events import Event, FaultEnded, Recorded, Warned, WorkerFailed
from workbench.runs.folder import RunWriter, read_run
from workbench.runs.state import RunState, fold

_DONE = re.compile(r"(?:p\d+/)?done/(\d+)/(.+)")  # a leader's key of a result, or that of an owner of a partition
_PAUSE_S = 0.001  # of the run's clock, so that what was told before the break stands apart from what comes after it


class Past:
    """What a run had told when it was broken off; `gone_on_s` is its time then, and nothing if it had not begun.

    Every member begins anew when a run is resumed, also one that had been lost for good; faults that lasted end.
    """

    def __init__(self, writer: RunWriter):
        self.writer = writer
        left.wait_until_empty(writer.path)
        events = read_run(writer.path)
        for event in left.told_last(writer.path, events):
            events.append(event)
            writer.write(event)
        writer.flush()
        left.clear(writer.path)
        left.remove_torn_files(writer.path)
        self.state: RunState = fold(events)
        self.done = {e.key for e in events if isinstance(e, Recorded) and e.kind == "done"}  # said to be recorded
        self.began = bool(self.state.engine)
        self.at_s = max((event.t_s for event in events), default=0.0)
        self.gone_on_s = round(self.at_s + _PAUSE_S, 6) if self.began else 0.0

    @property
    def steps(self) -> int:
        """The most steps of a training that had been finished."""
        return max((training.done for training in self.state.trainings.values()), default=0)

    def tell(self, plan: Plan) -> None:
        """That it was broken off: all members were lost, all faults are over, and what was recorded counts."""
        facts: list[Event] = list(unsaid(self.writer.path, plan, self.done))
        self.done |= {fact.key for fact in facts if isinstance(fact, Recorded)}
        for name, member in self.state.members.items():
            if member.status != "lost":
                facts.append(WorkerFailed(worker=name, cause="broken off"))
        for fault in self.state.faults:
            if fault.ended_s is None:
                facts.append(FaultEnded(kind=fault.kind, worker=fault.worker))
        text = f"the run was broken off after {self.at_s:.1f} s, and resumed with what was recorded"
        for fact in (*facts, Warned(code="resumed", text=text)):
            self.writer.write(replace(fact, t_s=self.at_s))


def unsaid(run: Path, plan: Plan, said: set[str]) -> list[Recorded]:
    """Results that are durable but were never said to be: whoever recorded them was lost in between."""
    if not (run / FILE).exists():
        return []
    found = []
    with closing(Store(run)) as store:
        done = [match for key in store.recorded() if (match := _DONE.fullmatch(key))]
    for match in done:
        number, name = match.groups()
        stage, bracket, item = name.partition("[")
        called = plan.name(int(number), int(item[:-1]) if bracket else None)
        told = stage + (f"#{called}" if called else "")
        if told not in said:
            found.append(Recorded(kind="done", key=told, stage=stage))
    return found
