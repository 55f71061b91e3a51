"""What a training architecture is: a program for each member of a team that trains one stage together."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import Field

from workbench.architectures.memory import Held, replica
from workbench.architectures.operations import Agree, Operation, Perform, Recall, Record, WorkerLost
from workbench.architectures.setting import Setting, Tunable
from workbench.stages.base import StepCost
from workbench.stages.sections import Holds

Part = Generator[Operation, Any, Any]


class AtHome(dict[str, str]):
    """Inputs, by port, that lie with whoever opens a stage with them: nothing is sent to it."""


@dataclass(frozen=True)
class TrainingJob:
    """One training of one stage by one team. `inputs` are the artifacts, by port; `attempt` counts from 0.

    The team may be smaller than was `wanted`; the `leader`, if there is one, knows whether a worker is free.
    """

    stage: str
    of: str
    inputs: dict[str, str]
    team: tuple[str, ...]
    attempt: int = 0
    most_steps: int | None = None
    seed: int = 0  # of the run, for programs that draw lots
    replication: int = 0
    wanted: int = 0
    leader: str = ""

    def perform(self, part: str, item: Any = None, share: float = 1.0, first: float = 0.0) -> Perform:
        return Perform(self.stage, part, item, self.of, share, first)

    def tag(self, name: str) -> str:
        """Letters of an earlier attempt, or of another training, must not be taken for letters of this one."""
        return name + (f"#{self.of}" if self.of else "") + (f"~{self.attempt}" if self.attempt else "")

    @property
    def checkpoint_key(self) -> str:
        return f"checkpoint/{self.of}/{self.stage}"


class TrainingArchitecture(Tunable):
    """Parameters and program of one way to train together."""

    title: ClassVar[str]
    title_ja: ClassVar[str]
    doc: ClassVar[str]
    doc_ja: ClassVar[str]

    holds: ClassVar[Holds] = "everything"  # of the model, each member

    checkpoint_every: int = Field(default=0, ge=0, description="steps between checkpoints; 0 means none")

    def idle(self, setting: Setting) -> dict[str, str]:
        return {} if setting.trains else dict.fromkeys(type(self).model_fields, "idle-no-training")

    @property
    def members(self) -> int:
        """How many workers the team takes; 0 means all of the cluster's."""
        raise NotImplementedError

    @property
    def needed(self) -> int:
        """The least number of workers that a cluster must have for it."""
        return self.members or 1

    @property
    def least(self) -> int:
        """How many members must be left, so that a training can begin again after losses."""
        return 1

    def vital(self, team: int) -> int:
        """How many of a team, its first, take the training back to its last checkpoint when one of them is lost."""
        return team

    @property
    def engines(self) -> tuple[str, ...]:
        """The engines that can carry it out with these parameters."""
        return ("simulated", "real")

    @property
    def learns(self) -> bool:
        """Whether a simulated run of it can train the model itself, with real gradients."""
        return False

    @property
    def as_a_team(self) -> bool:
        """Whether all members but the first do the same, and meet in collectives only: one may stand for them all."""
        return False

    def program(self, me: str, job: TrainingJob) -> Part:
        """The program of member `me`; returns the output artifacts on exactly one surviving member, None on others.

        WorkerLost leaves the program where the architecture cannot go on without the lost member.
        """
        raise NotImplementedError

    def cohorts(self, team: tuple[str, ...]) -> dict[str, str]:
        """Who of a team of equal workers without losses does what another does at the same time, and which other."""
        return {}

    def held(self, rank: int, members: int, step: StepCost) -> Held:
        """What the member of that rank holds at most."""
        return replica(step, members)

    def is_checkpoint(self, step: int) -> bool:
        """Whether a checkpoint is due once `step` (counted from 0) is finished."""
        return self.checkpoint_every > 0 and (step + 1) % self.checkpoint_every == 0


def begin(job: TrainingJob, share: float = 1.0, first: float = 0.0) -> Generator[Operation, Any, tuple[int, int, int]]:
    """Open the stage, go back to its last checkpoint; answers (first step to do, steps in all, samples a step).

    `share` is the share of the weights that this member holds, from `first` on.
    """
    opened = yield job.perform("open", job.inputs)
    return (yield from resume(job, opened, share, first))


def resume(
    job: TrainingJob, opened: dict[str, Any], share: float = 1.0, first: float = 0.0
) -> Generator[Operation, Any, tuple[int, int, int]]:
    """The same for a stage that is open: `opened` is what it told of itself."""
    steps = min(opened["steps"], job.most_steps or opened["steps"])
    saved = yield Recall(job.checkpoint_key)
    step = 0
    if job.checkpoint_key in saved:
        step, state = saved[job.checkpoint_key]
        yield job.perform("restore", state, share, first)
    return step, steps, opened["samples_per_step"]


def checkpoint(job: TrainingJob, step: int) -> Part:
    """Make the state after `step` durable, so that a later attempt begins with the step after it."""
    state = yield job.perform("state")
    yield Record(((job.checkpoint_key, [step + 1, state]),))


def regroup(
    team: tuple[str, ...], step: int, lost: WorkerLost
) -> Generator[Operation, Any, tuple[tuple[str, ...], int]]:
    """The team without the lost member, and the least step that any survivor has reached.

    A collective is not atomic under loss: one survivor may have finished the step in which another failed. A further
    loss during the agreement is met by the same loop.
    """
    while True:
        team = tuple(member for member in team if member != lost.worker)
        try:
            agreed = yield Agree(team, step)
        except WorkerLost as again:
            lost = again
        else:
            return team, agreed
