"""The lines of the log: what a person wants to read of a run, with how grave it is."""

from typing import NamedTuple

from workbench.gui import words
from workbench.gui.watch.fault_marks import WORDS
from workbench.gui.watch.followed_run import FollowedRun
from workbench.gui.watch.formats import clock
from workbench.gui.watch.run_look import engine_word
from workbench.runs import warned
from workbench.runs.events import (
    Event,
    FaultBegan,
    FaultEnded,
    Recorded,
    RunFinished,
    RunStarted,
    Warned,
    WorkerFailed,
    WorkerJoined,
)
from workbench.runs.labels import LABELS
from workbench.runs.recovery import Recovery

INFO, GOOD, WARNING, ERROR = "info", "good", "warning", "error"


class LogLine(NamedTuple):
    """One line; `t_s` is the time of its run, None for what the engine's process said. Words are made when read."""

    t_s: float | None
    run: FollowedRun | None
    fact: Event | Recovery | str  # an event, a recovery, or the words of the engine
    severity: str

    @property
    def words(self) -> str:
        """The line in the language of the window."""
        if isinstance(self.fact, str):
            return self.fact
        if isinstance(self.fact, Recovery):
            return words.say("watch.said.recovered", seconds=clock(self.fact.seconds))
        return said(self.fact)


def severity_of(event: Event) -> str:
    """How grave an event is: info, good, warning or error."""
    match event:
        case WorkerFailed() | FaultBegan():
            return ERROR
        case RunFinished():
            return {"finished": GOOD, "stopped": WARNING}.get(event.outcome, ERROR)
        case Recorded(kind="failed"):
            return ERROR
        case Warned():
            return WARNING
        case WorkerJoined() | FaultEnded():
            return GOOD
        case _:
            return INFO


def said(event: Event) -> str:
    """What an event of the log says, in the language of the window."""
    match event:
        case RunStarted():
            label = words.say(f"watch.label.{event.label}") if event.label in LABELS else event.label
            engine, workers = engine_word(event.engine), len(event.team)
            return words.say(
                "watch.said.run_started", combination=event.combination, engine=engine, label=label, workers=workers
            )
        case RunFinished():
            outcome = event.outcome if event.outcome in ("finished", "stopped") else "failed"
            return words.say(f"watch.said.run_{outcome}", reason=event.reason).strip()
        case WorkerFailed():
            return words.say("watch.said.worker_failed", worker=event.worker, cause=_fault(event.cause))
        case WorkerJoined():
            return words.say("watch.said.worker_joined", worker=event.worker)
        case FaultBegan():
            key = "watch.said.fault_began" if event.worker else "watch.said.fault_began_nowhere"
            origin = words.say(f"watch.said.origin.{event.origin}")
            return words.say(key, kind=_fault(event.kind), worker=event.worker, origin=origin)
        case FaultEnded():
            return words.say("watch.said.fault_ended", kind=_fault(event.kind), worker=event.worker)
        case Recorded():
            return words.say(f"watch.said.{event.kind}", what=event.stage or event.key, value=event.value)
        case Warned():
            return warned.said(event, words.language())
        case _:
            raise AssertionError(f"{event} belongs to no log")


def _fault(kind: str) -> str:
    return words.say(f"watch.fault.{kind}") if kind in WORDS else kind
