"""What links with fair sharing cost, and what the clock's calls do against SimPy's own events.

CPU seconds of the process, so that a busy machine does not matter much; ratios within one run are the firmest.
"""

import random
import time
from collections.abc import Callable

import simpy

from workbench.document import scenario
from workbench.engines.simulated.clock import Clock
from workbench.engines.simulated.flows.incremental import IncrementalNetwork
from workbench.engines.simulated.flows.quantised import QuantisedNetwork
from workbench.engines.simulated.network import Network
from workbench.engines.simulated.topology import lay

HOSTS = tuple(f"w{i}" for i in range(1024))
REPEATS = 3
MEAN_S = 10.8  # of a transfer with 10,000 at a time, as measured


def best(work: Callable[[], float]) -> float:
    """Things a second: `work` says how many things it did."""
    reached = []
    for _ in range(REPEATS):
        began = time.process_time()
        done = work()
        reached.append(done / (time.process_time() - began))
    return max(reached)


def run_to_end(clock: Clock) -> None:
    while clock.run_slice(float("inf"), 100_000):
        pass


def flows(make: Callable[[Clock, object], object], concurrent: int, total: int) -> float:
    """A star in which each transfer that ends is followed by another, so that `concurrent` are always under way."""
    star = lay(scenario.Network(bandwidth=1.0), HOSTS)
    draw, clock = random.Random(1), Clock()
    network = make(clock, star)
    left = total

    def begin(_: None) -> None:
        nonlocal left
        if left:
            left -= 1
            source, target = draw.sample(HOSTS, 2)
            network.transfer(source, target, draw.expovariate(1.0), begin)

    for _ in range(concurrent):
        begin(None)
    run_to_end(clock)
    return total


def calls(pending: int, total: int) -> float:
    draw, clock, left = random.Random(1).random, Clock(), total

    def again(_: None) -> None:
        nonlocal left
        left -= 1
        if left > 0:
            clock.call_in(draw(), again)

    for _ in range(pending):
        clock.call_in(draw(), again)
    run_to_end(clock)
    return total


def simpy_timeouts(pending: int, total: int) -> float:
    draw, environment, left = random.Random(1).random, simpy.Environment(), total

    def process():
        nonlocal left
        while left > 0:
            yield environment.timeout(draw())
            left -= 1

    for _ in range(pending):
        environment.process(process())
    environment.run()
    return total


def fifo_jobs(total: int) -> float:
    """Messages over one link, first come first served: arithmetic and one call each."""
    clock, network = Clock(), Network(1.0, 0.0)
    for start in range(0, total, 1000):
        for _ in range(min(1000, total - start)):
            clock.call_at(network.transfer(clock.now, "a", "b", 1.0), len, ())
        run_to_end(clock)
    return total


def simpy_jobs(total: int) -> float:
    environment = simpy.Environment()
    server = simpy.Resource(environment)

    def job():
        with server.request() as request:
            yield request
            yield environment.timeout(1.0)

    for start in range(0, total, 1000):
        for _ in range(min(1000, total - start)):
            environment.process(job())
        environment.run()
    return total


def row(what: str, reached: float, target: float, unit: str, raw: float = 0.0) -> None:
    against = f"  {reached / raw:>5.1f}x of SimPy's {raw:,.0f}" if raw else ""
    print(f"{what:<52} {reached:>12,.0f} {unit:<8} {reached / target:>5.2f}x of the target {target:,.0f}{against}")


def main() -> None:
    def exact(clock, star):
        return IncrementalNetwork(clock, star.capacities, star.path)

    def quantised(clock, star):
        return QuantisedNetwork(clock, star.capacities, star.path, 0.02 * MEAN_S)

    row("flows, exact, star of 1,024, 1,000 at a time", best(lambda: flows(exact, 1_000, 10_000)), 10_000, "flows/s")
    many = best(lambda: flows(quantised, 10_000, 50_000))
    row("flows, quantum 2 %, star of 1,024, 10,000 at a time", many, 5_000, "flows/s")
    raw = best(lambda: simpy_timeouts(1_000, 200_000))
    row("calls of the clock, 1,000 pending", best(lambda: calls(1_000, 200_000)), 700_000, "calls/s", raw)
    raw = best(lambda: simpy_jobs(100_000))
    row("jobs at a server, first come first served", best(lambda: fifo_jobs(100_000)), 1_000_000, "jobs/s", raw)


if __name__ == "__main__":
    main()
