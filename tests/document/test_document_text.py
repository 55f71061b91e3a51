"""Texts: round trips, and what a small change of a scenario changes in its text."""

from difflib import SequenceMatcher

import pytest
from document_strategies import positions, scenarios, spellings
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from workbench.document import text as texts
from workbench.document.edits import connect, disconnect, move, remove_stages, set_field, set_parameter
from workbench.document.scenario import Fault, Link, Position, Scenario, StageUse
from workbench.document.text import new, read, rewrite

many = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture
def patched_only(monkeypatch):
    """Texts are patched; writing one anew would lose its comments, and is a mistake of ours."""

    def refuse(before, scenario):
        raise AssertionError("the text was written anew")

    monkeypatch.setattr(texts, "_fresh", refuse)


@many
@given(scenarios)
def test_a_scenario_written_to_an_empty_file_reads_back_equal(scenario):
    document = read(rewrite("", scenario))
    assert document.scenario == scenario


@many
@given(spellings())
def test_a_text_in_any_spelling_reads_as_its_scenario_and_stays_to_the_byte(pair):
    scenario, text = pair
    assert read(text).scenario == scenario
    assert rewrite(text, scenario) == text


@many
@given(spellings(), scenarios)
def test_any_text_can_be_patched_to_say_any_scenario(patched_only, pair, wanted):
    _, text = pair
    assert read(rewrite(text, wanted)).scenario == wanted
