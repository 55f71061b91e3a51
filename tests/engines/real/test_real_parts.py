"""Teams whose members hold parts of a model learn what one process learns, and what torch's own library learns."""

import numpy as np
import pytest
from samples import SMALL

from workbench.engines.real.store import Store
from workbench.runs.events import FaultBegan, Measured, StepsFinished, WorkerFailed, story
from workbench.runs.folder import artifact_path
from workbench.stages import values

DEEP = SMALL.replace("hidden: [32], epochs: 3", "hidden: [32, 24, 16], epochs: 1")
TEAMS = """
  - {id: gpipe, training: {use: pipeline-parallel, with: {stages: 2, micro_batches: 4, schedule: gpipe}}}
  - {id: alternating, training: {use: pipeline-parallel, with: {stages: 3, micro_batches: 5}}}
  - {id: interleaved, training: {use: pipeline-parallel,
      with: {stages: 2, micro_batches: 4, schedule: interleaved, virtual: 2, checkpoint_every: 5}}}
"""
DEEP = DEEP.replace("architectures:\n", "architectures:" + TEAMS)


def learnt(runner):
    """The losses that the last run told, and the weights that it led to."""
    digest = Store(runner.last).recall("done/0/train")["done/0/train"]["model"]
    model = values.load(artifact_path(runner.last, digest))
    return np.concatenate([array.ravel() for _, array in sorted(model.arrays.items())])


def losses(events):
    return [event.value for event in events if isinstance(event, Measured) and event.name == "loss"]


@pytest.mark.parametrize("combination", ["gpipe", "alternating", "interleaved"])
def test_a_team_learns_what_one_process_learns_and_tells_what_the_simulator_tells(runner, combination):
    alone = losses(runner("real", "alone", DEEP)), learnt(runner)
    events = runner("real", combination, DEEP)
    assert runner.outcome == "finished"
    np.testing.assert_allclose(losses(events), alone[0], atol=1e-5)
    np.testing.assert_allclose(learnt(runner), alone[1], atol=1e-4)
    assert len(alone[0]) == 22
    assert story(events) == story(runner("simulated", combination, DEEP, follow=events))
