"""The scenarios on networks that read in order hold because of how they compute: break it, and they are missed."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from workbench.document.text import read
from workbench.runs.judgement import HELD, judge
from workbench.stages import network_modules, perceptron
from workbench.stages.base import Context
from workbench.stages.check import build

PATTERNS = Path(__file__).parent.parent.parent / "scenarios" / "patterns"

STEPS = 5  # of the training, so that a median of times is one


@pytest.fixture
def missed(tmp_path):
    """The expectations on gradients that a pattern misses, computed for each size of team in this process.

    What is measured is the time that the processor spends on them.
    """
    torch.set_num_threads(1)

    def carry_out(name):
        scenario = read((PATTERNS / f"{name}.yaml").read_text(encoding="utf-8")).scenario
        text, letters, train = (build(use) for use in scenario.pipeline.stages)
        told = {}
        context = Context(
            PATTERNS, tmp_path, scenario.run.seed, lambda name, value, *unit, **step: _put(told, name, value)
        )
        data = letters.work(text.work({}, context), context)
        runs = []
        learners = [(combination, train.learner(data, context)) for combination in scenario.architectures]
        for _ in range(STEPS):  # taking turns, so that a busy machine is as busy for all of them
            for combination, learner in learners:
                learner.gradient(0, 0, combination.training.with_["workers"])
        for combination, learner in learners:
            learner.finish()
            numbers = {"gradient_s_of_train": told["gradient_s"], "samples": 1.0}
            runs.append(SimpleNamespace(engine="real", combination=combination.id, replication=0, outcome="finished"))
            runs[-1].is_whole, runs[-1].numbers = True, numbers
        return [text for text in scenario.expect if judge(text, runs).outcome != HELD]

    return carry_out


def _put(told, name, value, unit="", step=-1):
    told[name] = value


@pytest.mark.parametrize("name", ["DP-4", "DP-4-beside"])
def test_the_pattern_holds_as_networks_compute(name, missed):
    assert missed(name) == []


def test_a_network_whose_time_goes_by_rows_would_gain_from_fewer(missed, monkeypatch):
    forward = network_modules.Recurrent.forward
    by_rows = lambda net, x: torch.cat([forward(net, row[None]) for row in x])  # noqa: E731
    monkeypatch.setattr(network_modules.Recurrent, "forward", by_rows)
    assert missed("DP-4") == ["real.one.gradient_s_of_train < 1.6 * real.two.gradient_s_of_train"]


def test_if_every_worker_computed_the_whole_batch_nobody_would_gain(missed, monkeypatch):
    monkeypatch.setattr(perceptron, "share_of", lambda rows, rank, members: rows)
    assert missed("DP-4-beside") == ["real.one.gradient_s_of_train > 1.3 * real.two.gradient_s_of_train"]
