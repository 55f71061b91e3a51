"""Federated averaging in two engines: the same clients are asked, the same rows learnt from, the same model found."""

from itertools import pairwise

import numpy as np
import pytest
from samples import SMALL
from test_server_parity import learnt_for_real, weights_of

from workbench.runs.events import Measured, OperationFinished, StepsFinished, story


def federated(knobs, more="run: {seed: 2, learn: true}\n"):
    plain = "{use: parameter-server, with: {workers: 2}}"
    text = SMALL.replace("count: 3", "count: 5").replace("batch_size: 64", "batch_size: 32")
    return text.replace(plain, f"{{use: federated, with: {{rounds: 5, local_epochs: 2{knobs}}}}}") + more


def learnt_by(events):
    """Who learnt on rows of its own, how often."""
    done = [e.who for e in events if isinstance(e, OperationFinished) and e.label == "perform train.local"]
    return {who: done.count(who) for who in sorted(set(done))}


def samples(events):
    return [event.samples for event in events if isinstance(event, StepsFinished)]


@pytest.mark.parametrize("knobs", [", shares: [1, 2, 3, 6]", ", dirichlet: 0.05, fraction: 0.5"])
def test_once_the_simulator_follows_who_answered_first_it_tells_and_learns_the_same(runner, knobs):
    real = runner("real", "server", federated(knobs))
    assert runner.outcome == "finished"
    learnt = learnt_for_real(runner.last)
    simulated = runner("simulated", "server", federated(knobs), follow=real)
    assert story(real) == story(simulated)
    assert samples(real) == samples(simulated) and len(samples(real)) == 5
    np.testing.assert_allclose(learnt, weights_of(runner.run.work.values["train.model"]), atol=2e-3)


def test_lots_fall_alike_in_both_engines_and_who_never_answers_is_waited_for_until_the_deadline(runner):
    knobs = ", fraction: 0.75, dropout: 0.1, deadline: 2 s"
    real = runner("real", "server", federated(knobs))
    assert runner.outcome == "finished"
    simulated = runner("simulated", "server", federated(knobs))
    assert learnt_by(real) == learnt_by(simulated)
    assert 10 < sum(learnt_by(real).values()) < 15, "three are asked five times, and some do not answer"
    assert samples(real) == samples(simulated)
    told_s = [e.t_s for e in real if isinstance(e, StepsFinished)]
    assert max(later - before for before, later in pairwise(told_s)) >= 2.0


def test_a_model_averaged_from_uneven_clients_is_worse_than_from_even_ones(runner):
    found = []
    for knobs in ("", ", dirichlet: 0.02"):
        events = runner("real", "server", federated(knobs))
        found.append([e.value for e in events if isinstance(e, Measured) and e.name == "accuracy"][-1])
    assert found[0] > 0.85 and found[1] < found[0] - 0.1


def test_if_clients_learnt_on_each_other_s_rows_it_would_be_seen_in_the_model(runner):
    def others(run):
        run.supervisor.factory = "others_rows:make"

    knobs = ", dirichlet: 0.05"
    runner("real", "server", federated(knobs), prepare=others)
    assert runner.outcome == "finished", runner.run.supervisor.failure
    mixed = learnt_for_real(runner.last)
    runner("real", "server", federated(knobs))
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(mixed, learnt_for_real(runner.last), atol=2e-3)
