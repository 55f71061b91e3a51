"""What a real run tells of its models on their way: close looks where they are asked for, cheap ones everywhere."""

import numpy as np
import pytest
from samples import SMALL

from workbench.architectures.training_looks import STEPS_KEPT
from workbench.engines.real.looks import InFiles
from workbench.runs.events import Measured, Warned

CLOSELY = SMALL + "run: {learn: true}\n"


def told(events, name):
    return [event for event in events if isinstance(event, Measured) and event.name == name and event.step >= 0]


def test_replicas_of_a_ring_are_the_same_to_the_bit_and_one_member_tells_of_the_model(runner):
    events = runner("real", "ring", CLOSELY)
    assert {event.value for event in told(events, "replicas_apart")} == {0.0}
    accuracies = told(events, "accuracy")
    assert len(accuracies) > 40 and {event.who for event in accuracies} == {"w0"}
    assert accuracies[0].value < 0.8 < accuracies[-1].value
    assert len(told(events, "update_variance")) == len(accuracies)


def test_replicas_that_never_hear_of_each_other_part_and_it_is_told(runner):
    def cut(run):
        run.supervisor.factory = "cut_communication:make"

    events = runner("real", "ring", CLOSELY, prepare=cut)
    assert max(event.value for event in told(events, "replicas_apart")) > 0.001


def test_where_nobody_asked_for_close_looks_a_run_tells_of_its_model_now_and_then_at_little_cost(runner):
    events = runner("real", "server", SMALL)
    assert told(events, "accuracy") and told(events, "loss")
    assert not told(events, "replicas_apart") and not told(events, "update_variance")


def test_one_member_alone_is_the_first_at_a_step_and_old_steps_leave_the_folder(tmp_path):
    one, other = InFiles(tmp_path / "replicas"), InFiles(tmp_path / "replicas")
    weights = np.arange(5, dtype=np.float32)
    training = ("train", "3[7]")
    assert one.at(training, 0, weights) is None
    np.testing.assert_array_equal(other.at(training, 0, 2 * weights), weights)
    assert other.at(("train", "3[8]"), 0, 2 * weights) is None
    for step in range(1, 3 * STEPS_KEPT):
        assert one.at(training, step, weights) is None
    assert len(list((tmp_path / "replicas").iterdir())) == STEPS_KEPT + 1
    assert other.at(training, 0, 2 * weights) is None, "who comes much later has nobody to compare with"


@pytest.mark.parametrize("combination", ["ring", "server"])
def test_a_training_that_loses_its_way_says_so_once_and_tells_no_numbers_that_are_none(runner, combination):
    wild = CLOSELY.replace("batch_size: 64", "batch_size: 64, optimiser: momentum, learning_rate: 100, momentum: 0.99")
    events = runner("real", combination, wild)
    assert runner.outcome == "finished"
    warned = [event.who for event in events if isinstance(event, Warned) and event.code == "diverged"]
    assert warned and len(warned) == len(set(warned))
    assert all(np.isfinite(event.value) for event in events if isinstance(event, Measured))
