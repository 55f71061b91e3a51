"""Spans: what a lane of the timeline is made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from workbench.runs.events import OperationFinished, OperationStarted

MOST_SPANS = 20_000  # a lane keeps at most so many; beyond, neighbours are drawn as one, and say how many they are


class Span(NamedTuple):
    """One operation on the timeline, or `operations` neighbours that are drawn as one.

    `kind` is the operation's verb (perform, all-reduce, receive, …); `outcome` is finished, failed, closed, or lost
    where the member was lost in it.
    """

    start_s: float
    end_s: float
    kind: str
    label: str
    stage: str
    outcome: str
    operations: int = 1


@dataclass(slots=True)
class Lane:
    """The operations of one member (or of one lane of it) in order: those that ended, and the one that is open.

    `kind` is the verb of the open operation, `part` what of its stage is done (run; open, gradient, … of a training).
    """

    spans: list[Span] = field(default_factory=list)
    open: OperationStarted | None = None
    kind: str = ""
    part: str = ""

    def __len__(self) -> int:
        return len(self.spans)

    def __iter__(self) -> Iterator[Span]:
        return iter(self.spans)

    @property
    def merged(self) -> bool:
        """Whether some spans stand for several operations."""
        return len(self.spans) > 0 and self.spans[0].operations > 1

    def start(self, event: OperationStarted) -> str:
        """Open an operation; answers its kind."""
        self.open = event
        self.kind, _, rest = event.label.partition(" ")
        self.part = rest.partition(".")[2].partition(" ")[0] if event.stage else ""
        return self.kind

    def finish(self, event: OperationFinished) -> Span | None:
        """Close the open operation; None if there is none, because its member was lost meanwhile."""
        if self.open is None:
            return None
        return self._add(event.t_s, event.outcome)

    def close(self, t_s: float, outcome: str) -> None:
        """End the open operation, if there is one, from outside."""
        if self.open is not None:
            self._add(max(t_s, self.open.t_s), outcome)

    def _add(self, end_s: float, outcome: str) -> Span:
        begun = self.open
        assert begun is not None
        span = Span(begun.t_s, end_s, self.kind, begun.label, begun.stage, outcome)
        self.spans.append(span)
        self.open = None
        if len(self.spans) >= MOST_SPANS:
            self.spans = [merge(*pair) for pair in zip(self.spans[::2], self.spans[1::2], strict=True)]
        return span


def merge(first: Span, second: Span) -> Span:
    """Two neighbours as one span: it looks like the longer one, and an outcome that is not `finished` is kept."""
    longer = first if first.end_s - first.start_s >= second.end_s - second.start_s else second
    outcome = first.outcome if first.outcome != "finished" else second.outcome
    many = first.operations + second.operations
    return Span(first.start_s, second.end_s, longer.kind, f"{many} operations", longer.stage, outcome, many)
