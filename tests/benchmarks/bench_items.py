"""What an item costs whose work is nothing: in the real engine, in a process pool, in Dask and in Luigi, if installed.

One warm worker each, and the best of three, taken in turns. `ITEMS=1000` looks at fewer items.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import psutil

sys.path.insert(0, str(Path(__file__).parent))

import noop_items  # noqa: F401 - it names the stage

from workbench.architectures.operations import Perform
from workbench.document.text import read
from workbench.engines.control import Control
from workbench.engines.real.earlier import Earlier
from workbench.engines.real.run import RealRun
from workbench.engines.real.workshop import Workshop
from workbench.runs.events import Event, OperationStarted, Recorded
from workbench.runs.folder import RunWriter

ITEMS = int(os.environ.get("ITEMS", "10000"))
OTHERS = int(os.environ.get("OTHERS", "1000"))  # items of what takes milliseconds for each
TIMES = int(os.environ.get("TIMES", "3"))
INLINE_S, TIMES_A_POOL = 1e-3, 2.0
TEXT = """
format: 1
name: Items of nothing
pipeline:
  stages:
    - {{id: read, use: synthetic, with: {{rows: {rows}, features: 1}}}}
    - {{id: nothing, use: no-op}}
  links:
    - read.table -> nothing.table
  groups:
    - {{id: all, stages: [nothing], foreach: read.table, partition: 1}}
cluster: {{workers: [{{id: w, count: 1}}]}}
architectures:
  - {{id: leader, orchestration: {{use: single-leader, with: {{in_flight: {in_flight}, ahead: 64}}}}}}
"""


class Watch:
    """Takes the events of a run in, in the place of a writer: when items began and ended, and how members grew."""

    def __init__(self, run: RealRun):
        self.run, self.write = run, run.writer.write
        self.began_s = self.ended_s = 0.0
        self.done = 0
        self.bytes: dict[str, list[int]] = {name: [] for name in run.supervisor.lives}
        run.supervisor.gathering._write = self.see

    def see(self, event: Event) -> None:
        self.write(event)
        if isinstance(event, OperationStarted) and event.stage == "nothing":
            self.began_s = self.began_s or event.t_s
        if isinstance(event, Recorded) and event.kind == "done" and event.stage == "nothing":
            self.done, self.ended_s = self.done + 1, event.t_s
            if self.done % (ITEMS // 10) == 0:
                for name, life in self.run.supervisor.lives.items():
                    assert life.process is not None and life.process.pid is not None
                    with contextlib.suppress(psutil.NoSuchProcess):  # it may have finished, and be gone
                        self.bytes[name].append(psutil.Process(life.process.pid).memory_info().rss)

    @property
    def growth_bytes(self) -> dict[str, int]:
        """From the tenth part of the items to all of them."""
        return {name: found[-1] - found[0] for name, found in self.bytes.items() if len(found) > 1}


def carried_out(room: Path, factory: str) -> Watch:
    text = TEXT.format(rows=ITEMS, in_flight=256)
    scenario = read(text).scenario
    with RunWriter(room, text) as writer:
        run = RealRun(scenario, scenario.architectures[0], room, writer, Control(), fresh=True)
        run.supervisor.factory = f"noop_items:{factory}"
        watch = Watch(run)
        assert run.carry_out() == "finished" and watch.done == ITEMS
    return watch


worked_s: list[float] = []  # of processor time, an item carried out inline; the rest is waiting for disk and others


def inline_s(room: Path) -> float:
    """Seconds an item, of a member that is asked for one after another and hears from nobody else."""
    text = TEXT.format(rows=ITEMS, in_flight=256)
    scenario = read(text).scenario
    with RunWriter(room, text) as writer:
        earlier = Earlier(scenario, scenario.architectures[0], room, writer.path, True)
        shop = Workshop("w0", scenario, room, writer.path, lambda event: None, earlier, 256)
        table = shop.perform(Perform("read", "run", {}))["table"]
        began, worked = time.perf_counter(), time.process_time()
        for item in range(ITEMS):
            shop.perform(Perform("nothing", "run", {"table": table}, f"[{item}]"))
        worked_s.append((time.process_time() - worked) / ITEMS)
        return (time.perf_counter() - began) / ITEMS


def nothing(item: int) -> int:
    return item


def pool_s(chunk: int) -> float:
    with ProcessPoolExecutor(1) as pool:
        pool.submit(nothing, 0).result()
        began = time.perf_counter()
        assert sum(1 for _ in pool.map(nothing, range(ITEMS), chunksize=chunk)) == ITEMS
        return (time.perf_counter() - began) / ITEMS


def dask_s() -> float | None:
    try:
        from distributed import Client
    except ImportError:
        return None
    with Client(n_workers=1, threads_per_worker=1, dashboard_address=None, silence_logs=50) as client:
        client.submit(nothing, -1).result()
        began = time.perf_counter()
        assert len(client.gather(client.map(nothing, range(OTHERS), pure=False))) == OTHERS
        return (time.perf_counter() - began) / OTHERS


def luigi_s() -> float | None:
    try:
        import luigi
    except ImportError:
        return None

    class Nothing(luigi.Task):
        item = luigi.IntParameter()

        def complete(self) -> bool:
            return getattr(self, "ran", False)

        def run(self) -> None:
            self.ran = True

    began = time.perf_counter()
    assert luigi.build([Nothing(item=item) for item in range(OTHERS)], local_scheduler=True, log_level="ERROR")
    return (time.perf_counter() - began) / OTHERS


def main() -> None:
    os.environ["WORKBENCH_HOME"] = tempfile.mkdtemp(prefix="bench-items-")
    room = Path(os.environ["WORKBENCH_HOME"])
    count = iter(range(1000))
    watches: list[Watch] = []

    def engine(factory: str) -> Callable[[], float]:
        def carry_out() -> float:
            watches.append(carried_out(room / f"run{next(count)}", factory))
            return (watches[-1].ended_s - watches[-1].began_s) / ITEMS

        return carry_out

    ways: dict[str, Callable[[], float | None]] = {
        "inline, rows read and results kept": lambda: inline_s(room / f"run{next(count)}"),
        "engine, batches of 64, recorded": engine("without_values"),
        "engine, rows read and results kept too": engine("with_values"),
        "process pool, one by one": lambda: pool_s(1),
        "process pool, chunks of 64": lambda: pool_s(64),
        "Dask distributed": dask_s,
        "Luigi": luigi_s,
    }
    found: dict[str, list[Any]] = {name: [] for name in ways}
    for _ in range(TIMES):
        for name, way in ways.items():
            found[name].append(way())
    best = {name: min(times) for name, times in found.items() if None not in times}
    for name in ways:
        told = f"{best[name] * 1e6:8.0f} us an item" if name in best else "not installed"
        print(f"{name:40s} {told}")
    inline, engine_s, pool = (best[name] for name in [*list(ways)[:2], "process pool, one by one"])
    worked = min(worked_s) * 1e3
    print(f"inline: {inline * 1e3:.2f} ms an item, {worked:.2f} ms of work (target {INLINE_S * 1e3:g})")
    print(f"engine: {engine_s / pool:.2f} times the process pool, one by one (target {TIMES_A_POOL:g})")
    for name in watches[0].bytes:
        bytes_ = max((watch.growth_bytes.get(name, 0) for watch in watches), default=0)
        print(f"{name}: grew by {bytes_ / 1e6:.1f} MB from {ITEMS // 10} to {ITEMS} items")


if __name__ == "__main__":
    main()
