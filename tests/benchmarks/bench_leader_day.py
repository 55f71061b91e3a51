"""One day of a single leader: 500,000 workflows of seven steps, 11 million events, beside a part of it in raw SimPy.

CPU seconds of the process, so that a busy machine does not matter much. `WORKFLOWS=50000` looks at a tenth of it.
"""

import os
import time
from itertools import repeat
from math import inf

import simpy

from workbench.architectures.random_streams import stream
from workbench.engines.simulated.clock import Clock
from workbench.engines.simulated.population import Workflows

WORKFLOWS = int(os.environ.get("WORKFLOWS", "500000"))
PER_S, DECISION_S, WORK_S, STEPS = 500_000 / 86_400, 0.001, 2.0, 7
SHARE = 20  # of which raw SimPy does one
TARGET_S = 30.0


def draws(mean, name):
    drawn = stream(1, "leader day", name)
    while True:
        yield from drawn.exponential(mean, 8192).tolist()


def first(values, count):
    for _, value in zip(range(count), values, strict=False):
        yield value


def ours(workflows):
    began = time.process_time()
    clock = Clock()
    gaps_s = first(draws(1 / PER_S, "gap"), workflows)
    found = Workflows(clock, gaps_s, repeat(DECISION_S), draws(WORK_S, "work"), STEPS)
    while clock.run_slice(inf, 1_000_000):
        pass
    assert found.done == workflows
    return time.process_time() - began, found.waits.mean_s()


def raw_simpy(workflows):
    """The way of a textbook: a process for each workflow, and a resource for the leader."""
    began = time.process_time()
    env = simpy.Environment()
    leader, works_s = simpy.Resource(env), draws(WORK_S, "work")
    delays_s = []

    def decide():
        with leader.request() as turn:
            yield turn
            yield env.timeout(DECISION_S)

    def workflow():
        ready_s = env.now
        for _ in range(STEPS):
            yield from decide()
            delays_s.append(env.now - ready_s)
            yield env.timeout(next(works_s))
            ready_s = env.now
            yield from decide()

    def source():
        for gap_s in first(draws(1 / PER_S, "gap"), workflows):
            yield env.timeout(gap_s)
            env.process(workflow())

    env.process(source())
    env.run()
    return time.process_time() - began, sum(delays_s) / len(delays_s)


def main():
    own_s, wait_s = ours(WORKFLOWS)
    other_s, other_wait_s = raw_simpy(WORKFLOWS // SHARE)
    scaled_s = TARGET_S * WORKFLOWS / 500_000
    events = WORKFLOWS * (3 * STEPS + 1)
    rate = events / own_s / 1e6
    print(f"{WORKFLOWS} workflows of {STEPS} steps: {own_s:.1f} s CPU (target {scaled_s:g}), {rate:.2f} M events/s")
    raw_s = other_s * SHARE
    print(f"raw SimPy: {raw_s:.1f} s for as many, from one in {SHARE}: {raw_s / own_s:.1f} times as long")
    print(f"mean delay until a step is handed out: {wait_s * 1e3:.3f} ms; in raw SimPy {other_wait_s * 1e3:.3f} ms")


if __name__ == "__main__":
    main()
