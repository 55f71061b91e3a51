"""An owner: a worker that holds partitions by lease, does their tasks and records them."""

from __future__ import annotations

from collections import deque
from typing import Any

from workbench.architectures.losses import heeding
from workbench.architectures.operations import (
    Claim,
    LeaseLost,
    Letter,
    Now,
    Program,
    Recall,
    Receive,
    Record,
    Release,
    Renew,
    Say,
    Send,
    StageFailed,
    TimedOut,
    Together,
    Wait,
)
from workbench.architectures.orchestration import Orchestration, carry_out, wait_for_the_next_look
from workbench.architectures.partitions import Holdings, Partition, quota, ranges
from workbench.architectures.schedule import Key
from workbench.architectures.schedule import key_of as task_key
from workbench.architectures.training import Part
from workbench.runs.events import Recorded

NEWS, KEEP = "news", "keep"
HERE, PARTITION, TRAINING = "here", "partition", "training"
BEGUN = "begun"  # recorded once all who are there from the start must be here, anew when a run is resumed
SETTLED_S = 0.001
RENEWALS = 3  # while a lease lasts, so that one that comes late loses nothing


def key_of(partition: int, kind: str, rest: object) -> str:
    """Under which key something of a partition is recorded."""
    return f"p{partition}/{kind}/{rest}"


class Owner:
    """The program of one worker, with what it knows: one lane holds leases, the other does tasks.

    `partitions` is how many there are in all.
    """

    def __init__(self, me: str, work: Orchestration, partitions: int, lease_s: float, decision_s: float, poll_s: float):
        self.me, self.work, self.count = me, work, partitions
        self.lease_s, self.decision_s, self.poll_s = lease_s, decision_s, poll_s
        self.held = Holdings()
        self.owned: dict[int, Partition] = {}
        self.joins: deque[dict[str, Any]] = deque()  # trainings in which it is to take part
        self.trainings: dict[Key, dict[str, Any]] = {}  # those that it has called, under way
        self.gone: dict[str, int] = {}  # who was lost, by the token of its being here
        self.heard: dict[str, int] = {}  # who has come back, and said so
        self.settled = False  # whether it knows who is here from the start
        self.may_train = True  # until it finds that another trains
        self.seen = 0  # tasks that it found ready at its last look, if it polls
        self.began_s = 0.0
        self.over = False

    def program(self) -> Program:
        self.began_s = yield Now()
        yield Together((self.keep(), self.serve()))

    # --- one lane holds leases ---------------------------------------------------------------------------------

    def keep(self) -> Program:
        """Claims, renews, and gives up what is more than its share."""
        yield from self._be_here()
        begun = (yield Recall(BEGUN)).get(BEGUN) == self.work.gone_on_s
        leases = yield from self._arrive(late=begun)
        yield from self._balance(leases, self._present(leases) if begun else self.work.followers)
        yield Send(self.me, {}, NEWS)
        if not begun:
            yield from self._wait_for_all()
            yield Record(((BEGUN, self.work.gone_on_s),))
        yield from self._settle()
        while True:
            try:
                yield Receive(self.me, KEEP, timeout_s=self.lease_s / RENEWALS, passive=True)
            except TimedOut:
                yield from self._look()
            else:
                return

    def _be_here(self) -> Part:
        self.held.here = yield Claim(f"{HERE}/{self.me}", self.lease_s)

    def _arrive(self, late: bool = True) -> Part:
        """Who comes late says so, for the loss of an earlier life of it may be told only now."""
        leases = yield Recall("lease/")
        if late and self.held.here is not None:
            for worker in self.work.followers:
                if worker != self.me:
                    yield Send(worker, {"here": self.held.here.token}, NEWS)
        return leases

    def _wait_for_all(self) -> Part:
        """Who is there from the start comes about now. Who is here before all have begun is seen when they settle."""
        until_s = (yield Now()) + self.lease_s / RENEWALS
        yield Wait(SETTLED_S)
        while len((yield Recall(f"lease/{HERE}/"))) < len(self.work.followers) and (yield Now()) < until_s:
            yield Wait(SETTLED_S)

    def _settle(self) -> Part:
        """Whoever is here now needs not say so."""
        here = yield Recall(f"lease/{HERE}/")
        self.heard |= {key.rpartition("/")[2]: token for key, (_, token) in here.items()}
        self.settled = True
        yield Send(self.me, {}, NEWS)

    def _present(self, leases: dict[str, Any]) -> tuple[str, ...]:
        return tuple(worker for worker in self.work.followers if f"lease/{HERE}/{worker}" in leases)

    def _look(self) -> Part:
        self.held.keep((yield Renew(self.held.leases)))
        if self.held.here is None:
            yield from self._be_here()
            leases = yield from self._arrive()
        else:
            leases = yield Recall("lease/")
        changed = yield from self._balance(leases, self._present(leases))
        absent = sorted({worker for task in self.trainings.values() for worker in _absent(task, leases)})
        over = all(partition.complete for partition in self.owned.values()) and (yield from self._all_complete())
        if changed or absent or over or not self.may_train:
            yield Send(self.me, {"absent": absent, "over": over}, NEWS)

    def _balance(self, leases: dict[str, Any], present: tuple[str, ...]) -> Part:
        """Own as many partitions as everybody else; answers whether there are new ones."""
        share, first = quota(self.me, present, self.count)
        surplus = max(0, len(self.held.partitions) - share)
        for number in sorted(set(self.held.partitions) - self.held.in_hand, reverse=True)[:surplus]:
            yield Release(self.held.partitions.pop(number))
        new = []
        for number in ((first + step) % self.count for step in range(self.count)):
            if len(self.held.partitions) >= share:
                break
            if f"lease/{PARTITION}/{number}" in leases:
                continue
            lease = yield Claim(f"{PARTITION}/{number}", self.lease_s)
            if lease is not None:
                self.held.partitions[number] = lease
                new.append(number)
        if new:
            yield Say(Recorded(kind="leased", key=f"partitions of {self.me}", value=ranges(new)))
        return bool(new)

    def _all_complete(self) -> Part:
        return len((yield Recall("complete/"))) == min(self.count, self.work.plan.instances)

    # --- the other does what there is to do --------------------------------------------------------------------

    def serve(self) -> Program:
        """Does tasks one after another, and reads what has come in between them."""
        while not self.over:
            yield from self._adopt()
            did = (not self.over) and (yield from self._work())
            yield from self._hear(0.0 if did or self.over else None)
        yield Send(self.me, None, KEEP)

    def _adopt(self) -> Part:
        """What is owned is what is held: begin with what was recorded of it, and forget what has been lost."""
        for number in [n for n, owned in self.owned.items() if owned.lease != self.held.partitions.get(n)]:
            self._forget(number)
        for number in sorted(set(self.held.partitions) - set(self.owned)):
            known = yield Recall(f"p{number}/")
            told = {key.partition("/")[2]: value for key, value in known.items()}
            self.owned[number] = Partition(self.work.plan, number, self.count, self.held.partitions[number], told)
            if self.owned[number].complete and self.owned[number].instances:
                yield from self._complete(number)

    def _work(self) -> Part:
        """One task, if there is one; answers whether there was."""
        if self.joins:
            yield from self._join(self.joins.popleft())
            return True
        ready = sum(len(partition.ready) for partition in self.owned.values())
        if self.poll_s and ready and not self.seen:
            yield from wait_for_the_next_look(self.began_s, self.poll_s)
            self.seen = ready
        team = self._first(number for number, partition in self.owned.items() if partition.wants_team)
        if team is not None and self.settled and self.may_train and (yield from self._call(team)):
            return True
        alone = self._first(number for number, partition in self.owned.items() if partition.can_begin)
        if alone is None:
            return False
        [(_, [task])] = self.owned[alone].assign()
        yield from self._decide(alone)
        report = yield from carry_out(self.me, self.work, task)
        yield from self._report(alone, self.me, report, task["attempt"])
        return True

    def _first(self, numbers: Any) -> int | None:
        return min(numbers, key=lambda number: (self.owned[number].ready[0].instance, number), default=None)

    def _decide(self, number: int) -> Part:
        self.held.in_hand = {one for one, partition in self.owned.items() if partition.running}
        self.seen = max(0, self.seen - 1)
        if self.decision_s:
            yield Wait(self.decision_s)

    def _hear(self, timeout_s: float | None) -> Part:
        try:
            letters = yield Receive(tag=NEWS, timeout_s=timeout_s, most=64, heeds_loss=False)
        except TimedOut:
            return
        for letter in letters:
            yield from self._take_in(letter)

    def _take_in(self, letter: Letter) -> Part:
        news = letter.what
        self.may_train = True
        self.over = self.over or bool(news.get("over"))
        if "here" in news:
            self.heard[letter.sender] = news["here"]
        if "join" in news:
            self.joins.append(news["join"])
        if "submitted" in news:
            number = news["submitted"] % self.count
            if number in self.owned and self.owned[number].arrive(news["submitted"]) and self.decision_s:
                yield Wait(self.decision_s)
        if "report" in news:
            yield from self._report(news["partition"], letter.sender, news["report"], news["attempt"])
        for worker in news.get("absent", ()):
            yield from self._lose(worker)

    # --- trainings -----------------------------------------------------------------------------------------------

    def _call(self, number: int) -> Part:
        """Call those who are here to train together, unless another does; answers whether it did."""
        self.held.training = lease = yield Claim(TRAINING, self.lease_s)
        if lease is None:
            self.may_train = False
            return False
        here = {key.rpartition("/")[2]: token for key, (_, token) in (yield Recall(f"lease/{HERE}/")).items()}
        partition = self.owned[number]
        partition.team = tuple(worker for worker in self.work.followers if self._can_join(worker, here.get(worker)))
        given = partition.assign()
        if not given:
            self.may_train = False
            yield from self._end_training()
            return False
        yield from self._decide(number)
        tokens = {worker: here[worker] for worker, _ in given}
        for worker, [task] in given:
            call = task | {"attempt": lease.token - 1, "partition": number, "owner": self.me, "tokens": tokens}
            self.trainings[task["instance"], task["stage"]] = call
            if worker == self.me:
                self.joins.append(call)
            else:
                yield Send(worker, {"join": call}, NEWS)
        return True

    def _can_join(self, worker: str, token: int | None) -> bool:
        """Whether a worker is here, and nobody can still be told of its loss in an earlier life."""
        if token is None or self.gone.get(worker) == token:
            return False
        return worker == self.me or self.heard.get(worker) == token

    def _join(self, call: dict[str, Any]) -> Part:
        report = yield from heeding(carry_out(self.me, self.work, call), self.gone, call["tokens"])
        number, owner, attempt = call["partition"], call["owner"], call["attempt"]
        if owner == self.me:
            yield from self._report(number, self.me, report, attempt)
        else:
            yield Send(owner, {"report": report, "partition": number, "attempt": attempt}, NEWS)

    def _lose(self, worker: str) -> Part:
        """A member of a training of its own is not here any more."""
        for key, call in list(self.trainings.items()):
            if worker in call["tokens"] and call["partition"] in self.owned:
                partition = self.owned[call["partition"]]
                partition.lose(worker)
                if key not in partition.running:
                    yield from self._end_training(key)

    def _end_training(self, key: Key | None = None) -> Part:
        if key is not None:
            self.trainings.pop(key, None)
        if self.held.training is not None:
            lease, self.held.training = self.held.training, None
            yield Release(lease)
            for worker in self.work.followers:
                if worker != self.me:
                    yield Send(worker, {}, NEWS)

    # --- results -------------------------------------------------------------------------------------------------

    def _report(self, number: int, sender: str, report: dict[str, Any], attempt: int) -> Part:
        """A result counts once it is recorded under the lease of its partition."""
        partition = self.owned.get(number)
        key = report["instance"], report["stage"]
        call = self.trainings.get(key)
        if partition is None or (report["outputs"] is None and call is not None and attempt != call["attempt"]):
            return
        told = Recorded(
            kind="done",
            key=partition.told_key(report["instance"], report["stage"], report.get("item")),
            stage=report["stage"],
        )
        if "failed" in report:
            told = Recorded(kind="failed", key=told.key, stage=told.stage, value=report["failed"])
            if reason := partition.fail(sender, report):
                yield Say(told)
                raise StageFailed(report["stage"], reason)
            rest = "{}/{}".format(*task_key(report))
            yield from self._record(number, key_of(number, "failed", rest), report["failed"], told)
        if "lost" in report:
            partition.lose(report["lost"])
        outputs = partition.finish(sender, report)
        if outputs is not None:
            rest = "{}/{}".format(*task_key(report))
            if self.decision_s:
                yield Wait(self.decision_s)
            yield from self._record(number, key_of(number, "done", rest), outputs, told)
        self.held.in_hand = {one for one, owned in self.owned.items() if owned.running}
        if call is not None and key not in partition.running:
            yield from self._end_training(key)
        if number in self.owned and partition.complete:
            yield from self._complete(number)

    def _record(self, number: int, key: str, value: Any, told: Recorded | None) -> Part:
        """One entry under the lease of its partition; who has lost that forgets the partition."""
        lease = self.owned[number].lease
        try:
            yield Record(((key, value),), lease)
        except LeaseLost:
            if self.held.partitions.get(number) == lease:
                del self.held.partitions[number]
            self._forget(number)
            return
        if told is not None:
            yield Say(told)
            for fact in self.owned[number].news:
                yield Say(fact)
            self.owned[number].news.clear()

    def _complete(self, number: int) -> Part:
        """All of a partition is done; who finds that all of all are tells everybody."""
        yield from self._record(number, f"complete/{number}", True, None)
        if (yield from self._all_complete()):
            self.over = True
            for worker in self.work.followers:
                if worker != self.me:
                    yield Send(worker, {"over": True}, NEWS)

    def _forget(self, number: int) -> None:
        self.owned.pop(number, None)
        self.held.in_hand.discard(number)
        for key in [key for key, call in self.trainings.items() if call["partition"] == number]:
            del self.trainings[key]


def _absent(call: dict[str, Any], leases: dict[str, Any]) -> list[str]:
    """Those of a training whose leases of being here are not those of its beginning."""
    here = {worker: leases.get(f"lease/{HERE}/{worker}", ("", 0))[1] for worker in call["tokens"]}
    return [worker for worker, token in call["tokens"].items() if here[worker] != token]
