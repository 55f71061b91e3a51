"""A run as an engine would tell it, without an engine: members, steps, failures and measurements, in order of time."""

from collections.abc import Iterator
from random import Random

import msgspec

from workbench.runs.events import (
    Event,
    FaultBegan,
    FaultEnded,
    Measured,
    OperationFinished,
    OperationStarted,
    Recorded,
    RunFinished,
    RunStarted,
    StepsFinished,
    WorkerFailed,
)

STAGES = ("data", "prepare", "train", "evaluate", "save")
BATCH = 256


class Story:
    """`rate` is steps per second of a whole team; `faults` maps a step to (kind, worker)."""

    def __init__(
        self,
        engine: str,
        combination: str,
        *,
        workers: int = 4,
        steps: int = 120,
        rate: float = 40.0,
        seed: int = 1,
        faults: dict[int, tuple[str, str]] | None = None,
    ) -> None:
        self.engine, self.combination, self.steps, self.rate = engine, combination, steps, rate
        self.random = Random(f"{engine} {combination} {seed}")
        self.team = [f"w{index}" for index in range(workers)]
        self.workers = workers
        self.faults = dict(faults or {})
        self.now = 0.0
        self.stopped = False

    def strike(self, kind: str, worker: str) -> None:
        """Break something before the next step."""
        self.faults[-1] = (kind, worker)

    def events(self) -> Iterator[list[Event]]:
        """Pieces of the story, each in order of time."""
        yield self._begin()
        yield self._alone("data", 0.12)
        yield self._alone("prepare", 0.18)
        yield self._each("perform train.open", 0.05, "train")
        for step in range(self.steps):
            struck = self.faults.pop(-1, None) or self.faults.pop(step, None)
            if struck:
                yield self._struck(*struck)
            if self.stopped or not self.team:
                break
            yield self._step(step)
        if not self.stopped:
            yield [Recorded(t_s=self.now, who="leader", kind="done", key="train", stage="train")]
            yield self._alone("evaluate", 0.08)
            if self.engine == "real":
                yield [Measured(t_s=self.now, name="accuracy", value=0.9683, stage="evaluate")]
            yield self._alone("save", 0.05)
        yield [RunFinished(t_s=self.now, outcome="stopped" if self.stopped else "finished")]

    def _begin(self) -> list[Event]:
        label = "measured" if self.engine == "real" else "extrapolated"
        members = ("leader", *self.team)
        return [
            RunStarted(
                engine=self.engine,
                combination=self.combination,
                seed=1,
                members=members,
                team=tuple(self.team),
                stages=STAGES,
                label=label,
            ),
            Recorded(who="leader", kind="elected", key="leader term 1"),
        ]

    def _operation(
        self, who: str, label: str, seconds: float, stage: str = "", outcome: str = "finished"
    ) -> list[Event]:
        start = OperationStarted(t_s=self.now, who=who, label=label, stage=stage)
        end = OperationFinished(t_s=self.now + seconds, who=who, label=label, stage=stage, outcome=outcome)
        return [start, end]

    def _alone(self, stage: str, seconds: float) -> list[Event]:
        worker = self.team[0]
        told = self._operation("leader", f"send do to {worker}", 0.001)
        told += self._operation(worker, f"perform {stage}.run", seconds, stage)
        self.now += seconds
        told += self._operation("leader", f"record {stage}", 0.004)
        told.append(Recorded(t_s=self.now, who="leader", kind="done", key=stage, stage=stage))
        self.now += 0.004
        return _ordered(told)

    def _each(self, label: str, seconds: float, stage: str) -> list[Event]:
        told = [event for worker in self.team for event in self._operation(worker, label, seconds, stage)]
        self.now += seconds
        return _ordered(told)

    def _step(self, step: int) -> list[Event]:
        whole = 1 / self.rate * self.workers / (len(self.team) + 0.2 * (self.workers - len(self.team)))
        spread = 0.12 if self.engine == "real" else 0.05
        work = {worker: whole * 0.62 * self.random.lognormvariate(0, spread) for worker in self.team}
        ready = max(work.values())
        exchange = whole * 0.3 * self.random.lognormvariate(0, spread)
        told: list[Event] = []
        begun = self.now
        for worker, seconds in work.items():
            self.now = begun
            told += self._operation(worker, "perform train.gradient", seconds, "train")
            self.now += seconds
            if self.combination == "ring":
                told += self._operation(worker, f"all-reduce over {' '.join(self.team)}", ready - seconds + exchange)
            else:
                told += self._operation(worker, "send gradient to w0", exchange * 0.4)
                self.now += exchange * 0.4
                told += self._operation(worker, "receive weights from w0", ready - seconds + exchange * 0.6)
        self.now = begun + ready + exchange
        told += self._each("perform train.apply", whole * 0.08, "train")
        told.append(
            StepsFinished(
                t_s=self.now, who=self.team[0], first=step, last=step, samples=BATCH, of=self.steps, stage="train"
            )
        )
        if self.engine == "real":
            loss = 0.12 + 2.2 * 0.97 ** (step * 120 / self.steps) * self.random.lognormvariate(0, 0.06)
            told.append(Measured(t_s=self.now, who=self.team[0], name="loss", value=loss, stage="train", step=step))
        return _ordered(told)

    def _struck(self, kind: str, worker: str) -> list[Event]:
        told: list[Event] = [FaultBegan(t_s=self.now, kind=kind, worker=worker, origin="script")]
        survivors = [name for name in self.team if name != worker]
        pause = 0.35 if self.engine == "real" else 0.25
        if kind == "freeze":
            told += self._operation(worker, "perform train.gradient", pause, "train")
            told += [event for name in survivors for event in self._operation(name, "all-reduce over all", pause)]
            self.now += pause
            return [*_ordered(told), FaultEnded(t_s=self.now, kind=kind, worker=worker)]
        told.append(OperationStarted(t_s=self.now, who=worker, label="perform train.gradient", stage="train"))
        told.append(WorkerFailed(t_s=self.now + 0.01, worker=worker, cause="crash"))
        self.team = survivors
        for name in survivors:
            told += self._operation(name, "all-reduce over all", pause, outcome="failed")
        self.now += pause
        for name in survivors:
            told += self._operation(name, f"agree over {' '.join(survivors)}", 0.03)
        self.now += 0.03
        return _ordered(told)


def _ordered(told: list[Event]) -> list[Event]:
    return sorted(told, key=lambda event: event.t_s)


def at(event: Event, seconds: float) -> Event:
    """The event at another time."""
    return msgspec.structs.replace(event, t_s=seconds)
