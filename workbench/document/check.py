"""What can be said against a scenario without knowing what kinds of stages and architectures there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import get_args

from workbench.document import flow
from workbench.document.expectations import ExpectationError, Name, parse
from workbench.document.graph import cycles
from workbench.document.metrics import known_metrics, measured_by
from workbench.document.problems import Problem, nearest
from workbench.document.scenario import Cluster, Fault, Network, Pipeline, RunSettings, Scenario, Workload
from workbench.document.units import SECONDS, show

FAULTS = get_args(Fault.model_fields["kind"].annotation)
FAULT_FIELDS = {  # the kinds that know them
    "factor": ("slow-down", "slow-link"),
    "latency": ("slow-link",),
    "room": ("storage-full",),
    "lasts": tuple(kind for kind in FAULTS if kind != "corrupt-checkpoint"),
}
WHO = ("worker", "workers", "rack")
SAID_BY_TRACES = (*WHO, "at", "at_step", "every", "shape", "lasts")
STRIKES_NOBODY = ("leader-crash", "storage-full", "corrupt-checkpoint")
TOPOLOGY_FIELDS = {
    "fat-tree": ("rack", "oversubscription"),
    "nvlink-island": ("island", "island_bandwidth"),
    "wide-area": ("sites", "site_bandwidth", "site_latency"),
}


def check(scenario: Scenario) -> list[Problem]:
    """All problems of the scenario, in the order of its parts."""
    return [
        *_of_pipeline(scenario.pipeline),
        *flow.check(scenario.pipeline),
        *_of_layout(scenario),
        *_of_cluster(scenario.cluster),
        *_of_combinations(scenario),
        *_of_workload(scenario.workload),
        *flow.of_event(scenario.pipeline, scenario.workload),
        *(
            problem
            for index, fault in enumerate(scenario.faults)
            for problem in of_fault(scenario, f"faults[{index}]", fault)
        ),
        *_of_run(scenario.run),
        *(problem for index, text in enumerate(scenario.expect) for problem in _of_expectation(scenario, index, text)),
    ]


def _duplicates(ids: Iterable[str], place: str) -> Iterator[Problem]:
    """Placed by number, because the id is that of the first."""
    seen = set()
    for index, id in enumerate(ids):
        if id in seen:
            yield Problem("duplicate-id", f"{place}[{index}].id", {"id": id})
        seen.add(id)


# --- the pipeline ----------------------------------------------------------------------------------------------


def _of_pipeline(pipeline: Pipeline) -> Iterator[Problem]:
    if not pipeline.stages:
        yield Problem("no-stages", "pipeline.stages")
    yield from _duplicates((stage.id for stage in pipeline.stages), "pipeline.stages")
    for stage in pipeline.stages:
        if stage.backoff != type(stage).model_fields["backoff"].default and not stage.retries:
            yield Problem("backoff-unused", f"pipeline.stages[{stage.id}].backoff", severity="note")
    yield from _of_links(pipeline)
    for cycle in cycles(pipeline):
        yield Problem("cycle", f"pipeline.stages[{cycle[0]}]", {"path": " -> ".join(cycle)})
    yield from _of_groups(pipeline)


def _of_links(pipeline: Pipeline) -> Iterator[Problem]:
    ids = [stage.id for stage in pipeline.stages]
    sources: dict[str, str] = {}
    for index, link in enumerate(pipeline.links):
        place = f"pipeline.links[{index}]"
        for stage in dict.fromkeys((link.source_stage, link.target_stage)):
            if stage not in ids:
                yield Problem("unknown-stage", place, {"stage": stage, "nearest": nearest(stage, ids)})
        if link.target in sources:
            yield Problem("two-links", place, {"port": link.target, "first": sources[link.target]})
        sources.setdefault(link.target, link.source)


def _of_groups(pipeline: Pipeline) -> Iterator[Problem]:
    ids = [stage.id for stage in pipeline.stages]
    group_of: dict[str, str] = {}
    yield from _duplicates((group.id for group in pipeline.groups), "pipeline.groups")
    for group in pipeline.groups:
        place = f"pipeline.groups[{group.id}]"
        for index, stage in enumerate(group.stages):
            if stage not in ids:
                values = {"stage": stage, "nearest": nearest(stage, ids)}
                yield Problem("unknown-stage", f"{place}.stages[{index}]", values)
            elif stage in group_of:
                values = {"stage": stage, "first": group_of[stage], "second": group.id}
                yield Problem("stage-in-two-groups", f"{place}.stages[{index}]", values)
            group_of.setdefault(stage, group.id)


def _of_layout(scenario: Scenario) -> Iterator[Problem]:
    ids = [stage.id for stage in scenario.pipeline.stages]
    for id in scenario.layout:
        if id not in ids:
            values = {"stage": id, "nearest": nearest(id, ids)}
            yield Problem("layout-of-nothing", f"layout.{id}", values, severity="note")


# --- cluster, architectures and workload -------------------------------------------------------------------------


def _of_cluster(cluster: Cluster) -> Iterator[Problem]:
    yield from _duplicates((pool.id for pool in cluster.workers), "cluster.workers")
    if len({pool.id for pool in cluster.workers}) == len(cluster.workers):
        seen = set()
        for worker in cluster.names:
            if worker in seen:
                yield Problem("duplicate-worker", "cluster.workers", {"worker": worker})
                break
            seen.add(worker)
    if not cluster.workers:
        yield Problem("no-workers", "cluster.workers")
    yield from _of_network(cluster.network)
    network = cluster.network
    if network.sites is not None and network.sites > len(cluster.names):
        values = {"sites": network.sites, "has": len(cluster.names)}
        yield Problem("more-sites-than-workers", "cluster.network.sites", values)
    if network.topology != "switch" or network.collectives.startswith("nccl"):
        for pool in cluster.workers:
            if pool.bandwidth is not None:
                yield Problem("own-bandwidth-elsewhere", f"cluster.workers[{pool.id}].bandwidth")


def _of_network(network: Network) -> Iterator[Problem]:
    topology = network.topology
    for owner, fields in TOPOLOGY_FIELDS.items():
        for field in fields:
            given = getattr(network, field) is not None
            if given and owner != topology:
                values = {"field": field, "topology": topology, "owner": owner}
                yield Problem("topology-ignores", f"cluster.network.{field}", values)
            elif owner == topology and not given:
                yield Problem("topology-needs", "cluster.network", {"field": field, "topology": topology})
    if network.collectives.startswith("nccl") and (topology != "switch" or network.sharing == "fair"):
        values = {"collectives": network.collectives}
        yield Problem("curve-with-links", "cluster.network.collectives", values)


def _of_combinations(scenario: Scenario) -> Iterator[Problem]:
    if not scenario.architectures:
        yield Problem("no-combinations", "architectures")
    yield from _duplicates((combination.id for combination in scenario.architectures), "architectures")


def _of_workload(workload: Workload) -> Iterator[Problem]:
    if workload.arrivals in ("at-once", "by-event"):
        if workload.rate is not None:
            yield Problem("rate-unused", "workload.rate", severity="note")
    elif not workload.rate:
        yield Problem("rate-missing", "workload", {"arrivals": workload.arrivals})


# --- faults, run and expectations --------------------------------------------------------------------------------


def of_fault(scenario: Scenario, place: str, fault: Fault) -> Iterator[Problem]:
    """The problems of a fault that stands at `place`."""
    for field, kinds in FAULT_FIELDS.items():
        if getattr(fault, field) is not None and fault.kind not in kinds and not fault.trace:
            values = {"field": field, "kind": fault.kind, "kinds": ", ".join(kinds)}
            yield Problem("fault-ignores", f"{place}.{field}", values)
    if fault.trace:
        for field in SAID_BY_TRACES:
            if getattr(fault, field) not in ("", (), None):
                yield Problem("said-by-trace", f"{place}.{field}", {"field": field})
    else:
        yield from _of_strike(scenario, place, fault)
        yield from _of_fault_time(scenario.run, place, fault)
    ids = [combination.id for combination in scenario.architectures]
    for number, id in enumerate(fault.only):
        if id not in ids:
            values = {"combination": id, "nearest": nearest(id, ids)}
            yield Problem("unknown-combination", f"{place}.only[{number}]", values)


def _of_strike(scenario: Scenario, place: str, fault: Fault) -> Iterator[Problem]:
    """Who is struck."""
    given = [name for name in WHO if getattr(fault, name) not in ("", (), None)]
    if fault.kind in STRIKES_NOBODY:
        for name in given:
            yield Problem("strikes-no-worker", f"{place}.{name}", {"kind": fault.kind, "field": name})
        return
    if len(given) > 1:
        yield Problem("fault-with-workers", place, {"given": ", ".join(given)})
    if not given and fault.every is None:
        yield Problem("fault-without-worker", place)
    names = set(scenario.cluster.names)
    places = [("worker", fault.worker)] if fault.worker else []
    places += [(f"workers[{number}]", worker) for number, worker in enumerate(fault.workers)]
    for field, worker in places:
        if worker not in names:
            near = nearest(worker, sorted(names)) if len(names) <= 1000 else ""
            yield Problem("unknown-worker", f"{place}.{field}", {"worker": worker, "nearest": near})
    if fault.rack is not None and fault.rack >= len(racks := scenario.cluster.racks):
        code = "unknown-rack" if racks else "no-racks"
        yield Problem(code, f"{place}.rack", {"rack": fault.rack, "last": len(racks) - 1})


def _of_fault_time(run: RunSettings, place: str, fault: Fault) -> Iterator[Problem]:
    times = {"at": fault.at, "at_step": fault.at_step, "every": fault.every}
    given = [name for name, time in times.items() if time is not None]
    if not given:
        yield Problem("fault-without-time", place)
    elif len(given) > 1:
        yield Problem("fault-with-times", place, {"given": ", ".join(given)})
    if fault.every == 0:
        yield Problem("no-time-between", f"{place}.every")
    if fault.shape is not None and fault.every is None:
        yield Problem("shape-without-every", f"{place}.shape")
    if fault.lasts == 0:
        yield Problem("lasts-nothing", f"{place}.lasts")
    if fault.at is not None and run.duration is not None and fault.at >= run.duration:
        yield Problem("fault-too-late", f"{place}.at", {"duration": show(run.duration, SECONDS)}, severity="note")
    if fault.at_step is not None and run.steps is not None and fault.at_step >= run.steps:
        yield Problem("fault-after-training", f"{place}.at_step", {"steps": run.steps}, severity="note")


def _of_run(run: RunSettings) -> Iterator[Problem]:
    if run.duration == 0:
        yield Problem("lasts-nothing", "run.duration")
    elif run.duration is not None and run.warm_up >= run.duration:
        yield Problem("warm-up-too-long", "run.warm_up", {"duration": show(run.duration, SECONDS)})


def _of_expectation(scenario: Scenario, index: int, text: str) -> Iterator[Problem]:
    place = f"expect[{index}]"
    try:
        names = parse(text).names
    except ExpectationError as error:
        yield Problem("expectation-syntax", place, error.values)
        return
    for name in names:
        yield from _of_name(scenario, place, name)


def _of_name(scenario: Scenario, place: str, name: Name) -> Iterator[Problem]:
    ids = [combination.id for combination in scenario.architectures]
    if name.combination not in ids:
        values = {"combination": name.combination, "nearest": nearest(name.combination, ids)}
        yield Problem("unknown-combination", place, values)
    stages = [stage.id for stage in scenario.pipeline.stages]
    metrics = known_metrics(stages)
    if name.metric not in metrics and not measured_by(name.metric, stages):
        yield Problem("unknown-metric", place, {"metric": name.metric, "nearest": nearest(name.metric, metrics)})
