"""F1: what interrupted the training of Llama-3 405B on 16,384 H100 in 54 days, by cause."""

from __future__ import annotations

import math
from collections import Counter

from workbench.architectures.job import strikes_by_time
from workbench.document.scenario import Cluster, Combination, Fault, Scenario, WorkerPool
from workbench.studies.score.case import Case, Point
from workbench.studies.score.checkpoints import Row, useful_share

DAYS_S, NODES, REPLICATIONS = 54 * 86400.0, 2048, 20

# unexpected interruptions by cause; the printed shares contradict the counts, and only the counts are used
COUNTS = {
    "faulty GPU": 148,
    "HBM3 memory": 72,
    "software bug": 54,
    "switch or cable": 35,
    "host maintenance": 32,
    "SRAM memory": 19,
    "system processor": 17,
    "all other causes": 42,
}

# mean time to a failure, save and restart in hours: only fast recovery gives the 90 % that were reported
SLOW, FAST = Row(3.093, 0.0167, 0.0833, 0.8758), Row(2.700, 0.0083, 0.0500, 0.9065)


def points() -> tuple[Point, ...]:
    """Counts in units of the standard deviation of a Poisson count, so that 2 is what chance alone may do."""
    simulated = _mean_counts()
    rows = [(name, count, simulated[name]) for name, count in COUNTS.items()]
    rows.append(("all", sum(COUNTS.values()), sum(simulated.values())))
    return tuple(Point(name, count / math.sqrt(count), told / math.sqrt(count)) for name, count, told in rows)


def _mean_counts() -> dict[str, float]:
    """How many faults of each cause the scenario's random faults bring in 54 days, mean of the replications."""
    names = list(COUNTS)
    found: Counter[str] = Counter()
    for name, count in COUNTS.items():
        scenario = Scenario(
            cluster=Cluster(workers=(WorkerPool(id="node", count=NODES),)),
            faults=(Fault(kind="crash", every=DAYS_S / count),),
        )
        for replication in range(REPLICATIONS):
            drawn = strikes_by_time(scenario, Combination(id="ring"), REPLICATIONS * names.index(name) + replication)
            for strike in drawn:
                if (strike.at_s or 0.0) > DAYS_S:
                    break
                found[name] += 1
    return {name: found[name] / REPLICATIONS for name in names}


def useful_shares(failures: int) -> tuple[float, float]:
    """(with saves of a minute and restarts of five, with half a minute and three): shares of useful time."""
    return useful_share(SLOW, failures), useful_share(FAST, failures)


CASE = Case(
    id="F1",
    title="Interruptions of 16,384 H100 in 54 days, by cause",
    source="Llama Team, The Llama 3 Herd of Models, arXiv 2407.21783, table 5",
    unit="standard deviations",
    target=2.0,
    points=points,
    kind="points",
    most=True,
    calibration="the rate of every cause",
)
