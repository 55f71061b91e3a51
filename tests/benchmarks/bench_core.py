"""What one core reaches on a training step: the figures of `cpu-core` in the catalogue of accelerators.

CPU seconds of the process, so that a busy machine does not matter much.
"""

import time
from pathlib import Path

import torch

from workbench.catalogues.accelerators import ACCELERATORS
from workbench.stages.base import Context
from workbench.stages.registry import STAGES
from workbench.stages.values import size_of

SHAPES = (((128,), 64, 500), ((512, 512), 256, 50), ((1024, 1024), 512, 20))  # hidden layers, batch, times


def cpu_s(work, times):
    for _ in range(10):
        work()
    began = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - began) / times


def learner_and_cost(hidden, batch_size, dataset, context):
    stage = STAGES["train"](hidden=hidden, epochs=1, batch_size=batch_size)
    return stage.learner({"dataset": dataset}, context), stage.step_cost({"dataset": size_of(dataset)})


def main():
    torch.set_num_threads(1)
    context = Context(folder=Path("."), outbox=Path("."), seed=1)
    table = STAGES["sample"](name="digits").work({}, context)
    dataset = STAGES["prepare"]().work(table, context)["dataset"]
    core = ACCELERATORS["cpu-core"]
    print(f"{'hidden':>12} {'batch':>6} {'gradient':>10} {'apply':>10} {'reached':>14} {'catalogue says':>15}")
    for hidden, batch_size, times in SHAPES:
        learner, cost = learner_and_cost(hidden, batch_size, dataset, context)
        gradient = learner.gradient(0, 0, 1)
        gradient_s = cpu_s(lambda learner=learner: learner.gradient(0, 0, 1), times)
        apply_s = cpu_s(lambda learner=learner, total=gradient: learner.apply(learner.step, total), times)
        said_s = cost.operations / core.operations_per_s + core.call_s
        print(
            f"{hidden!s:>12} {batch_size:>6} {gradient_s * 1e6:>7.0f} us {apply_s * 1e6:>7.0f} us"
            f" {cost.operations / gradient_s / 1e9:>8.1f} Gop/s {said_s * 1e6:>12.0f} us"
        )


if __name__ == "__main__":
    main()
