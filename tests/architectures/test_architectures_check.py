"""What a scenario's architectures can be told to be wrong with."""

from pathlib import Path

import pytest

from workbench.architectures.check import check_all
from workbench.architectures.registry import NOT_YET, ORCHESTRATIONS, TRAININGS

HERE = Path(__file__).parent

TEN_MISTAKES = """format: 1
name: Ten mistakes
pipeline:
  stages:
    - {id: digits, use: sampel}
    - {id: prepare, use: prepare, with: {held_out: 2}}
    - {id: train, use: train, with: {epocs: 3}}
    - {id: judge, use: evaluate}
  links:
    - prepare.dataset -> train.dataset
    - train.modell -> judge.model
cluster:
  workers:
    - {id: w, count: 2, accelerator: h100}
  network: {bandwidth: 25 Gbits}
architectures:
  - {id: ring, training: {use: ring-all-reduce, with: {workers: 9}}}
  - {id: shards, training: {use: fully-sharded}}
faults:
  - {kind: crash, worker: w7, at: 3 s}
expect:
  - rign.samples_per_second > 3
"""


def told(text):
    return [problem.told() for problem in check_all(text, HERE).refused]


def test_ten_mistakes_are_listed_at_once_each_with_its_place():
    problems = check_all(TEN_MISTAKES, HERE).refused
    places = {problem.place for problem in problems}
    assert {
        "pipeline.stages[digits].use",
        "pipeline.stages[prepare].with.held_out",
        "pipeline.stages[train].with.epocs",
        "pipeline.links[1]",
        "cluster.workers[0].accelerator",
        "cluster.network.bandwidth",
        "architectures[ring].training",
        "architectures[shards].training.use",
        "faults[0].worker",
        "expect[0]",
    } <= places, places
    assert all(problem.line for problem in problems)


def test_the_nearest_known_name_is_offered():
    text = "\n".join(told(TEN_MISTAKES))
    assert "did you mean 'sample'?" in text
    assert "did you mean 'epochs'?" in text
    assert "did you mean 'ring'?" in text


@pytest.mark.parametrize("name", NOT_YET["training"])
def test_an_architecture_that_is_planned_is_refused_by_name(name):
    text = f"format: 1\narchitectures:\n  - {{id: a, training: {{use: {name}}}}}\n"
    problem = next(p for p in check_all(text, HERE).refused if p.place.startswith("architectures"))
    assert problem.severity == "not-yet" and name in problem.words()


@pytest.mark.parametrize("kind", [*ORCHESTRATIONS.values(), *TRAININGS.values()])
def test_an_architecture_says_in_both_languages_what_it_is(kind):
    for words in (kind.title, kind.title_ja, kind.doc, kind.doc_ja):
        assert words.strip()
    for field in kind.model_fields.values():
        assert field.description
