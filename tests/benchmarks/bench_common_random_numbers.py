"""What common random numbers save: the variance of a difference with the same seed on both sides, and with another.

Two combinations are compared in replications. In replication r both meet the same arrivals, the same faults and the
same luck of each worker, because their streams are named by the scenario's seed and r, and not by the combination. The
variance of their difference then says how many replications a comparison needs: by the factor printed, fewer than if
each combination had random numbers of its own (Law, "Simulation Modeling and Analysis", 5th ed., 11.2). Where only the
speed of workers varies, little is saved: other workers compute the gradients of a ring than those of a server.
"""

import sys
import tempfile
from pathlib import Path
from statistics import fmean, variance

from workbench.document.text import read
from workbench.engines.control import Control
from workbench.runs.report import build
from workbench.studies.compare import Comparison, carry_out

PIPELINE = """
format: 1
pipeline:
  stages:
    - {id: digits, use: sample, with: {name: digits}}
    - {id: prepare, use: prepare}
    - {id: train, use: train, with: {hidden: [32], epochs: EPOCHS, batch_size: 64}}
    - {id: evaluate, use: evaluate}
  links:
    - digits.table -> prepare.table
    - prepare.dataset -> train.dataset
    - train.model -> evaluate.model
    - prepare.dataset -> evaluate.dataset
cluster:
  workers:
    - {id: w, count: 3, variation: 0.3}
architectures:
  - {id: ring, training: {use: ring-all-reduce, with: {workers: 2}}}
  - {id: server, training: {use: parameter-server, with: {workers: 2}}}
"""
QUESTIONS = {
    "arrivals at random": (
        PIPELINE.replace("EPOCHS", "1") + "workload: {instances: 12, arrivals: poisson, rate: 80 /s}\n",
        "instances_per_second",
    ),
    "workers that freeze at random": (
        PIPELINE.replace("EPOCHS", "60") + "faults: [{kind: freeze, every: 100 ms, lasts: 40 ms}]\n",
        "duration_s",
    ),
    "workers of varying speed": (PIPELINE.replace("EPOCHS", "10"), "duration_s"),
}
REPLICATIONS = 32
SEED, ANOTHER = 3, 1_000_003


def figures(text, metric, seed, replications, folder):
    """Combination -> the figure in each replication."""
    text += f"run: {{seed: {seed}, replications: {replications}}}\n"
    out = Path(folder) / str(seed)
    outcomes = carry_out(Comparison(text, read(text).scenario, out, out, ("simulated",)), Control())
    assert set(outcomes) == {"finished"}
    return {
        row.combination: [run.numbers[metric] for run in sorted(row.simulated.runs, key=lambda run: run.replication)]
        for row in build(out).rows
    }


def variances(text, metric, replications):
    """(mean difference, its variance with the same seed on both sides, its variance with a seed for each side)."""
    with tempfile.TemporaryDirectory() as folder:
        one = figures(text, metric, SEED, replications, folder)
        other = figures(text, metric, ANOTHER, replications, folder)
    common = [ring - server for ring, server in zip(one["ring"], one["server"], strict=True)]
    apart = [ring - server for ring, server in zip(one["ring"], other["server"], strict=True)]
    return fmean(common), variance(common), variance(apart)


def main(replications):
    print(f"ring less server, {replications} replications, simulated")
    print(f"{'question':32}{'metric':22}{'difference':>12}{'var, common':>14}{'var, apart':>14}{'fewer runs':>12}")
    for question, (text, metric) in QUESTIONS.items():
        mean, common, apart = variances(text, metric, replications)
        print(f"{question:32}{metric:22}{mean:12.4g}{common:14.3g}{apart:14.3g}{apart / common:11.1f}×")


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else REPLICATIONS)
