"""Events: the closed set of facts that a run consists of, and their encoding as lines of JSON.

`t_s` is seconds since the run began, virtual or measured. Events hold no wall clock, host, process id or path, so that
two simulated runs of one scenario and seed are equal to the byte.
"""

from __future__ import annotations

from math import isfinite

import msgspec

FORMAT = 1


class Fact(msgspec.Struct, frozen=True, tag=True, omit_defaults=True, kw_only=True):
    """What every event has: when, and who tells it ("" for the run itself)."""

    t_s: float = 0.0
    who: str = ""


class RunStarted(Fact, frozen=True):
    engine: str  # "simulated" or "real"
    combination: str
    seed: int
    replication: int = 0
    members: tuple[str, ...] = ()
    team: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    after: tuple[tuple[str, ...], ...] = ()  # for each of the stages, those before it
    fidelity: str = ""  # "message": every chunk is simulated; "processes": a real run, "shaped": on links
    label: str = ""  # how far a figure can be trusted: measured, calibrated, extrapolated
    format: int = FORMAT


class Ground(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What figures of a simulated run rest on: an entry of a catalogue, or a cost that somebody states.

    `used` are the least and the most that occurred, `fitted` those of the measurements behind it: operations of a call
    of an accelerator, bytes of a collective or a letter. `training` if the figures of training depend on it.
    """

    kind: str  # accelerator, collectives, letters, stage
    name: str
    label: str  # calibrated, extrapolated
    source: str = ""
    used: tuple[float, float] | None = None
    fitted: tuple[float, float] | None = None
    training: bool = False


class RunFinished(Fact, frozen=True):
    outcome: str  # "finished", "stopped", "failed"
    reason: str = ""
    label: str = ""  # of the whole run, now that it is known; empty: that with which it started
    grounds: tuple[Ground, ...] = ()


class OperationStarted(Fact, frozen=True):
    """`label` is what stories compare; `stage` is set where the operation is work of a stage."""

    label: str
    stage: str = ""
    lane: str = ""
    item: str = ""


class OperationFinished(Fact, frozen=True):
    """`outcome` is finished, failed or closed; `choice` names an answer that the engine chose, such as the sender."""

    label: str
    stage: str = ""
    lane: str = ""
    item: str = ""
    outcome: str = "finished"
    choice: str = ""


class MessageSent(Fact, frozen=True):
    to: str
    tag: str = ""
    size_bytes: int = 0
    arrives_s: float = 0.0


class StepsFinished(Fact, frozen=True):
    """Training steps first…last (counted from 0, inclusive) are done; `samples` in them, `of` steps in all.

    `item` names the instance of the pipeline, when there are several.
    """

    first: int
    last: int
    samples: int = 0
    of: int = 0
    stage: str = ""
    item: str = ""


class WorkerFailed(Fact, frozen=True):
    worker: str
    cause: str  # crash, silent, deadlock, stopped


class WorkerJoined(Fact, frozen=True):
    worker: str


class FaultBegan(Fact, frozen=True):
    kind: str
    worker: str = ""
    origin: str = "script"  # script, random, command


class FaultEnded(Fact, frozen=True):
    kind: str
    worker: str = ""


class Recorded(Fact, frozen=True):
    """Something became durable or was decided: `kind` is arrived, submitted, done, failed, elected, saved, cached; of
    items and stages also item (it has left its group), dropped (it has failed, and is not needed), collected, skipped.

    `cached` says that an earlier result stands for a stage, `due` that it is to be carried out; `value` says why.
    `kept` is a value that a stage has made for real: its stage and port are the key, its content hash is the value.
    """

    kind: str
    key: str
    stage: str = ""
    value: str = ""


class Measured(Fact, frozen=True):
    """A number with its unit: loss, accuracy, rows, bytes, memory."""

    name: str
    value: float
    unit: str = ""
    stage: str = ""
    step: int = -1


class WorkMeasured(Fact, frozen=True):
    """What one piece of a stage's work took in and gave out, and by how much it let its process grow.

    Rows of held-out parts count; `item` names the instance or item, where there are several.
    """

    stage: str
    item: str = ""
    rows_in: int = 0
    rows_out: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    memory_bytes: int = 0


class Warned(Fact, frozen=True):
    """Something that a person should know; `code` is looked up in the word catalogue, `text` is its English form."""

    code: str
    text: str = ""


Event = (
    RunStarted
    | RunFinished
    | OperationStarted
    | OperationFinished
    | MessageSent
    | StepsFinished
    | WorkerFailed
    | WorkerJoined
    | FaultBegan
    | FaultEnded
    | Recorded
    | Measured
    | WorkMeasured
    | Warned
)

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Event)


def encode(event: Event) -> bytes:
    """One line of JSON, with its newline. A measured value that is no finite number becomes a warning that says so:
    JSON has no word for it, and no chart or mean could use it."""
    return _encoder.encode(_finite(event)) + b"\n"


def encode_all(events: list[Event]) -> bytes:
    """The lines of many events at once."""
    return bytes(_encoder.encode_lines([_finite(e) if e.__class__ is Measured else e for e in events]))


def _finite(event: Event) -> Event:
    if isinstance(event, Measured) and not isfinite(event.value):
        at = f" at step {event.step}" if event.step >= 0 else ""
        return Warned(t_s=event.t_s, who=event.who, code="not-finite", text=f"{event.name} was {event.value}{at}")
    return event


def decode(line: bytes) -> Event:
    """The event of a line; msgspec.ValidationError if it is none of the closed set."""
    return _decoder.decode(line)


def story(events: list[Event]) -> dict[tuple[str, str], list[str]]:
    """What each member (and lane) did, in order: the form in which the stories of two engines are compared.

    Labels, outcomes and sayings count; times, measurements, and what earlier runs have to do with it do not.
    """
    told: dict[tuple[str, str], list[str]] = {}
    for event in events:
        match event:
            case OperationStarted():
                text = f"started {event.label}"
            case OperationFinished():
                text = f"{event.outcome} {event.label}" + (f" [{event.choice}]" if event.choice else "")
            case StepsFinished():
                text = f"said steps {event.first}-{event.last}"
            case Recorded() if event.who and event.kind not in ("due", "cached", "kept"):
                text = f"said {event.kind} {event.key}"
            case _:
                continue
        told.setdefault((event.who, getattr(event, "lane", "")), []).append(text)
    return told
