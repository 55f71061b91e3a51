"""One program, two engines: the same story."""

import numpy as np
import pytest
from samples import SMALL

from workbench.architectures.operations import Perform
from workbench.engines.real.store import Store
from workbench.engines.simulated.world import World
from workbench.runs.events import FaultBegan, Measured, OperationFinished, StepsFinished, WorkerFailed, story
from workbench.runs.folder import artifact_path
from workbench.stages import values

THREE = [("ring", SMALL), ("server", SMALL)]
FOREACH = """
format: 1
name: Six items
pipeline:
  stages:
    - {id: read, use: synthetic, with: {rows: 600, features: 4}}
    - {id: prepare, use: prepare}
    - {id: features, use: pca, with: {components: 2}}
    - {id: fit, use: estimator, with: {kind: naive-bayes}}
  links:
    - read.table -> prepare.table
    - prepare.dataset -> features.dataset
    - features.dataset -> fit.dataset
  groups:
    - {id: parts, stages: [prepare, features], foreach: read.table, partition: 100}
cluster: {workers: [{id: w, count: 2}]}
architectures:
  - {id: bounded, orchestration: {use: single-leader, with: {in_flight: 3, ordered: true}}}
"""
SHAPED = SMALL + "run: {links: shaped}\n"
LEADER = SMALL.replace("architectures:", "workload: {instances: 6}\narchitectures:").replace("epochs: 3", "epochs: 1")


@pytest.mark.parametrize(
    ("combination", "text"),
    [*THREE, ("ring", SHAPED), ("ring", LEADER), ("bounded", FOREACH)],
    ids=["ring", "parameter server", "shaped links", "leader with six instances", "six items, three in flight"],
)
def test_fault_free_stories_are_equal_once_the_simulator_follows_the_real_choices(runner, combination, text):
    real = runner("real", combination, text)
    simulated = runner("simulated", combination, text, follow=real)
    assert runner.outcome == "finished"
    assert story(real) == story(simulated)


def training(told):
    """The part of a story that knows no choice: a server and its workers name each other."""
    return [line for line in told if "train." in line or "gradient" in line or "weights" in line]


def test_members_without_choices_tell_equal_stories_without_following(runner):
    real, simulated = story(runner("real", "server")), story(runner("simulated", "server"))
    for member in ("w0", "w1", "w2"):
        assert len(training(real[member, ""])) > 300
        assert training(real[member, ""]) == training(simulated[member, ""])


def test_an_operation_dropped_by_one_engine_is_seen_in_its_story(runner, monkeypatch):
    real = runner("real", "ring")
    add = World.add

    def dropping(program):
        """`program` in the hands of an engine that answers one operation without carrying it out."""
        answer, dropped = None, False
        while True:
            try:
                operation = program.send(answer)
            except StopIteration:
                return
            if not dropped and isinstance(operation, Perform) and operation.part == "apply":
                dropped = True
                operation = program.send(None)
            answer = yield operation

    def add_with_a_drop(self, name, program, choices=()):
        return add(self, name, dropping(program) if name == "w0" else program, choices)

    monkeypatch.setattr(World, "add", add_with_a_drop)
    simulated = runner("simulated", "ring", follow=real)
    assert story(real) != story(simulated)


def kinds_after(events, moment):
    """The kinds of facts from a moment on, without the training that goes on as before."""
    kinds = set()
    for event in events:
        if event.t_s >= moment:
            kinds.add(type(event).__name__)
            if isinstance(event, OperationFinished) and event.outcome == "failed":
                kinds.add(f"failed by {event.choice}")
    return kinds - {"Measured", "WorkMeasured"}  # what work takes is measured, and foreseen by nobody


CRASH = SMALL.replace("epochs: 3", "epochs: 12") + "faults:\n  - {kind: crash, worker: w1, at_step: 40}\n"


@pytest.mark.parametrize("combination", ["ring", "server"])
def test_kill_9_of_a_trainer_tells_the_same_story_up_to_the_strike_and_the_same_kinds_after_it(runner, combination):
    real = runner("real", combination, CRASH)
    struck_s = next(e.t_s for e in real if isinstance(e, FaultBegan))
    simulated = runner("simulated", combination, CRASH, follow=[e for e in real if e.t_s < struck_s])
    for events in (real, simulated):
        assert [e.worker for e in events if isinstance(e, WorkerFailed)] == ["w1"]
        steps = sorted({e.last for e in events if isinstance(e, StepsFinished)})
        assert steps == list(range(12 * 22))
    struck = {id(events): next(e.t_s for e in events if isinstance(e, FaultBegan)) for events in (real, simulated)}
    stories = [
        story([e for e in events if e.t_s < struck[id(events)] and e.who.startswith("w")])
        for events in (real, simulated)
    ]
    for member in stories[1]:
        common = min(len(told[member]) for told in stories)
        assert common > 100 or (member == ("w2", "") and combination == "ring")
        assert stories[0][member][:common] == stories[1][member][:common]
    assert kinds_after(real, struck[id(real)]) == kinds_after(simulated, struck[id(simulated)])


def trained(runner, combination, factory=None, text=SMALL):
    """Held-out accuracy and weights of the model that a real run has learnt."""

    def cut(run):
        run.supervisor.factory = factory

    events = runner("real", combination, text, prepare=cut if factory else None)
    accuracy = [e.value for e in events if isinstance(e, Measured) and (e.name, e.stage) == ("accuracy", "evaluate")]
    digest = Store(runner.last).recall("done/0/train")["done/0/train"]["model"]
    model = values.load(artifact_path(runner.last, digest))
    return accuracy[-1], np.concatenate([array.ravel() for _, array in sorted(model.arrays.items())])


def assert_learnt_the_same(one, other):
    assert abs(one[0] - other[0]) <= 0.02
    np.testing.assert_allclose(one[1], other[1], atol=2e-3)


@pytest.mark.parametrize("combination", ["ring", "server"])
def test_two_processes_learn_what_one_process_learns(runner, combination):
    alone, together = trained(runner, "alone"), trained(runner, combination)
    assert together[0] >= 0.9
    assert_learnt_the_same(alone, together)


def test_a_ring_over_shaped_links_learns_what_it_learns_over_gloo(runner):
    assert_learnt_the_same(trained(runner, "ring"), trained(runner, "ring", text=SHAPED))


def test_without_communication_two_processes_learn_something_else(runner):
    alone, cut = trained(runner, "alone"), trained(runner, "ring", "cut_communication:make")
    with pytest.raises(AssertionError):
        assert_learnt_the_same(alone, cut)
