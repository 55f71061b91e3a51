"""Every parameter of every architecture changes what happens, or says that it changes nothing there."""

import itertools

import pytest
from knobs import KNOBS, SITUATIONS, idle, story, turns
from pydantic import Field

from workbench.architectures.registry import TRAININGS
from workbench.architectures.ring import RingAllReduce
from workbench.document.words_idle import IDLE

BASES = 4  # how many surroundings of a knob are looked at in each situation
TURNS = 40  # among which they are looked for
TRIED = 300  # pairs of runs that are looked at until one differs

named = pytest.mark.parametrize(("side", "name", "knob"), KNOBS, ids=["-".join(knob) for knob in KNOBS])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("knobs")


def told(situation, side, name, base, knob, values, folder):
    """What happened with each value of a knob, the runs that came to an end only."""
    for value in values:
        outcome, happened = story(situation, side, name, base | {knob: value}, folder)
        if outcome == "finished":
            yield happened


def differs(situation, side, name, base, knob, values, folder):
    """Whether what happens depends on the knob; None where fewer than two of its values let a run come to its end."""
    stories = told(situation, side, name, base, knob, values, folder)
    first, second = next(stories, None), next(stories, None)
    return None if second is None else second != first or any(happened != first for happened in stories)


@named
def test_a_knob_changes_what_happens_somewhere(side, name, knob, folder):
    tried = itertools.product(turns(side, name, knob), SITUATIONS)
    assert any(
        differs(situation, side, name, base, knob, values, folder)
        for (base, values), situation in itertools.islice(tried, TRIED)
    )


@named
@pytest.mark.parametrize("situation", SITUATIONS)
def test_a_knob_changes_what_happens_or_says_that_it_does_not(situation, side, name, knob, folder):
    found = {}
    for base, values in itertools.islice(turns(side, name, knob), TURNS):
        changed = differs(situation, side, name, base, knob, values, folder)
        if changed is None:
            continue
        [reason] = {idle(situation, side, name, base | {knob: value}).get(knob, "") for value in values}
        found[repr(base)] = changed, reason
        assert changed == (not reason), f"{base} in '{situation}': {knob} of {values}, {reason or 'no reason given'}"
        if len(found) == BASES:
            break
    assert found


def test_a_knob_that_no_program_looks_at_is_found_out(monkeypatch, folder):
    class Dead(RingAllReduce):
        speed: int = Field(default=0, description="nothing looks at it")

    monkeypatch.setitem(TRAININGS, "dead", Dead)
    assert not any(
        differs(situation, "training", "dead", base, "speed", values, folder)
        for base, values in itertools.islice(turns("training", "dead", "speed"), BASES)
        for situation in SITUATIONS
    )
    assert differs("nothing breaks", "training", "dead", {}, "workers", [1, 2], folder)


def test_every_reason_of_the_catalogue_is_given_somewhere_and_every_one_given_has_words():
    given = {
        reason
        for side, name, knob in KNOBS
        for base, values in itertools.islice(turns(side, name, knob), BASES)
        for value in values
        for situation in SITUATIONS
        for reason in idle(situation, side, name, base | {knob: value}).values()
    }
    assert given == set(IDLE)
