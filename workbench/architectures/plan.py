"""The plan of a run: its stages, how often each is to be done, and what comes before what."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.architectures.items import PlannedGroup, piece
from workbench.architectures.resources import ONE_CORE, Needs, Room
from workbench.document.expectations import Expectation


@dataclass(frozen=True)
class PlannedStage:
    """A stage as the schedule sees it.

    `needs` is input port -> (stage, output port). `team` is 0 for work of one worker, else the number of workers that
    carry it out together, and `least` how many of them can: with fewer it waits for those who come back. `when` asks
    about metrics of earlier stages: the stage is left out, and those that need it are, if the answer is no. What failed
    is tried again up to `retries` times, at first after `backoff_s`. `suited` are the workers that have what work on it
    `occupies`, all if that is None.
    """

    id: str
    needs: dict[str, tuple[str, str]]
    team: int = 0
    least: int = 1
    when: Expectation | None = None
    retries: int = 0
    backoff_s: float = 1.0
    occupies: Needs = ONE_CORE
    suited: frozenset[str] | None = None

    @property
    def after(self) -> set[str]:
        asked = {name.combination for name in self.when.names} if self.when is not None else set()
        return {source for source, _ in self.needs.values()} | asked


@dataclass(frozen=True)
class Plan:
    """All that is to be done: every stage, once for each of `instances` of the pipeline, and of items in `groups`."""

    stages: tuple[PlannedStage, ...]
    instances: int = 1
    arrive_later: bool = False  # instances are submitted while the run goes on, instead of all being there at its start
    groups: tuple[PlannedGroup, ...] = ()
    again: Expectation | None = None  # where an instance finds that it holds, it submits the next; the first is there
    room: Room | None = None  # what all work may take together, where somebody has said what work needs

    @property
    def after(self) -> tuple[tuple[str, ...], ...]:
        """For each of the stages, in their order, those that come before it."""
        return tuple(tuple(sorted(stage.after)) for stage in self.stages)

    def name(self, instance: int, item: int | None = None) -> str:
        """How labels call an instance, or an item in it; nothing where there is but one."""
        return piece(str(instance) if self.instances > 1 else "", item)
