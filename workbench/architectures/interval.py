"""How often a training saves, and how often it is thrown back: what an optimal interval of checkpoints follows from."""

from __future__ import annotations

from workbench.architectures.job import Job
from workbench.architectures.setting import lost_by, struck_by
from workbench.document.scenario import Combination, Scenario
from workbench.runs.checkpoints import EVERY, FAILURES
from workbench.runs.events import Event, Measured


def facts(scenario: Scenario, combination: Combination, job: Job) -> list[Event]:
    """Steps between checkpoints, and the mean time between random faults that throw the training back to the last one.

    Nothing where it does not save, or no fault at random does so.
    """
    every = job.training.checkpoint_every
    if not every or not any(stage.team for stage in job.plan.stages):
        return []
    workers = job.followers
    vital = set(workers[: job.training.vital(job.team_size)])
    rate = 0.0
    for fault in scenario.faults:
        lost = set(lost_by(fault, scenario.cluster))
        if fault.every is not None and lost and (not fault.only or combination.id in fault.only):
            at_once = len(lost) if struck_by(fault, scenario.cluster) else 1
            rate += min(1.0, at_once * len(lost & vital) / len(lost)) / fault.every
    if not rate:
        return []
    return [
        Measured(name=EVERY, value=float(every), unit="steps"),
        Measured(name=FAILURES, value=1 / rate, unit="s"),
    ]
