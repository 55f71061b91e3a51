"""A population before one leader: against the theory of queues, and at the scale of a large company's day."""

from itertools import accumulate, repeat
from math import inf

import pytest

from workbench.architectures.random_streams import stream
from workbench.engines.simulated.clock import Clock
from workbench.engines.simulated.population import Workflows

HOUR_S = 3600.0


def draws(mean, name):
    drawn = stream(5, "population", name)
    while True:
        yield from drawn.exponential(mean, 8192).tolist()


def first(values, count):
    for _, value in zip(range(count), values, strict=False):
        yield value


def carried_out(gaps_s, decisions_s, work_s=2.0, steps=7):
    clock = Clock()
    found = Workflows(clock, gaps_s, decisions_s, draws(work_s, "work"), steps)
    while clock.run_slice(inf, 100_000):
        pass
    return found


@pytest.mark.parametrize("load", [0.3, 0.7])
def test_steps_wait_as_in_an_open_network_of_queues(load):
    """Jackson (1957): before each decision as in M/M/1; all steps but a workflow's first wait for two decisions."""
    steps, decision_s = 7, 0.01
    rate = load / (2 * steps * decision_s)
    found = carried_out(first(draws(1 / rate, "gap"), 40_000), draws(decision_s, "decision"), steps=steps)
    in_line_and_service_s = decision_s / (1 - load)
    assert found.waits.mean_s() == pytest.approx((2 * steps - 1) / steps * in_line_and_service_s, rel=0.04)
    assert found.done == found.begun == 40_000


def test_a_leader_past_its_capacity_decides_no_more_than_it_can_and_delays_grow():
    steps, decision_s = 7, 0.01
    found = carried_out(first(draws(1 / (1.5 / (14 * decision_s)), "gap"), 20_000), repeat(decision_s), steps=steps)
    least_s = 20_000 * 2 * steps * decision_s
    assert least_s <= found.clock.now < 1.1 * least_s
    assert found.waits.mean_s() > 100


def a_day_with_midnight(workflows, share, of_s):
    """Gaps of a day's arrivals, evenly but for `share` of them, which come in the first `of_s`."""
    early = int(workflows * share)
    moments = sorted(
        [of_s * i / early for i in range(early)]
        + [24 * HOUR_S * i / (workflows - early) for i in range(workflows - early)]
    )
    return (later - sooner for sooner, later in zip([0.0, *moments], moments, strict=False))


def a_meson_day(decision_s):
    """70,000 workflows of 500,000 jobs a day, a tenth of them in the first ten minutes after midnight."""
    return carried_out(a_day_with_midnight(70_000, 0.1, 600.0), repeat(decision_s))


def test_peak_hours_hurt_first_and_a_bigger_machine_helps():
    small, bigger = a_meson_day(0.012), a_meson_day(0.004)
    assert small.done == bigger.done == 70_000 and sum(small.waits.counts.values()) == 490_000
    assert small.waits.mean_s(0) > 60  # after midnight it is minutes …
    assert all(small.waits.mean_s(hour) < 0.1 for hour in range(1, 24))  # … and the rest of the day hardly anything
    assert bigger.waits.mean_s(0) < 0.1


def test_the_moments_of_a_day_are_as_many_as_were_asked_for():
    moments = list(accumulate(a_day_with_midnight(1000, 0.1, 600.0)))
    assert len(moments) == 1000 and moments[-1] < 24 * HOUR_S
    assert sum(moment < 600 for moment in moments) == pytest.approx(100 + 900 * 600 / (24 * HOUR_S), abs=2)
