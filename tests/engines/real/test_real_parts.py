"""Teams whose members hold parts of a model learn what one process learns, and begin again where they saved."""

from functools import cache
from itertools import pairwise
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch_library
from samples import SMALL

from workbench.document.text import read
from workbench.engines.real import forkserver
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
  - {id: tensor, training: {use: tensor-parallel, with: {tensor: 3, recompute: true, checkpoint_every: 5}}}
  - {id: grid, training: {use: tensor-parallel,
      with: {tensor: 2, stages: 2, micro_batches: 3, schedule: gpipe}}}
  - {id: replicas, training: {use: tensor-parallel,
      with: {tensor: 2, replicas: 2, micro_batches: 2, overlap: true}}}
  - {id: staged, training: {use: tensor-parallel, with: {tensor: 1, stages: 2, micro_batches: 2, recompute: true}}}
"""
DEEP = SMALL.replace("hidden: [32], epochs: 3", "hidden: [32, 24, 16], epochs: 1")
DEEP = DEEP.replace("architectures:\n", "architectures:" + TEAMS).replace("count: 3", "count: 4")
PIPELINES = ["gpipe", "alternating", "interleaved"]
SHARDED = ["sharded", "keeps", "hybrid"]
TENSORS = ["tensor", "grid", "replicas", "staged"]


def whole(told):
    """A learner of the whole model, before its first step; what it measures is put into `told`."""
    scenario = read(DEEP).scenario
    context = Context(Path(), Path(), scenario.run.seed, lambda name, value, *unit, **at: told.append((name, value)))
    digits, prepare, train = (build(stage) for stage in scenario.pipeline.stages[:3])
    return train.learner(prepare.work(digits.work({}, context), context), context)


@cache
def alone():
    """The losses and the weights of the model when one learner trains all of it."""
    told = []
    learner = whole(told)
    for step in range(learner.steps):
        learner.apply(step, learner.gradient(step, 0, 1))
    return [value for name, value in told if name == "loss"], learner.weights()


def learnt(runner):
    """The weights of the model that the last run led to."""
    digest = Store(runner.last).recall("done/0/train")["done/0/train"]["model"]
    arrays = values.load(artifact_path(runner.last, digest)).arrays
    return np.concatenate([arrays[f"{of}_{layer}"].ravel() for layer in range(4) for of in ("weights", "bias")])


def of_kind(events, kind):
    return [event for event in events if isinstance(event, kind)]


def losses(events):
    return [event.value for event in of_kind(events, Measured) if event.name == "loss"]


@pytest.mark.parametrize("combination", [*PIPELINES, *SHARDED, *TENSORS])
def test_a_team_learns_what_one_process_learns_and_tells_what_the_simulator_tells(runner, combination):
    events = runner("real", combination, DEEP)
    assert runner.outcome == "finished"
    if combination not in (*SHARDED, "replicas"):  # there, who tells of the loss has seen its own rows only
        np.testing.assert_allclose(losses(events), alone()[0], atol=1e-5)
    np.testing.assert_allclose(learnt(runner), alone()[1], atol=1e-4)
    assert len(alone()[0]) == 22
    assert story(events) == story(runner("simulated", combination, DEEP, follow=events))


@pytest.mark.parametrize("combination", ["interleaved", "keeps", "tensor"])
def test_a_team_that_lost_a_member_begins_again_where_it_saved_and_learns_the_same(runner, combination):
    events = runner("real", combination, DEEP + "faults:\n  - {kind: crash, worker: w1, at_step: 12}\n")
    assert runner.outcome == "finished"
    assert [event.worker for event in of_kind(events, WorkerFailed)] == ["w1"]
    steps = [event.last for event in of_kind(events, StepsFinished) if event.who == "w0"]
    begun_again = [after for before, after in pairwise(steps) if after <= before]
    assert len(begun_again) == 1 and begun_again[0] % 5 == 0 and begun_again[0] >= 10
    assert sum(event.label == "perform train.restore" for event in of_kind(events, OperationFinished)) >= 2
    np.testing.assert_allclose(learnt(runner), alone()[1], atol=1e-4)


@pytest.mark.parametrize("way", ["pipelining", "fully_shard", "tensor"])
def test_the_library_of_torch_learns_what_our_teams_learn(way, tmp_path):
    learner = whole([])
    widths = [learner.layers[0][1], *(outputs for outputs, _ in learner.layers)]
    batches = np.stack([learner.batch(step) for step in range(learner.steps)])
    data = learner.dataset
    given = {"x": data.train_x, "y": data.train_y, "batches": batches, "weights": learner.weights()}
    np.savez(tmp_path / "data.npz", widths=np.array(widths), **given)
    forkserver.warm_up()
    ranks = [
        forkserver.start(torch_library.learn, msgspec.msgpack.encode([way, rank, 2, str(tmp_path)]))
        for rank in range(2)
    ]
    for rank in ranks:
        rank.join(300)
        assert rank.exitcode == 0
    learnt = [np.load(tmp_path / f"learnt-{rank}.npz") for rank in range(2)]
    losses = learnt[1]["losses"]
    weights = np.concatenate([each["weights"] for each in learnt]) if way == "pipelining" else learnt[0]["weights"]
    np.testing.assert_allclose(losses, alone()[0], atol=1e-5)
    np.testing.assert_allclose(weights, alone()[1], atol=1e-4)
