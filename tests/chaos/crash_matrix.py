"""A crash matrix: a pipeline of many items and a training, killed at drawn moments, and compared with the run that
nobody disturbed.

`make chaos` draws fifty moments from a seed that it prints; `--seed` and `--only` bring one of them back.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import multiprocessing
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import torn_writes

from workbench.document.text import read
from workbench.engines.control import Control
from workbench.engines.real import forkserver
from workbench.engines.real.run import RealRun
from workbench.engines.real.store import Store
from workbench.runs.events import OperationStarted, Recorded
from workbench.runs.folder import LOCK, RunWriter, read_run
from workbench.runs.lock import is_held
from workbench.runs.state import fold

VICTIMS = ("leader", "worker", "trainer", "run")
ORCHESTRATIONS = {  # who may die in it, and how it is written
    "single-leader": (VICTIMS, "{use: single-leader, with: {in_flight: 16, ordered: true}}"),
    "shared-nothing": (VICTIMS[1:], "{use: shared-nothing, with: {partitions: 4, lease: 1 s}}"),
}
WRITES = {
    "leader": ("commit",),
    "worker": ("artifact",),
    "trainer": ("commit",),
    "run": ("event", "commit", "artifact"),
}
EVERY_WRITE = 3  # of so many moments at least one lies inside a write
WORKERS = ("w0", "w1", "w2", "w3")
MOST_S = 240.0

TEXT = """
format: 1
name: Crash matrix
pipeline:
  stages:
    - {{id: rows, use: synthetic, with: {{rows: {rows}}}}}
    - {{id: prepare, use: prepare}}
    - {{id: reduce, use: pca, with: {{components: 8}}}}
    - {{id: train, use: train, with: {{hidden: [16], epochs: 2, batch_size: 64}}}}
    - {{id: evaluate, use: evaluate}}
    - {{id: save, use: save}}
  links:
    - rows.table -> prepare.table
    - prepare.dataset -> reduce.dataset
    - reduce.dataset -> train.dataset
    - train.model -> evaluate.model
    - reduce.dataset -> evaluate.dataset
    - train.model -> save.model
  groups:
    - {{id: parts, stages: [prepare, reduce], foreach: rows.table, partition: 40}}
cluster:
  workers: [{{id: w, count: 4}}]
architectures:
  - id: ring
    orchestration: {orchestration}
    training: {{use: ring-all-reduce, with: {{workers: 2, on_loss: restart, checkpoint_every: 10}}}}
workload: {{instances: 2}}
"""


@dataclass(frozen=True)
class Moment:
    """When somebody dies: at a share of the whole story, or inside a write of a kind, at a share of all such writes."""

    victim: str
    share: float
    write: str = ""
    worker: str = "w0"

    def __str__(self) -> str:
        where = f"inside a write ({self.write})" if self.write else "between writes"
        return f"{self.victim} {self.worker if self.victim == 'worker' else ''} at {self.share:.0%}, {where}"


def moments(seed: int, count: int, victims: tuple[str, ...] = VICTIMS) -> list[Moment]:
    """Victims in turn, times over the whole run, and more than a fifth of them inside a write."""
    draws = random.Random(seed)
    drawn = []
    for number in range(count):
        victim = victims[number % len(victims)]
        inside = number % EVERY_WRITE == 0
        write = draws.choice(WRITES[victim]) if inside else ""
        drawn.append(Moment(victim, draws.uniform(0.02, 0.98), write, draws.choice(WORKERS)))
    return drawn


# --- in the process of the run --------------------------------------------------------------------------------------


def carry_out(run, items, orchestration, moment, mark, events, resumes) -> None:
    """One run, whole, or until its moment: the process of a run that is to be killed."""
    _fork_from_here()
    text = TEXT.format(rows=40 * items, orchestration=ORCHESTRATIONS[orchestration][1])
    scenario = read(text).scenario
    chosen = scenario.architectures[0]
    writer = RunWriter.resumed(run) if resumes else RunWriter(run, text)
    with writer:
        real = RealRun(scenario, chosen, run.parent, writer, Control(), patience_s=60.0, resumes=resumes, fresh=True)
        if moment is not None:
            _lay(real, moment, mark, events)
        outcome = real.carry_out()
    os._exit(0 if outcome == "finished" else 1)


def _fork_from_here() -> None:
    """Members are forked from this process, as warm as the forkserver that it came from."""
    forkserver._context = lambda: multiprocessing.get_context("fork")
    forkserver._warm.set()
    forkserver._warming.append(threading.current_thread())


def _lay(real: RealRun, moment: Moment, mark: Path, events: int) -> None:
    """Have `moment` come to pass in a run that is about to begin; `events` are as many as the whole story has."""
    if not moment.write:
        _Watch(real, moment, mark, events)
        return
    writes = {"event": events // 60, "commit": events // 60, "artifact": events // 120}[moment.write]
    count = 1 + int(moment.share * max(1, writes))
    if moment.write == "event":
        torn_writes.in_event(torn_writes.Death(mark, count + 1), real.writer)
        return
    records = ["leader"] if real.job.deciders == ("leader",) else WORKERS
    who = records if moment.victim == "leader" or (moment.victim, moment.write) == ("run", "commit") else WORKERS
    who = [moment.worker] if moment.victim == "worker" else who
    real.supervisor.factory = "torn_writes:make"
    dies = os.getpid() if moment.victim == "run" else 0
    laid = {"who": list(who), "mark": str(mark), "count": count, "place": moment.write, "run": dies}
    real.supervisor.arguments |= laid


class _Watch:
    """Kills when so much of the story is told; a trainer as soon as there is one."""

    def __init__(self, real: RealRun, moment: Moment, mark: Path, events: int):
        self.real, self.moment, self.mark = real, moment, mark
        self.left = max(1, int(moment.share * events))
        self.write, self.training = real.writer.write, ""
        real.supervisor.gathering._write = self.see

    def see(self, event) -> None:
        self.write(event)
        if isinstance(event, OperationStarted) and event.label.startswith("perform train.gradient"):
            self.training = event.who
        self.left -= 1
        if self.left > 0 or self.mark.exists():
            return
        if self.moment.victim == "run":
            self.mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        who = {"leader": "leader", "worker": self.moment.worker, "trainer": self.training}[self.moment.victim]
        if who and self.real.supervisor.can_be_struck(who):
            self.mark.touch()
            self.real.supervisor.lives[who].process.signal(signal.SIGKILL)


# --- beside it --------------------------------------------------------------------------------------------------------


class Matrix:
    """The undisturbed run, and what is compared with it."""

    def __init__(self, room: Path, items: int, orchestration: str = "single-leader"):
        self.room, self.items, self.orchestration, self.count = room, items, orchestration, 0
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload([*forkserver._PRELOADED, "workbench.engines.real.run"])
        whole = self._begin(None)
        assert self._process(whole, None, False) == 0, "the undisturbed run does not finish"
        self.events = len(read_run(whole))
        self.outputs = outputs(whole)

    def _begin(self, moment: Moment | None) -> Path:
        self.count += 1
        return self.room / f"{self.count:03d}" / ("whole" if moment is None else moment.victim)

    def _process(self, run: Path, moment: Moment | None, resumes: bool, events: int = 0) -> int:
        run.parent.mkdir(parents=True, exist_ok=True)
        arguments = (run, self.items, self.orchestration, moment, run.parent / "struck", events, resumes)
        process = self._context.Process(target=carry_out, args=arguments)
        process.start()
        process.join(MOST_S)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise AssertionError(f"the run hangs: {run}")
        return process.exitcode

    def strike(self, moment: Moment) -> Path:
        """The folder of a run that was disturbed at that moment, and resumed if it was broken off."""
        events = self.events
        while True:
            run = self._begin(moment)
            code = self._process(run, moment, False, events)
            if (run.parent / "struck").exists():
                break
            assert code == 0 and events > 1, f"{moment}: the run failed before anybody was killed"
            events //= 2  # this run made fewer writes than the undisturbed one: groups of records are of any size
        if moment.victim == "run":
            assert code == -signal.SIGKILL
            self._resume(run)
        return run

    def _resume(self, run: Path) -> None:
        deadline = time.monotonic() + 60
        while is_held(run / LOCK):  # forked members hold it with their parent, until they have died, too
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert self._process(run, None, True) == 0, "the resumed run does not finish"

    def differences(self, run: Path) -> list[str]:
        """What is not as in the undisturbed run, item by item; nothing, if all is well."""
        found, events = outputs(run), read_run(run)
        wrong = [f"{key} is lost" for key in self.outputs.keys() - found.keys()]
        wrong += [f"{key} is too much" for key in found.keys() - self.outputs.keys()]
        wrong += [f"{key} differs" for key in self.outputs.keys() & found.keys() if self.outputs[key] != found[key]]
        told = [e.key for e in events if isinstance(e, Recorded) and e.kind == "done"]
        wrong += [f"{key} is told {told.count(key)} times" for key in set(told) if told.count(key) != 1]
        if len(told) != list(self.outputs.values()).count("recorded"):
            wrong.append(f"{len(told)} results are told")
        state = fold(events)
        if state.outcome != "finished" or state.tasks.twice or state.tasks.unfounded:
            wrong.append(f"{state.outcome}, {state.tasks.twice} twice, {state.tasks.unfounded} without work")
        return sorted(wrong)


def outputs(run: Path) -> dict[str, str]:
    """What each item led to: the names of its artifacts, and of files the bytes. A damaged artifact is none."""
    found = {}
    recorded = Store(run).recall()
    for key in [key for key in recorded if "done/" in key]:
        ports = recorded[key]
        for port, digest in ports.items():
            if not isinstance(digest, str):  # something that the stage found, such as how many items there are
                found[f"{key}.{port}"] = str(digest)
                continue
            data = (run / "artifacts" / digest).read_bytes()
            found[f"{key}.{port}"] = digest if hashlib.sha256(data).hexdigest() == digest else "damaged"
        found[key] = "recorded"
    for path in sorted((run / "outbox").rglob("*")):
        found[f"file {path.name}"] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def main() -> int:
    """Carry the matrix out, and print a line for each moment; exit code 1 if anything differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moments", type=int, default=50)
    parser.add_argument("--items", type=int, default=100, help="of each of two instances")
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(3), "big"))
    parser.add_argument("--orchestration", default="single-leader", choices=ORCHESTRATIONS)
    parser.add_argument("--only", type=int, help="the number of one moment")
    chosen = parser.parse_args()
    print(f"seed {chosen.seed}, {chosen.moments} moments, 2 instances of {chosen.items} items", flush=True)
    room, failed = Path(tempfile.mkdtemp(prefix="crash-matrix-")), 0
    matrix = Matrix(room, chosen.items, chosen.orchestration)
    print(f"undisturbed: {matrix.events} events, {len(matrix.outputs)} outputs", flush=True)
    for number, moment in enumerate(moments(chosen.seed, chosen.moments, ORCHESTRATIONS[chosen.orchestration][0])):
        if chosen.only not in (None, number):
            continue
        try:
            run = matrix.strike(moment)
            wrong = matrix.differences(run)
        except AssertionError as error:
            wrong = [str(error)]
        failed += bool(wrong)
        print(f"{number:3d}  {'DIFFERS' if wrong else 'equal  '}  {moment}  {'; '.join(wrong[:4])}", flush=True)
        if not wrong:
            shutil.rmtree(run.parent)
    print(f"{failed} of {chosen.moments} moments changed something" + (f"; see {room}" if failed else ""))
    if not failed:
        shutil.rmtree(room)
    return 1 if failed else 0


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main())
