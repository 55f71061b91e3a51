"""What a scenario's architectures can be told to be wrong with."""

from pathlib import Path

import pytest

from workbench.architectures.check import check_all
from workbench.architectures.registry import NOT_YET, ORCHESTRATIONS, TRAININGS
from workbench.engines.real.limits import refusals

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
  - {id: shards, training: {use: fuly-sharded}}
faults:
  - {kind: crash, worker: w7, at: 3 s}
expect:
  - rign.samples_per_second > 3
"""


ISLANDS = """format: 1
pipeline:
  stages:
    - {id: blobs, use: synthetic}
    - {id: prepare, use: prepare}
    - {id: train, use: train}
  links: [blobs.table -> prepare.table, prepare.dataset -> train.dataset]
cluster:
  workers: [{id: w, count: 8}]
  network: {NETWORK}
architectures:
  - {id: it, training: {use: ring-all-reduce, with: {WITH}}}
"""


@pytest.mark.parametrize(
    ("network", "parameters", "codes"),
    [
        ("topology: nvlink-island, island: 4, island_bandwidth: 50 GB/s", "algorithm: hierarchical", []),
        ("topology: wide-area, sites: 2, site_bandwidth: 1 GB/s, site_latency: 1 ms", "algorithm: hierarchical", []),
        ("collectives: ideal", "algorithm: hierarchical", ["hierarchy-without-islands"]),
        ("topology: fat-tree, rack: 4, oversubscription: 4", "algorithm: hierarchical", ["hierarchy-without-islands"]),
        (
            "topology: nvlink-island, island: 4, island_bandwidth: 50 GB/s",
            "algorithm: hierarchical, workers: 4",
            ["hierarchy-without-islands"],
        ),
        (
            "topology: nvlink-island, island: 4, island_bandwidth: 50 GB/s",
            "algorithm: hierarchical, workers: 6",
            ["hierarchy-uneven"],
        ),
        ("collectives: nccl-8xh100", "algorithm: tree", ["curve-of-rings"]),
        ("collectives: nccl-8xh100", "algorithm: ring", []),
        ("collectives: gloo", "algorithm: tree", []),
    ],
)
def test_all_reduces_that_the_network_does_not_carry_so_are_refused_at_their_place(network, parameters, codes):
    text = ISLANDS.replace("NETWORK", network).replace("WITH", parameters)
    refused = check_all(text, HERE).refused
    assert [problem.code for problem in refused] == codes
    assert {problem.place for problem in refused} <= {"architectures[it].training.with.algorithm"}


@pytest.mark.parametrize("algorithm", ["tree", "hierarchical"])
def test_a_real_run_refuses_all_reduces_that_gloo_does_not_do(algorithm):
    text = ISLANDS.replace("NETWORK", "collectives: gloo").replace("WITH", f"algorithm: {algorithm}")
    document = check_all(text, HERE)
    [said] = refusals(document.scenario, document.scenario.architectures[0])
    assert "parameters that only a simulated run knows" in said


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


@pytest.mark.parametrize("side", list(NOT_YET))
def test_an_architecture_that_is_planned_is_refused_by_name(side, monkeypatch):
    monkeypatch.setitem(NOT_YET, side, ("tomorrows",))
    text = f"format: 1\narchitectures:\n  - {{id: a, {side}: {{use: tomorrows}}}}\n"
    problem = next(p for p in check_all(text, HERE).refused if p.place.startswith("architectures"))
    assert problem.severity == "not-yet" and "tomorrows" in problem.words()


@pytest.mark.parametrize("kind", [*ORCHESTRATIONS.values(), *TRAININGS.values()])
def test_an_architecture_says_in_both_languages_what_it_is(kind):
    for words in (kind.title, kind.title_ja, kind.doc, kind.doc_ja):
        assert words.strip()
    for field in kind.model_fields.values():
        assert field.description


def server_with(knobs, workers=6):
    return f"""format: 1
name: A server
pipeline:
  stages:
    - {{id: digits, use: sample}}
    - {{id: prepare, use: prepare}}
    - {{id: train, use: train}}
  links: [digits.table -> prepare.table, prepare.dataset -> train.dataset]
cluster: {{workers: [{{id: w, count: {workers}}}]}}
architectures:
  - {{id: server, training: {{use: parameter-server, with: {{{knobs}}}}}}}
"""


@pytest.mark.parametrize(
    ("knobs", "said"),
    [
        ("staleness: 2", "staleness has no effect in mode synchronous"),
        ("mode: asynchronous, staleness: 2", "staleness has no effect in mode asynchronous"),
        ("mode: asynchronous, backup: 1", "backup has no effect in mode asynchronous"),
        ("mode: bounded, staleness: 1, pieces: 4", "pieces has no effect in mode bounded"),
        ("mode: bounded", "mode bounded needs a staleness"),
        ("workers: 3, backup: 3", "3 backup workers of 3 leave nobody to wait for"),
    ],
)
def test_a_knob_of_the_server_without_an_effect_is_refused_where_it_stands(knobs, said):
    (problem,) = check_all(server_with(knobs), HERE).refused
    assert problem.place == "architectures[server].training.with" and said in problem.told()
    assert problem.words("ja") != problem.words("en")


@pytest.mark.parametrize(
    ("knobs", "needed"),
    [("servers: 3", 4), ("servers: 3, workers: 4", 7), ("backup: 2", 4), ("mode: asynchronous, servers: 2", 3)],
)
def test_servers_and_those_who_are_waited_for_must_be_in_the_cluster(knobs, needed):
    assert told(server_with(knobs, needed)) == []
    (problem,) = told(server_with(knobs, needed - 1))
    assert f"needs {needed} workers, and the cluster has {needed - 1}" in problem


@pytest.mark.parametrize(
    "knobs", ["servers: 2", "backup: 1", "pieces: 2", "mode: asynchronous", "mode: bounded, staleness: 0"]
)
def test_servers_of_every_kind_are_carried_out_for_real(knobs):
    scenario = check_all(server_with(knobs), HERE).scenario
    assert refusals(scenario, scenario.architectures[0]) == []


def test_a_language_model_of_the_catalogue_is_refused_for_real_before_anything_starts():
    text = """format: 1
pipeline:
  stages:
    - {id: train, use: language-model}
architectures:
  - {id: ring, training: {use: ring-all-reduce}}
"""
    document = check_all(text, HERE)
    assert document.refused == ()
    (sentence,) = refusals(document.scenario, document.scenario.architectures[0])
    assert sentence == "the stage 'train' (Language model) can only be simulated"


def test_a_language_model_that_nobody_knows_is_refused_with_the_nearest():
    text = "format: 1\npipeline: {stages: [{id: train, use: language-model, with: {model: gpt3-175}}]}\n"
    (problem,) = check_all(text, HERE).refused
    assert problem.place == "pipeline.stages[train].with.model" and "did you mean 'gpt3-175b'?" in problem.words()


BY_EVENT = """format: 1
pipeline:
  stages:
    - {id: blobs, use: synthetic}
    - {id: prepare, use: prepare, assume: {drift: [0, 1]}}
  links: [blobs.table -> prepare.table]
architectures:
  - {id: led}
  - {id: owned, orchestration: {use: shared-nothing}}
workload: {instances: 9, arrivals: by-event, event: prepare.drift > 0.5}
"""


def test_owners_who_could_not_know_how_many_runs_there_are_refuse_re_runs_and_a_leader_does_not():
    document = check_all(BY_EVENT, HERE)
    assert [(p.code, p.place) for p in document.refused] == [
        ("event-needs-leader", "architectures[owned].orchestration.use")
    ]
    [problem] = document.refused
    assert "'owned'" in problem.words() and problem.words() != problem.words("ja")


def test_a_real_run_refuses_by_name_what_an_event_asks_about_and_no_stage_measures():
    scenario = check_all(BY_EVENT, HERE).scenario
    (said,) = refusals(scenario, scenario.architectures[0])
    assert said.startswith("drift of the stage 'prepare', about which is asked, can only be simulated")
