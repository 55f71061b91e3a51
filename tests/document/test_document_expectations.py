"""Expectations: what they mean, how they print, and what they refuse."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.document.expectations import Expectation, ExpectationError, Name, parse
from workbench.document.metrics import METRICS, known_metrics, metric
from workbench.document.terms import Call, Comparison, Junction, Minus, Not, Number, Sum

FIGURES = {"ring.steps": 10.0, "real.ring.steps": 12.0, "ring-4.steps": 3.0, "a.accuracy": 0.9, "a.loss": 0.0}


def lookup(name: Name) -> float | None:
    return FIGURES.get(str(name))


numbers = st.floats(min_value=0, max_value=1e300).map(Number)
names = st.builds(
    Name,
    st.sampled_from(["ring", "a", "b-4", "and", "min", "x_1"]),
    st.sampled_from(["steps", "samples_per_second", "seconds_of_a-b", "not"]),
    st.sampled_from(["", "real", "simulated"]),
)
terms = st.recursive(
    numbers | names,
    lambda inner: st.one_of(
        st.builds(Minus, inner),
        st.builds(Sum, st.sampled_from("+-*/"), inner, inner),
        st.builds(Call, st.just("abs"), st.tuples(inner)),
        st.builds(Call, st.sampled_from(["min", "max"]), st.tuples(inner, inner)),
    ),
    max_leaves=6,
)
comparisons = st.builds(Comparison, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), terms, terms)
questions = st.recursive(
    comparisons,
    lambda inner: st.one_of(st.builds(Not, inner), st.builds(Junction, st.sampled_from(["and", "or"]), inner, inner)),
    max_leaves=4,
)


@settings(max_examples=300, deadline=None)
@given(questions)
def test_a_printed_expectation_reads_back_as_the_same_question(question):
    expectation = Expectation(question)
    assert parse(str(expectation)) == expectation
    assert str(parse(str(expectation))) == str(expectation)


@settings(max_examples=300, deadline=None)
@given(questions)
def test_any_expectation_has_an_outcome_whatever_the_figures(question):
    expectation = Expectation(question)
    assert expectation.evaluate(lambda name: None).state in ("held", "missed", "unknown")
    assert expectation.evaluate(lambda name: 0.0).state in ("held", "missed", "unknown")


@settings(max_examples=500, deadline=None)
@given(st.text(max_size=30) | st.text(alphabet="ab.()<>=+-*/% 1andort", max_size=40))
def test_any_text_is_an_expectation_or_is_refused_with_a_position_in_it(text):
    try:
        parse(text)
    except ExpectationError as error:
        assert 1 <= error.position <= len(text) + 1


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("ring.steps > 9", "held"),
        ("ring.steps > 10", "missed"),
        ("ring.steps >= 10", "held"),
        ("ring.steps < 10", "missed"),
        ("ring.steps <= 10", "held"),
        ("ring.steps == 10.0000000001", "held"),
        ("ring.steps == 10.00000001", "missed"),
        ("ring.steps != 10", "missed"),
        ("real.ring.steps == 12", "held"),
        ("ring-4.steps == 3", "held"),
        ("ring.steps-3 == 7", "held"),
        ("ring.steps - ring-4.steps == 7", "held"),
        ("2 + 3 * 4 == 14 and (2 + 3) * 4 == 20", "held"),
        ("2 - 3 - 4 == -5 and 8 / 4 / 2 == 1", "held"),
        ("--2 == 2 and -2 * -3 == 6", "held"),
        ("a.accuracy >= 90 %", "held"),
        ("a.accuracy >= 95%", "missed"),
        ("a.accuracy == .9", "held"),
        ("min(ring.steps, 3, 5) == 3 and max(1, 2) == 2 and abs(-4) == 4", "held"),
        ("8 < ring.steps <= 10", "held"),
        ("8 < ring.steps < 10", "missed"),
        ("not ring.steps > 10", "held"),
        ("not 1 > 2 and 2 > 1", "held"),
        ("1 > 2 or 2 > 1 and 3 > 2", "held"),
        ("(1 < 2 or 2 > 3) and 3 < 2", "missed"),
        ("1e3 == 1000", "held"),
    ],
)
def test_an_expectation_means_what_it_says(text, state):
    assert parse(text).evaluate(lookup).state == state


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("no.steps > 1", "unknown"),
        ("not no.steps > 1", "unknown"),
        ("no.steps > 1 and 1 > 2", "missed"),
        ("no.steps > 1 and 1 < 2", "unknown"),
        ("no.steps > 1 or 1 < 2", "held"),
        ("no.steps > 1 or 1 > 2", "unknown"),
        ("min(no.steps, 1) < 3", "unknown"),
        ("1 / a.loss > 1", "unknown"),
        ("1e300 * 1e300 > 1", "unknown"),
    ],
)
def test_a_figure_that_there_is_not_makes_the_outcome_unknown_where_it_decides(text, state):
    assert parse(text).evaluate(lookup).state == state


def test_a_single_comparison_shows_both_sides():
    outcome = parse("ring.steps > 1.5 * ring-4.steps").evaluate(lookup)
    assert (outcome.left, outcome.right) == (10.0, 4.5)


def test_a_joined_question_shows_no_sides():
    outcome = parse("ring.steps > 1 and ring.steps < 20").evaluate(lookup)
    assert (outcome.state, outcome.left, outcome.right) == ("held", None, None)


def test_the_names_of_an_expectation_are_told_once_in_their_order():
    expectation = parse("b.steps > 2 * real.a.accuracy and min(b.steps, c.seconds_of_my-stage) > 1")
    assert expectation.names == (
        Name("b", "steps"),
        Name("a", "accuracy", "real"),
        Name("c", "seconds_of_my-stage"),
    )


@pytest.mark.parametrize(
    ("text", "detail", "position"),
    [
        ("", "unexpected-end", 1),
        ("ring.steps", "want-comparison", 1),
        ("ring.steps >", "unexpected-end", 13),
        ("ring.steps > > 1", "unexpected", 14),
        ("ring.steps = 1", "unexpected-character", 12),
        ("(1 < 2", "want-closing", 7),
        ("1 < 2)", "unexpected", 6),
        ("(1 < 2) + 3 < 4", "want-value", 1),
        ("1 < 2 and 3", "want-comparison", 11),
        ("not 3", "want-comparison", 5),
        ("steps > 3", "name-without-metric", 1),
        ("a.b.c.steps > 3", "name-without-metric", 1),
        ("fast.ring.steps > 3", "unknown-engine", 1),
        ("sum(1, 2) > 3", "unknown-function", 1),
        ("abs(1, 2) > 3", "want-arguments", 1),
        ("min(1) > 3", "want-arguments", 1),
        ("1e999 > 3", "too-large", 1),
        ("(" * 31 + "1", "too-deep", 32),
        ("not " * 31 + "1 < 2", "too-deep", 125),
        ("1 < 2" + " " * 1000, "too-long", 1001),
        ("__import__('os').system('ls')", "unexpected-character", 1),
        ("ring.steps > 3; 1 < 2", "unexpected-character", 15),
        ("ring.steps 3 > 1", "unexpected", 12),
    ],
)
def test_what_is_no_expectation_is_refused_with_its_position(text, detail, position):
    with pytest.raises(ExpectationError) as refused:
        parse(text)
    assert (refused.value.detail, refused.value.position) == (detail, position)


def test_every_metric_has_titles_in_both_languages():
    for name in known_metrics(["train"]):
        assert metric(name).title("en") != metric(name).title("ja")
    assert metric("seconds_of_train").unit == "s"
    with pytest.raises(KeyError):
        metric("speed")
    assert set(METRICS) < set(known_metrics(["train"]))
