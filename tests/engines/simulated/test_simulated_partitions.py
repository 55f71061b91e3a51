"""A network in parts, and several workers that are lost at once."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from samples import SCENARIOS, SMALL

from workbench.architectures.check import check_all
from workbench.architectures.operations import (
    AllReduce,
    Claim,
    LeaseLost,
    Perform,
    Recall,
    Receive,
    Record,
    Send,
    Wait,
    WorkerLost,
)
from workbench.document.scenario import Network as Links
from workbench.engines.real.limits import refusals
from workbench.engines.simulated.network import Blob, Network
from workbench.engines.simulated.topology import lay
from workbench.engines.simulated.world import World
from workbench.runs.events import (
    FaultBegan,
    FaultEnded,
    OperationStarted,
    Recorded,
    StepsFinished,
    WorkerFailed,
    WorkerJoined,
)

LONG = SMALL.replace("epochs: 3", "epochs: 100").replace("{workers: 2}", "{workers: 3}")
TREE = """
cluster:
  workers:
    - {id: w, count: 10}
  network: {topology: fat-tree, rack: 2, oversubscription: 1}
"""
RACKS = re.sub(r"cluster:\n.*\n.*\n", TREE.lstrip(), LONG).replace("workers: 3}", "workers: 8}")
RESTART = "{use: ring-all-reduce, with: {workers: 8, on_loss: restart}}"
OWNERS = (SCENARIOS / "patterns" / "SN-2.yaml").read_text()


def shared(instances, lasts):
    """Owners of partitions of whom w3 is cut off from 1 s on, and for so long."""
    crash, own = "kind: crash, worker: w3, at: 0.9 s", "instances: 80"
    assert crash in OWNERS and own in OWNERS
    cut = OWNERS.replace(crash, f"kind: partition, worker: w3, at: 1 s, lasts: {lasts}")
    return cut.replace(own, f"instances: {instances}")


class Work:
    def __init__(self, holder=""):
        self.holder = holder

    def seconds(self, member, operation, now_s):
        return 1.0

    def answer(self, member, operation):
        return Blob(0)

    def inputs(self, member, operation):
        return [(self.holder, 100.0)] if self.holder else []


def play(programs, before, work=None, fair=False):
    """The world, and what each program returned."""
    topology = lay(Links(bandwidth=1e9), tuple(programs), ()) if fair else None
    world = World(Network(1e9, 1e-3, topology=topology), work or Work(), lambda event, who: None, detection_s=0.01)
    answers = {}

    def keep(name, program):
        answers[name] = yield from program

    for name, program in programs.items():
        world.add(name, keep(name, program))
    world.start(programs)
    before(world)
    while not world.clock.idle:
        world.clock.run_slice(float("inf"), 1000)
    return world, answers


def cut(world, members, from_s, to_s):
    inside = set(members)
    world.clock.call_at(from_s, lambda _: world.cuts.begin(inside))
    for member in members:
        world.clock.call_at(to_s, lambda _, member=member: world.cuts.reach(inside, member))


def of_kind(events, kind):
    return [event for event in events if isinstance(event, kind)]


def talker(to, times):
    for number in range(times):
        yield Send(to, number)
        yield Wait(1)


def listener(world_of, times, sender=None):
    heard = []
    for _ in range(times):
        letter = yield Receive(sender)
        heard.append((letter.what, round(world_of().clock.now, 2)))
    return heard


@pytest.mark.parametrize("fair", [False, True])
def test_letters_across_a_cut_arrive_in_order_once_it_has_ended(fair):
    worlds = []

    def before(world):
        worlds.append(world)
        cut(world, ["b"], 0.5, 3.5)

    programs = {"a": talker("b", 6), "b": listener(lambda: worlds[0], 6, "a")}
    _, answers = play(programs, before, fair=fair)
    assert answers["b"] == [(0, 0.0), (1, 3.5), (2, 3.5), (3, 3.5), (4, 4.0), (5, 5.0)]


def test_a_letter_that_was_on_its_way_arrives():
    worlds = []

    def before(world):
        worlds.append(world)
        cut(world, ["b"], 0.0005, 9)

    _, answers = play({"a": talker("b", 1), "b": listener(lambda: worlds[0], 1)}, before)
    assert answers["b"] == [(0, 0.0)]


def test_members_on_the_same_side_of_a_cut_reach_each_other():
    def before(world):
        worlds.append(world)
        cut(world, ["a", "b"], 0.5, 50)

    for pair in (("a", "b"), ("c", "d")):
        worlds = []
        idle = {name: talker(name, 0) for name in "abcd" if name not in pair}
        programs = {pair[0]: talker(pair[1], 3), pair[1]: listener(lambda w=worlds: w[0], 3)}
        _, answers = play(programs | idle, before)
        assert answers[pair[1]] == [(0, 0.0), (1, 1.0), (2, 2.0)]


@pytest.mark.parametrize("fair", [False, True])
def test_a_collective_stands_still_while_one_of_its_members_cannot_be_reached(fair):
    team = ("a", "b", "c")

    def member(me, ended):
        yield AllReduce(team, Blob(3e6))
        ended.append(world_of[0].clock.now)

    ended, world_of = [], []

    def before(world):
        world_of.append(world)
        cut(world, ["b"], 0.001, 7)

    play({name: member(name, ended) for name in team}, before, fair=fair)
    assert len(ended) == 3 and 7 < max(ended) < 7.1


def test_who_is_cut_off_records_recalls_and_claims_once_it_is_back():
    times = {}

    def isolated():
        yield Wait(2)
        yield Record((("x", 1),))
        times["recorded"] = yield from now()
        found = yield Recall("x")
        lease = yield Claim("key", 1.0)
        return found, lease.holder

    def now():
        return worlds[0].clock.now
        yield

    worlds = []

    def before(world):
        worlds.append(world)
        cut(world, ["a"], 1, 5)

    _, answers = play({"a": isolated(), "b": talker("b", 0)}, before)
    assert answers["a"] == ({"x": 1}, "a") and times == {"recorded": 5}


def test_a_lease_that_ended_during_a_cut_is_lost_to_who_was_cut_off():
    def isolated():
        lease = yield Claim("key", 2.0)
        yield Wait(1)
        try:
            yield Record((("x", 1),), under=lease)
        except LeaseLost:
            return "lost"

    _, answers = play({"a": isolated()}, lambda world: cut(world, ["a"], 0.5, 4))
    assert answers == {"a": "lost"}


@pytest.mark.parametrize("fair", [False, True])
def test_work_begins_once_the_holder_of_its_inputs_can_be_reached(fair):
    def worker():
        yield Perform("x")
        return round(worlds[0].clock.now, 3)

    worlds = []

    def before(world):
        worlds.append(world)
        world.cuts.begin(inside := {"b"})
        world.clock.call_at(3, lambda _: world.freeze("a"))
        world.clock.call_at(4, lambda _: world.cuts.reach(inside, "b"))
        world.clock.call_at(6, lambda _: world.thaw("a"))

    _, answers = play({"a": worker(), "b": talker("b", 0)}, before, Work(holder="b"), fair)
    assert answers["a"] == pytest.approx(7, abs=0.01)


def test_work_whose_inputs_are_with_one_who_is_declared_lost_begins_then():
    def worker():
        yield Perform("x")
        return round(worlds[0].clock.now, 3)

    worlds = []

    def before(world):
        worlds.append(world)
        world.cuts.begin({"b"})
        world.clock.call_at(4, lambda _: world.kill("b"))

    assert play({"a": worker(), "b": talker("b", 9)}, before, Work(holder="b"))[1]["a"] == 5


def test_who_is_cut_off_hears_of_a_loss_once_it_is_back_and_of_the_dead_nothing():
    def isolated():
        heard = []
        while len(heard) < 2:
            try:
                heard.append((yield Receive()).what)
            except WorkerLost as lost:
                heard.append((lost.worker, round(worlds[0].clock.now, 2)))
        return heard

    def dying():
        yield Wait(1)
        yield Send("a", "never heard")
        yield Wait(10)

    def steady():
        yield Wait(6)
        yield Send("a", "heard")

    worlds = []

    def before(world):
        worlds.append(world)
        cut(world, ["a"], 0.5, 5)
        world.clock.call_at(2, lambda _: world.kill("b"))

    _, answers = play({"a": isolated(), "b": dying(), "c": steady()}, before)
    assert answers["a"] == [("b", 5.0), "heard"]


# --- whole runs ----------------------------------------------------------------------------------------------------


def test_a_short_partition_holds_a_ring_up_for_as_long_as_it_lasts_and_ends_nobody(runner):
    usual = runner("simulated", "ring", LONG)
    events = runner("simulated", "ring", LONG + "faults:\n  - {kind: partition, worker: w1, at: 200 ms, lasts: 4 s}\n")
    assert events[-1].outcome == "finished"
    assert not of_kind(events, WorkerFailed)
    [began], [ended] = of_kind(events, FaultBegan), of_kind(events, FaultEnded)
    assert (began.kind, began.worker, began.t_s, ended.t_s) == ("partition", "w1", 0.2, pytest.approx(4.2))
    # a step may have been under way when it began: at most one is done beside it
    assert sum(e.who == "w0" for e in of_kind(events, StepsFinished) if 0.2 < e.t_s < 4.2) <= 1
    step_s = usual[-1].t_s / 100
    assert events[-1].t_s - usual[-1].t_s == pytest.approx(4, abs=step_s)


def test_who_is_cut_off_for_too_long_is_declared_lost_and_the_others_go_on(runner):
    events = runner("simulated", "ring", LONG + "faults:\n  - {kind: partition, workers: [w1, w2], at_step: 20}\n")
    began_s = of_kind(events, FaultBegan)[0].t_s
    assert events[-1].outcome == "finished"
    assert [(e.worker, e.cause) for e in of_kind(events, WorkerFailed)] == [("w1", "silent"), ("w2", "silent")]
    assert [e.t_s for e in of_kind(events, WorkerFailed)] == [pytest.approx(began_s + 10)] * 2
    assert not of_kind(events, FaultEnded)
    late = [e for e in of_kind(events, StepsFinished) if e.t_s > began_s + 10]
    assert len(late) > 50 and {e.who for e in late} == {"w0"}


def test_a_partition_that_outlasts_patience_gives_its_workers_back_when_it_ends(runner):
    events = runner("simulated", "long_lease", shared(500, "12 s"))
    assert [e.t_s for e in of_kind(events, WorkerFailed)] == [pytest.approx(11)]
    assert [e.t_s for e in of_kind(events, WorkerJoined)] == [pytest.approx(13)]
    assert any(e.who == "w3" and e.stage for e in of_kind(events, OperationStarted) if e.t_s > 13)
    assert len({e.key for e in of_kind(events, Recorded) if e.kind == "done"}) == 1000


def test_a_run_ends_with_its_work_and_does_not_wait_for_who_is_cut_off(runner):
    text = LONG + "faults:\n  - {kind: partition, worker: w2, at: 300 ms}\n"
    events = runner("simulated", "alone", text)
    assert events[-1].outcome == "finished" and not of_kind(events, WorkerFailed)
    last_work_s = max(e.t_s for e in of_kind(events, Recorded))
    assert events[-1].t_s == pytest.approx(last_work_s, abs=0.001)
    assert all(e.t_s <= events[-1].t_s for e in events)


def test_owners_that_are_cut_off_from_the_store_lose_their_leases_and_record_nothing_twice(runner):
    events = runner("simulated", "short_lease", shared(120, "3 s"))
    assert events[-1].outcome == "finished" and not of_kind(events, WorkerFailed)
    taken = [e for e in of_kind(events, Recorded) if e.kind == "leased" and 1 < e.t_s < 4]
    assert taken and "w3" not in {e.who for e in taken}
    done = [e.key for e in of_kind(events, Recorded) if e.kind == "done"]
    assert len(done) == len(set(done)) == 240


@pytest.mark.parametrize("combination", ["ring", "server"])
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    workers=st.sets(st.sampled_from(["w0", "w1", "w2"]), min_size=1),
    at_ms=st.integers(1, 300),
    lasts=st.sampled_from(["5 ms", "200 ms", "8 s", "11 s"]),
)
def test_a_partition_at_any_time_leaves_nobody_waiting_for_ever(runner, combination, workers, at_ms, lasts):
    fault = f"{{kind: partition, workers: [{', '.join(sorted(workers))}], at: {at_ms} ms, lasts: {lasts}}}"
    events = runner("simulated", combination, LONG.replace("epochs: 100", "epochs: 20") + f"faults:\n  - {fault}\n")
    assert events[-1].outcome == "finished"
    assert len({e.first for e in of_kind(events, StepsFinished)}) == max(e.of for e in of_kind(events, StepsFinished))


# --- several at once -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["rack: 1", "workers: [w2, w3]"])
def test_the_workers_of_a_rack_are_lost_at_the_same_moment(runner, who):
    events = runner("simulated", "ring", RACKS + f"faults:\n  - {{kind: crash, {who}, at: 300 ms, lasts: 100 ms}}\n")
    assert [(e.worker, e.t_s) for e in of_kind(events, WorkerFailed)] == [("w2", 0.3), ("w3", 0.3)]
    assert [(e.worker, e.t_s) for e in of_kind(events, WorkerJoined)] == [("w2", 0.4), ("w3", 0.4)]
    assert {e.worker for e in of_kind(events, FaultBegan)} == {"w2", "w3"}
    assert {e.who for e in of_kind(events, StepsFinished) if e.t_s > 0.5} == {f"w{i}" for i in (0, 1, 4, 5, 6, 7)}
    assert events[-1].outcome == "finished"


def test_a_random_fault_of_a_rack_strikes_all_of_it_each_time(runner):
    events = runner(
        "simulated", "ring", RACKS + "faults:\n  - {kind: slow-down, rack: 3, every: 100 ms, lasts: 1 ms}\n"
    )
    times = {}
    for event in of_kind(events, FaultBegan):
        times.setdefault(event.t_s, []).append(event.worker)
    assert len(times) > 2 and set(map(tuple, times.values())) == {("w6", "w7")}


def test_the_loss_of_a_rack_is_named_by_what_only_a_loss_decides(tmp_path):
    written = RACKS.replace("{use: ring-all-reduce, with: {workers: 8}}", RESTART, 1)
    fault = "faults:\n  - {kind: crash, rack: 1, at: 3 s}\n"
    assert [p.code for p in check_all(written + fault, tmp_path).problems] == []
    short = "faults:\n  - {kind: partition, rack: 1, at: 3 s, lasts: 9 s}\n"
    assert [p.code for p in check_all(written + short, tmp_path).problems] == ["idle-no-loss"]


def test_a_real_run_refuses_what_only_a_simulated_one_can_break(tmp_path):
    faults = "faults:\n  - {kind: crash, rack: 1, at: 3 s}\n  - {kind: partition, worker: w0, at: 3 s, only: [ring]}\n"
    scenario = check_all(RACKS + faults, tmp_path).scenario
    partition = "a fault of kind 'partition' can only be simulated, unless links are shaped (run.links)"
    assert partition in refusals(scenario, scenario.combination("ring"))
    assert partition not in refusals(scenario, scenario.combination("server"))
