"""Quantities: text with units and SI values, without loss either way."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.document.problems import Refused
from workbench.document.scenario import RunSettings, WorkerPool, Workload
from workbench.document.units import BYTES, BYTES_PER_S, DIMENSIONS, OPERATIONS_PER_S, PER_S, SECONDS, parse, show
from workbench.document.written import dimension


@pytest.mark.parametrize(
    ("text", "units", "value"),
    [
        ("25 Gbit/s", BYTES_PER_S, 3.125e9),
        ("1 MiB/s", BYTES_PER_S, 2.0**20),
        ("50 us", SECONDS, 50e-6),
        ("50 µs", SECONDS, 50e-6),
        ("0.1 ms", SECONDS, 1e-4),
        ("8h", SECONDS, 28800.0),
        ("16 GiB", BYTES, 2.0**34),
        ("1e3 kB", BYTES, 1e6),
        ("6 /min", PER_S, 0.1),
        ("10 Gflop/s", OPERATIONS_PER_S, 1e10),
        (" 3 ", SECONDS, 3.0),
        (2.5, SECONDS, 2.5),
    ],
)
def test_a_quantity_is_held_in_si_units(text, units, value):
    assert parse(text, units, "") == value


@pytest.mark.parametrize(
    ("value", "units", "text"),
    [
        (50e-6, SECONDS, "50 us"),
        (90.0, SECONDS, "90 s"),
        (7200.0, SECONDS, "2 h"),
        (0.0, SECONDS, "0 s"),
        (1.25e9, BYTES_PER_S, "10 Gbit/s"),
        (8e9, BYTES, "8 GB"),
        (2.0**34, BYTES, "16 GiB"),
        (0.1, SECONDS, "100 ms"),
        (1e10, OPERATIONS_PER_S, "10 Gflop/s"),
        (5e-324, SECONDS, "5e-324 s"),
    ],
)
def test_a_quantity_is_shown_shortly(value, units, text):
    assert show(value, units) == text


@settings(max_examples=500, deadline=None)
@given(st.sampled_from(sorted(DIMENSIONS)), st.floats(min_value=0, allow_nan=False, allow_infinity=False))
def test_what_is_shown_parses_to_exactly_the_same_value(name, value):
    units, example, *_ = DIMENSIONS[name]
    assert parse(show(value, units), units, example) == value


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("fast", "no-quantity"),
        ("", "no-quantity"),
        (True, "no-quantity"),
        (None, "no-quantity"),
        ([1], "no-quantity"),
        ("٣ s", "no-quantity"),
        ("3 parsec", "unknown-unit"),
        ("-3 s", "negative-quantity"),
        ("1e400 s", "endless-quantity"),
        (float("nan"), "endless-quantity"),
    ],
)
def test_what_is_no_quantity_is_refused_by_its_reason(value, code):
    with pytest.raises(Refused) as refused:
        parse(value, SECONDS, "10 ms")
    assert refused.value.code == code


def test_every_example_is_a_quantity_of_its_dimension():
    for units, example, *_ in DIMENSIONS.values():
        assert parse(example, units, example) > 0


@pytest.mark.parametrize(
    ("model", "field", "expected"),
    [
        (WorkerPool, "memory", "bytes"),
        (Workload, "rate", "per_s"),
        (RunSettings, "duration", "seconds"),
        (WorkerPool, "speed", None),
    ],
)
def test_a_field_knows_its_dimension(model, field, expected):
    assert dimension(model.model_fields[field]) == expected
