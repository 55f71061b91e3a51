"""One member that stands for its equals gives the times of all of them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.architectures.ring import RingAllReduce
from workbench.catalogues.backends import BACKENDS
from workbench.engines.simulated.cohorts import Cohorts
from workbench.engines.simulated.islands import Islands
from workbench.engines.simulated.network import Network
from workbench.studies.score.laboratory import GivenWork, cohort_step_ends_s, step_ends_s


def _team(members: int) -> tuple[str, ...]:
    return tuple(f"w{number}" for number in range(members))


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 12), st.floats(1e3, 1e9), st.floats(0, 1e-3), st.integers(1, 3))
def test_one_member_of_a_ring_stands_for_all_of_them(members: int, size: float, latency_s: float, steps: int) -> None:
    work = GivenWork(size, steps=steps, compute_s=lambda member: 0.01)
    all_s, one_s = (
        carry_out(RingAllReduce(), _team(members), Network(1e9, latency_s), work)
        for carry_out in (step_ends_s, cohort_step_ends_s)
    )
    assert one_s == pytest.approx(all_s, rel=1e-12)


def test_a_ring_inside_a_node_takes_the_fast_links_and_one_between_nodes_the_shares_of_all_its_members() -> None:
    size, team = 8e8, _team(16)
    network = Islands(team, 8, inside_bytes_per_s=100e9, bytes_per_s=5e9, latency_s=2e-6, inside_latency_s=1e-6)
    (inside_s,) = step_ends_s(RingAllReduce(), team[:8], network, GivenWork(size))
    assert inside_s == pytest.approx(2 * 7 / 8 * size / 100e9 + 14 * 1e-6)
    (across_s,) = step_ends_s(RingAllReduce(), team, network, GivenWork(size))
    mean_s = (2 * 2e-6 + 14 * 1e-6) / 16
    assert across_s == pytest.approx(2 * 15 / 16 * size / 40e9 + 30 * mean_s, rel=1e-9)


def test_a_ring_inside_a_node_takes_a_measured_curve_where_the_node_has_one() -> None:
    size, team = 8e8, _team(16)

    def nodes() -> Islands:
        return Islands(team, 8, inside_bytes_per_s=1e9, bytes_per_s=5e9, inside="nccl-8xa100")

    curve = BACKENDS["nccl-8xa100"].curve
    assert curve is not None
    for members in (8, 4):
        occupied_s, later_s = curve.hop_s(size, members)
        (ended_s,) = step_ends_s(RingAllReduce(), team[:members], nodes(), GivenWork(size))
        assert ended_s == pytest.approx(2 * (members - 1) * (occupied_s + later_s))
    (across_s,) = step_ends_s(RingAllReduce(), team, nodes(), GivenWork(size))
    assert across_s == pytest.approx(2 * 15 / 16 * size / 1e9)


def test_a_ring_of_one_member_a_node_has_only_that_members_share() -> None:
    size, team = 8e8, _team(16)
    network = Islands(team, 8, inside_bytes_per_s=100e9, bytes_per_s=5e9)
    (ended_s,) = step_ends_s(RingAllReduce(), (team[0], team[8]), network, GivenWork(size))
    assert ended_s == pytest.approx(size / 5e9)


def test_one_member_of_islands_stands_for_all_of_them() -> None:
    team = _team(24)
    network, again = (Islands(team, 8, 100e9, 5e9, 1e-6, 3e-6) for _ in range(2))
    work = GivenWork(1e8, steps=3, compute_s=lambda member: 0.002)
    assert cohort_step_ends_s(RingAllReduce(), team, network, work) == pytest.approx(
        step_ends_s(RingAllReduce(), team, again, work), rel=1e-12
    )


def test_a_collective_of_two_cohorts_with_equals_is_refused() -> None:
    cohorts = Cohorts({"a": "a", "b": "a", "c": "c"})
    assert cohorts.who_meets(("a", "b")) == ("a",)
    assert cohorts.who_meets(("a", "c")) == ("a", "c")
    with pytest.raises(ValueError, match="3 members in 2 cohorts"):
        cohorts.who_meets(("a", "b", "c"))
