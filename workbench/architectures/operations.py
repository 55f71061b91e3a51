"""Operations: what a program may ask of an engine, and the troubles with which an engine may answer.

Programs never look into `what`: the simulator passes sizes, the real engine passes arrays.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from workbench.runs.events import Event

Program = Generator["Operation", Any, Any]
Algorithm = Literal["ring", "tree", "hierarchical"]  # how an all-reduce travels


@dataclass(frozen=True, slots=True)
class Operation:
    """Asked for with `yield`; its label is what the story tells."""

    verb: ClassVar[str] = "?"

    @property
    def label(self) -> str:
        return self.verb

    def waits_for(self, lost: str) -> bool:
        """Whether the loss of member `lost` concerns whoever waits in this operation."""
        return False


@dataclass(frozen=True, slots=True)
class Perform(Operation):
    """Work of a stage on the member's one processor; answers its result. StageFailed. Always ends.

    `part` names what of the stage is done (`run`, or for training `open`, `gradient`, `apply`, …); `share` is the
    share of the weights that it concerns, where a member holds only some of them, and `first` where that begins, as a
    share of all.
    """

    verb: ClassVar[str] = "perform"
    stage: str
    part: str = "run"
    item: Any = None
    of: str = ""  # which instance of the pipeline, when there are several; part of the label
    share: float = 1.0
    first: float = 0.0

    @property
    def label(self) -> str:
        return f"perform {self.stage}.{self.part}" + (f" #{self.of}" if self.of else "")


@dataclass(frozen=True, slots=True)
class Send(Operation):
    """A letter put on the link at once; dropped if `to` is lost. Never waits for the receiver."""

    verb: ClassVar[str] = "send"
    to: str
    what: Any = None
    tag: str = ""

    @property
    def label(self) -> str:
        return f"send {self.tag} to {self.to}"


@dataclass(frozen=True, slots=True)
class Letter:
    """What a Receive answers."""

    sender: str
    tag: str
    what: Any = None


@dataclass(frozen=True, slots=True)
class Receive(Operation):
    """Waits for a letter (from one sender or any; of one tag or any); with `most` > 1 answers a tuple of all that wait,
    at least one and at most `most`. The loss of a member of `team` concerns it as the sender's does: a chain that has
    broken elsewhere brings no letter either. Where no single sender is named the loss of anybody does, unless
    `heeds_loss` is false. `passive` if the timeout only ends a rest: members that all rest so wait for each other.
    WorkerLost, TimedOut."""

    verb: ClassVar[str] = "receive"
    sender: str | None = None
    tag: str | None = None
    timeout_s: float | None = None
    most: int = 1
    team: tuple[str, ...] = ()
    heeds_loss: bool = True
    passive: bool = False

    @property
    def label(self) -> str:
        verb = "rest until" if self.passive else self.verb
        return f"{verb} {self.tag or 'anything'} from {self.sender or 'any'}"

    def waits_for(self, lost: str) -> bool:
        return self.heeds_loss and (self.sender is None or self.sender == lost or lost in self.team)

    @property
    def is_choice(self) -> bool:
        """Whether the engine chooses the answer, so that the event must name it."""
        return self.sender is None or self.most > 1

    def takes(self, letter: Letter) -> bool:
        return (self.sender is None or letter.sender == self.sender) and (self.tag is None or letter.tag == self.tag)


@dataclass(frozen=True, slots=True)
class AllReduce(Operation):
    """The sum of `what` over the team, for every member of it. WorkerLost, now or at the next call."""

    verb: ClassVar[str] = "all-reduce"
    team: tuple[str, ...]
    what: Any = None
    algorithm: Algorithm = "ring"

    @property
    def label(self) -> str:
        return f"all-reduce over {' '.join(self.team)}"

    def waits_for(self, lost: str) -> bool:
        return lost in self.team


@dataclass(frozen=True, slots=True)
class AllGather(AllReduce):
    """The shares of all members of the team, put together, for every one of them; `what` is the member's own share."""

    verb: ClassVar[str] = "all-gather"

    @property
    def label(self) -> str:
        return f"all-gather over {' '.join(self.team)}"


@dataclass(frozen=True, slots=True)
class ReduceScatter(AllReduce):
    """The sum of `what` over the team, of which every member of it is given its own share."""

    verb: ClassVar[str] = "reduce-scatter"

    @property
    def label(self) -> str:
        return f"reduce-scatter over {' '.join(self.team)}"


@dataclass(frozen=True, slots=True)
class Agree(Operation):
    """The least of the team's values, for every member of it. WorkerLost."""

    verb: ClassVar[str] = "agree"
    team: tuple[str, ...]
    value: int = 0

    @property
    def label(self) -> str:
        return f"agree over {' '.join(self.team)}"

    def waits_for(self, lost: str) -> bool:
        return lost in self.team


@dataclass(frozen=True, slots=True)
class Lease:
    """The right of one holder to a name until it ends; each grant of a name has a greater token."""

    name: str
    holder: str
    token: int
    for_s: float


@dataclass(frozen=True, slots=True)
class Record(Operation):
    """Makes (key, value) entries durable in one commit; values are plain data or arrays, as letters are.

    `under` a lease it is carried out only if that still holds, and renews it. LeaseLost.
    """

    verb: ClassVar[str] = "record"
    entries: tuple[tuple[str, Any], ...]
    under: Lease | None = None

    @property
    def label(self) -> str:
        return "record " + " ".join(key for key, _ in self.entries)


@dataclass(frozen=True, slots=True)
class Recall(Operation):
    """What was recorded under `prefix`, as a dict: what a restarted program begins with.

    The leases that hold now are there too: `lease/<name>` -> [holder, token].
    """

    verb: ClassVar[str] = "recall"
    prefix: str = ""

    @property
    def label(self) -> str:
        return f"recall {self.prefix or 'everything'}"


@dataclass(frozen=True, slots=True)
class Claim(Operation):
    """A lease of `name` for `for_s` seconds, or None while another member holds one. One's own is granted anew."""

    verb: ClassVar[str] = "claim"
    name: str
    for_s: float

    @property
    def label(self) -> str:
        return f"claim {self.name}"


@dataclass(frozen=True, slots=True)
class Renew(Operation):
    """Lets leases last as long again from now on, in one commit; answers those of them that had not ended."""

    verb: ClassVar[str] = "renew"
    leases: tuple[Lease, ...]

    @property
    def label(self) -> str:
        return f"renew {len(self.leases)} leases"


@dataclass(frozen=True, slots=True)
class Release(Operation):
    """Ends a lease before its time; nothing happens if it has ended."""

    verb: ClassVar[str] = "release"
    lease: Lease

    @property
    def label(self) -> str:
        return f"release {self.lease.name}"


@dataclass(frozen=True, slots=True)
class Wait(Operation):
    """Lets time pass."""

    verb: ClassVar[str] = "wait"
    seconds: float

    @property
    def label(self) -> str:
        return f"wait {self.seconds:g} s"


@dataclass(frozen=True, slots=True)
class Now(Operation):
    """Answers the time, in seconds on a clock that began at any moment; takes none, and no story tells it."""

    verb: ClassVar[str] = "now"


@dataclass(frozen=True, slots=True)
class Known(Operation):
    """Asks for the result of equal work of a stage in an earlier run; answers a Finding. No story tells it."""

    verb: ClassVar[str] = "known"
    stage: str
    inputs: dict[str, Any]
    of: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """What an earlier run led to: its outputs, and what was measured; or no outputs, and `why` there is work to do."""

    outputs: dict[str, Any] | None
    why: str
    facts: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class Together(Operation):
    """Programs carried out side by side by one member; answers the tuple of what they return.

    The member has one processor: Performs take turns, while communication runs beside them. Lanes start in order and
    hand over by letters to the member itself. The first Trouble closes the other lanes, a performing one when its work
    is done, and is raised.
    """

    verb: ClassVar[str] = "together"
    lanes: tuple[Program, ...]

    @property
    def label(self) -> str:
        return f"together {len(self.lanes)} lanes"


@dataclass(frozen=True, slots=True)
class Say(Operation):
    """Tells an event; the engine adds when and who."""

    verb: ClassVar[str] = "say"
    event: Event


class Trouble(Exception):
    """The only thing that an engine throws into a program."""


class WorkerLost(Trouble):
    """A member of the run is gone; told once, behind its last letter.

    `over` names the work that it was ended for, where that went beyond a limit of its stage: stage, of, cause.
    """

    def __init__(self, worker: str, over: dict[str, str] | None = None):
        super().__init__(worker)
        self.worker, self.over = worker, over


class TimedOut(Trouble):
    """A Receive with a timeout saw no letter in time."""


class LeaseLost(Trouble):
    """The lease under which something was to be recorded has ended; another member may hold one."""

    def __init__(self, name: str):
        super().__init__(name)
        self.name = name


class StageFailed(Trouble):
    """The work of a stage ended in an error that belongs to the user's data, parameters or code."""

    def __init__(self, stage: str, cause: str):
        super().__init__(stage, cause)
        self.stage = stage
        self.cause = cause
