"""Data-parallel training of a model whose steps take 20 ms and more, beside a plain torch DDP script of the same model.

Two processes of one thread each, the same rows in the same order, alternating; medians of the steps' wall time. The
script is what its documentation shows, without checkpoints, record, narration or supervision.
"""

import os
import statistics
import tempfile
import time
from itertools import pairwise
from pathlib import Path

import torch
import torch.distributed as dist
import torch.multiprocessing as mp

from workbench.document.text import read
from workbench.engines.control import Control
from workbench.runs.events import StepsFinished
from workbench.runs.folder import read_run
from workbench.studies.compare import Comparison, carry_out

ROUNDS, STEPS, WARM_UP = int(os.environ.get("ROUNDS", "5")), 80, 10
FEATURES, HIDDEN, ROWS, BATCH, MEMBERS, RATE = 64, (512, 512), 20480, 2048, 2, 0.001
EPOCHS = STEPS * BATCH // ROWS
TEXT = f"""
format: 1
name: Data parallel, large steps
pipeline:
  stages:
    - {{id: rows, use: synthetic, with: {{rows: {int(ROWS / 0.8)}, features: {FEATURES}, classes: 10}}}}
    - {{id: prepare, use: prepare, with: {{held_out: 0.2}}}}
    - id: train
      use: train
      with: {{hidden: {list(HIDDEN)}, epochs: {EPOCHS}, batch_size: {BATCH}, learning_rate: {RATE}}}
  links:
    - rows.table -> prepare.table
    - prepare.dataset -> train.dataset
cluster:
  workers: [{{id: w, count: {MEMBERS}, accelerator: cpu-core, memory: 8 GB}}]
  network: {{bandwidth: 8 Gbit/s, latency: 150 us, collectives: gloo}}
architectures:
  - {{id: ring, training: {{use: ring-all-reduce}}}}
run: {{seed: 1}}
"""


def ours():
    """Median seconds of a step of the real engine, as its members tell them."""
    with tempfile.TemporaryDirectory() as room:
        study = Comparison(
            text=TEXT, scenario=read(TEXT).scenario, folder=Path(room), out=Path(room), engines=("real",), fresh=True
        )
        assert carry_out(study, Control()) == ["finished"]
        events = read_run(study.path("real", "ring", 0))
    first = next(event.who for event in events if isinstance(event, StepsFinished))
    told = [event.t_s for event in events if isinstance(event, StepsFinished) and event.who == first]
    assert len(told) == STEPS
    return _median(told)


def plain():
    """Median seconds of a step of the DDP script."""
    with tempfile.TemporaryDirectory() as room:
        mp.spawn(_rank, (room,), MEMBERS)
        return _median([float(line) for line in (Path(room) / "steps").read_text().split()])


def _median(told_s):
    return statistics.median(after - before for before, after in pairwise(told_s[WARM_UP:]))


def _rank(rank, room):
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{room}/meet", rank=rank, world_size=MEMBERS)
    torch.manual_seed(1)
    table = torch.randn(ROWS, FEATURES), torch.randint(0, 10, (ROWS,))
    widths = (FEATURES, *HIDDEN, 10)
    layers = [torch.nn.Linear(before, after) for before, after in pairwise(widths)]
    inner = [part for layer in layers[:-1] for part in (layer, torch.nn.ReLU())]
    model = torch.nn.parallel.DistributedDataParallel(torch.nn.Sequential(*inner, layers[-1]))
    optimiser = torch.optim.Adam(model.parameters(), RATE)
    told = []
    for epoch in range(EPOCHS):
        order = torch.randperm(ROWS, generator=torch.Generator().manual_seed(epoch))
        for batch in order.split(BATCH):
            own = batch.chunk(MEMBERS)[rank]
            optimiser.zero_grad()
            torch.nn.functional.cross_entropy(model(table[0][own]), table[1][own]).backward()
            optimiser.step()
            told.append(time.monotonic())
    if rank == 0:
        (Path(room) / "steps").write_text("\n".join(map(str, told)))
    dist.barrier()
    dist.destroy_process_group()


def main():
    both = [(ours(), plain()) for _ in range(ROUNDS)]
    own, script = (1000 * statistics.median(took) for took in zip(*both, strict=True))
    ratio = statistics.median(own_s / script_s for own_s, script_s in both)
    print(f"a step here: {own:.1f} ms; a step of the DDP script: {script:.1f} ms")
    print(f"here / script, median of {ROUNDS} pairs: {ratio:.3f}")


if __name__ == "__main__":
    main()
