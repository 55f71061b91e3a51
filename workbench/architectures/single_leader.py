"""Orchestration by a single leader: one member knows the state of every task and hands them to followers."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from workbench.architectures.operations import (
    Perform,
    Program,
    Recall,
    Receive,
    Record,
    Say,
    Send,
    StageFailed,
    Wait,
    WorkerLost,
)
from workbench.architectures.schedule import Plan, Schedule
from workbench.architectures.setting import Setting, Tunable
from workbench.architectures.training import Part, TrainingArchitecture, TrainingJob
from workbench.document.units import Seconds
from workbench.runs.events import Recorded

LEADER, SOURCE = "leader", "source"


class SingleLeader(Tunable):
    """The leader records every result before it counts, so that a restarted leader begins with what was recorded.

    Tasks are performed at least once and recorded once; the excess after a loss is at most followers × ahead.
    """

    title: ClassVar[str] = "Single leader"
    title_ja: ClassVar[str] = "単一リーダー"
    doc: ClassVar[str] = "One leader knows the state of every job and hands tasks to followers as they become free."
    doc_ja: ClassVar[str] = "1 台のリーダーが全ジョブの状態を把握し、空いたフォロワーにタスクを渡します。"

    ahead: int = Field(
        default=1, ge=1, le=64, description="tasks that a follower may hold: one to do, the rest waiting"
    )
    restart: Seconds = Field(default=0.1, description="time until a lost leader is started again")

    def idle(self, setting: Setting) -> dict[str, str]:
        found = {} if setting.loses_the_leader else {"restart": "idle-no-leader-loss"}
        if setting.tasks <= 1 or setting.wanted <= len(setting.workers) - len(setting.lossy):
            found["ahead"] = "idle-few-tasks"
        return found

    def programs(self, orchestration: Orchestration) -> dict[str, Any]:
        """Member -> function that makes its program, anew for each incarnation."""
        programs: dict[str, Any] = {LEADER: lambda: lead(orchestration, self.ahead)}
        for follower in orchestration.followers:
            programs[follower] = lambda me=follower: follow(me, orchestration)
        if orchestration.plan.arrive_later:
            programs[SOURCE] = lambda: submit(orchestration.arrivals_s)
        return programs


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


def lead(work: Orchestration, ahead: int) -> Program:
    """The leader: recall, hand out, receive, record. A restart is nothing special."""
    known = yield Recall()
    term = known.get("term", 0) + 1
    yield Record((("term", term),))
    yield Say(Recorded(kind="elected", key=f"leader term {term}"))
    schedule = Schedule(work.plan, work.followers, ahead, known)
    if term > 1:
        yield from _call_the_roll(work, schedule)
    while not schedule.complete:
        for follower, tasks in schedule.assign():
            yield Send(follower, tasks, "do")
        try:
            letters = yield Receive(most=64)
        except WorkerLost as lost:
            schedule.lose(lost.worker)
            continue
        yield from _take_in(schedule, letters)
    for follower in work.followers:
        yield Send(follower, None, "do")
    if work.plan.arrive_later:
        yield Send(SOURCE, None, "stop")


def _call_the_roll(work: Orchestration, schedule: Schedule) -> Part:
    """Followers that outlived a leader answer with what they have; the source submits again what was not recorded."""
    for follower in work.followers:
        yield Send(follower, [], "do")
    if work.plan.arrive_later:
        yield Send(SOURCE, sorted(schedule.arrived), "roll")


def _take_in(schedule: Schedule, letters: tuple[Any, ...]) -> Part:
    """Letters become records, in one commit, and are said once they are durable."""
    entries: list[tuple[str, Any]] = []
    news: list[Recorded] = []
    for letter in letters:
        if letter.tag == "submit":
            if schedule.arrive(letter.what):
                entries.append((f"submitted/{letter.what}", True))
                news.append(Recorded(kind="submitted", key=schedule.plan.name(letter.what)))
            continue
        schedule.here(letter.sender)
        for result in letter.what:
            if "failed" in result:
                yield Say(Recorded(kind="failed", key=_key(schedule, result), stage=result["stage"]))
                raise StageFailed(result["stage"], result["failed"])
            outputs = schedule.finish(letter.sender, result)
            if outputs is not None:
                entries.append((f"done/{result['instance']}/{result['stage']}", outputs))
                news.append(Recorded(kind="done", key=_key(schedule, result), stage=result["stage"]))
    if entries:
        yield Record(tuple(entries))
        for fact in news:
            yield Say(fact)


def _key(schedule: Schedule, result: dict[str, Any]) -> str:
    name = schedule.plan.name(result["instance"])
    return result["stage"] + (f"#{name}" if name else "")


def follow(me: str, work: Orchestration) -> Program:
    """A follower: performs what it is handed, and reports."""
    results: list[dict[str, Any]] = []
    yield Send(LEADER, results, "done")
    while True:
        try:
            letter = yield Receive(LEADER, "do")
        except WorkerLost:
            continue
        if letter.what is None:
            return
        if letter.what:  # otherwise a new leader calls the roll: the last report may have gone to the old one
            results = []
        for task in letter.what:
            results.append((yield from _carry_out(me, work, task)))
        yield Send(LEADER, results, "done")


def _carry_out(me: str, work: Orchestration, task: dict[str, Any]) -> Part:
    """One task, alone or with its team; the report for the leader."""
    report = {"stage": task["stage"], "instance": task["instance"], "outputs": None}
    of = work.plan.name(task["instance"])
    try:
        if task["team"]:
            team = tuple(task["team"])
            attempt, lots = task["attempt"], (work.seed, work.replication)
            job = TrainingJob(task["stage"], of, task["inputs"], team, attempt, work.most_steps, *lots)
            report["outputs"] = yield from work.training.program(me, job)
        else:
            report["outputs"] = yield Perform(task["stage"], "run", task["inputs"], of)
    except StageFailed as failed:
        report["failed"] = failed.cause
    except WorkerLost as lost:
        report["lost"] = lost.worker
    return report


def submit(arrivals_s: tuple[float, ...]) -> Program:
    """The source: submits instance i at `arrivals_s[i]`; to a new leader, again what the lost one had not recorded."""
    now = 0.0
    for instance, at in enumerate(arrivals_s):
        if at > now:
            yield Wait(at - now)
            now = at
        yield Send(LEADER, instance, "submit")
    while True:
        try:
            letter = yield Receive(LEADER)
        except WorkerLost:
            continue
        if letter.tag == "stop":
            return
        for instance in sorted(set(range(len(arrivals_s))) - set(letter.what)):
            yield Send(LEADER, instance, "submit")
