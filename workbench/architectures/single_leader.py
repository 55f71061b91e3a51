"""Orchestration by a single leader: one member knows the state of every task and hands them to followers."""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import Any, ClassVar, Literal

from pydantic import Field

from workbench.architectures.cancelling import CANCEL, cancelled
from workbench.architectures.earlier import taken_over
from workbench.architectures.operations import (
    Letter,
    Now,
    Program,
    Recall,
    Receive,
    Record,
    Say,
    Send,
    TimedOut,
    Together,
    Wait,
    WorkerLost,
)
from workbench.architectures.orchestration import (
    LEADER,
    SOURCE,
    Orchestration,
    OrchestrationArchitecture,
    carry_out,
    wait_for_the_next_look,
)
from workbench.architectures.placing import could_grow
from workbench.architectures.plan import Plan
from workbench.architectures.reads import READERS, STATE, STOP, Readers, answered, answering
from workbench.architectures.retries import Retries
from workbench.architectures.schedule import Schedule, key_of
from workbench.architectures.setting import Setting
from workbench.architectures.training import Part
from workbench.document.units import PerS, Seconds
from workbench.runs.events import Event, Recorded


class SingleLeader(OrchestrationArchitecture):
    """The leader records every result before it counts, so that a restarted leader begins with what was recorded.

    Tasks are performed at least once and recorded once; the excess after a loss is at most followers × ahead. A lost
    leader is started again, or another server is elected in its place, which begins with the same record (Ongaro and
    Ousterhout, "In search of an understandable consensus algorithm", USENIX ATC 2014).
    """

    title: ClassVar[str] = "Single leader"
    title_ja: ClassVar[str] = "単一リーダー"
    doc: ClassVar[str] = "One leader knows the state of every job and hands tasks to followers as they become free."
    doc_ja: ClassVar[str] = "1 台のリーダーが全ジョブの状態を把握し、空いたフォロワーにタスクを渡します。"

    ahead: int = Field(
        default=1, ge=1, le=64, description="tasks that a follower may hold: one to do, the rest waiting"
    )
    restart: Seconds = Field(default=0.1, description="time until a lost leader is started again")
    election: Seconds = Field(
        default=0.0,
        ge=0,
        description="least time without a leader until a server stands for election, at most twice as long; "
        "0 means that a lost leader is started again instead",
        json_schema_extra={"ja": "リーダー不在から立候補までの最短時間（最長はその 2 倍）。0 なら選挙せず再起動"},
    )
    servers: int = Field(
        default=5,
        ge=3,
        le=99,
        description="servers among which a new leader is elected (election only)",
        json_schema_extra={"ja": "新しいリーダーを選ぶサーバ数（選挙のみ）"},
    )
    decision: Seconds = Field(
        default=0.0, ge=0, description="time the leader takes to hand a task out, and for each result that it records"
    )

    poll: Seconds = Field(
        default=0.0,
        ge=0,
        description="time between the leader's looks for news; 0 means that it acts on every event",
        json_schema_extra={"ja": "リーダーが新着を確認する間隔。0 ならイベントごとに動く"},
    )

    ordered: bool = Field(
        default=False,
        description="items of a group with foreach leave in the order in which they came, and wait for those before",
        json_schema_extra={"ja": "foreach の結果を入力順に出す（前の件を待つ）"},
    )

    reads: PerS = Field(
        default=0.0,
        ge=0,
        description="questions a second about how jobs stand",
        json_schema_extra={"ja": "ジョブの状態への毎秒の問い合わせ数"},
    )
    read: Seconds = Field(
        default=0.01,
        gt=0,
        description="time that it takes to answer one of them",
        json_schema_extra={"ja": "問い合わせ 1 件に答える時間"},
    )
    read_from: Literal["leader", "followers"] = Field(
        default="leader",
        description="who answers: the leader beside its decisions, or each of its followers in turn, from a copy",
        json_schema_extra={"ja": "答える者。リーダー、またはコピーを持つフォロワー（順番）"},
    )

    @property
    def puts_in_order(self) -> bool:
        return self.ordered

    @property
    def heeds_limits(self) -> bool:
        return True

    @property
    def submits_by_event(self) -> bool:
        return True

    @property
    def engines(self) -> tuple[str, ...]:
        return ("simulated",) if self.reads else ("simulated", "real")

    @property
    def copies(self) -> bool:
        """Whether followers keep a copy of the leader's state."""
        return self.reads > 0 and self.read_from == "followers"

    def outsiders(self, plan: Plan) -> tuple[str, ...]:
        return (*super().outsiders(plan), *((READERS,) if self.reads else ()))

    def idle(self, setting: Setting) -> dict[str, str]:
        found = super().idle(setting)
        if not setting.loses_the_leader:
            found |= dict.fromkeys(("restart", "election", "servers"), "idle-no-leader-loss")
        else:
            found |= {"restart": "idle-election"} if self.election else {"servers": "idle-no-election"}
        free = len(setting.workers) - len(setting.lossy)
        few_items = not setting.most_of_an_item or 0 < self.in_flight * setting.most_of_an_item <= free
        if few_items and (setting.tasks <= 1 or setting.wanted <= free):
            found["ahead"] = "idle-few-tasks"
        if not self.reads:
            found |= dict.fromkeys(("read", "read_from"), "idle-no-reads")
        if not setting.most_of_an_item:
            found["ordered"] = "idle-no-items"
        elif self.in_flight == 1 or len(setting.workers) == 1:
            found["ordered"] = "idle-one-item"
        return found

    def deciders(self, followers: tuple[str, ...]) -> tuple[str, ...]:
        return (LEADER,)

    def programs(self, orchestration: Orchestration) -> dict[str, Any]:
        orchestration.read_s = self.read if self.reads else 0.0
        orchestration.copies = self.copies
        programs = _Followers(orchestration)
        programs |= {LEADER: lambda: lead(orchestration, self.ahead, self.decision, self.poll)}
        if self.reads:
            whom = orchestration.followers if self.copies else (LEADER,)
            lots = orchestration.seed, orchestration.replication
            programs[READERS] = lambda: Readers(LEADER, whom, self.reads, *lots).program()
        if orchestration.plan.arrive_later:
            programs[SOURCE] = lambda: submit(orchestration)
        return programs


class _Followers(dict[str, Any]):
    """Makers of programs, of followers not before they are asked for: there may be very many, of whom none is."""

    def __init__(self, orchestration: Orchestration):
        super().__init__()
        self.orchestration = orchestration

    def __missing__(self, follower: str) -> Any:
        return partial(follow, follower, self.orchestration)


def lead(work: Orchestration, ahead: int, decision_s: float = 0.0, poll_s: float = 0.0) -> Program:
    """The leader: recall, hand out, receive, record. A restart is nothing special.

    Each task that is handed out, and each submission and result that is recorded, takes `decision_s` of its one
    processor: however many followers there are, it makes no more than 1 / `decision_s` decisions a second.
    With `poll_s` it takes letters in at multiples of that time only, instead of when they come.
    """
    began_s = (yield Now()) if poll_s else 0.0
    known = yield Recall()
    term = known.get("term", 0) + 1
    yield Record((("term", term),))
    yield Say(Recorded(kind="elected", key=f"leader term {term}"))
    schedule = Schedule(work.plan, work.followers, ahead, known)
    retries = Retries(schedule)
    if term > 1:
        yield from _call_the_roll(work, schedule)
    asked: deque[Letter] = deque()  # questions that it answers one at a time, between its decisions
    while True:
        if work.recalls:
            yield from taken_over(work, schedule)
        if schedule.complete:
            break
        pause_s = yield from retries.wait_s()
        for follower, tasks in schedule.assign():
            if decision_s:
                yield Wait(decision_s * len(tasks))
            yield Send(follower, tasks, "do")
        try:
            letters = yield Receive(most=64, timeout_s=0.0 if asked else pause_s)
            if poll_s:
                yield from wait_for_the_next_look(began_s, poll_s)
        except WorkerLost as lost:
            if lost.over:
                yield from retries.lost(lost.worker, lost.over)
            schedule.lose(lost.worker)
            continue
        except TimedOut:
            letters = ()
        asked += (letter for letter in letters if letter.tag == STATE)
        yield from _take_in(work, schedule, retries, [letter for letter in letters if letter.tag != STATE], decision_s)
        if asked:
            yield from answered(asked.popleft(), work.read_s, {})
    if work.read_s:
        yield Send(READERS, None, STOP)
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


def _take_in(
    work: Orchestration, schedule: Schedule, retries: Retries, letters: list[Letter], decision_s: float
) -> Part:
    """Letters become records, in one commit, and are said once they are durable."""
    entries: list[tuple[str, Any]] = []
    news: list[Event] = []
    for letter in letters:
        if letter.tag == "submit":
            if schedule.arrive(letter.what):
                entries.append((f"submitted/{letter.what}", True))
                news.append(Recorded(kind="submitted", key=schedule.plan.name(letter.what)))
            continue
        if letter.tag == CANCEL:
            stages, facts = cancelled(schedule, letter.what)
            news += facts
            entries += [(f"cancelled/{stage}", True) for stage in stages]
            continue
        if letter.tag == "short":  # a team that has lost members asks, and says under which tag it wants to hear
            yield Send(letter.sender, could_grow(schedule, letter.sender), letter.what)
            continue
        schedule.here(letter.sender)
        for result in letter.what:
            if "failed" in result:
                more, facts = yield from retries.failed(letter.sender, result)
                entries += more
                news += facts
                continue
            outputs = schedule.finish(letter.sender, result)
            if outputs is not None:
                entries.append(("done/{}/{}".format(*key_of(result)), outputs))
                news.append(Recorded(kind="done", key=_key(schedule, result), stage=result["stage"]))
            news += schedule.news
            schedule.news.clear()
    if entries:
        if decision_s:
            yield Wait(decision_s * len(entries))
        yield Record(tuple(entries))
        for follower in work.followers if work.copies else ():
            yield Send(follower, dict(entries), STATE)
    for fact in news:
        yield Say(fact)


def _key(schedule: Schedule, result: dict[str, Any]) -> str:
    return schedule.told_key(result["instance"], result["stage"], result.get("item"))


def follow(me: str, work: Orchestration) -> Program:
    """A follower: performs what it is handed, and reports; beside that it answers questions, if it keeps a copy."""
    if work.copies:
        yield Together((_serve(me, work), answering(work.read_s)))
    else:
        yield from _serve(me, work)


def _serve(me: str, work: Orchestration) -> Program:
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
            results.append((yield from carry_out(me, work, task, LEADER)))
        yield Send(LEADER, results, "done")


def submit(work: Orchestration) -> Program:
    """The source: says that instance i arrived at its time, and submits it.

    In a run that is resumed the times count from its first start. To a new leader it submits again what the lost one
    had not recorded.
    """
    began_s = (yield Now()) - work.gone_on_s
    for instance, at_s in enumerate(work.arrivals_s):
        while (left_s := began_s + at_s - (yield Now())) > 0:
            try:
                letter = yield Receive(LEADER, timeout_s=left_s)
            except TimedOut:
                break
            except WorkerLost:
                continue
            yield from _submit_again(letter, instance)
        yield Say(Recorded(kind="arrived", key=work.plan.name(instance)))
        yield Send(LEADER, instance, "submit")
    while True:
        try:
            letter = yield Receive(LEADER)
        except WorkerLost:
            continue
        if letter.tag == "stop":
            return
        yield from _submit_again(letter, len(work.arrivals_s))


def _submit_again(roll: Letter, submitted: int) -> Part:
    for instance in sorted(set(range(submitted)) - set(roll.what)):
        yield Send(LEADER, instance, "submit")
