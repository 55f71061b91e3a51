"""The schedule of a pipeline: which task may run where, decided without I/O or clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class PlannedStage:
    """A stage as the schedule sees it.

    `needs` is input port -> (stage, output port). `team` is 0 for work of one worker, else the number of workers that
    carry it out together, and `least` how many of them can: with fewer it waits for those who come back.
    """

    id: str
    needs: dict[str, tuple[str, str]]
    team: int = 0
    least: int = 1

    @property
    def after(self) -> set[str]:
        return {source for source, _ in self.needs.values()}


@dataclass(frozen=True)
class Plan:
    """All that is to be done: every stage, once for each of `instances` of the pipeline."""

    stages: tuple[PlannedStage, ...]
    instances: int = 1
    arrive_later: bool = False  # instances are submitted while the run goes on, instead of all being there at its start

    @property
    def after(self) -> tuple[tuple[str, ...], ...]:
        """For each of the stages, in their order, those that come before it."""
        return tuple(tuple(sorted(stage.after)) for stage in self.stages)

    def name(self, instance: int) -> str:
        """How labels call an instance; nothing where there is but one."""
        return str(instance) if self.instances > 1 else ""


@dataclass
class _Task:
    stage: PlannedStage
    instance: int
    attempt: int = 0
    waiting_for: set[str] = field(default_factory=set)  # members of the team that have not yet reported


Key = tuple[int, str]


class Schedule:
    """Hands out tasks in the order in which they became ready; a worker holds at most `ahead` of them.

    `instances` are those of the plan that are its own; all where none are given.
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
        self.all_workers = workers
        self.ahead = ahead
        self.lost: set[str] = set()
        self.held: dict[str, set[Key]] = {}  # worker -> tasks given to it
        self.arrived: set[int] = set()
        self.done: dict[Key, dict[str, str]] = {}
        self.running: dict[Key, _Task] = {}
        self.ready: deque[_Task] = deque()
        self.repeated = 0
        for key, value in (known or {}).items():
            kind, _, rest = key.partition("/")
            if kind == "done":
                number, _, stage = rest.partition("/")
                self.done[int(number), stage] = value
        for key in known or {}:
            if key.startswith("submitted/"):
                self.arrive(int(key.partition("/")[2]))
        if not plan.arrive_later:
            for instance in self.instances:
                self.arrive(instance)

    @property
    def complete(self) -> bool:
        return len(self.done) == len(self.instances) * len(self.plan.stages)

    def arrive(self, instance: int) -> bool:
        """An instance of the pipeline was submitted; False if that was known."""
        if instance in self.arrived:
            return False
        self.arrived.add(instance)
        for stage in self.plan.stages:
            self._ready_if_possible(instance, stage)
        return True

    def _ready_if_possible(self, instance: int, stage: PlannedStage) -> None:
        if (instance, stage.id) not in self.done and all((instance, before) in self.done for before in stage.after):
            self.ready.append(_Task(stage, instance))

    def here(self, worker: str) -> None:
        """A worker reported: it is alive and can be given work."""
        self.lost.discard(worker)
        self.held.setdefault(worker, set())

    def assign(self) -> list[tuple[str, list[dict[str, Any]]]]:
        """Who is to do what now: (worker, tasks as plain data), each worker at most once."""
        given: dict[str, list[dict[str, Any]]] = {}
        while self.ready and (workers := self._workers_for(self.ready[0])):
            task = self.ready.popleft()
            for worker in workers:
                self.held[worker].add((task.instance, task.stage.id))
                given.setdefault(worker, []).append(self._as_letter(task, workers))
            task.waiting_for = set(workers)
            self.running[task.instance, task.stage.id] = task
        return list(given.items())

    def _workers_for(self, task: _Task) -> tuple[str, ...]:
        free = [w for w in self.all_workers if w in self.held and len(self.held[w]) < self.ahead]
        if not task.stage.team:
            return (min(free, key=lambda w: len(self.held[w])),) if free else ()
        idle = [w for w in free if not self.held[w]]
        wanted = min(task.stage.team, len(self.all_workers) - len(self.lost))
        return tuple(idle[:wanted]) if wanted >= task.stage.least and len(idle) >= wanted else ()

    def _as_letter(self, task: _Task, workers: tuple[str, ...]) -> dict[str, Any]:
        inputs = {p: self.done[task.instance, s][out] for p, (s, out) in task.stage.needs.items()}
        return {
            "stage": task.stage.id,
            "instance": task.instance,
            "inputs": inputs,
            "team": list(workers) if task.stage.team else [],
            "attempt": task.attempt,
        }

    def finish(self, worker: str, result: dict[str, Any]) -> dict[str, str] | None:
        """A worker's report on a task: its outputs if they are news, None otherwise.

        A report that comes twice, or from the days of a leader that has died since, counts once.
        """
        key = (result["instance"], result["stage"])
        self.held.setdefault(worker, set()).discard(key)
        task = self.running.get(key)
        if task is not None:
            task.waiting_for.discard(worker)
        outputs = result.get("outputs")
        if outputs is None:
            self._again_if_nobody_is_left(key)
            return None
        if key in self.done:
            self.repeated += 1
            return None
        self.done[key] = outputs
        if self.running.pop(key, None) is None:
            self.ready = deque(t for t in self.ready if (t.instance, t.stage.id) != key)
        for stage in self.plan.stages:
            if key[1] in stage.after:
                self._ready_if_possible(key[0], stage)
        return outputs

    def lose(self, worker: str) -> None:
        """A worker is gone: what it alone held is to be done again; teams go on as their architecture says."""
        self.lost.add(worker)
        for key in sorted(self.held.pop(worker, set())):
            task = self.running.get(key)
            if task is not None:
                task.waiting_for.discard(worker)
                self._again_if_nobody_is_left(key)

    def _again_if_nobody_is_left(self, key: Key) -> None:
        task = self.running.get(key)
        if task is not None and not task.waiting_for:
            del self.running[key]
            self.ready.appendleft(_Task(task.stage, task.instance, task.attempt + 1))
