"""Limits and needs of stages in the document: which values are taken, and what is said of those that change nothing."""

import pytest

from workbench.document.schema import json_schema
from workbench.document.text import read

TEXT = "format: 1\nname: Limits\npipeline:\n  stages: [{id: rows, use: synthetic, MORE}]\n"


def found(more):
    document = read(TEXT.replace("MORE", more))
    return document.scenario.pipeline.stages[0], [(p.code, p.place, p.severity) for p in document.problems]


def test_limits_and_needs_are_quantities_with_units():
    stage, problems = found(
        "retries: 3, backoff: 500 ms, time_limit: 10 min, memory_limit: 2 GB, cpus: 4, gpus: 1, memory: 8 GiB"
    )
    assert problems == []
    assert (stage.retries, stage.backoff, stage.time_limit, stage.memory_limit) == (3, 0.5, 600.0, 2e9)
    assert (stage.cpus, stage.gpus, stage.memory) == (4, 1, 8 * 2**30)


@pytest.mark.parametrize(
    "more", ["retries: -1", "time_limit: 0 s", "memory_limit: 0 B", "cpus: 0", "gpus: 2", "memory: 0 B"]
)
def test_what_is_no_limit_is_refused_with_its_place(more):
    _, problems = found(more)
    (problem,) = problems
    assert problem[1] == f"pipeline.stages[rows].{more.partition(':')[0]}" and problem[2] == "error"


def test_a_pause_between_retries_that_there_are_not_is_noted():
    assert found("backoff: 2 s")[1] == [("backoff-unused", "pipeline.stages[rows].backoff", "note")]
    assert found("backoff: 2 s, retries: 1")[1] == []


def test_the_schema_for_editors_knows_them():
    fields = json_schema()["$defs"]["StageUse"]["properties"]
    assert {"retries", "backoff", "time_limit", "memory_limit", "cpus", "gpus", "memory"} <= fields.keys()
