"""Teams whose members hold parts of a model learn what one process learns, and begin again where they saved."""

from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from samples import SMALL

from workbench.document.text import read
from workbench.engines.real.store import Store
from workbench.runs.events import Measured, OperationFinished, StepsFinished, WorkerFailed, story
from workbench.runs.folder import artifact_path
from workbench.stages import values
from workbench.stages.base import Context
from workbench.stages.check import build

TEAMS = """
  - {id: gpipe, training: {use: pipeline-parallel, with: {stages: 2, micro_batches: 4, schedule: gpipe}}}
  - {id: alternating, training: {use: pipeline-parallel, with: {stages: 3, micro_batches: 5}}}
  - {id: interleaved, training: {use: pipeline-parallel,
      with: {stages: 2, micro_batches: 4, schedule: interleaved, virtual: 2, checkpoint_every: 5}}}
  - {id: sharded, training: {use: fully-sharded, with: {workers: 3, micro_batches: 2, recompute: true}}}
  - {id: keeps, training: {use: fully-sharded, with: {workers: 2, sharding: grad-op, checkpoint_every: 5}}}
  - {id: hybrid, training: {use: fully-sharded, with: {workers: 4, sharding: hybrid, group: 2, prefetch: 2}}}
"""
DEEP = SMALL.replace("hidden: [32], epochs: 3", "hidden: [32, 24, 16], epochs: 1")
DEEP = DEEP.replace("architectures:\n", "architectures:" + TEAMS).replace("count: 3", "count: 4")
PIPELINES = ["gpipe", "alternating", "interleaved"]
SHARDED = ["sharded", "keeps", "hybrid"]


@cache
def alone():
    """The losses and the weights of the model when one learner trains all of it."""
    told = []
    scenario = read(DEEP).scenario
    context = Context(Path(), Path(), scenario.run.seed, lambda name, value, *unit, **at: told.append((name, value)))
    digits, prepare, train = (build(stage) for stage in scenario.pipeline.stages[:3])
    learner = train.learner(prepare.work(digits.work({}, context), context), context)
    for step in range(learner.steps):
        learner.apply(step, learner.gradient(step, 0, 1))
    return [value for name, value in told if name == "loss"], flat(learner.model())


def flat(model):
    return np.concatenate([array.ravel() for _, array in sorted(model.arrays.items())])


def learnt(runner):
    """The weights of the model that the last run led to."""
    digest = Store(runner.last).recall("done/0/train")["done/0/train"]["model"]
    return flat(values.load(artifact_path(runner.last, digest)))


def of_kind(events, kind):
    return [event for event in events if isinstance(event, kind)]


def losses(events):
    return [event.value for event in of_kind(events, Measured) if event.name == "loss"]


@pytest.mark.parametrize("combination", [*PIPELINES, *SHARDED])
def test_a_team_learns_what_one_process_learns_and_tells_what_the_simulator_tells(runner, combination):
    events = runner("real", combination, DEEP)
    assert runner.outcome == "finished"
    if combination in PIPELINES:  # the last member sees the whole batch
        np.testing.assert_allclose(losses(events), alone()[0], atol=1e-5)
    np.testing.assert_allclose(learnt(runner), alone()[1], atol=1e-4)
    assert len(alone()[0]) == 22
    assert story(events) == story(runner("simulated", combination, DEEP, follow=events))


@pytest.mark.parametrize("combination", ["interleaved", "keeps"])
def test_a_team_that_lost_a_member_begins_again_where_it_saved_and_learns_the_same(runner, combination):
    events = runner("real", combination, DEEP + "faults:\n  - {kind: crash, worker: w1, at_step: 12}\n")
    assert runner.outcome == "finished"
    assert [event.worker for event in of_kind(events, WorkerFailed)] == ["w1"]
    steps = [event.last for event in of_kind(events, StepsFinished) if event.who == "w0"]
    begun_again = [after for before, after in pairwise(steps) if after <= before]
    assert len(begun_again) == 1 and begun_again[0] % 5 == 0 and begun_again[0] >= 10
    assert sum(event.label == "perform train.restore" for event in of_kind(events, OperationFinished)) >= 2
    np.testing.assert_allclose(learnt(runner), alone()[1], atol=1e-4)
