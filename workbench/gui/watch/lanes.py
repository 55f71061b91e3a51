"""The lanes of the timeline as arrays: what is seen of them in a range of time, and what lies under a point."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from workbench.gui.watch.followed_run import FollowedRun
from workbench.gui.watch.series import Mark, marks
from workbench.runs.spans import Lane, Span
from workbench.runs.state import RunState

PERFORM, COMMUNICATE, WAIT, FAILED = range(4)
KINDS = 4
FOR_A_TASK = ("receive do ", "receive news ", "receive anything ")
NARROW = 2.0  # pixels; what is narrower is merged


class Bars(NamedTuple):
    """What is to be painted of a lane: bars one by one (x, width and kind in pixels, and which span it is), and
    for every pixel column the dominant kind of what is too narrow and the share of the column that it fills."""

    x: NDArray[np.float64]
    width: NDArray[np.float64]
    kind: NDArray[np.uint8]
    span: NDArray[np.int64]
    column_kind: NDArray[np.uint8]
    column_share: NDArray[np.float64]


class Stretch(NamedTuple):
    """A time in which a member was frozen or lost."""

    start_s: float
    end_s: float
    kind: str


def kind_of(span: Span) -> int:
    """How a span is shown. Waiting for a letter within the work of a team is communication; for a task it is not.

    Waiting that ends with news of a loss is nothing that failed. What lanes do together is shown in their own lines.
    """
    if span.kind in ("wait", "rest", "together") or span.label.startswith(FOR_A_TASK):
        return WAIT
    if span.outcome in ("failed", "lost"):
        return FAILED
    return PERFORM if span.kind == "perform" else COMMUNICATE


@dataclass(eq=False)
class LaneBars:
    """The spans of one lane as growing arrays; spans that were merged by the fold are copied anew."""

    start: NDArray[np.float64] = field(default_factory=lambda: np.empty(256))
    end: NDArray[np.float64] = field(default_factory=lambda: np.empty(256))
    kind: NDArray[np.uint8] = field(default_factory=lambda: np.empty(256, np.uint8))
    size: int = 0
    spans: list[Span] = field(default_factory=list)

    def take(self, spans: list[Span]) -> None:
        """Copy what is new."""
        if spans is not self.spans or len(spans) < self.size:
            self.spans, self.size = spans, 0
        if len(spans) > len(self.start):
            room = 2 * len(spans)
            self.start, self.end = _grown(self.start, room), _grown(self.end, room)
            self.kind = _grown(self.kind, room)
        for at in range(self.size, len(spans)):
            span = spans[at]
            self.start[at], self.end[at], self.kind[at] = span.start_s, span.end_s, kind_of(span)
        self.size = len(spans)

    def seen(self, from_s: float, until_s: float, pixels: int) -> Bars:
        """The bars between two times on `pixels` columns."""
        first = int(np.searchsorted(self.end[: self.size], from_s, "right"))
        last = int(np.searchsorted(self.start[: self.size], until_s, "left"))
        scale = pixels / (until_s - from_s)
        x = (self.start[first:last] - from_s) * scale
        width = (self.end[first:last] - self.start[first:last]) * scale
        kind = self.kind[first:last]
        wide = width >= NARROW
        column_kind, column_share = _columns(x[~wide], width[~wide], kind[~wide], pixels)
        left = np.maximum(x[wide], -4.0)
        right = np.minimum(x[wide] + width[wide], pixels + 4.0)
        return Bars(left, right - left, kind[wide], np.flatnonzero(wide) + first, column_kind, column_share)

    def at(self, t_s: float, near_s: float) -> Span | None:
        """The span at a time, or the nearest within `near_s`."""
        first = max(0, int(np.searchsorted(self.end[: self.size], t_s - near_s, "left")))
        best, distance = None, near_s
        for at in range(first, min(first + 64, self.size)):
            if self.start[at] > t_s + near_s:
                break
            away = max(self.start[at] - t_s, t_s - self.end[at], 0.0)
            if away <= distance:
                best, distance = self.spans[at], away
                if away == 0:
                    break
        return best


def _grown(array: NDArray, room: int) -> NDArray:
    grown = np.empty(room, array.dtype)
    grown[: len(array)] = array
    return grown


def _columns(
    x: NDArray[np.float64], width: NDArray[np.float64], kind: NDArray[np.uint8], pixels: int
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    column = np.clip((x + width / 2).astype(np.int64), 0, pixels - 1)
    filled = np.bincount(column * KINDS + kind, weights=width, minlength=pixels * KINDS).reshape(pixels, KINDS)
    return filled.argmax(1).astype(np.uint8), np.minimum(1.0, filled.sum(1))


@dataclass(eq=False)
class Row:
    """One row of the timeline: a member, or one lane of it."""

    member: str
    lane: str
    bars: LaneBars = field(default_factory=LaneBars)
    stretches: list[Stretch] = field(default_factory=list)
    open: tuple[float, int, str] | None = None  # start, kind and label of what is still going on

    @property
    def name(self) -> str:
        return f"{self.member} / {self.lane}" if self.lane else self.member


@dataclass(eq=False)
class RunLanes:
    """The rows of one run in the order of its members, with the marks of its faults."""

    run: FollowedRun
    rows: dict[tuple[str, str], Row] = field(default_factory=dict)
    marks: list[Mark] = field(default_factory=list)

    def take(self) -> None:
        """Copy what is new in the state of the run."""
        state = self.run.state
        for member in state.members:
            self.rows.setdefault((member, ""), Row(member, ""))
        for member, name in state.operations:
            self.rows.setdefault((member, name), Row(member, name))
        over = self.run.broken_off or bool(state.outcome)
        for key, row in self.rows.items():
            lane = state.operations.get(key) or Lane()
            row.bars.take(lane.spans)
            row.open = None if over else _open(state, lane)
            row.stretches = _stretches(state, row.member)
        self.marks = marks(state)

    @property
    def bar_count(self) -> int:
        return sum(row.bars.size for row in self.rows.values())


def _open(state: RunState, lane: Lane) -> tuple[float, int, str] | None:
    begun = lane.open
    if begun is None:
        return None
    as_if = Span(begun.t_s, state.t_s, lane.kind, begun.label, begun.stage, "finished")
    return begun.t_s, kind_of(as_if), begun.label


def _stretches(state: RunState, member: str) -> list[Stretch]:
    """When a member was frozen, and from when to when it was lost; who is lost is not frozen any more."""
    lost = []
    for failure in state.failures:
        if failure.worker == member:
            back = [t_s for t_s, worker in state.joins if worker == member and t_s >= failure.t_s]
            lost.append(Stretch(failure.t_s, min(back, default=state.t_s), "lost"))
    frozen = []
    for fault in state.faults:
        if fault.kind == "freeze" and fault.worker == member:
            ends = [loss.start_s for loss in lost if loss.start_s >= fault.began_s]
            ends.append(fault.ended_s if fault.ended_s is not None else state.t_s)
            frozen.append(Stretch(fault.began_s, min(ends), "frozen"))
    return frozen + lost
