"""A pool: the simulated runs of a comparison on several cores, each in a process of its own making.

A run depends on its scenario, seed and replication alone, so that its events are the same bytes wherever it is carried
out. Processes are spawned: whoever asks may have threads and a window, which no copy of it should inherit.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

from workbench.document.scenario import Scenario
from workbench.engines.control import Command, Control
from workbench.engines.window import Window

Notify = Callable[[dict[str, Any]], None]
LOOK_S = 0.05  # between two looks at the commands

_stop: Event | None = None  # of this process, if it is one of a pool


@dataclass(frozen=True)
class Task:
    """One simulated run, in words that travel: `folder` is where the scenario lies, `path` the run's own folder."""

    text: str
    folder: str
    path: str
    combination: str
    replication: int
    messages: Window | None = None


class _UntilStopped(Control):
    """The commands of a run in a pool: none but to stop, once."""

    def __init__(self, stop: Event):
        super().__init__()
        self._stop, self._told = stop, False

    def poll(self) -> list[Command]:
        if self._told or not self._stop.is_set():
            return []
        self._told = True
        return [{"command": "stop"}]


def carry_out(tasks: Sequence[Task], workers: int, control: Control, notify: Notify) -> list[str]:
    """Carry out the tasks on `workers` processes; the outcomes of those that were begun, in the order of the tasks.

    `stop` and an interrupt stop what runs, and nothing more is begun; "stopped" is then among the outcomes even if
    what ran had just finished. Other commands concern one run that somebody watches: they are told to be a problem.
    What a run raises is raised here, when the others have been stopped.
    """
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_begin, initargs=(stop,)) as executor:
        batch = _Batch(tasks, workers, executor, stop, notify)
        try:
            batch.carry_out(control)
            asked = stop.is_set()
        finally:
            stop.set()  # before the executor waits for what still runs
    outcomes = [batch.outcomes[index] for index in sorted(batch.outcomes)]
    return [*outcomes, "stopped"] if asked and "stopped" not in outcomes else outcomes


class _Batch:
    """Tasks on their way through an executor; `outcomes` are those of the tasks, by their index, that have ended."""

    def __init__(self, tasks: Sequence[Task], workers: int, executor: ProcessPoolExecutor, stop: Event, notify: Notify):
        self.tasks, self.workers, self.executor, self.stop, self.notify = tasks, workers, executor, stop, notify
        self.begun = 0
        self.running: dict[Future[str], int] = {}
        self.outcomes: dict[int, str] = {}

    def carry_out(self, control: Control) -> None:
        try:
            while self._begin_more():
                self._gather(LOOK_S)
                for command in control.poll():
                    self._obey(command)
        except KeyboardInterrupt:
            self.stop.set()
            while self.running:
                self._gather()

    def _begin_more(self) -> bool:
        """Begin runs until every worker has one; whether any is running."""
        while len(self.running) < self.workers and self.begun < len(self.tasks) and not self.stop.is_set():
            task = self.tasks[self.begun]
            with _deaf_to_interrupts():
                self.running[self.executor.submit(_one, task)] = self.begun
                self.begun += 1
            self.notify({"started": task.path})
        return bool(self.running)

    def _gather(self, most_s: float | None = None) -> None:
        """Take over the runs that have ended, after waiting for one of them."""
        for future in wait(self.running, most_s, FIRST_COMPLETED).done:
            index = self.running.pop(future)
            self.outcomes[index] = future.result()
            self.notify({"finished": self.tasks[index].path, "outcome": self.outcomes[index]})

    def _obey(self, command: Command) -> None:
        if command["command"] == "stop":
            self.stop.set()
        else:
            self.notify({"problem": f"{command['command']}: not while several runs go on at once"})


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """A process that is spawned meanwhile never hears an interrupt: its parent does, and stops its run in order."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


# --- in a process of the pool ----------------------------------------------------------------------------------------


def _begin(stop: Event) -> None:
    global _stop
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _stop = stop
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """An executor that was killed tells its processes nothing: they would wait for work for ever."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


@lru_cache(1)
def _scenario(text: str) -> Scenario:
    """Read once for all replications, so that they share what their team's steps take."""
    from workbench.document.text import read

    return read(text).scenario


def _one(task: Task) -> str:
    from workbench.engines.simulated import run as simulated
    from workbench.runs.folder import RunWriter

    assert _stop is not None
    scenario = _scenario(task.text)
    chosen = scenario.combination(task.combination)
    assert chosen is not None
    about = {"engine": "simulated", "combination": task.combination, "folder": task.folder}
    with RunWriter(Path(task.path), task.text, about) as writer:
        control = _UntilStopped(_stop)
        arguments = (scenario, chosen, Path(task.folder), writer, control, task.replication)
        return simulated.carry_out(*arguments, messages=task.messages)
