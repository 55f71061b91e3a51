"""Each kind of fault against each architecture, for real: in how many seconds it goes on, and what is kept.

A cell says how long nothing moved, and the throughput from the fault to the end as a share of that of the same part of
a run without faults; and how many items were lost, if any were. What does not end within the limit would be a hang;
there is to be none. `--only ring` or `--only storage-full` carries out a part of the table.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

from workbench.architectures.check import check_all
from workbench.engines.control import Control
from workbench.engines.real.limits import refusals
from workbench.engines.real.run import RealRun
from workbench.runs.events import FaultBegan
from workbench.runs.folder import RunWriter, read_run
from workbench.runs.numbers import numbers, rates
from workbench.runs.state import RunState, fold
from workbench.runs.verdicts import verdicts

LIMIT_S = 90.0
EPOCHS = 16
STRUCK_S = 0.8
PATIENCE_S = 5.0  # until who is silent is declared lost
HANG, REFUSED = "HANG", "–"

ITEMS = """
    - {id: rows, use: synthetic, with: {rows: 2000}}
    - {id: prepare, use: prepare}
  links:
    - rows.table -> prepare.table
"""
TRAINING = """
    - {id: rows, use: synthetic, with: {rows: 4096, features: 64, classes: 10}}
    - {id: prepare, use: prepare}
    - {id: train, use: train, with: {hidden: [256, 256], epochs: EPOCHS, batch_size: 512}}
  links:
    - rows.table -> prepare.table
    - prepare.dataset -> train.dataset
"""
SCENARIO = """
format: 1
name: Fault table
pipeline:
  stages:PIPELINE
cluster:
  workers: [{id: w, count: 4}]
  network: {bandwidth: 1 Gbit/s, latency: 200 us}
architectures:
  - {id: one, ARCHITECTURE}
workload: {WORKLOAD}
run: {RUN}
faults: [FAULTS]
"""


@dataclass(frozen=True)
class Tried:
    """An architecture of the table: how it is written, and when something breaks in it."""

    written: str
    trains: bool = True
    after_steps: int = 50

    @property
    def workload(self) -> str:
        return "instances: 1" if self.trains else "instances: 80, arrivals: regular, rate: 40 /s"


ARCHITECTURES = {
    "single leader": Tried("orchestration: {use: single-leader}", trains=False),
    "shared-nothing": Tried("orchestration: {use: shared-nothing, with: {lease: 1 s}}", trains=False),
    "ring, shrinks": Tried("training: {use: ring-all-reduce, with: {workers: 3, checkpoint_every: 20}}"),
    "ring, restarts": Tried(
        "training: {use: ring-all-reduce, with: {workers: 3, on_loss: restart, checkpoint_every: 20}}"
    ),
    "server": Tried("training: {use: parameter-server, with: {workers: 2, checkpoint_every: 20}}"),
    "servers, asynchronous": Tried(
        "training: {use: parameter-server, with: {workers: 2, servers: 2, mode: asynchronous, checkpoint_every: 20}}"
    ),
    "federated": Tried(
        "training: {use: federated, with: {clients: 3, rounds: 30, checkpoint_every: 5}}", after_steps=12
    ),
    "pipeline parallel": Tried("training: {use: pipeline-parallel, with: {stages: 3, checkpoint_every: 20}}"),
    "tensor parallel": Tried("training: {use: tensor-parallel, with: {tensor: 2, checkpoint_every: 20}}"),
    "fully sharded": Tried("training: {use: fully-sharded, with: {workers: 2, checkpoint_every: 20}}"),
}
NOTHING, NOTHING_SHAPED = "nothing", "nothing, on shaped links"
KINDS = {  # what breaks, and whether links have to be shaped for that
    NOTHING: ("", False),
    NOTHING_SHAPED: ("", True),
    "crash": ("{kind: crash, worker: w1, WHEN}", False),
    "crash, back after 1 s": ("{kind: crash, worker: w1, lasts: 1 s, WHEN}", False),
    "leader-crash": ("{kind: leader-crash, WHEN}", False),
    "freeze 1 s": ("{kind: freeze, worker: w1, lasts: 1 s, WHEN}", False),
    "freeze for ever": ("{kind: freeze, worker: w1, WHEN}", False),
    "two crash": ("{kind: crash, workers: [w0, w1], WHEN}", False),
    "slow-down 4x, 1 s": ("{kind: slow-down, worker: w1, factor: 4, lasts: 1 s, WHEN}", False),
    "storage-full 1 s": ("{kind: storage-full, lasts: 1 s, WHEN}", False),
    "corrupt-checkpoint": ("{kind: corrupt-checkpoint, WHEN}, {kind: crash, worker: w1, LATER}", False),
    "slow-link 20 ms, 1 s": ("{kind: slow-link, worker: w1, latency: 20 ms, lasts: 1 s, WHEN}", True),
    "partition 1 s": ("{kind: partition, worker: w1, lasts: 1 s, WHEN}", True),
    "partition for ever": ("{kind: partition, worker: w1, WHEN}", True),
}


@dataclass(frozen=True)
class Cell:
    """What a fault did to an architecture."""

    outcome: str  # finished, failed, HANG, or refused
    struck: bool = False
    standstill_s: float = 0.0
    rate: float = 0.0  # samples or instances a second from the fault on, or from the same moment without one
    kept: float | None = None
    lost_items: int = 0
    reason: str = ""

    def __str__(self) -> str:
        if self.outcome in (HANG, REFUSED):
            return self.outcome
        if not self.struck:
            return f"{self.rate:,.0f}/s" if self.outcome == "finished" else self.outcome
        if self.outcome != "finished":
            return self.outcome
        kept = "" if self.kept is None else f" · {100 * self.kept:.0f} %"
        return f"{self.standstill_s:.2f} s{kept}" + (f" · {self.lost_items} LOST" if self.lost_items else "")


def text_of(architecture: Tried, kind: str, epochs: int = EPOCHS) -> str:
    """The scenario of a cell."""
    faults, shaped = KINDS[kind]
    step = architecture.after_steps
    when, later = (
        (f"at_step: {step}", f"at_step: {step + 6}")
        if architecture.trains
        else (f"at: {STRUCK_S:g} s", f"at: {STRUCK_S + 0.1:g} s")
    )
    filled = {
        "PIPELINE": TRAINING.replace("EPOCHS", str(epochs)) if architecture.trains else ITEMS,
        "ARCHITECTURE": architecture.written,
        "WORKLOAD": architecture.workload,
        "RUN": "seed: 3" + (", links: shaped" if shaped else ""),
        "FAULTS": faults.replace("WHEN", when).replace("LATER", later),
    }
    text = SCENARIO
    for name, value in filled.items():
        text = text.replace(name, value)
    return text


def carry_out(
    architecture: str, kind: str, folder: Path, usual: float = 0.0, limit_s: float = LIMIT_S, epochs: int = EPOCHS
) -> Cell:
    """One cell of the table; `usual` is the rate of the same part of a run without faults, where it is known."""
    text = text_of(ARCHITECTURES[architecture], kind, epochs)
    document = check_all(text, folder)
    if document.refused:
        return Cell(REFUSED, reason="; ".join(problem.told() for problem in document.refused))
    combination = document.scenario.combination("one")
    if said := refusals(document.scenario, combination):
        return Cell(REFUSED, reason="; ".join(said))
    control, run = Control(), folder / f"{architecture}, {kind}".replace(" ", "-")
    watchdog = threading.Timer(limit_s, control.put, [{"command": "stop"}])
    watchdog.start()
    try:
        with RunWriter(run, text) as writer:
            real = RealRun(document.scenario, combination, folder, writer, control, PATIENCE_S, fresh=True)
            outcome = real.carry_out()
    finally:
        watchdog.cancel()
    return cell_of(run, outcome, ARCHITECTURES[architecture], usual)


def cell_of(run: Path, outcome: str, architecture: Tried, usual: float = 0.0) -> Cell:
    """What the story of a run comes to."""
    events = read_run(run)
    state = fold(events)
    if outcome == "stopped":
        return Cell(HANG)
    struck_s = next((event.t_s for event in events if isinstance(event, FaultBegan)), None)
    rate = _rate(state, architecture, struck_s)
    if struck_s is None:
        return Cell(outcome, rate=rate, reason=state.reason)
    found = verdicts(state, numbers(state))
    longest_s = max(verdict.recovery.seconds for verdict in found)
    kept = rate / usual if usual else None
    return Cell(outcome, True, longest_s, rate, kept, found[-1].lost_items or 0, state.reason)


def _rate(state: RunState, architecture: Tried, struck_s: float | None) -> float:
    """Samples of a training, or instances, a second: from the fault on, or from where it would have struck."""
    if architecture.trains:
        steps = min(architecture.after_steps, len(state.step_times)) - 1
        from_s = state.step_times[steps][0] if struck_s is None and steps >= 0 else struck_s or 0.0
        return rates(state, from_s, state.step_times[-1][0]).get("samples_per_second", 0.0) if steps >= 0 else 0.0
    from_s, times = (struck_s or STRUCK_S), state.instance_times
    late = [t_s for t_s in times if t_s > from_s]
    return len(late) / (late[-1] - from_s) if late else 0.0


def main() -> int:
    """Print the table as Markdown, and below it why a cell is not as the others; exit code 1 for a hang or a loss."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="part of the name of an architecture or of a kind")
    chosen, cells = parser.parse_args(), {}
    with tempfile.TemporaryDirectory(prefix="fault-table-") as room:
        print("| fault | " + " | ".join(ARCHITECTURES) + " |\n|" + "---|" * (len(ARCHITECTURES) + 1), flush=True)
        for kind, (_, shaped) in KINDS.items():
            row = []
            for name in ARCHITECTURES:
                if chosen.only in f"{kind} {name}" or kind in (NOTHING, NOTHING_SHAPED):
                    usual = cells.get((NOTHING_SHAPED if shaped else NOTHING, name))
                    cells[kind, name] = carry_out(name, kind, Path(room), usual.rate if usual else 0.0)
                row.append(str(cells.get((kind, name), "")))
            print(f"| {kind} | " + " | ".join(row) + " |", flush=True)
    print()
    for (kind, name), cell in cells.items():
        if cell.reason:
            print(f"{kind} against {name}: {cell.reason}")
    bad = sum(cell.outcome == HANG or cell.lost_items > 0 for cell in cells.values())
    print(f"{bad} cells with a hang or a loss")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
