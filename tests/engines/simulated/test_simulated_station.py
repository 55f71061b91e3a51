"""A station serves in the order of arrival, and its waits are those of queueing theory."""

from math import factorial, inf

import pytest

from workbench.engines.simulated.clock import Clock
from workbench.engines.simulated.station import Station, arrive
from workbench.studies.score.queues import System, observe


def ends_of(jobs, servers=1, down=(), clock=None):
    """Job -> when it ended; `jobs` are (arrival, service), `down` (from, until)."""
    clock, ends = clock or Clock(), {}
    station = Station(clock, servers)

    def end(job):
        ends[job] = clock.now

    for number, (at_s, service_s) in enumerate(jobs):
        clock.call_at(at_s, lambda what: station.submit(what[1], end, what[0]), (number, service_s))
    for from_s, until_s in down:
        clock.call_at(from_s, lambda _: station.go_down())
        clock.call_at(until_s, lambda _: station.come_up())
    while clock.run_slice(inf, 1000):
        pass
    return ends


def test_jobs_are_served_one_by_one_in_the_order_in_which_they_came():
    assert ends_of([(0, 3), (1, 1), (2, 0.5), (9, 1)]) == {0: 3, 1: 4, 2: 4.5, 3: 10}


def test_two_servers_serve_one_line():
    assert ends_of([(0, 3), (1, 1), (1, 4), (1, 1)], servers=2) == {0: 3, 1: 2, 2: 6, 3: 4}


def test_what_was_in_hand_goes_on_where_it_was_left():
    assert ends_of([(0, 3), (1, 1), (5, 1)], down=[(2, 4.5)]) == {0: 5.5, 1: 6.5, 2: 7.5}


def test_who_comes_while_nobody_serves_waits_for_the_end_of_that():
    assert ends_of([(1, 1)], down=[(0.5, 4)]) == {0: 5}


def test_going_down_twice_is_going_down_once():
    assert ends_of([(0, 3)], down=[(1, 2), (1.5, 4)]) == {0: 4}


def test_arrivals_come_a_gap_apart_until_there_is_none_left():
    clock, times = Clock(), []
    arrive(clock, iter([1.0, 2.0, 0.5]), lambda _: times.append(clock.now))
    clock.run_slice(inf, 100)
    assert times == [1.0, 3.0, 3.5] and clock.idle


def erlang_c(servers, load):
    """The share of jobs that wait (Erlang, 1917); `load` is arrivals over the rate of one server."""
    last = load**servers / factorial(servers) / (1 - load / servers)
    return last / (sum(load**k / factorial(k) for k in range(servers)) + last)


# tolerances are three standard deviations of a mean over this many jobs, which hang together from one to the next


@pytest.mark.parametrize("load", [0.5, 0.8])
def test_waiting_for_one_server_is_that_of_m_m_1(load):
    seen = observe(System(load), 200_000, 5000)
    assert seen.waiting == pytest.approx(load, rel=0.01)
    assert seen.wait_s == pytest.approx(load / (1 - load), rel=0.06)
    assert seen.time_s == pytest.approx(1 / (1 - load), rel=0.05)


@pytest.mark.parametrize(("servers", "load"), [(4, 3.2), (16, 12.8)])
def test_waiting_before_several_servers_is_erlangs(servers, load):
    seen = observe(System(load, servers=servers), 200_000, 5000)
    assert seen.waiting == pytest.approx(erlang_c(servers, load), rel=0.04)
    assert seen.wait_s == pytest.approx(erlang_c(servers, load) / (servers - load), rel=0.09)


def test_queues_that_share_work_by_chance_wait_as_one_of_them_alone():
    seen = observe(System(8 * 0.8, shards=8), 200_000, 5000)
    assert seen.wait_s == pytest.approx(4.0, rel=0.06)


def test_services_of_equal_length_wait_half_as_long():
    seen = observe(System(0.8, regular=True), 200_000, 5000)
    assert seen.wait_s == pytest.approx(2.0, rel=0.05)


def test_a_server_that_breaks_down_lets_work_wait_as_avi_itzhak_and_naor_say():
    """(Operations Research 11, 1963): failures at rate xi, be there work or none; services are taken up again."""
    rate, service_s, up_s, down_s = 0.5, 1.0, 20.0, 2.0
    xi, down_square = 1 / up_s, 2 * down_s**2
    longer = 1 + xi * down_s
    occupied_square = 2 * service_s**2 * longer**2 + service_s * xi * down_square
    wait_s = rate * occupied_square / (2 * (1 - rate * service_s * longer)) + xi * down_square / (2 * longer)
    seen = observe(System(rate, up_s=up_s, down_s=down_s), 400_000, 5000)
    assert seen.wait_s == pytest.approx(wait_s, rel=0.04)
    assert seen.wait_s > 1.7 * observe(System(rate), 100_000, 5000).wait_s
