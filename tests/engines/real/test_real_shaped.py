"""Shaped links: bytes between real processes take as long as on the links of the scenario's cluster.

Nothing may be sooner than the links allow, nor later by more than 15 % and what a machine adds to the way of a message:
a millisecond, and where others keep it busy, what they make a sleep longer.
"""

import os
import signal

import pytest

from workbench.engines.real.downlink import Downlink
from workbench.engines.real.links import Links
from workbench.engines.real.supervisor import Limits
from workbench.runs.events import StepsFinished, WorkerFailed

MBIT = 1e6 / 8
TEAM = ["w0", "w1", "w2", "w3"]
HOP_S = 1e-3  # what this machine may add to the way of a message
WAKE_UPS = 3  # on that way: the sender's, the receiver's, and that of the one who waits for it


def ring_s(size, rate, latency_s, members=len(TEAM)):
    return 2 * (members - 1) / members * size / rate + 2 * (members - 1) * latency_s


def sums_s(stage, links, size, times=4):
    """How long the slowest member took for the soonest of several sums, and what a busy machine may add to it."""
    results = stage.play("summing", TEAM, Limits(), of="shaped_programs", links=links, size=size, times=times)
    assert [results[member][0] for member in TEAM] == [True] * len(TEAM)
    took_s = [max(took_s) for took_s in zip(*(results[member][1] for member in TEAM), strict=True)]
    late_s = sum(results[member][2] for member in TEAM) / len(TEAM)
    return min(took_s), 2 * (len(TEAM) - 1) * (HOP_S + WAKE_UPS * late_s)


@pytest.mark.parametrize(("size", "latency_s"), [(4 << 10, 20e-3), (1 << 19, 20e-3), (1 << 20, 5e-3)])
def test_a_ring_takes_as_long_as_its_closed_form_says(stage, size, latency_s):
    expected_s = ring_s(size, 50 * MBIT, latency_s)
    took_s, busy_s = sums_s(stage, Links(50 * MBIT, latency_s), size)
    assert 0.99 * expected_s < took_s < 1.15 * expected_s + busy_s


def test_a_handshake_costs_a_latency_more_at_every_step(stage):
    expected_s = 2 * ring_s(4 << 10, 50 * MBIT, 20e-3)
    took_s, busy_s = sums_s(stage, Links(50 * MBIT, 20e-3, handshake=True), 4 << 10)
    assert 0.95 * expected_s < took_s < 1.15 * expected_s + 2 * busy_s


def test_one_slow_link_sets_the_pace_of_the_whole_ring(stage):
    expected_s = ring_s(1 << 19, 20 * MBIT, 5e-3)
    took_s, busy_s = sums_s(stage, Links(200 * MBIT, 5e-3, own={"w2": 20 * MBIT}), 1 << 19)
    assert 0.9 * expected_s < took_s < 1.15 * expected_s + busy_s  # a chunk or two waits less than all do


def test_letters_that_come_from_several_at_once_take_turns_on_the_receiver_s_link(stage):
    size, rate, latency_s = 500_000, 100 * MBIT, 10e-3
    results = stage.play("rushing", TEAM, Limits(), of="shaped_programs", links=Links(rate, latency_s), size=size)
    for number, arrived_s in enumerate(results["w0"], 1):
        expected_s = 2 * latency_s + number * size / rate
        assert 0.99 * expected_s < arrived_s < 1.5 * expected_s + 0.1


def test_survivors_of_a_killed_member_go_on_over_shaped_links(stage):
    links = Links(100 * MBIT, 2e-3)
    stage.begin("survivors", ["w0", "w1", "w2"], Limits(), links=links, steps=40)
    stage.until(lambda: stage.supervisor.gathering.steps_finished >= 10)
    os.kill(stage.pid("w1"), signal.SIGKILL)
    assert stage.end() == {"w0": [["w0", "w2"], 2.0], "w2": [["w0", "w2"], 2.0]}
    lost = stage.told(WorkerFailed)
    assert [(event.worker, event.cause) for event in lost] == [("w1", "crash")]
    assert {event.last for event in stage.told(StepsFinished)} == set(range(40))


# --- the receiver's link, without any time passing --------------------------------------------------------------------


def downlink():
    return Downlink("w0", Links(100.0, 0.5))


def bring(link, stream, begin_s, size_bytes, message):
    link.take(stream, [begin_s, size_bytes])
    link.take(stream, message)


def test_a_message_that_comes_alone_is_due_when_its_last_byte_is_there():
    link = downlink()
    bring(link, "w1", 1.0, 200, "alone")
    link.settle()
    assert link.next_s == 3.0 and link.due(2.99) == []
    assert link.due(3.0) == [("w1", "alone")] and link.next_s is None


def test_who_began_first_is_served_first_whoever_is_read_first():
    link = downlink()
    bring(link, "w2", 1.5, 100, "second")
    bring(link, "w1", 1.0, 200, "first")
    link.settle()
    assert link.due(3.0) == [("w1", "first")]
    assert link.due(3.99) == [] and link.due(4.0) == [("w2", "second")]


def test_a_short_message_waits_for_a_long_one_that_has_begun_before_it():
    link = downlink()
    link.take("w1", [0.0, 1000])
    link.settle()
    bring(link, "w2", 1.0, 100, "short")
    link.settle()
    assert link.due(10.99) == [] and link.due(11.0) == [("w2", "short")]
    link.take("w1", "long")
    link.settle()
    assert link.due(11.0) == [("w1", "long")]


def test_waybills_are_in_the_supervisor_s_time_whatever_the_clock_of_a_machine_says():
    link = downlink()
    link.behind_s = 1000.0
    bring(link, "w1", 1.0, 200, "from another machine")
    link.settle()
    assert link.next_s == 1003.0


def test_what_a_lost_member_has_sent_is_not_kept_until_it_would_be_due():
    link = downlink()
    bring(link, "w1", 0.0, 1000, "last word")
    bring(link, "w2", 0.0, 100, "of another")
    assert link.end("w1") == [("w1", "last word")]
    assert link.due(11.0) == [("w2", "of another")]


def test_a_cut_parts_its_members_from_all_others_and_from_the_store():
    links = Links(1.0, 1.0, cuts=[["w1", "w2"]])
    assert links.part("w1", "w0") and links.part("w0", "w2") and not links.part("w1", "w2")
    assert links.is_cut_off("w1") and not links.is_cut_off("w0")


def test_a_link_that_has_become_slower_and_longer_says_so():
    links = Links(100.0, 0.5, own={"w1": 50.0}, slower={"w1": [2.0, 5.0]}, later={"w0": [0.1], "w1": [0.2]})
    assert (links.rate("w0"), links.rate("w1")) == (100.0, 5.0)
    assert links.late_s("w0", "w1") == pytest.approx(0.8)
