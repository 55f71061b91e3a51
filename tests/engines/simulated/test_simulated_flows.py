"""Links with fair sharing: every solver is the others' oracle, and all keep to the definition of max-min fairness."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.engines.simulated.clock import Clock
from workbench.engines.simulated.flows.incremental import IncrementalNetwork
from workbench.engines.simulated.flows.processor_sharing import ProcessorSharing
from workbench.engines.simulated.flows.quantised import QuantisedNetwork
from workbench.engines.simulated.flows.waterfill import padded, waterfill

LINKS = 6
capacities = st.lists(st.floats(0.5, 50.0), min_size=LINKS, max_size=LINKS)
paths = st.lists(st.sets(st.integers(0, LINKS - 1), min_size=1, max_size=4).map(tuple), min_size=1, max_size=25)


def straight(source, target):
    """For tests that give the path itself as the source."""
    return source


def one_by_one(paths, capacities):
    """Textbook progressive filling: always the one tightest link."""
    left, rates, open_ = list(capacities), [0.0] * len(paths), set(range(len(paths)))
    while open_:
        share, link = min(
            (left[link] / sum(link in paths[flow] for flow in open_), link)
            for link in range(len(left))
            if any(link in paths[flow] for flow in open_)
        )
        for flow in [flow for flow in open_ if link in paths[flow]]:
            rates[flow] = share
            open_.discard(flow)
            for hop in paths[flow]:
                left[hop] = max(left[hop] - share, 0.0)
    return rates


def assert_max_min_fair(paths, rates, capacities):
    on = [[rate for path, rate in zip(paths, rates, strict=True) if link in path] for link in range(len(capacities))]
    for link, capacity in enumerate(capacities):
        assert sum(on[link]) <= capacity * (1 + 1e-8)
    for path, rate in zip(paths, rates, strict=True):
        assert rate > 0
        assert any(
            sum(on[link]) >= capacities[link] * (1 - 1e-8) and rate >= max(on[link]) * (1 - 1e-8) for link in path
        )


def finished(clock, network, transfers):
    """When each transfer (start_s, path, size_bytes) has ended."""
    ends = [None] * len(transfers)

    def end(number):
        assert ends[number] is None
        ends[number] = clock.now

    for number, (start_s, path, size_bytes) in enumerate(transfers):
        clock.call_at(
            start_s, lambda what: network.transfer(what[0], None, what[1], end, what[2]), (path, size_bytes, number)
        )
    while clock.run_slice(float("inf"), 1000):
        pass
    return ends


def finished_by_waterfill(transfers, capacities):
    """The same by solving from nothing at each arrival and each end."""
    left = {}
    ends, now_s = [None] * len(transfers), 0.0
    arrivals = sorted(range(len(transfers)), key=lambda number: transfers[number][0])
    while arrivals or left:
        numbers = list(left)
        rates = waterfill(padded([transfers[n][1] for n in numbers], len(capacities)), np.array(capacities))
        ending_s = [left[n] / rate for n, rate in zip(numbers, rates, strict=True)]
        next_s = min([now_s + need_s for need_s in ending_s] + [transfers[n][0] for n in arrivals[:1]])
        for n, rate, need_s in zip(numbers, rates, ending_s, strict=True):
            left[n] -= rate * (next_s - now_s)
            if now_s + need_s <= next_s * (1 + 1e-14):
                ends[n] = next_s
                del left[n]
        now_s = next_s
        while arrivals and transfers[arrivals[0]][0] <= now_s:
            number = arrivals.pop(0)
            left[number] = transfers[number][2]
    return ends


@given(paths, capacities)
def test_water_filling_gives_every_flow_a_bottleneck_and_equals_progressive_filling(paths, capacities):
    rates = waterfill(padded(paths, LINKS), np.array(capacities))
    assert_max_min_fair(paths, rates, capacities)
    assert rates == pytest.approx(one_by_one(paths, capacities), rel=1e-9)


def test_a_flow_without_a_link_is_held_back_by_nothing():
    assert waterfill(padded([(), (0,)], 1), np.array([3.0])).tolist() == [float("inf"), 3.0]


@given(paths, capacities, st.lists(st.floats(0.1, 40.0), min_size=25, max_size=25), st.floats(0.0, 5.0))
def test_the_rates_kept_up_are_max_min_fair_at_any_time(paths, capacities, sizes, at_s):
    clock = Clock()
    network = IncrementalNetwork(clock, capacities, straight)
    for number, path in enumerate(paths):
        clock.call_at(
            0.2 * number, lambda what: network.transfer(what[0], None, what[1], len, ()), (path, sizes[number])
        )
    while clock.run_slice(at_s, 1000):
        pass
    flows = network.rates()
    assert_max_min_fair([flow.path for flow in flows], list(flows.values()), capacities)


transfers = st.lists(
    st.tuples(
        st.floats(0.0, 3.0), st.sets(st.integers(0, LINKS - 1), min_size=1, max_size=3).map(tuple), st.floats(0.1, 20.0)
    ),
    min_size=1,
    max_size=20,
)


@settings(deadline=None)
@given(transfers, capacities)
def test_transfers_end_when_water_filling_at_every_change_says(transfers, capacities):
    clock = Clock()
    ends = finished(clock, IncrementalNetwork(clock, capacities, straight), transfers)
    assert ends == pytest.approx(finished_by_waterfill(transfers, capacities), rel=1e-6)


@given(st.lists(st.tuples(st.floats(0.0, 3.0), st.just((0,)), st.floats(0.1, 20.0)), min_size=1, max_size=20))
def test_all_solvers_agree_on_one_link(transfers):
    clock = Clock()
    exact = finished(clock, IncrementalNetwork(clock, [7.0], straight), transfers)
    clock = Clock()
    link = ProcessorSharing(clock, 7.0)
    link_ends = finished(clock, _AsNetwork(link), transfers)
    assert link_ends == pytest.approx(exact, rel=1e-7)
    assert exact == pytest.approx(finished_by_waterfill(transfers, [7.0]), rel=1e-7)


class _AsNetwork:
    def __init__(self, link):
        self.link = link

    def transfer(self, source, target, size_bytes, arrived, argument):
        self.link.transfer(size_bytes, arrived, argument)


@settings(deadline=None, max_examples=30)
@given(transfers, capacities)
def test_a_small_quantum_comes_near_the_exact_ends(transfers, capacities):
    clock = Clock()
    exact = finished(clock, IncrementalNetwork(clock, capacities, straight), transfers)
    clock = Clock()
    near = finished(clock, QuantisedNetwork(clock, capacities, straight, 0.01), transfers)
    assert near == pytest.approx(exact, rel=0.1, abs=0.5)
    assert np.mean(near) == pytest.approx(np.mean(exact), rel=0.05, abs=0.05)


@pytest.mark.parametrize("count", [1, 2, 16, 100])
def test_an_incast_of_equal_flows_ends_for_all_when_the_port_has_taken_them_all(count):
    """n transfers of S bytes into one port of B bytes/s: each gets B/n, so that all end at n * S/B."""
    incast = [(0.0, (sender, count), 5.0) for sender in range(count)]
    ports = [2.0] * (count + 1)
    for make in (
        lambda clock: IncrementalNetwork(clock, ports, straight),
        lambda clock: QuantisedNetwork(clock, ports, straight, 0.3),
        lambda clock: _AsNetwork(ProcessorSharing(clock, 2.0)),
    ):
        clock = Clock()
        assert finished(clock, make(clock), incast) == pytest.approx([count * 5.0 / 2.0] * count, rel=1e-9)


def test_what_a_slow_sender_cannot_use_goes_to_the_others():
    """Into a port of 10: a sender of 1 gets 1, the two others 4.5 each; one link alone would have said 3.33."""
    clock = Clock()
    network = IncrementalNetwork(clock, [10.0, 1.0, 9.0, 9.0], straight)
    for sender in (1, 2, 3):
        network.transfer((sender, 0), None, 100.0, len, ())
    clock.run_slice(0.0, 100)
    assert sorted(network.rates().values()) == [1.0, 4.5, 4.5]


def test_the_changes_of_one_instant_are_solved_once():
    clock = Clock()
    network = IncrementalNetwork(clock, [1.0], straight)
    solved = []
    solve = network._solve
    network._solve = lambda argument: (solved.append(clock.now), solve(argument))
    assert finished(clock, network, [(1.0, (0,), 2.0)] * 5) == pytest.approx([11.0] * 5)
    assert solved == pytest.approx([1.0, 11.0])


def test_equal_runs_have_equal_ends_to_the_last_bit():
    transfers = [(0.01 * (7 * n % 13), (n % 3, 3 + n % 2), 1.0 + 0.37 * (n % 11)) for n in range(60)]

    def once():
        clock = Clock()
        return finished(clock, IncrementalNetwork(clock, [3.0, 4.0, 5.0, 6.0, 7.0], straight), transfers)

    assert once() == once()


def test_a_transfer_without_a_link_has_arrived_at_once():
    for make in (IncrementalNetwork, lambda *given: QuantisedNetwork(*given, 1.0)):
        clock = Clock()
        assert finished(clock, make(clock, [1.0], straight), [(2.0, (), 9.0)]) == [2.0]
