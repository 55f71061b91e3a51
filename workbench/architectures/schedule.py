"""The schedule of a pipeline: which task may run where, decided without I/O or clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from workbench.architectures.items import Collection, PlannedGroup, parted, piece
from workbench.architectures.placing import free, workers_for
from workbench.architectures.plan import Plan, PlannedStage
from workbench.document.expectations import Expectation
from workbench.runs.events import Event, Measured, Recorded

COUNT, METRIC = "items of ", "metric "  # what a stage found beside its outputs, which no port can be called


@dataclass
class Task:
    """A stage to be carried out once, for an instance or an item of it."""

    stage: PlannedStage
    instance: int
    attempt: int = 0
    waiting_for: set[str] = field(default_factory=set)  # members of the team that have not yet reported
    item: int | None = None
    failure: str = ""  # why this try has failed, while others of its team still have to report

    @property
    def key(self) -> Key:
        return self.instance, piece(self.stage.id, self.item)


Key = tuple[int, str]  # instance, and stage or item of a stage


def key_of(result: dict[str, Any]) -> Key:
    """The key of a task, or of the report on it."""
    return result["instance"], piece(result["stage"], result.get("item"))


class Schedule:
    """Hands out tasks in the order in which they became ready; a worker holds at most `ahead` of them.

    `instances` are those of the plan that are its own; all where none are given. `news` are facts that follow from
    what was done: items that left, stages that were left out; whoever records what was done says them then.
    First come, first served: a team that waits for its members keeps later tasks waiting, or it might wait for ever.
    """

    def __init__(
        self,
        plan: Plan,
        workers: tuple[str, ...],
        ahead: int = 1,
        known: dict[str, Any] | None = None,
        instances: Sequence[int] | None = None,
    ):
        self.plan = plan
        self.instances = range(plan.instances) if instances is None else instances
        self.stages = {stage.id: stage for stage in plan.stages}
        self.group_of = {stage: group for group in plan.groups for stage in group.stages}
        self.inside = {id: self.stages[id].after & set(group.stages) for id, group in self.group_of.items()}
        self.all_workers = workers
        self.ahead = ahead
        self.lost: set[str] = set()
        self.held: dict[str, set[Key]] = {}  # worker -> tasks given to it
        self.arrived: set[int] = set()
        self.called: deque[int] = deque()  # instances to which an event has led, and that have not been taken up
        self.done: dict[Key, dict[str, Any]] = {}
        self.failed: dict[Key, str] = {}  # stages of items that ended in an error with which the run can live, and why
        self.over: dict[int, set[str]] = {}  # instance -> stages that are done, for every item, or left out
        self.left_out: set[Key] = set()
        self.collections: dict[tuple[int, str], Collection] = {}  # by instance and group
        self.begun: set[Key] = set()  # tasks that have been ready
        self.running: dict[Key, Task] = {}
        self.ready: deque[Task] = deque()
        self.unasked: deque[Task] = deque()  # those of them of which nobody has asked what earlier runs led to
        self.tries: dict[Key, int] = {}  # how often a task has failed
        self.paused: list[Task] = []  # tasks that failed and are to be tried again
        self.cancelled: set[str] = set()  # stages of which nothing more is done
        self.repeated = 0
        self.news: list[Event] = []
        for key, value in (known or {}).items():
            kind, _, rest = key.partition("/")
            number, _, name = rest.partition("/")
            if kind == "done":
                self.done[int(number), name] = value
            elif kind == "failed":
                self.failed[int(number), name] = value
            elif kind == "tried":
                self.tries[int(number), name] = value
            elif kind == "cancelled":
                self.cancelled.add(rest)
        for key in known or {}:
            if key.startswith("submitted/"):
                self.arrive(int(key.partition("/")[2]))
        if not plan.arrive_later:
            for instance in self.instances if plan.again is None else self.instances[:1]:
                self.arrive(instance)
        self._submit_called()
        self.news.clear()  # it was said when it was new

    @property
    def complete(self) -> bool:
        instances = self.instances if self.plan.again is None else self.arrived
        return sum(map(len, self.over.values())) == len(instances) * len(self.plan.stages)

    def arrive(self, instance: int) -> bool:
        """An instance of the pipeline was submitted; False if that was known."""
        if instance in self.arrived:
            return False
        self.arrived.add(instance)
        self.over[instance] = set()
        for stage in self.plan.stages:
            if stage.id not in self.group_of:
                self._ready_if_possible(instance, stage)
        return True

    def _submit_called(self) -> None:
        """One after another, for what was recorded of one may lead to the next, and a chain can be long."""
        while self.called:
            instance = self.called.popleft()
            self.news.append(Recorded(kind="submitted", key=self.plan.name(instance)))
            self.arrive(instance)

    def _call_again(self, instance: int, stage: str) -> None:
        """The last of the stages that the event asks about is over: is there to be another instance?"""
        again = self.plan.again
        if again is None or instance + 1 not in self.instances:
            return
        asked = {name.combination for name in again.names}
        if stage in asked and asked <= self.over[instance] and self._holds(instance, again):
            self.called.append(instance + 1)

    # --- what may begin ------------------------------------------------------------------------------------------

    def _ready_if_possible(self, instance: int, stage: PlannedStage) -> None:
        """A stage that runs once begins when all before it is over; what was done of it before is not done again."""
        over = self.over[instance]
        if stage.id in over or not stage.after <= over:
            return
        if self._is_left_out(instance, stage):
            self.left_out.add((instance, stage.id))
            self.news.append(Recorded(kind="skipped", key=self.told_key(instance, stage.id), stage=stage.id))
            self.end(instance, stage.id)
        elif (instance, stage.id) in self.done:
            self.end(instance, stage.id)
        else:
            self._make_ready(Task(stage, instance))

    def _make_ready(self, task: Task) -> None:
        if task.key not in self.begun:
            self.begun.add(task.key)
            self.ready.append(task)
            self.unasked.append(task)

    def _is_left_out(self, instance: int, stage: PlannedStage) -> bool:
        if stage.id in self.cancelled or any((instance, source) in self.left_out for source in stage.after):
            return True
        return stage.when is not None and not self._holds(instance, stage.when)

    def _holds(self, instance: int, question: Expectation) -> bool:
        """Whether a question about metrics of stages of an instance is answered by yes; what was left out has none."""
        found = question.evaluate(lambda n: self.done.get((instance, n.combination), {}).get(METRIC + n.metric))
        return found.state == "held"

    def end(self, instance: int, stage: str) -> None:
        """A stage is over; items of what it made are let in, and what waited for it may begin."""
        self.over[instance].add(stage)
        self._call_again(instance, stage)
        for group in self.plan.groups:
            if {group.source} | self._outside(group) <= self.over[instance] and (
                stage == group.source or stage in self._outside(group)
            ):
                self._let_in(instance, group)
        for other in self.plan.stages:
            if stage in other.after and other.id not in self.group_of:
                self._ready_if_possible(instance, other)

    def _outside(self, group: PlannedGroup) -> set[str]:
        """The stages outside a group that stages in it come after."""
        return set().union(*(self.stages[stage].after for stage in group.stages)) - set(group.stages)

    # --- items ---------------------------------------------------------------------------------------------------

    def _let_in(self, instance: int, group: PlannedGroup) -> None:
        """The collection is there, or is known not to come."""
        outside = self._outside(group) | {group.source}
        if self.cancelled & {*group.stages} or any((instance, source) in self.left_out for source in outside):
            for stage in group.stages:
                self.left_out.add((instance, stage))
                self.news.append(Recorded(kind="skipped", key=self.told_key(instance, stage), stage=stage))
            self.end_group(instance, group)
            return
        count = int(self.done[instance, group.source][COUNT + group.id])
        collection = self.collections[instance, group.id] = Collection(group, count)
        names = (parted(name) for number, name in self.failed if number == instance)
        collection.failed.update(item for stage, item in names if item is not None and stage in group.stages)
        self._open_items(instance, group)

    def _open_items(self, instance: int, group: PlannedGroup) -> None:
        collection = self.collections[instance, group.id]
        while new := collection.open():
            for item in new:
                for stage in group.stages:
                    self._item_ready_if_possible(instance, self.stages[stage], item)
                self._finish_item(instance, group, item)
        if collection.under_way != collection.told:
            collection.told = collection.under_way
            self.news.append(Measured(name="items_in_flight", value=float(collection.under_way)))
        if collection.complete and group.stages[0] not in self.over[instance]:
            self.end_group(instance, group)

    def _item_ready_if_possible(self, instance: int, stage: PlannedStage, item: int) -> None:
        task, of = Task(stage, instance, item=item), (instance, self.group_of[stage.id].id)
        if task.key in self.done or item in self.collections[of].failed:
            return
        if all((instance, piece(before, item)) in self.done for before in self.inside[stage.id]):
            self._make_ready(task)

    def _finish_item(self, instance: int, group: PlannedGroup, item: int) -> None:
        """Where all stages are done for an item, or one has failed, it leaves, or waits for those before it."""
        collection = self.collections[instance, group.id]
        done = item in collection.failed or all((instance, piece(s, item)) in self.done for s in group.stages)
        for left in collection.finish(item) if done and item not in collection.finished else ():
            kind = "dropped" if left in collection.failed else "item"
            self.news.append(Recorded(kind=kind, key=f"{group.id}#{self.plan.name(instance, left)}"))

    def end_group(self, instance: int, group: PlannedGroup) -> None:
        for stage in group.stages:
            if (instance, stage) not in self.left_out:
                self.news.append(Recorded(kind="collected", key=self.told_key(instance, stage), stage=stage))
            self.over[instance].add(stage)
        for stage in group.stages:
            self.end(instance, stage)

    def told_key(self, instance: int, stage: str, item: int | None = None) -> str:
        """How a result is called where it is told."""
        name = self.plan.name(instance, item)
        return stage + (f"#{name}" if name else "")

    # --- who does it ---------------------------------------------------------------------------------------------

    def here(self, worker: str) -> None:
        """A worker reported: it is alive and can be given work."""
        self.lost.discard(worker)
        self.held.setdefault(worker, set())

    def assign(self) -> list[tuple[str, list[dict[str, Any]]]]:
        """Who is to do what now: (worker, tasks as plain data), each worker at most once."""
        given: dict[str, list[dict[str, Any]]] = {}
        passed_over: list[Task] = []
        while self.ready:
            workers = self._workers_for(self.ready[0])
            if not workers and (self.ready[0].stage.suited is None or not free(self)):
                break
            task = self.ready.popleft()
            if not workers:  # what waits for a worker of its kind keeps nobody waiting who can do with another
                passed_over.append(task)
                continue
            for worker in workers:
                self.held[worker].add(task.key)
                given.setdefault(worker, []).append(self._as_letter(task, workers))
            task.waiting_for = set(workers)
            self.running[task.key] = task
        self.ready.extendleft(reversed(passed_over))
        return list(given.items())

    def _workers_for(self, task: Task) -> tuple[str, ...]:
        return workers_for(self, task)

    def _as_letter(self, task: Task, workers: tuple[str, ...]) -> dict[str, Any]:
        letter = {
            "stage": task.stage.id,
            "instance": task.instance,
            "inputs": self.inputs(task),
            "team": list(workers) if task.stage.team else [],
            "attempt": task.attempt,
        }
        return letter if task.item is None else letter | {"item": task.item}

    def inputs(self, task: Task) -> dict[str, Any]:
        return {port: self._input(task, *source) for port, source in task.stage.needs.items()}

    def _input(self, task: Task, source: str, port: str) -> Any:
        """The artifact that a task needs, or those of all items, in the order in which these left."""
        group = self.group_of.get(source)
        if group is None:
            return self.done[task.instance, source][port]
        if task.item is not None:
            return self.done[task.instance, piece(source, task.item)][port]
        items = self.collections[task.instance, group.id].passed
        return [self.done[task.instance, piece(source, item)][port] for item in items]

    # --- what was done -------------------------------------------------------------------------------------------

    def finish(self, worker: str, result: dict[str, Any]) -> dict[str, Any] | None:
        """A worker's report on a task: its outputs if they are news, None otherwise.

        A report that comes twice, or from the days of a leader that has died since, counts once.
        """
        key = key_of(result)
        self.held.setdefault(worker, set()).discard(key)
        task = self.running.get(key)
        if task is not None:
            task.waiting_for.discard(worker)
        outputs = result.get("outputs")
        if outputs is None:
            self.again_if_nobody_is_left(key)
            return None
        if key in self.done or result["stage"] in self.cancelled:
            self.repeated += key in self.done
            return None
        self.done[key] = outputs
        self._take_back(worker, key)
        self._go_on(result["instance"], result["stage"], result.get("item"))
        self._submit_called()
        return outputs

    def adopt(self, task: Task, outputs: dict[str, Any]) -> None:
        """An earlier run's result stands for a task."""
        self.done[task.key] = outputs
        self.ready.remove(task)
        self._go_on(task.instance, task.stage.id, task.item)
        self._submit_called()

    def _take_back(self, worker: str, key: Key) -> None:
        """Nobody is to do a task any more."""
        self.held.setdefault(worker, set()).discard(key)
        if self.running.pop(key, None) is None:
            self.ready = deque(task for task in self.ready if task.key != key)

    def fail(self, worker: str, result: dict[str, Any]) -> str:
        """A worker's report that a task ended in an error: why the run cannot go on, or empty if it can."""
        key, item, cause = key_of(result), result.get("item"), result["failed"]
        self._take_back(worker, key)
        if item is None:
            return str(cause)
        group = self.group_of[result["stage"]]
        collection = self.collections[result["instance"], group.id]
        if reason := collection.fail(item, cause):
            return reason
        self.failed[key] = cause
        self._finish_item(result["instance"], group, item)
        self._open_items(result["instance"], group)
        return ""

    def _go_on(self, instance: int, stage: str, item: int | None) -> None:
        if instance not in self.arrived:
            return
        if item is None:
            self.end(instance, stage)
            return
        group = self.group_of[stage]
        if (instance, group.id) not in self.collections:
            return
        for other in group.stages:
            if stage in self.stages[other].after:
                self._item_ready_if_possible(instance, self.stages[other], item)
        self._finish_item(instance, group, item)
        self._open_items(instance, group)

    def lose(self, worker: str) -> None:
        """A worker is gone: what it alone held is to be done again; teams go on as their architecture says."""
        self.lost.add(worker)
        for key in sorted(self.held.pop(worker, set())):
            task = self.running.get(key)
            if task is not None:
                task.waiting_for.discard(worker)
                self.again_if_nobody_is_left(key)

    def again_if_nobody_is_left(self, key: Key) -> None:
        """What nobody is at any more is to be done again; after a pause, if it has failed."""
        task = self.running.get(key)
        if task is not None and not task.waiting_for:
            del self.running[key]
            if task.stage.id in self.cancelled:
                return
            again = Task(task.stage, task.instance, task.attempt + 1, item=task.item)
            if task.failure:
                self.paused.append(again)
            else:
                self.ready.appendleft(again)
