"""Grounds: what the figures of a simulated run rest on, noted while it goes on and told at its end.

A figure is calibrated where all that it depends on was fitted to measurements that cover the sizes which occurred.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from math import inf

from workbench.catalogues.accelerators import Accelerator, Kernels
from workbench.catalogues.backends import BACKENDS
from workbench.catalogues.ranges import Range
from workbench.runs.events import Ground
from workbench.runs.labels import CALIBRATED, EXTRAPOLATED

LETTER_BYTES = 4096.0  # a letter that is longer carries data


@dataclass(slots=True)
class Used:
    """One thing that a run used: where its constants come from, what they were fitted to, and for which sizes."""

    kind: str  # accelerator, collectives, letters or stage
    name: str
    source: str
    measured: bool
    fitted: Range | None
    training: bool
    least: float = inf
    most: float = -inf

    def note(self, size: float) -> None:
        if size < self.least:
            self.least = size
        if size > self.most:
            self.most = size

    def told(self) -> Ground:
        sized = self.least <= self.most
        covered = self.fitted is None or not sized or self.fitted.covers(self.least, self.most)
        return Ground(
            kind=self.kind,
            name=self.name,
            label=CALIBRATED if self.measured and covered else EXTRAPOLATED,
            source=self.source,
            used=(self.least, self.most) if sized else None,
            fitted=(self.fitted.least, self.fitted.most) if self.fitted is not None else None,
            training=self.training,
        )


class Grounds:
    """What a run has used."""

    def __init__(self) -> None:
        self._used: dict[tuple[str, object, bool], Used] = {}

    def work(self, accelerator: str, entry: Accelerator | Kernels, operations: float | None) -> None:
        """Work on an accelerator of this name; `operations` of one call, None where their number does not matter."""
        used = self._used.get(("accelerator", accelerator, True))
        if used is None:
            fitted = entry.fitted
            used = Used("accelerator", accelerator, entry.source, fitted is not None, fitted, True)
            self._used["accelerator", accelerator, True] = used
        if operations is not None:
            used.note(operations)

    def stage(self, kind: str) -> None:
        """A stage of this kind was carried out as one piece, at the cost that it states: nobody has measured it."""
        if ("stage", kind, False) not in self._used:
            self._used["stage", kind, False] = Used("stage", kind, "", False, None, False)

    def collective(self, backend: str, members: int, size_bytes: float, as_measured: bool) -> None:
        """A collective of `members` over `size_bytes`; `as_measured` if of the kind that curves are measured of."""
        used = self._used.get(("collectives", members, as_measured))
        if used is None:
            curve = BACKENDS[backend].curve
            same = as_measured and curve is not None and curve.members == members
            fitted = curve.sizes if curve is not None else None
            used = Used("collectives", f"{backend}, {members} members", BACKENDS[backend].source, same, fitted, True)
            self._used["collectives", members, as_measured] = used
        used.note(size_bytes)

    def letter(self, size_bytes: float) -> None:
        """A letter between two members: where it carries data, it is as good as the two figures of the network."""
        if size_bytes <= LETTER_BYTES:
            return
        used = self._used.get(("letters", "", True))
        if used is None:
            used = self._used["letters", "", True] = Used("letters", "", "", False, None, True)
        used.note(size_bytes)

    def join(self, others: Grounds) -> None:
        """What was noted apart was used too."""
        for key, other in others._used.items():
            used = self._used.get(key)
            if used is None:
                self._used[key] = copy(other)
            elif other.least <= other.most:
                used.note(other.least)
                used.note(other.most)

    def told(self) -> tuple[Ground, ...]:
        """A ground for each thing that was used, the least sure first."""
        grounds = [used.told() for used in self._used.values()]
        return tuple(sorted(grounds, key=lambda ground: (ground.label != EXTRAPOLATED, ground.kind, ground.name)))
