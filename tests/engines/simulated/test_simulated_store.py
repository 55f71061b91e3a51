"""Leases and records of the simulated store, asked for by programs."""

import pytest

from workbench.architectures.operations import Claim, LeaseLost, Recall, Record, Release, Renew, Wait
from workbench.engines.simulated.network import Network
from workbench.engines.simulated.world import World


@pytest.fixture
def carry_out():
    """Programs of members, side by side; answers what each noted down."""

    def run(**programs):
        world = World(Network(1e9, 0.0, "ideal"), None, lambda event, who: None)
        noted = {name: [] for name in programs}
        for name, program in programs.items():
            world.add(name, program(noted[name].append))
        world.start(programs)
        world.clock.run_slice(float("inf"), 10_000)
        assert not world.unfinished
        return noted

    return run


def holder(note):
    note((yield Claim("key", 2.0)))
    yield Wait(10.0)


def test_a_name_that_is_leased_is_refused_to_others_until_the_lease_ends(carry_out):
    def other(note):
        for _ in range(3):
            yield Wait(0.9)
            lease = yield Claim("key", 1.0)
            note((lease.holder, lease.token) if lease else None)

    assert carry_out(a=holder, b=other)["b"] == [None, None, ("b", 2)]


def test_a_renewed_lease_lasts_as_long_again_and_a_released_one_is_free_at_once(carry_out):
    def keeper(note):
        lease = yield Claim("key", 2.0)
        yield Wait(1.5)
        note((yield Renew((lease,))) == (lease,))
        yield Wait(1.5)
        yield Release(lease)
        note((yield Renew((lease,))))

    def other(note):
        yield Wait(2.5)
        note((yield Claim("key", 1.0)))
        yield Wait(0.6)
        note((yield Claim("key", 1.0)).token)

    assert carry_out(a=keeper, b=other) == {"a": [True, ()], "b": [None, 2]}


def test_who_has_lost_a_lease_records_nothing_under_it(carry_out):
    def sleeper(note):
        lease = yield Claim("key", 1.0)
        yield Wait(5.0)
        try:
            yield Record((("done/a", "late"),), lease)
        except LeaseLost as lost:
            note(lost.name)
        note((yield Recall("done/")))

    def successor(note):
        yield Wait(2.0)
        lease = yield Claim("key", 9.0)
        yield Record((("done/b", "in time"),), lease)

    assert carry_out(a=sleeper, b=successor)["a"] == ["key", {"done/b": "in time"}]


def test_a_record_renews_the_lease_under_which_it_is_made(carry_out):
    def worker(note):
        lease = yield Claim("key", 1.0)
        for step in range(5):
            yield Wait(0.9)
            yield Record(((f"step/{step}", step),), lease)
        note(len((yield Recall("step/"))))

    assert carry_out(a=worker)["a"] == [5]


def test_a_member_that_comes_back_is_granted_its_own_lease_anew_and_the_old_one_is_void(carry_out):
    def again(note):
        first = yield Claim("key", 9.0)
        second = yield Claim("key", 9.0)
        note((first.token, second.token))
        note((yield Renew((first, second))) == (second,))

    assert carry_out(a=again)["a"] == [(1, 2), True]


def test_the_leases_that_hold_now_can_be_recalled(carry_out):
    def reader(note):
        yield Wait(1.0)
        note((yield Recall("lease/")))
        yield Wait(2.0)
        note((yield Recall("lease/")))

    assert carry_out(a=holder, b=reader)["b"] == [{"lease/key": ["a", 1]}, {}]


def test_a_recall_finds_what_was_recorded_under_its_prefix_and_nothing_else(carry_out):
    def program(note):
        yield Record((("p1/done/0", 1), ("p1/done/1", 2), ("p1/sent/0", 3), ("p10/done/0", 4), ("p", 5)))
        for prefix in ("p1/", "p1/done/", "p1", "", "q"):
            note(sorted((yield Recall(prefix)).values()))

    assert carry_out(a=program)["a"] == [[1, 2, 3], [1, 2], [1, 2, 3, 4], [1, 2, 3, 4, 5], []]
