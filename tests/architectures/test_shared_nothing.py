"""What owners of partitions decide, without engine or clock."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.architectures.losses import heeding
from workbench.architectures.operations import AllReduce, Perform, Together, WorkerLost
from workbench.architectures.partitions import quota, ranges

TEAM = ("a", "b", "c")


@given(st.integers(1, 60), st.integers(1, 400))
def test_shares_of_partitions_are_even_and_together_all_of_them(workers, partitions):
    present = tuple(f"w{i}" for i in range(workers))
    found = [quota(worker, present, partitions) for worker in present]
    owned = [(first + step) for share, first in found for step in range(share)]
    assert owned == list(range(partitions))
    assert max(share for share, _ in found) - min(share for share, _ in found) <= 1


@given(st.sets(st.integers(0, 50)))
def test_ranges_name_every_number_once(numbers):
    named = []
    for part in ranges(numbers).split():
        first, _, last = part.partition("-")
        named += range(int(first), int(last or first) + 1)
    assert named == sorted(numbers)


def training(note):
    try:
        yield Perform("train", "gradient")
        yield AllReduce(TEAM)
    except WorkerLost as lost:
        note(lost.worker)
    return "end"


def asked(program):
    """What a program asks for, answered with nothing; and what it returns."""
    found = []
    try:
        operation = next(program)
        while True:
            found.append(operation)
            operation = program.send(None)
    except StopIteration as stop:
        return found, stop.value


def test_a_loss_that_was_told_before_is_told_again_where_the_program_waits_for_the_lost_one():
    told = []
    found, value = asked(heeding(training(told.append), {"b": 4}, {"a": 1, "b": 4, "c": 1}))
    assert (told, value) == (["b"], "end") and [one.verb for one in found] == ["perform"]


@pytest.mark.parametrize("gone", [{}, {"b": 3}, {"d": 1}])
def test_who_has_come_back_since_is_not_told_to_be_lost(gone):
    told = []
    found, _ = asked(heeding(training(told.append), gone, {"a": 1, "b": 4, "c": 1}))
    assert told == [] and [one.verb for one in found] == ["perform", "all-reduce"]


def test_a_loss_that_the_engine_tells_is_kept_for_later_programs():
    told, gone = [], {}
    program = heeding(training(told.append), gone, {"a": 1, "b": 4, "c": 1})
    next(program), next(program)
    with pytest.raises(StopIteration):
        program.throw(WorkerLost("b"))
    assert (told, gone) == (["b"], {"b": 4})


def test_a_loss_is_told_again_in_a_lane_too():
    told = []

    def beside():
        yield Together((training(told.append),))

    (together,), _ = asked(heeding(beside(), {"c": 1}, {"a": 1, "b": 4, "c": 1}))
    found, value = asked(together.lanes[0])
    assert (told, value) == (["c"], "end") and [one.verb for one in found] == ["perform"]
