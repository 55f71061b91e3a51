import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.runs.warm_up import mser5

numbers = st.floats(-1e6, 1e6)


def customers_in_a_queue(seed, start, steps, arrive=0.8, serve=1.0):
    """Customers in an M/M/1 queue after each event of its uniformised chain, from `start` customers on."""
    draws, count, seen = random.Random(seed), start, []
    for _ in range(steps):
        if draws.random() * (arrive + serve) < arrive:
            count += 1
        elif count:
            count -= 1
        seen.append(count)
    return seen


def test_a_queue_that_was_started_full_is_near_its_steady_state_after_trimming():
    truth = 0.8 / (1 - 0.8)
    raws, trimmed = [], []
    for seed in range(20):
        seen = customers_in_a_queue(seed, start=400, steps=40_000)
        kept = seen[mser5(seen) :]
        raws.append(sum(seen) / len(seen))
        trimmed.append(sum(kept) / len(kept))
    assert sum(raws) / 20 > 1.8 * truth
    assert sum(trimmed) / 20 == pytest.approx(truth, rel=0.1)


def test_a_start_that_is_higher_by_a_level_is_left_out_to_the_batch():
    assert mser5([100.0] * 20 + [1.0, 2.0] * 40) == 20


@given(st.lists(numbers, max_size=300))
def test_never_more_than_half_is_left_out_and_always_whole_batches(values):
    removed = mser5(values)
    assert removed % 5 == 0 and 0 <= removed <= len(values) / 2


@given(numbers, st.integers(0, 200))
def test_a_constant_series_keeps_everything(value, count):
    assert mser5([value] * count) == 0


@given(st.lists(st.integers(-1000, 1000), min_size=10, max_size=100), st.sampled_from([0.5, 2.0, 1024.0]))
def test_the_unit_of_the_values_does_not_matter(values, factor):
    assert mser5([factor * value for value in values]) == mser5(values)
