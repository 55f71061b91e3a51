"""A measured curve is what a collective takes, whatever the bandwidth of the scenario."""

import math

import pytest

from workbench.architectures.ring import RingAllReduce
from workbench.catalogues.backends import BACKENDS
from workbench.engines.simulated.network import Network
from workbench.studies.score.laboratory import GivenWork, step_ends_s

CURVES = {name: backend.curve for name, backend in BACKENDS.items() if backend.curve}


@pytest.mark.parametrize("name", CURVES)
@pytest.mark.parametrize("size", [1e6, 1e8])
def test_an_all_reduce_over_as_many_members_as_were_measured_takes_what_the_curve_says(name, size):
    curve = CURVES[name]
    n = curve.members
    team = tuple(f"w{i}" for i in range(n))
    (taken_s,) = step_ends_s(RingAllReduce(), team, Network(1e9, 1.0, name), GivenWork(size))
    told_s = curve.startup_s + 2 * (n - 1) / n * size / curve.bytes_per_s + curve.ramp_s * math.sqrt(size)
    assert taken_s == pytest.approx(told_s)


def test_a_small_message_reaches_a_smaller_share_of_the_bandwidth_than_a_large_one():
    def reached(size):
        (taken_s,) = step_ends_s(RingAllReduce(), ("a", "b"), Network(1e9, 0.0, "nccl-8xh100"), GivenWork(size))
        return size / taken_s

    assert reached(1e6) < 0.2 * reached(1e10)
