"""All-reduce over a binomial tree and in a hierarchy of islands: what it takes, at both levels."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_simulated_team import as_a_team, member_by_member, team_of

from workbench.architectures.operations import AllReduce
from workbench.architectures.ring import RingAllReduce
from workbench.document import scenario
from workbench.engines.simulated.network import Blob, Data, Network
from workbench.engines.simulated.team.interpreter import NotAsATeam
from workbench.engines.simulated.topology import lay
from workbench.engines.simulated.trees import children, parent
from workbench.engines.simulated.world import World
from workbench.studies.score.laboratory import GivenWork

B, L, S = 1e9, 1e-3, 4e8
TREE, HIERARCHY = RingAllReduce(algorithm="tree"), RingAllReduce(algorithm="hierarchical")


def step_s(architecture, members, network, size=S):
    (end_s,) = member_by_member(architecture, team_of(members), network, GivenWork(size))
    return end_s


def islands(members, island, inside_bytes_per_s, latency_s=L, collectives="ideal"):
    drawn = scenario.Network(topology="nvlink-island", bandwidth=B, island=island, island_bandwidth=inside_bytes_per_s)
    return Network(B, latency_s, collectives, lay(drawn, team_of(members)))


def sum_s(team, algorithm, network, values):
    """(the answer of each member, when the last one has it)."""
    answers = {}
    world = World(network, GivenWork(0.0), lambda event, who: None)

    def program(me):
        answers[me] = yield AllReduce(team, values[me], algorithm)

    for member in team:
        world.add(member, program(member))
    world.start(team)
    while not world.clock.idle:
        world.clock.run_slice(float("inf"), 10_000)
    assert not world.unfinished
    return answers, world.clock.now


# --- trees -----------------------------------------------------------------------------------------------------------


@given(members=st.integers(1, 200))
def test_every_member_but_the_first_stands_below_one_other_at_most_so_deep_as_the_logarithm(members):
    below = [child for rank in range(members) for child in children(rank, members)]
    assert sorted(below) == list(range(1, members))
    assert all(child in children(parent(child), members) for child in below)
    assert all(rank.bit_count() <= math.ceil(math.log2(members)) for rank in below)


@pytest.mark.parametrize("collectives", ["ideal", "gloo"])
@pytest.mark.parametrize("members", [2, 4, 8, 64])
def test_a_tree_of_a_power_of_two_takes_two_logarithms_of_whole_sums(members, collectives):
    hops = 2 * math.log2(members)
    hop_s = S / B + (2 * L if collectives == "gloo" else L)
    assert step_s(TREE, members, Network(B, L, collectives)) == pytest.approx(hops * hop_s, rel=1e-12)


@given(members=st.integers(2, 70), latency_s=st.floats(0, 2))
def test_a_tree_of_any_size_takes_at_most_as_long_as_the_next_power_of_two(members, latency_s):
    took_s = step_s(TREE, members, Network(B, latency_s))
    assert took_s <= 2 * math.ceil(math.log2(members)) * (S / B + latency_s) * (1 + 1e-12)
    assert took_s >= 2 * math.floor(math.log2(members)) * (S / B + latency_s) * (1 - 1e-12)


def test_a_tree_beats_a_ring_with_small_sums_and_loses_with_large_ones():
    def both(size):
        return [step_s(RingAllReduce(algorithm=way), 64, Network(B, L), size) for way in ("tree", "ring")]

    assert both(1e3)[0] < 0.1 * both(1e3)[1]
    assert both(1e9)[0] > 5 * both(1e9)[1]


@given(
    computes=st.lists(st.floats(0.01, 10), min_size=1, max_size=40),
    steps=st.integers(1, 4),
    every=st.integers(0, 2),
    collectives=st.sampled_from(["ideal", "gloo"]),
)
def test_a_tree_ends_its_steps_at_the_same_times_at_both_levels(computes, steps, every, collectives):
    team = team_of(len(computes))
    work = GivenWork(1e8, steps, lambda member: computes[int(member[1:])], apply_s=0.25, save_s=3.0, restore_s=1.0)
    architecture = RingAllReduce(algorithm="tree", checkpoint_every=every)
    told = as_a_team(architecture, team, Network(1e9, 1e-3, collectives), work)
    assert told == member_by_member(architecture, team, Network(1e9, 1e-3, collectives), work)


@pytest.mark.parametrize("members", [3, 8, 100])
def test_sums_that_follow_at_once_wait_for_links_that_are_still_busy_at_both_levels(members):
    work = GivenWork(1e8, steps=4)
    told = as_a_team(TREE, team_of(members), Network(B, L), work)
    assert told == member_by_member(TREE, team_of(members), Network(B, L), work)
    if members == 8:
        alone_s = 6 * (0.1 + L)
        assert told[0] == pytest.approx(alone_s)
        assert all(after - before >= alone_s - 1e-9 for before, after in pairwise(told))


def test_a_measured_curve_of_rings_says_nothing_of_trees():
    for carry_out in (as_a_team, member_by_member):
        with pytest.raises(ValueError, match="measured around rings"):
            carry_out(TREE, team_of(8), Network(B, L, "nccl-8xh100"), GivenWork(1e6))


# --- hierarchies -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("members", "island"), [(8, 4), (8, 2), (12, 4), (16, 8), (4, 1)])
@pytest.mark.parametrize("collectives", ["ideal", "gloo"])
def test_a_hierarchy_takes_the_rings_within_and_the_one_between(members, island, collectives):
    inside, count, late_s = 40e9, members // island, 2 * L if collectives == "gloo" else L
    took_s = step_s(HIERARCHY, members, islands(members, island, inside, collectives=collectives))
    within_s = 2 * (island - 1) * (S / island / inside + late_s)
    between_s = 2 * (count - 1) * (S / count / B + late_s)
    assert took_s == pytest.approx(within_s + between_s, rel=1e-9)


def test_a_hierarchy_waits_for_less_latency_than_a_ring_over_the_same_islands():
    network = {"members": 32, "island": 8, "inside_bytes_per_s": 100e9, "latency_s": 0.01}
    ring_s, hierarchy_s = (step_s(way, 32, islands(**network), 1e3) for way in (RingAllReduce(), HIERARCHY))
    assert ring_s == pytest.approx(62 * 0.01, rel=1e-3)
    assert hierarchy_s == pytest.approx((14 + 6) * 0.01, rel=1e-3)


def test_a_hierarchy_whose_islands_are_unequal_goes_around_one_ring():
    assert step_s(HIERARCHY, 7, islands(7, 4, 40e9)) == step_s(RingAllReduce(), 7, islands(7, 4, 40e9))
    assert step_s(HIERARCHY, 8, islands(8, 4, 40e9)) != step_s(RingAllReduce(), 8, islands(8, 4, 40e9))


def test_islands_are_left_to_the_message_level():
    with pytest.raises(NotAsATeam, match="islands"):
        as_a_team(HIERARCHY, team_of(4), Network(B, L), GivenWork(1e6))


# --- what all ways have in common ------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ["ring", "tree", "hierarchical"])
@pytest.mark.parametrize("members", [1, 2, 6, 8])
def test_every_member_is_given_the_sum_of_all(algorithm, members):
    team = team_of(members)
    values = {member: Data(8.0, np.array([1.0, 2.0**number])) for number, member in enumerate(team)}
    answers, _ = sum_s(team, algorithm, islands(members, 2, 40e9), values)
    assert [answers[member].value.tolist() for member in team] == [[members, 2.0**members - 1]] * members


@pytest.mark.parametrize("algorithm", ["tree", "hierarchical"])
def test_nobody_is_given_a_sum_before_the_last_one_has_entered(algorithm):
    team, late_s = team_of(8), 5.0
    for late in team:
        work = GivenWork(1e3, compute_s=lambda member, late=late: late_s if member == late else 0.0)
        (end_s,) = member_by_member(RingAllReduce(algorithm=algorithm), team, islands(8, 4, 40e9), work)
        assert late_s < end_s < late_s + 20 * 2 * L
    answers, _ = sum_s(team, algorithm, islands(8, 4, 40e9), dict.fromkeys(team, Blob(8.0)))
    assert {answer.size_bytes for answer in answers.values()} == {8.0}
