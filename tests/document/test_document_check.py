"""The check: what can be said against a scenario without knowing stages and architectures."""

import pytest

from workbench.document.check import check
from workbench.document.graph import cycle_with, cycles
from workbench.document.problems import Problem
from workbench.document.scenario import Link, Pipeline, Scenario
from workbench.document.text import read


def scenario(**parts) -> Scenario:
    """A scenario without problems, but for what `parts` say."""
    stages = [{"id": "data", "use": "csv"}, {"id": "train", "use": "train"}]
    whole = {"pipeline": {"stages": stages}, "cluster": {"workers": [{"count": 2}]}}
    return Scenario.model_validate(whole | parts)


def pipeline(*links: str, stages: str = "abc", **parts) -> dict:
    return {"stages": [{"id": id, "use": "x"} for id in stages], "links": list(links), **parts}


def told(**parts) -> list[str]:
    return [problem.told() for problem in check(scenario(**parts))]


def only(**parts) -> Problem:
    (problem,) = check(scenario(**parts))
    return problem


def test_a_scenario_without_mistakes_has_no_problems():
    assert check(scenario()) == []


def test_a_cycle_is_refused_with_its_stages_named():
    assert told(pipeline=pipeline("a.o -> b.i", "b.o -> c.i", "c.o -> a.i")) == [
        "pipeline.stages[a]: these stages wait for each other: a -> b -> c -> a"
    ]


def test_a_stage_that_feeds_itself_is_a_cycle():
    assert told(pipeline=pipeline("a.o -> a.i")) == ["pipeline.stages[a]: these stages wait for each other: a -> a"]


def test_two_knots_are_told_as_two_cycles_and_one_knot_as_one():
    knots = Pipeline.model_validate(
        pipeline("a.o -> b.i", "b.o -> a.i", "b.p -> a.j", "c.o -> d.i", "d.o -> c.i", "d.p -> e.i", stages="abcde")
    )
    assert cycles(knots) == [("a", "b", "a"), ("c", "d", "c")]


def test_a_diamond_is_no_cycle():
    links = pipeline("a.o -> b.i", "a.o -> c.i", "b.o -> d.i", "c.o -> d.j", stages="abcd")
    assert told(pipeline=links) == []


def test_the_cycle_that_a_link_would_close_is_known_before_it_is_drawn():
    links = [Link(source="a.o", target="b.i"), Link(source="b.o", target="c.i")]
    assert cycle_with(links, Link(source="c.o", target="a.i")) == ("c", "a", "b", "c")
    assert cycle_with(links, Link(source="b.o", target="b.j")) == ("b", "b")
    assert cycle_with(links, Link(source="a.o", target="c.j")) == ()


def test_a_cycle_of_thousands_of_stages_is_found():
    ids = [f"s{i}" for i in range(1000)]
    links = [{"source": f"{a}.o", "target": f"{b}.i"} for a, b in zip(ids, ids[1:] + ids[:1], strict=True)]
    long = Pipeline.model_validate({"stages": [{"id": id, "use": "x"} for id in ids], "links": links})
    assert [len(cycle) for cycle in cycles(long)] == [1001]


def test_links_to_unknown_stages_name_the_nearest():
    links = pipeline("dta.o -> train.i", stages=[]) | {"stages": scenario().pipeline.model_dump()["stages"]}
    assert told(pipeline=links) == ["pipeline.links[0]: there is no stage 'dta'; did you mean 'data'?"]


def test_a_port_takes_one_link():
    assert told(pipeline=pipeline("a.o -> c.i", "b.o -> c.i", "b.o -> c.j")) == [
        "pipeline.links[1]: a second link ends in c.i; the first comes from a.o"
    ]


@pytest.mark.parametrize(
    ("parts", "place"),
    [
        ({"pipeline": pipeline(stages="aba")}, "pipeline.stages[2].id"),
        ({"architectures": [{"id": "x"}, {"id": "x"}]}, "architectures[1].id"),
        ({"cluster": {"workers": [{"id": "v"}, {"id": "v"}]}}, "cluster.workers[1].id"),
        (
            {"pipeline": pipeline(groups=[{"id": "g", "stages": []}, {"id": "g", "stages": []}])},
            "pipeline.groups[1].id",
        ),
    ],
)
def test_ids_are_given_once_and_the_second_is_where_the_problem_is(parts, place):
    problem = only(**parts)
    assert (problem.code, problem.place) == ("duplicate-id", place)


def test_the_line_of_a_duplicate_id_is_that_of_the_second():
    text = "format: 1\npipeline:\n  stages:\n    - {id: a, use: x}\n    - {id: b, use: x}\n    - {id: a, use: x}\n"
    assert [(problem.code, problem.line) for problem in read(text).problems] == [("duplicate-id", 6)]


def test_two_pools_cannot_name_two_workers_alike():
    pools = {"workers": [{"id": "w", "count": 12}, {"id": "w1", "count": 2}]}
    assert told(cluster=pools) == ["cluster.workers: two workers would be named 'w10'"]


def test_a_group_holds_known_stages_each_in_one_group():
    groups = [{"id": "g", "stages": ["a", "b"]}, {"id": "h", "stages": ["b", "cc"]}]
    assert told(pipeline=pipeline(groups=groups)) == [
        "pipeline.groups[h].stages[0]: the stage 'b' is in the groups 'g' and 'h'",
        "pipeline.groups[h].stages[1]: there is no stage 'cc'; did you mean 'c'?",
    ]


def test_a_position_of_no_stage_is_noted_and_does_not_refuse():
    problem = only(layout={"trian": {"x": 0, "y": 0}})
    assert problem.words() == "a position is given for 'trian', which is no stage; did you mean 'train'?"
    assert not problem.refuses


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({"pipeline": {}}, "no-stages"),
        ({"architectures": []}, "no-combinations"),
        ({"cluster": {"workers": []}}, "no-workers"),
        ({"workload": {"arrivals": "poisson"}}, "rate-missing"),
        ({"workload": {"arrivals": "regular", "rate": 0}}, "rate-missing"),
        ({"run": {"duration": 0}}, "lasts-nothing"),
        ({"run": {"duration": "1 min", "warm_up": "60 s"}}, "warm-up-too-long"),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused(parts, code):
    problem = only(**parts)
    assert problem.code == code
    assert problem.refuses


def test_a_rate_that_nothing_uses_is_noted():
    assert not only(workload={"rate": "5 /s"}).refuses


# --- faults --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "crash", "worker": "w1", "at": "3 s"},
        {"kind": "crash", "worker": "w0", "at_step": 3, "lasts": "2 s"},
        {"kind": "freeze", "every": "1 h"},
        {"kind": "freeze", "worker": "w0", "every": "1 h", "only": ["ring"]},
        {"kind": "leader-crash", "at": "3 s"},
        {"kind": "slow-down", "worker": "w0", "at": 1, "factor": 4, "lasts": "3 s"},
        {"kind": "slow-link", "every": 1, "factor": 4, "latency": "10 ms"},
        {"kind": "partition", "workers": ["w0", "w1"], "at": 1},
        {"kind": "storage-full", "at": 1, "room": "1 MB", "lasts": 3},
        {"kind": "corrupt-checkpoint", "at_step": 4},
        {"kind": "crash", "every": "1 h", "shape": 0.7},
        {"kind": "crash", "trace": "log.csv", "factor": 3, "only": ["ring"]},
    ],
)
def test_a_fault_that_says_who_and_when_is_allowed(fault):
    assert check(scenario(faults=[fault])) == []


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"kind": "crash", "worker": "w2", "at": 1}, "faults[0].worker: there is no worker 'w2'; did you mean 'w1'?"),
        (
            {"kind": "crash", "worker": "w0"},
            "faults[0]: the fault says no time: write one of at, at_step and every",
        ),
        (
            {"kind": "crash", "worker": "w0", "at": 1, "at_step": 1},
            "faults[0]: the fault says its time more than once: at, at_step; keep one",
        ),
        ({"kind": "crash", "at": 1}, "faults[0]: the fault does not say which worker it strikes"),
        (
            {"kind": "leader-crash", "worker": "w0", "at": 1},
            "faults[0].worker: a leader-crash strikes no worker; leave 'worker' out",
        ),
        (
            {"kind": "crash", "workers": ["w0", "w5"], "at": 1},
            "faults[0].workers[1]: there is no worker 'w5'; did you mean 'w1'?",
        ),
        (
            {"kind": "crash", "worker": "w0", "workers": ["w1"], "at": 1},
            "faults[0]: the fault says whom it strikes more than once: worker, workers; keep one",
        ),
        (
            {"kind": "crash", "rack": 0, "at": 1},
            "faults[0].rack: this network has no racks or islands; name the workers in 'workers' instead",
        ),
        ({"kind": "freeze", "worker": "w0", "at": 1, "lasts": 0}, "faults[0].lasts: a time of 0 does nothing here"),
        (
            {"kind": "freeze", "worker": "w0", "at": 1, "factor": 2},
            "faults[0].factor: 'factor' means nothing to a fault of kind freeze; it belongs to slow-down, slow-link",
        ),
        (
            {"kind": "slow-down", "worker": "w0", "at": 1, "latency": 2},
            "faults[0].latency: 'latency' means nothing to a fault of kind slow-down; it belongs to slow-link",
        ),
        (
            {"kind": "storage-full", "workers": ["w0"], "at": 1},
            "faults[0].workers: a storage-full strikes no worker; leave 'workers' out",
        ),
        (
            {"kind": "corrupt-checkpoint", "at": 1, "lasts": 2},
            "faults[0].lasts: 'lasts' means nothing to a fault of kind corrupt-checkpoint; it belongs to "
            "crash, freeze, leader-crash, slow-down, slow-link, partition, storage-full",
        ),
        (
            {"kind": "freeze", "worker": "w0", "at": 1, "shape": 2},
            "faults[0].shape: a shape is that of random faults; write 'every' too",
        ),
        (
            {"kind": "freeze", "trace": "log.csv", "every": 2},
            "faults[0].every: the trace says 'every' of each of its faults; leave it out here",
        ),
        ({"kind": "freeze", "every": 0}, "faults[0].every: the mean time between faults is more than 0"),
        (
            {"kind": "freeze", "every": 1, "only": ["rign"]},
            "faults[0].only[0]: there is no architecture with the id 'rign'; did you mean 'ring'?",
        ),
    ],
)
def test_a_fault_that_cannot_strike_is_refused(fault, words):
    assert words in told(faults=[fault])


def test_a_rack_that_is_not_there_is_refused():
    islands = {"workers": [{"id": "w", "count": 5}], "network": {"topology": "nvlink-island", "island": 2}}
    islands["network"]["island_bandwidth"] = "1 GB/s"
    said = [told(cluster=islands, faults=[{"kind": "crash", "rack": rack, "at": 1}]) for rack in (2, 3)]
    assert said == [[], ["faults[0].rack: there is no rack or island 3; the last one is 2"]]


def test_a_fault_behind_the_end_of_the_run_is_noted():
    late = [{"kind": "crash", "worker": "w0", "at": "2 min"}, {"kind": "crash", "worker": "w0", "at_step": 10}]
    problems = check(scenario(faults=late, run={"duration": "60 s", "steps": 10}))
    assert [problem.told() for problem in problems] == [
        "faults[0].at: the fault comes after the run has ended (1 min)",
        "faults[1].at_step: the fault comes after the last training step (10)",
    ]
    assert not any(problem.refuses for problem in problems)


# --- sites ---------------------------------------------------------------------------------------------------------

SITES = {"topology": "wide-area", "sites": 2, "site_bandwidth": "1 Gbit/s", "site_latency": "30 ms"}


def of_sites(count=4, **network):
    cluster = {"workers": [{"id": "w", "count": count}], "network": SITES | network}
    return [(problem.place, problem.code) for problem in check(scenario(cluster=cluster))]


def test_a_wide_area_network_needs_its_sites_and_what_lies_between_them():
    assert of_sites() == []
    for field in ("sites", "site_bandwidth", "site_latency"):
        assert of_sites(**{field: None}) == [("cluster.network", "topology-needs")]
        alone = {"topology": "switch"} | {other: None for other in SITES if other not in ("topology", field)}
        assert of_sites(**alone) == [(f"cluster.network.{field}", "topology-ignores")]


def test_every_site_has_a_worker():
    assert of_sites(sites=4) == []
    assert of_sites(sites=5) == [("cluster.network.sites", "more-sites-than-workers")]


def test_sites_are_as_equal_as_can_be_and_hold_the_workers_in_their_order():
    cluster = scenario(cluster={"workers": [{"id": "w", "count": 7}], "network": SITES | {"sites": 3}}).cluster
    assert cluster.racks == (("w0", "w1"), ("w2", "w3"), ("w4", "w5", "w6"))


# --- conditions and groups that run for every item ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("when", "code"),
    [
        ("a.m >", "expectation-syntax"),
        ("1 < 2", "condition-of-nothing"),
        ("z.m > 1", "condition-not-earlier"),
        ("b.m > 1", "condition-not-earlier"),
        ("c.m > 1", "condition-not-earlier"),
        ("a.other > 1", "condition-unknown"),
    ],
)
def test_a_condition_that_cannot_be_answered_in_time_is_refused(when, code):
    stages = [{"id": "a", "use": "x", "assume": {"m": [0, 1]}}, {"id": "b", "use": "x", "when": when}]
    stages.append({"id": "c", "use": "x", "assume": {"m": 1}})
    problem = only(pipeline={"stages": stages, "links": ["a.o -> b.i", "b.o -> c.i"]})
    assert (problem.code, problem.place) == (code, "pipeline.stages[b].when")
    assert problem.words() != problem.words("ja")


def test_two_conditions_that_wait_for_each_other_are_refused():
    stages = [{"id": id, "use": "x", "assume": {"m": 1}, "when": f"{other}.m > 0"} for id, other in ("ab", "ba")]
    found = {problem.code for problem in check(scenario(pipeline={"stages": stages}))}
    assert found == {"condition-not-earlier"}


@pytest.mark.parametrize(
    ("group", "code", "field"),
    [
        ({"stages": ["b"], "foreach": "a.o"}, "foreach-without-partition", ""),
        ({"stages": ["b"], "foreach": "z.o", "partition": 5}, "foreach-of-nothing", ".foreach"),
        ({"stages": ["b"], "foreach": "b.o", "partition": 5}, "foreach-of-nothing", ".foreach"),
        ({"stages": ["b"], "foreach": "a.p", "partition": 5}, "foreach-unlinked", ".foreach"),
        ({"stages": ["b"], "partition": 5}, "group-field-unused", ".partition"),
        ({"stages": ["b"], "at_least": 0.9}, "group-field-unused", ".at_least"),
    ],
)
def test_a_group_that_cannot_run_for_every_item_is_refused(group, code, field):
    stages = [{"id": id, "use": "x"} for id in "abc"]
    links = ["a.o -> b.i", "b.o -> c.i"]
    problem = only(pipeline={"stages": stages, "links": links, "groups": [{"id": "g", **group}]})
    assert (problem.code, problem.place) == (code, f"pipeline.groups[g]{field}")
    assert problem.words() != problem.words("ja")


WATCHED = [{"id": "a", "use": "x", "assume": {"m": [0, 1]}}, {"id": "b", "use": "x"}]


def by_event(event, instances=9, **pipeline):
    workload = {"arrivals": "by-event", "instances": instances, "event": event}
    return {"pipeline": {"stages": WATCHED, "links": ["a.o -> b.i"], **pipeline}, "workload": workload}


def test_an_event_about_an_assumed_metric_of_any_stage_is_allowed():
    assert check(scenario(**by_event("a.m > 0.5"))) == []


@pytest.mark.parametrize(
    ("event", "code", "place"),
    [
        ("", "event-missing", "workload"),
        ("a.m >", "expectation-syntax", "workload.event"),
        ("1 < 2", "condition-of-nothing", "workload.event"),
        ("z.m > 1", "event-of-no-stage", "workload.event"),
        ("a.other > 1", "condition-unknown", "workload.event"),
        ("b.m > 1", "condition-unknown", "workload.event"),
    ],
)
def test_an_event_that_no_run_could_find_is_refused_at_its_place(event, code, place):
    problem = only(**by_event(event))
    assert (problem.code, problem.place, problem.refuses) == (code, place, True)
    assert problem.words() != problem.words("ja")


def test_an_event_about_a_stage_that_runs_for_every_item_is_refused():
    stages = [{"id": "c", "use": "x"}, *WATCHED]
    groups = [{"id": "g", "stages": ["a"], "foreach": "c.o", "partition": 5}]
    problem = only(**by_event("a.m > 0.5", stages=stages, links=["c.o -> a.i", "a.o -> b.i"], groups=groups))
    assert (problem.code, problem.place) == ("condition-in-foreach", "workload.event")


def test_an_event_that_nothing_follows_is_noted():
    unused = only(workload={"event": "a.m > 0.5"})
    once = only(**by_event("a.m > 0.5", instances=1))
    assert [(note.code, note.refuses) for note in (unused, once)] == [("event-unused", False), ("event-once", False)]


# --- topologies ----------------------------------------------------------------------------------------------------

FAT_TREE = {"topology": "fat-tree", "rack": 4, "oversubscription": 4}
ISLANDS = {"topology": "nvlink-island", "island": 4, "island_bandwidth": "100 GB/s"}


@pytest.mark.parametrize("network", [FAT_TREE, ISLANDS, {"topology": "ring"}, {"sharing": "fair"}])
def test_a_topology_with_what_it_needs_has_no_problem(network):
    assert check(scenario(cluster={"network": network})) == []


@pytest.mark.parametrize(
    ("network", "told"),
    [
        ({**FAT_TREE, "rack": None}, "cluster.network: the topology fat-tree needs 'rack'"),
        ({**ISLANDS, "island": None}, "cluster.network: the topology nvlink-island needs 'island'"),
        (
            {"topology": "ring", "rack": 4},
            "cluster.network.rack: 'rack' belongs to the topology fat-tree; ring does not use it",
        ),
        (
            {**FAT_TREE, "island": 4},
            "cluster.network.island: 'island' belongs to the topology nvlink-island; fat-tree does not use it",
        ),
        (
            {"sharing": "fair", "collectives": "nccl-2xp5"},
            "cluster.network.collectives: the curve 'nccl-2xp5' was measured over its own network; it goes only with a "
            "switch and sharing: fifo",
        ),
    ],
)
def test_a_field_that_the_topology_lacks_or_does_not_use_is_refused_by_name(network, told):
    problem = only(cluster={"network": network})
    assert (problem.told(), problem.refuses) == (told, True)


# --- expectations --------------------------------------------------------------------------------------------------


def test_expectations_over_known_names_are_allowed():
    expect = ["ring.samples_per_second > 2", "real.ring.accuracy >= 90 %", "ring.seconds_of_train < 3"]
    assert check(scenario(expect=expect)) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ring.steps >", "position 13: the text ends too early"),
        ("ring.steps", "position 1: this is a number, not a question that is true or false"),
        ("rign.steps > 1", "there is no architecture with the id 'rign'; did you mean 'ring'?"),
        (
            "ring.sampels_per_second > 1",
            "there is no metric 'sampels_per_second'; did you mean 'samples_per_second'?",
        ),
        ("ring.seconds_of_trian > 1", "there is no metric 'seconds_of_trian'; did you mean 'seconds_of_train'?"),
    ],
)
def test_an_expectation_that_cannot_be_checked_is_refused(text, words):
    assert told(expect=["ring.steps > 1", text]) == [f"expect[1]: {words}"]
