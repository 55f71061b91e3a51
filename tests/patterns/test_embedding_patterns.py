"""The scenarios on embeddings hold because of what vectors keep: break it, and their expectations are missed."""

import time
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from workbench.document.text import read
from workbench.runs.events import Measured
from workbench.runs.judgement import HELD, judge
from workbench.runs.numbers import numbers
from workbench.runs.state import RunState
from workbench.stages import embed_items, models
from workbench.stages.base import Context
from workbench.stages.check import build
from workbench.stages.embed import Embed
from workbench.stages.perceptron import PerceptronLearner
from workbench.stages.sizes import sizes

PATTERNS = Path(__file__).parent.parent.parent / "scenarios" / "patterns"

FITTED = Embed._fitted


@pytest.fixture
def missed(tmp_path):
    """The expectations that the work of a pattern's stages misses, done one after the other in this process."""

    def carry_out(name):
        scenario = read((PATTERNS / f"{name}.yaml").read_text(encoding="utf-8")).scenario
        state, made, seconds = RunState(), {}, {}
        for id in sizes(scenario.pipeline, PATTERNS):
            links = [link for link in scenario.pipeline.links if link.target_stage == id]
            inputs = {link.target_port: made[link.source] for link in links}
            context = Context(PATTERNS, tmp_path, scenario.run.seed, partial(_measure, state, id))
            began_s = time.process_time()
            outputs = build(scenario.pipeline.stage(id)).work(inputs, context)
            seconds[f"seconds_of_{id}"] = time.process_time() - began_s
            made |= {f"{id}.{port}": value for port, value in outputs.items()}
        run = SimpleNamespace(engine="real", combination="leader", replication=0, outcome="finished", is_whole=True)
        run.numbers = numbers(state) | seconds
        return [text for text in scenario.expect if judge(text, [run]).outcome != HELD]

    return carry_out


def _measure(state, stage, name, value, unit="", step=-1):
    state.apply(Measured(name=name, value=float(value), unit=unit, stage=stage, step=step))


@pytest.mark.parametrize("name", ["EM-1", "EM-2", "EM-3", "EM-4", "EM-5"])
def test_the_pattern_holds_as_vectors_are_made(name, missed):
    assert missed(name) == []


def test_vectors_that_have_nothing_to_do_with_their_rows_keep_no_neighbours(missed, monkeypatch):
    def all_alike(stage, x, dimensions, seed):
        step = FITTED(stage, x, dimensions, seed)
        step.arrays["components"] = np.full_like(step.arrays["components"], 0.1)  # every number is the same sum
        return step

    monkeypatch.setattr(Embed, "_fitted", all_alike)
    found = missed("EM-1")
    assert "real.leader.kept_neighbours_of_embed > 0.6" in found
    assert "real.leader.neighbours_alike_of_embed > 0.9" in found
    assert any("neighbours_alike_of_of_embedded" in text for text in found)


def test_vectors_that_are_as_long_as_the_rows_save_nothing(missed, monkeypatch):
    monkeypatch.setattr(Embed, "work", lambda stage, inputs, context: {**inputs, "curve": None})
    assert "real.leader.training_bytes_of_fit_vectors < 0.1 * real.leader.training_bytes_of_fit_words" in (
        found := missed("EM-2")
    )
    assert "real.leader.seconds_of_fit_vectors < 0.7 * real.leader.seconds_of_fit_words" in found


def test_vectors_that_say_nothing_teach_nothing(missed, monkeypatch):
    def empty(stage, x, dimensions, seed):
        step = FITTED(stage, x, dimensions, seed)
        step.arrays["components"][:] = 0
        return step

    monkeypatch.setattr(Embed, "_fitted", empty)
    assert missed("EM-2") == [
        "real.leader.accuracy_of_judge_vectors > real.leader.accuracy_of_judge_words - 0.15",
        "real.leader.accuracy_of_judge_vectors > 0.4",
    ]


def test_a_model_that_has_learnt_nothing_has_nothing_to_show(missed, monkeypatch):
    def stands_still(learner, update, gradient, at=slice(None)):
        learner.step = update + 1

    monkeypatch.setattr(PerceptronLearner, "move", stands_still)
    found = missed("EM-3")
    assert "real.leader.explained_of_of_learnt > 0.95" in found
    assert any("map_neighbours_alike_of_of_learnt" in text for text in found)


def test_a_map_of_pixels_shows_no_more_than_pixels(missed, monkeypatch):
    monkeypatch.setattr(models, "hidden", lambda model, x: x)
    assert len(missed("EM-3")) == 2


def test_if_two_observations_were_as_good_as_all_there_would_be_no_cold_start(missed, monkeypatch):
    monkeypatch.setattr(embed_items, "_thinned", lambda counts, most, draws: counts)
    assert missed("EM-4") == [
        "real.leader.kept_with_few_of_embed < 0.3 * real.leader.kept_with_many_of_embed",
    ]


def test_items_whose_observations_are_lost_are_poor_however_often_they_were_seen(missed, monkeypatch):
    thinned = embed_items._thinned
    monkeypatch.setattr(embed_items, "_thinned", lambda counts, most, draws: thinned(counts, 1, draws))
    assert "real.leader.kept_with_many_of_embed > 0.3" in missed("EM-4")


def test_if_a_vector_were_always_long_enough_nothing_would_be_lost(missed, monkeypatch):
    def always_long(stage, x, dimensions, seed):
        return FITTED(stage, x, 32, seed)

    monkeypatch.setattr(Embed, "_fitted", always_long)
    assert len(missed("EM-5")) == 4
