import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.document.metrics import METRICS
from workbench.runs import figures, svg
from workbench.runs.statistics import Figure


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (8, "8"),
        (4510.4, "4,510"),
        (51.2, "51.2"),
        (0.63049, "0.630"),
        (0.0104, "0.0104"),
        (0.00075, "7.50e-04"),
    ],
)
def test_numbers_show_three_significant_digits_or_all_before_the_point(number, text):
    assert figures.digits(number) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (0.00075, "750 µs"), (0.0463, "46.3 ms"), (1.118, "1.12 s"), (119, "119 s"), (725, "12 min 5 s")],
)
def test_durations_show_the_unit_that_fits(seconds, text):
    assert figures.duration(seconds) == text


def test_shares_are_shown_in_percent_and_other_metrics_in_their_own_unit():
    assert figures.with_unit("accuracy", 0.9644) == "96.4 %"
    assert figures.with_unit("samples_per_second", 48508.3) == "48,508 samples/s"
    assert figures.with_unit("seconds_of_train", 0.05) == "50 ms"
    assert figures.heading("seconds_of_train", "ja") == "train の時間 [s]"


def test_a_figure_shows_its_interval_only_where_it_has_one():
    assert figures.interval("duration_s", Figure(12.0, None, 1)) == "12"
    assert figures.interval("duration_s", Figure(12.25, 0.5, 3)) == "12.2 ± 0.500"
    assert figures.interval("duration_s", None) == "–"


def test_every_share_is_a_metric():
    assert set(figures.SHARES) <= METRICS.keys()


def test_large_ratios_lose_their_decimals():
    assert [figures.ratio(r) for r in (0.844, 9.99, 110.4, None)] == ["0.84×", "9.99×", "110×", "–"]


@given(st.lists(st.floats(1e-6, 1e9), min_size=1, max_size=30), st.booleans())
def test_a_scale_shows_every_value_between_its_ends_and_in_order(values, logarithmic):
    scale = svg.scale(values, 10, 500, logarithmic)
    places = [scale(value) for value in sorted(values)]
    assert places == sorted(places)
    assert all(10 - 1e-6 <= place <= 500 + 1e-6 for place in places)


@given(st.floats(1e-6, 1e9), st.floats(1.5, 1e6), st.booleans())
def test_an_axis_has_a_readable_number_of_ticks_within_its_ends(low, factor, logarithmic):
    scale = svg.Scale(low if logarithmic else 0.0, low * factor, 0, 100, logarithmic)
    ticks = scale.ticks(6)
    assert len(ticks) <= 14
    assert all(scale.low * (1 - 1e-6) <= tick <= scale.high * (1 + 1e-6) for tick in ticks)


def test_labels_are_moved_apart_and_keep_their_order():
    places = svg.spread([50, 52, 51, 200], 17, 0, 300)
    assert places[0] < places[2] < places[1] < places[3]
    assert min(b - a for a, b in zip(sorted(places), sorted(places)[1:], strict=False)) >= 17


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (0.05, "0.05"), (2500, "2500"), (50_000, "50k"), (3e6, "3M"), (2e9, "2G")]
)
def test_axis_numbers_are_short(value, text):
    assert svg.short(value) == text
