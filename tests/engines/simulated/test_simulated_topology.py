"""Topologies as links and routes, and what a run over each takes in closed form."""

import numpy as np
import pytest

from workbench.architectures.operations import AllReduce, Perform, Receive, Send
from workbench.document import scenario
from workbench.engines.simulated.flows.waterfill import padded, waterfill
from workbench.engines.simulated.network import CONTROL_BYTES, Blob, Network
from workbench.engines.simulated.topology import lay
from workbench.engines.simulated.world import World
from workbench.engines.window import Window
from workbench.runs.events import MessageSent

EIGHT = tuple(f"w{i}" for i in range(8))
B = 1e9


def topology(workers=EIGHT, others=(), **network):
    return lay(scenario.Network(bandwidth=B, **network), workers, others)


def rates(topology, pairs):
    table = padded([topology.path(*pair) for pair in pairs], len(topology.capacities))
    return waterfill(table, np.array(topology.capacities)).tolist()


def shift(by):
    return [(EIGHT[i], EIGHT[(i + by) % 8]) for i in range(8)]


class Work:
    """Work that takes no time, but may need what others hold."""

    def __init__(self, inputs=()):
        self.needed = list(inputs)

    def seconds(self, member, operation, now_s):
        return 0.0

    def answer(self, member, operation):
        return None

    def inputs(self, member, operation):
        return self.needed


def run(programs, topology, latency_s=0.0, work=None, collectives="ideal"):
    """A world in which all programs have ended, and the letters and chunks that were told."""
    told = []
    network = Network(B, latency_s, collectives, topology)
    world = World(network, work or Work(), lambda event, who: told.append((who, event)), messages=Window())
    for name, program in programs.items():
        world.add(name, program)
    world.start(programs)
    while not world.clock.idle:
        world.clock.run_slice(float("inf"), 10_000)
    assert not world.unfinished
    return world, [(who, event) for who, event in told if isinstance(event, MessageSent)]


def ring_s(team, topology, size=8e9, **network):
    def program():
        yield AllReduce(team, Blob(size))

    return run({name: program() for name in team}, topology, **network)[0].clock.now


# --- links and routes ---------------------------------------------------------------------------------------------


def test_at_a_switch_every_pair_has_the_sender_s_way_up_and_the_receiver_s_way_down():
    switch = topology()
    assert len(switch.capacities) == 16
    assert set(switch.capacities) == {B}
    assert switch.path("w1", "w2") == (1, 8 + 2)
    assert switch.path("w3", "w3") == ()
    assert rates(switch, shift(4)) == [B] * 8


def test_on_a_ring_a_route_takes_the_shorter_way():
    ring = topology(topology="ring")
    assert ring.path("w0", "w1") == (0,)
    assert ring.path("w7", "w1") == (7, 0)
    assert ring.path("w1", "w7") == (8 + 1, 8 + 0)
    assert len(ring.path("w0", "w4")) == 4
    assert rates(ring, shift(1)) == [B] * 8
    assert rates(ring, shift(4)) == [B / 4] * 8


@pytest.mark.parametrize("over", [1, 2, 4])
def test_half_a_fat_tree_sends_to_the_other_half_what_its_oversubscription_leaves(over):
    tree = topology(topology="fat-tree", rack=4, oversubscription=over)
    spines = 4 // over
    assert sum(tree.capacities) == pytest.approx(16 * B + 2 * 2 * 4 * B / over)
    assert len(tree.capacities) == 16 + 2 * 2 * spines
    crossing = [(a, b) for a in EIGHT[:4] for b in EIGHT[4:]]
    assert all(len(tree.path(*pair)) == 4 for pair in crossing)
    assert len(tree.path("w0", "w3")) == 2
    assert sum(rates(tree, crossing)) <= 4 * B / over * (1 + 1e-9)


def test_a_fat_tree_of_one_spine_shares_its_way_up_among_all_that_leave_the_rack():
    tree = topology(topology="fat-tree", rack=4, oversubscription=4)
    assert rates(tree, shift(4)) == pytest.approx([B / 4] * 8)


def test_routes_over_a_fat_tree_are_spread_over_its_spines_and_the_same_in_every_run():
    tree = topology(topology="fat-tree", rack=4, oversubscription=1)
    again = topology(topology="fat-tree", rack=4, oversubscription=1)
    crossing = [(a, b) for a in EIGHT[:4] for b in EIGHT[4:]]
    assert [tree.path(*pair) for pair in crossing] == [again.path(*pair) for pair in crossing]
    assert len({tree.path("w0", b)[1] for b in EIGHT[4:]}) > 1
    for a, b in crossing:
        _, rise, fall, _ = tree.path(a, b)
        assert (rise - 16) % 4 == (fall - 24) % 4  # down from the spine to which it went up


def test_an_island_is_fast_within_and_has_one_link_to_the_others():
    islands = topology(topology="nvlink-island", island=4, island_bandwidth=100e9)
    assert sorted(set(islands.capacities)) == [B, 100e9]
    assert rates(islands, [("w0", "w1"), ("w4", "w7")]) == [100e9, 100e9]
    assert rates(islands, shift(4)) == [B / 4] * 8


@pytest.mark.parametrize(
    "network",
    [
        {},
        {"topology": "ring"},
        {"topology": "fat-tree", "rack": 3, "oversubscription": 2},
        {"topology": "nvlink-island", "island": 3, "island_bandwidth": 5e9},
    ],
)
def test_every_route_between_two_members_has_links_of_the_topology_each_once(network):
    laid = topology(others=("leader", "source"), **network)
    names = (*EIGHT, "leader", "source")
    for a in names:
        for b in names:
            path = laid.path(a, b)
            assert bool(path) == (a != b)
            assert len(set(path)) == len(path)
            assert all(0 <= link < len(laid.capacities) for link in path)
    used = {link for a in names for b in names for link in laid.path(a, b)}
    if network.get("topology") != "fat-tree":  # where a hash may leave a link unused
        assert used == set(range(len(laid.capacities)))


# --- runs in closed form ------------------------------------------------------------------------------------------


def incast(topology, senders, target="w0", size=1e9, latency_s=0.0):
    def sender():
        yield Send(target, Blob(size))

    def receiver():
        for _ in senders:
            yield Receive()

    programs = {name: sender() for name in senders} | {target: receiver()}
    return run(programs, topology, latency_s)


@pytest.mark.parametrize("count", [1, 4, 7])
def test_an_incast_at_a_switch_with_fair_sharing_ends_for_all_at_once(count):
    world, messages = incast(topology(), EIGHT[1 : 1 + count], latency_s=0.5)
    end_s = count * (1e9 + CONTROL_BYTES) / B + 0.5
    assert [event.arrives_s for _, event in messages] == pytest.approx([end_s] * count)
    assert world.clock.now == pytest.approx(end_s)


def test_a_fat_tree_of_4_to_1_is_4_times_slower_between_racks_than_within():
    tree = topology(topology="fat-tree", rack=4, oversubscription=4)

    def sender(to):
        yield Send(to, Blob(1e9))

    def receiver():
        yield Receive()

    def seconds(pairs):
        programs = {a: sender(b) for a, b in pairs} | {b: receiver() for _, b in pairs}
        return run(programs, tree)[0].clock.now

    within = [("w0", "w1"), ("w2", "w3"), ("w4", "w5"), ("w6", "w7")]
    between = list(zip(EIGHT[:4], EIGHT[4:], strict=True))
    assert seconds(within) == pytest.approx((1e9 + CONTROL_BYTES) / B)
    assert seconds(between) == pytest.approx(4 * (1e9 + CONTROL_BYTES) / B)


@pytest.mark.parametrize("network", [{}, {"topology": "ring"}])
def test_a_ring_all_reduce_between_neighbours_takes_what_first_come_first_served_says(network):
    fair_s = ring_s(EIGHT, topology(**network), latency_s=0.01, collectives="gloo")
    assert fair_s == pytest.approx(2 * 7 / 8 * 8e9 / B + 4 * 7 * 0.01)
    assert fair_s == pytest.approx(ring_s(EIGHT, None, latency_s=0.01, collectives="gloo"))


def test_a_ring_within_an_island_beats_a_flat_one_by_the_ratio_of_the_bandwidths():
    islands = topology(topology="nvlink-island", island=8, island_bandwidth=50 * B)
    assert ring_s(EIGHT, topology()) == pytest.approx(50 * ring_s(EIGHT, islands))


def test_a_ring_that_keeps_to_islands_beats_one_that_leaves_them_at_every_step():
    """In order one chunk of S/8 leaves an island at a time; in turns all four of its workers' chunks do."""
    islands = topology(topology="nvlink-island", island=4, island_bandwidth=1e6 * B)
    in_turns = ("w0", "w4", "w1", "w5", "w2", "w6", "w3", "w7")
    assert ring_s(in_turns, islands) == pytest.approx(4 * 2 * 7 / 8 * 8e9 / B, rel=1e-3)
    assert ring_s(EIGHT, islands) <= 2 * 7 / 8 * 8e9 / B * 1.001


def test_letters_from_one_to_another_arrive_in_the_order_in_which_they_were_sent():
    got = []

    def sender():
        for size in (3e9, 1e9, 1.0):
            yield Send("w1", Blob(size))

    def receiver():
        for _ in range(3):
            letter = yield Receive()
            got.append(letter.what.size_bytes)

    world, _ = run({"w0": sender(), "w1": receiver()}, topology())
    assert got == [3e9, 1e9, 1.0]
    assert world.clock.now == pytest.approx((4e9 + 1 + 3 * CONTROL_BYTES) / B)


def test_work_begins_when_the_last_of_its_inputs_is_there_over_links_that_it_shares():
    def program():
        yield Perform("train", {})

    needs = Work([("w1", 1e9), ("w2", 3e9), ("w0", 9e9)])
    world, messages = run({"w0": program()}, topology(), latency_s=0.25, work=needs)
    assert [event.arrives_s for _, event in messages] == pytest.approx([2.25, 4.25])
    assert world.clock.now == pytest.approx(4.25)
