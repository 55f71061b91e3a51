"""Retries: work that failed is tried again after a pause, and ends the run once it has failed too often."""

from __future__ import annotations

from typing import Any

from workbench.architectures.items import parted
from workbench.architectures.operations import Now, Record, Say, StageFailed
from workbench.architectures.schedule import Key, Schedule, key_of
from workbench.architectures.training import Part
from workbench.runs.events import Recorded

LONGEST_PAUSE_S = 60.0


class Retries:
    """The pauses of one leader. How often work has failed is recorded, so that a new leader goes on counting."""

    def __init__(self, schedule: Schedule):
        self.schedule = schedule
        self.due_s: dict[Key, float] = {}

    def failed(self, worker: str, result: dict[str, Any]) -> Part:
        """A worker's report that work failed: (what is to be recorded, facts). StageFailed if the run cannot go on."""
        schedule, stage, cause = self.schedule, result["stage"], result["failed"]
        key = key_of(result)
        tries = self._count(worker, key, cause)
        told = schedule.told_key(result["instance"], stage, result.get("item"))
        if tries is None and schedule.stages[stage].retries:
            return [], []
        if tries:
            pause_s = min(LONGEST_PAUSE_S, schedule.stages[stage].backoff_s * 2 ** (tries - 1))
            self.due_s[key] = (yield Now()) + pause_s
            fact = Recorded(kind="retried", key=told, stage=stage, value=cause)
            return [(f"tried/{key[0]}/{key[1]}", tries)], [fact]
        final = Recorded(kind="failed", key=told, stage=stage, value=cause)
        if reason := schedule.fail(worker, result):
            yield Say(final)
            raise StageFailed(stage, reason)
        facts = [final, *schedule.news]
        schedule.news.clear()
        return [(f"failed/{key[0]}/{key[1]}", cause)], facts

    def _count(self, worker: str, key: Key, cause: str) -> int | None:
        """Which retry is to follow; 0 if none is, None if this has been counted, or is of an earlier try."""
        schedule = self.schedule
        schedule.held.setdefault(worker, set()).discard(key)
        task = schedule.running.get(key)
        if task is None or key in schedule.done:
            return None
        task.waiting_for.discard(worker)
        first, task.failure = not task.failure, cause
        tries = schedule.tries[key] = schedule.tries.get(key, 0) + first
        if tries > task.stage.retries:
            return 0
        schedule.again_if_nobody_is_left(key)
        return tries if first else None

    def lost(self, worker: str, work: dict[str, str]) -> Part:
        """A worker was lost over work that went beyond a limit of its stage; `work` says which."""
        instance, item = parted(work["of"])
        result: dict[str, Any] = {"stage": work["stage"], "instance": int(instance or 0), "failed": work["cause"]}
        entries, facts = yield from self.failed(worker, result if item is None else result | {"item": item})
        if entries:
            yield Record(tuple(entries))
        for fact in facts:
            yield Say(fact)

    def wait_s(self) -> Part:
        """How long it is until the next pause is over, None without one; tasks whose pause is over are ready."""
        if not self.schedule.paused:
            return None
        now_s = yield Now()
        for task in list(self.schedule.paused):
            if self.due_s.get(task.key, 0.0) <= now_s:
                self.schedule.paused.remove(task)
                self.schedule.ready.append(task)
        return min((self.due_s[task.key] - now_s for task in self.schedule.paused), default=None)
