"""Team level tells what the message level tells, to the bit where it adds in the same order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.architectures.parameter_server import ParameterServer
from workbench.architectures.ring import RingAllReduce
from workbench.architectures.training import TrainingJob
from workbench.document import scenario
from workbench.engines.simulated.network import Network
from workbench.engines.simulated.team import interpreter
from workbench.engines.simulated.team.interpreter import NotAsATeam, Team
from workbench.engines.simulated.team.recurrences import ring, ring_of_equal_links
from workbench.engines.simulated.topology import lay
from workbench.engines.simulated.world import World
from workbench.runs.events import StepsFinished
from workbench.studies.score.laboratory import GivenWork


def team_of(n):
    return tuple(f"w{i}" for i in range(n))


def member_by_member(architecture, team, network, work):
    ends = {}
    world = World(network, work, lambda event, who: ends.update(told(event)))

    def told(event):
        return {event.last: world.clock.now} if isinstance(event, StepsFinished) else {}

    for member in team:
        world.add(member, architecture.program(member, TrainingJob("train", "", {}, team)))
    world.start(team)
    while not world.clock.idle:
        world.clock.run_slice(float("inf"), 10_000)
    return [ends[step] for step in sorted(ends)]


def as_a_team(architecture, team, network, work):
    told = Team(network, work, architecture, TrainingJob("train", "", {}, team)).carry_out()
    return [at_s for event, at_s in told if isinstance(event, StepsFinished)]


@given(
    computes=st.lists(st.floats(0, 10), min_size=1, max_size=9),
    steps=st.integers(1, 4),
    every=st.integers(0, 2),
    collectives=st.sampled_from(["ideal", "gloo", "nccl-8xh100"]),
)
def test_a_ring_ends_its_steps_at_the_same_times_at_both_levels_to_the_bit(computes, steps, every, collectives):
    team = team_of(len(computes))
    work = GivenWork(
        1e8, steps=steps, compute_s=lambda member: computes[int(member[1:])], apply_s=0.25, save_s=3.0, restore_s=1.0
    )
    architecture = RingAllReduce(checkpoint_every=every)
    told = as_a_team(architecture, team, Network(1e9, 1e-3, collectives), work)
    assert told == member_by_member(architecture, team, Network(1e9, 1e-3, collectives), work)


@given(
    starts=st.lists(st.floats(0, 100), min_size=2, max_size=40),
    occupied_s=st.floats(0, 2),
    delay_s=st.floats(0, 2),
)
def test_the_closed_form_of_equal_links_is_the_recurrence(starts, occupied_s, delay_s):
    start_s, links = np.array(starts), np.ones(len(starts))
    done_s, _ = ring(start_s, occupied_s * links, delay_s * links)
    assert ring_of_equal_links(start_s, occupied_s, delay_s) == pytest.approx(done_s, rel=1e-12, abs=1e-9)


@given(occupied=st.lists(st.floats(0.1, 5), min_size=2, max_size=12))
def test_the_slowest_link_sets_the_pace_of_a_ring(occupied):
    n = len(occupied)
    done_s, _ = ring(np.zeros(n), np.array(occupied), np.zeros(n))
    assert done_s.max() >= 2 * (n - 1) * max(occupied) * (1 - 1e-12) - max(occupied) * (n - 1)
    assert done_s.max() <= 2 * (n - 1) * max(occupied) * (1 + 1e-12)


def test_thousands_of_members_are_carried_out_in_closed_form_as_by_the_recurrence(monkeypatch):
    n = 2048
    work = GivenWork(4e9, steps=3, compute_s=lambda member: 1.0 if member == "w17" else 0.5)
    told = as_a_team(RingAllReduce(), team_of(n), Network(1e10, 1e-6), work)
    assert told[0] == pytest.approx(1.0 + 2 * (n - 1) * (4e9 / n / 1e10 + 1e-6), rel=1e-9)
    monkeypatch.setattr(interpreter, "CLOSED_FORM_FROM", n)
    assert told == pytest.approx(as_a_team(RingAllReduce(), team_of(n), Network(1e10, 1e-6), work), rel=1e-12)


def test_a_program_whose_members_write_letters_is_left_to_the_message_level():
    with pytest.raises(NotAsATeam):
        as_a_team(ParameterServer(), team_of(3), Network(1e9, 0.0), GivenWork(1e6))


def test_links_that_are_shared_fairly_are_left_to_the_message_level():
    network = Network(1e9, 0.0, topology=lay(scenario.Network(), team_of(3)))
    with pytest.raises(NotAsATeam, match="shared fairly"):
        as_a_team(RingAllReduce(), team_of(3), network, GivenWork(1e6))
