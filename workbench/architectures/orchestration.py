"""What an orchestration is: programs that decide which stage runs where, and what they are to carry out."""

from __future__ import annotations

from math import ceil
from typing import Any, ClassVar

from pydantic import Field

from workbench.architectures.operations import Now, Perform, StageFailed, Wait, WorkerLost
from workbench.architectures.plan import Plan
from workbench.architectures.setting import Setting, Tunable
from workbench.architectures.training import Part, TrainingArchitecture, TrainingJob
from workbench.document.units import Seconds

HEARTBEAT_S = 0.02  # what a pipe that closes takes, and a process that looks at it
LEADER, SOURCE = "leader", "source"


class OrchestrationArchitecture(Tunable):
    """Parameters and programs of one way to decide what runs where."""

    title: ClassVar[str]
    title_ja: ClassVar[str]
    doc: ClassVar[str]
    doc_ja: ClassVar[str]

    followers: int = Field(default=0, ge=0, description="how many workers follow; 0 means all of them")
    heartbeat: Seconds = Field(
        default=HEARTBEAT_S,
        ge=0,
        description="time from the loss of a member until the others are told of it",
        json_schema_extra={"ja": "メンバーの喪失が他に伝わるまでの時間"},
    )
    in_flight: int = Field(
        default=0,
        ge=0,
        description="items of a group with foreach that are under way at once; 0 means all, held in memory together",
        json_schema_extra={"ja": "foreach で同時に処理する件数。0 なら全件（すべてメモリに保持）"},
    )

    def idle(self, setting: Setting) -> dict[str, str]:
        found = {} if setting.most_of_an_item else {"in_flight": "idle-no-items"}
        if not setting.lossy and not (setting.loses_the_leader and LEADER in self.deciders(())):
            found["heartbeat"] = "idle-no-loss"
        return found

    @property
    def engines(self) -> tuple[str, ...]:
        """The engines that can carry it out."""
        return ("simulated", "real")

    @property
    def puts_in_order(self) -> bool:
        """Whether finished items of a collection wait for those before them."""
        return False

    @property
    def submits_by_event(self) -> bool:
        """Whether an instance can lead to another one, so that how many there are is known only in the end."""
        return False

    @property
    def heeds_limits(self) -> bool:
        """Whether it tries again what failed, and learns of work that was ended because it went beyond a limit."""
        return False

    @property
    def idle_s(self) -> float:
        """For how long members may do no more than look around, until nobody can be waiting for anything but the
        others."""
        return 0.0

    def deciders(self, followers: tuple[str, ...]) -> tuple[str, ...]:
        """The members of whom each knows, when its program ends, that all is done."""
        raise NotImplementedError

    def outsiders(self, plan: Plan) -> tuple[str, ...]:
        """The members that are neither leaders nor workers."""
        return (SOURCE,) if plan.arrive_later else ()

    def programs(self, orchestration: Orchestration) -> dict[str, Any]:
        """Member -> function that makes its program, anew for each incarnation."""
        raise NotImplementedError


class Orchestration:
    """What an orchestration is to carry out: the plan, by whom, and how stages with a team are trained."""

    def __init__(
        self,
        plan: Plan,
        followers: tuple[str, ...],
        training: TrainingArchitecture,
        arrivals_s: tuple[float, ...] = (),
        most_steps: int | None = None,
        seed: int = 0,
        replication: int = 0,
    ):
        self.plan, self.followers, self.training = plan, followers, training
        self.arrivals_s, self.most_steps = arrivals_s, most_steps
        self.seed, self.replication = seed, replication
        self.read_s = 0.0  # how long it takes to answer a question about the state; 0 if nobody asks
        self.gone_on_s = 0.0  # how long the run had gone on when it was resumed
        self.recalls = False  # whether there are earlier runs, whose results may stand for work of this one
        self.copies = False  # whether followers keep copies of the state, and answer from them


def carry_out(me: str, work: Orchestration, task: dict[str, Any], leader: str = "") -> Part:
    """One task, alone or with its team; the report for whoever handed it out, the `leader` if there is one."""
    report = {"stage": task["stage"], "instance": task["instance"], "outputs": None}
    if "item" in task:
        report["item"] = task["item"]
    of = work.plan.name(task["instance"], task.get("item"))
    try:
        if task["team"]:
            team = tuple(task["team"])
            attempt, lots = task["attempt"], (work.seed, work.replication)
            wanted = min(work.training.members or len(work.followers), len(work.followers))
            more = (attempt, work.most_steps, *lots, wanted, leader)
            job = TrainingJob(task["stage"], of, task["inputs"], team, *more)
            report["outputs"] = yield from work.training.program(me, job)
        else:
            report["outputs"] = yield Perform(task["stage"], "run", task["inputs"], of)
    except StageFailed as failed:
        report["failed"] = failed.cause
    except WorkerLost as lost:
        report["lost"] = lost.worker
    return report


def wait_for_the_next_look(began_s: float, poll_s: float) -> Part:
    """Until the time since the start is a multiple of `poll_s`; what came just now is seen at once."""
    passed = ((yield Now()) - began_s) / poll_s
    until_s = (ceil(passed - 1e-9) - passed) * poll_s
    if until_s > 0:
        yield Wait(until_s)
