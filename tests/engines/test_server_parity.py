"""Parameter servers of every kind, in two engines: the same story, and the same weights at its end."""

import numpy as np
import pytest
from samples import SMALL

from workbench.engines.real.store import Store
from workbench.runs.events import Measured, story
from workbench.runs.folder import artifact_path
from workbench.stages import values

FORMS = {
    "shares in pieces": "{workers: 2, servers: 2, pieces: 3}",
    "backup worker": "{workers: 3, backup: 1}",
    "asynchronous": "{workers: 3, mode: asynchronous}",
    "bounded": "{workers: 2, servers: 2, mode: bounded, staleness: 1}",
}


def served(form, more=""):
    plain = "{use: parameter-server, with: {workers: 2}}"
    return SMALL.replace("count: 3", "count: 4").replace(plain, f"{{use: parameter-server, with: {form}}}") + more


def weights_of(model):
    return np.concatenate([array.ravel() for _, array in sorted(model.arrays.items())])


def learnt_for_real(folder):
    digest = Store(folder).recall("done/0/train")["done/0/train"]["model"]
    return weights_of(values.load(artifact_path(folder, digest)))


def series(events, name):
    """By step: workers who do not wait for each other tell theirs at moments of their own."""
    told = [event for event in events if isinstance(event, Measured) and event.name == name]
    return [value for _, value in sorted((event.step, event.value) for event in told)]


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_once_the_simulator_follows_who_came_first_it_tells_and_learns_the_same(runner, form):
    text = served(form, "run: {learn: true}\n")
    real = runner("real", "server", text)
    assert runner.outcome == "finished"
    learnt = learnt_for_real(runner.last)
    simulated = runner("simulated", "server", text, follow=real)
    assert story(real) == story(simulated)
    again = weights_of(runner.run.work.values["train.model"])
    np.testing.assert_allclose(learnt, again, atol=2e-3)
    assert series(real, "loss") == pytest.approx(series(simulated, "loss"), rel=2e-2)
    curve = series(real, "accuracy")
    assert curve == pytest.approx(series(simulated, "accuracy"), abs=0.02) and max(curve) > 0.9
    assert series(real, "update_variance") == pytest.approx(series(simulated, "update_variance"), rel=0.05)
    same = "asynchronous" not in form and "bounded" not in form
    assert (max(series(real, "replicas_apart")) == 0) == same


def test_servers_that_wait_for_all_learn_what_one_worker_does_alone_without_following(runner):
    found = []
    for combination, form in (("server", "{workers: 2, servers: 2, pieces: 3}"), ("alone", "{workers: 2}")):
        runner("real", combination, served(form))
        found.append(learnt_for_real(runner.last))
    np.testing.assert_allclose(*found, atol=2e-3)


def test_a_share_of_the_weights_that_never_reaches_the_workers_is_seen_in_what_is_learnt(runner):
    def cut(run):
        run.supervisor.factory = "lost_share:make"

    found = []
    for combination, prepare in (("server", cut), ("alone", None)):
        runner("real", combination, served("{workers: 2, servers: 2}"), prepare=prepare)
        found.append(learnt_for_real(runner.last))
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(*found, atol=2e-3)
