"""Lanes on real processes: they share a processor and letters, and tell what they tell in virtual time."""

import os
import signal

import msgspec
from lane_programs import BUCKETS, PLAYS, STEPS

from workbench.engines.real.supervisor import Limits
from workbench.engines.simulated.network import Blob, Network
from workbench.engines.simulated.world import World
from workbench.runs.events import OperationFinished, OperationStarted, Warned, story


class AsLongAsItSays:
    def seconds(self, member, operation, now_s):
        return operation.item

    def answer(self, member, operation):
        return operation.part

    def inputs(self, member, operation):
        return []


def simulated(play, team):
    """The story of a play in virtual time."""
    told = []
    world = World(Network(1e9, 1e-4), AsLongAsItSays(), lambda event, who: told.append((event, who)))
    for name in team:
        world.add(name, PLAYS[play](name, tuple(team), lambda value: Blob(4000.0)))
    world.start(team)
    while not world.clock.idle:
        world.clock.run_slice(float("inf"), 1000)
    return story([with_teller(event, who) for event, who in told])


def with_teller(event, who):
    return msgspec.structs.replace(event, who=who)


def spans(events, verb, who):
    """(from, until) of every operation of a member whose label begins so."""
    begun, found = {}, []
    for event in events:
        if event.who == who and getattr(event, "label", "").startswith(verb):
            if isinstance(event, OperationStarted):
                begun[event.lane] = event.t_s
            elif isinstance(event, OperationFinished):
                found.append((begun.pop(event.lane), event.t_s))
    return found


def test_lanes_sum_beside_work_and_beside_each_other_and_tell_what_the_simulator_tells(stage):
    team = ["w0", "w1", "w2"]
    results = stage.play("overlapping", team, of="lane_programs", limits=Limits())
    for totals in results.values():
        for summed, *beside in totals:
            assert [float(each[0]) for each in summed] == [3.0 * bucket for bucket in range(BUCKETS)]
            assert [float(each[-1]) for each in beside] == [30.0, 300.0]
    assert story(stage.events) == simulated("overlapping", team)
    sums, work = spans(stage.events, "all-reduce", "w0"), spans(stage.events, "perform", "w0")
    assert len(work) == STEPS * BUCKETS
    assert [one for one in sums for other in work if other[0] < one[0] and one[1] < other[1]]


def test_no_lane_misses_a_letter_of_another_that_looks_for_its_own_at_once(stage):
    assert stage.play("handing_over", ["w0"], of="lane_programs", limits=Limits()) == {"w0": [4000, 4000]}


def test_the_first_trouble_closes_the_other_lanes_and_one_at_work_when_that_is_done(stage):
    assert stage.play("nested", ["w0"], of="lane_programs", limits=Limits()) == {"w0": "timed out"}
    assert story(stage.events) == simulated("nested", ["w0"])
    ended = {event.label: event for event in stage.told(OperationFinished) if event.outcome == "closed"}
    assert sorted(ended) == ["perform layer.long", "perform layer.never begun", "wait 600 s"]
    long, short = spans(stage.events, "perform layer.long", "w0"), spans(stage.events, "perform layer.short", "w0")
    assert long[0][1] - long[0][0] >= 0.3, "work is not broken off"
    assert short[0][1] <= long[0][1]


def test_lanes_whose_sums_a_loss_has_broken_go_on_in_a_smaller_team(stage):
    stage.begin("bereaved", ["w0", "w1", "w2"], of="lane_programs", limits=Limits())
    stage.until(lambda: len(stage.told(OperationFinished)) > 60)
    os.kill(stage.pid("w1"), signal.SIGKILL)
    struck_s = stage.supervisor.now_s
    results = stage.end()
    for left, (one, two) in results.values():
        assert (left, float(one[0]), float(two[0])) == (["w0", "w2"], 2.0, 4.0)
    assert set(results) == {"w0", "w2"}
    assert stage.supervisor.now_s - struck_s < 8.0, "nobody waits for the timeout of a broken group"


def test_a_member_is_stuck_only_when_all_its_lanes_are_and_each_is_named(stage):
    stage.play("entangled", ["w0", "w1"], of="lane_programs")
    assert stage.told(Warned)[0].code == "deadlock"
    assert "w0 waits in receive left from w0 and in receive right from w1" in stage.supervisor.failure


def test_a_failed_stage_closes_a_sum_to_which_nobody_comes(stage):
    results = stage.play("failing", ["w0", "w1"], of="lane_programs", limits=Limits())
    assert results == {"w0": "row 7 has no label", "w1": "elsewhere"}
    assert stage.supervisor.now_s < 10.0
