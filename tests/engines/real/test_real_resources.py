"""A real leader hands out no more than the machine has, and refuses by name what the machine could never do."""

import os

import psutil
import pytest

from workbench.document.text import read
from workbench.engines.real.limits import refusals
from workbench.runs.events import OperationFinished, OperationStarted

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
TEXT = """
format: 1
name: Needs
pipeline:
  stages:
    - {id: rows, use: synthetic, with: {rows: 400}}
    - {id: own, use: prepare, NEEDS}
  groups:
    - {id: parts, stages: [own], foreach: rows.table, partition: 100}
  links: [rows.table -> own.table]
cluster: {workers: [{id: w, count: 3}]}
"""


def at_once(events, stage):
    """The most workers that were at work on a stage at the same time."""
    most = now = 0
    for event in events:
        if getattr(event, "stage", "") == stage:
            now += isinstance(event, OperationStarted) - isinstance(event, OperationFinished)
            most = max(most, now)
    return most


@pytest.mark.parametrize("needs", [f"cpus: {CORES}", f"memory: {psutil.virtual_memory().total * 6 // 10 // 10**6} MB"])
def test_items_that_need_more_than_half_of_the_machine_are_worked_on_one_after_the_other(runner, needs):
    text = TEXT.replace("NEEDS", needs).replace("count: 3}", "count: 3, memory: 100 TB}")
    events = runner("real", "ring", text)
    assert runner.outcome == "finished"
    if "memory" in needs or CORES > 1:
        assert at_once(events, "own") == 1
    done = {event.who for event in events if isinstance(event, OperationFinished) and event.stage == "own"}
    assert done <= {"w0", "w1", "w2"}


def test_what_this_machine_does_not_have_is_refused_by_name():
    text = TEXT.replace("NEEDS", "cpus: 1000, memory: 90 TB").replace("count: 3}", "count: 3, memory: 100 TB}")
    scenario = read(text).scenario
    assert refusals(scenario, scenario.architectures[0]) == [
        f"the stage 'own' needs 1000 of cpus, and this machine has {CORES}"
    ]
    text = TEXT.replace("NEEDS", "memory: 90 TB").replace("count: 3}", "count: 3, memory: 100 TB}")
    scenario = read(text).scenario
    assert "the stage 'own' needs 9e+13 of memory" in refusals(scenario, scenario.architectures[0])[0]
