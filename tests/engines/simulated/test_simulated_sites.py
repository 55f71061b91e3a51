"""A wide-area network: sites with fast links within, and one slower, longer link from each to the others."""

import pytest
from samples import SMALL
from test_simulated_federated import SIZE, carry_out, rounds
from test_simulated_team import member_by_member, team_of
from test_simulated_topology import B, ring_s, run, topology

from workbench.architectures.federated import Federated
from workbench.architectures.operations import Receive, Send
from workbench.architectures.ring import RingAllReduce
from workbench.document import scenario
from workbench.engines.simulated.network import CONTROL_BYTES, Blob, Network
from workbench.engines.simulated.topology import lay
from workbench.runs.events import StepsFinished
from workbench.studies.score.laboratory import GivenWork

FAR_S, NEAR_S, SLOW = 0.5, 0.01, B / 100
SITES = {"topology": "wide-area", "sites": 2, "site_bandwidth": SLOW, "site_latency": FAR_S}
LETTER_S = (1e9 + CONTROL_BYTES) / B


def sites(others=(), **network):
    return topology(others=others, **(SITES | network))


def letters_s(pairs, network):
    """When each letter of a gigabyte has arrived, by its receiver."""

    def sender(targets):
        for target in targets:
            yield Send(target, Blob(1e9))

    def receiver():
        yield Receive()

    sends = {source: [target for a, target in pairs if a == source] for source, _ in pairs}
    programs = {source: sender(targets) for source, targets in sends.items()}
    _, told = run(programs | {target: receiver() for _, target in pairs}, network, NEAR_S)
    return {event.to: event.arrives_s for _, event in told}


def test_a_letter_within_a_site_knows_nothing_of_the_others():
    assert letters_s([("w0", "w3")], sites()) == {"w3": pytest.approx(LETTER_S + NEAR_S)}


def test_a_letter_between_sites_takes_their_link_and_the_longer_way():
    assert letters_s([("w0", "w4")], sites()) == {"w4": pytest.approx(100 * LETTER_S + NEAR_S + FAR_S)}


@pytest.mark.parametrize("count", [2, 3, 4])
def test_what_leaves_a_site_at_once_shares_its_link_fairly(count):
    ends_s = letters_s([(f"w{i}", f"w{4 + i}") for i in range(count)], sites())
    assert list(ends_s.values()) == pytest.approx([count * 100 * LETTER_S + NEAR_S + FAR_S] * count)


def test_who_is_no_worker_is_far_from_every_site_and_near_to_others_like_it():
    network = sites(others=("leader", "other"))
    ends_s = letters_s([("leader", "w0"), ("leader", "w7"), ("leader", "other")], network)
    assert ends_s["w0"] == ends_s["w7"] == pytest.approx(100 * LETTER_S + NEAR_S + FAR_S)
    assert ends_s["other"] < 4 * LETTER_S
    assert network.far_s("leader", "w0") == network.far_s("w0", "w7") == network.far_s("w0") == FAR_S


@pytest.mark.parametrize("collectives", ["ideal", "gloo"])
def test_a_ring_that_changes_sites_at_every_hop_waits_for_the_long_way_twice_with_a_handshake(collectives):
    times = 2 if collectives == "gloo" else 1
    in_turns = ("w0", "w4", "w1", "w5", "w2", "w6", "w3", "w7")
    network = sites(site_bandwidth=1e6 * B)
    took_s = ring_s(in_turns, network, size=8.0, latency_s=NEAR_S, collectives=collectives)
    assert took_s == pytest.approx(14 * times * (NEAR_S + FAR_S), rel=1e-6)


def test_a_hierarchy_crosses_the_border_of_two_sites_twice():
    network, size = Network(B, NEAR_S, topology=sites()), 8e8
    (took_s,) = member_by_member(RingAllReduce(algorithm="hierarchical"), team_of(8), network, GivenWork(size))
    within_s = 2 * 3 * (size / 4 / B + NEAR_S)
    assert took_s == pytest.approx(within_s + 2 * (size / 2 / SLOW + NEAR_S + FAR_S), rel=1e-9)


# --- training over sites ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("clients", "count"), [(3, 2), (5, 2), (5, 3), (7, 4)])
def test_a_federated_round_takes_the_link_of_the_server_s_site_for_all_that_are_elsewhere(clients, count):
    """Weights go out side by side, and updates come back so: both ways the link of the server's site is shared."""
    workers = ("s", *(f"c{i}" for i in range(clients)))
    drawn = scenario.Network(
        topology="wide-area", bandwidth=B, sites=count, site_bandwidth=SLOW, site_latency=FAR_S, latency=NEAR_S
    )
    network = Network(B, NEAR_S, topology=lay(drawn, workers))
    ends_s = [t for t, _ in rounds(carry_out(Federated(rounds=3), clients, lambda member: 2.0, network))]
    away = clients + 1 - (clients + 1) // count  # who is not in the server's site
    letter_s = away * (SIZE + CONTROL_BYTES) / SLOW
    assert ends_s[2] - ends_s[1] == pytest.approx(2 * (letter_s + NEAR_S + FAR_S) + 2.0, rel=1e-4)


def test_a_team_over_two_sites_needs_the_longer_way_twice_a_step(runner):
    def ten_steps_s(site_latency):
        network = (
            "cluster:\n  network: {topology: wide-area, bandwidth: 1 Gbit/s, sites: 2, site_bandwidth: 100 Mbit/s, "
            f"site_latency: {site_latency}}}\n"
        )
        events = runner("simulated", "ring", SMALL.replace("cluster:\n", network))
        ends_s = {event.last: event.t_s for event in events if isinstance(event, StepsFinished)}
        return ends_s[20] - ends_s[10]

    assert ten_steps_s("201 ms") - ten_steps_s("1 ms") == pytest.approx(10 * 2 * 0.2, rel=1e-6)
