"""The scenarios on pipelines of layers hold because of the model: break it, and their expectations are missed."""

from dataclasses import replace

import pytest

from workbench.architectures import pipeline
from workbench.engines.simulated import layered

ANSWER = layered.answer
SHRINKS = "few.samples_per_second > 1.35 * one.samples_per_second"
SHRINKS_MORE = "simulated.many.samples_per_second > 1.05 * simulated.few.samples_per_second"
MATTERS = "even.samples_per_second > 1.6 * bad.samples_per_second"


def waits_for_nobody(place, number, name):
    return []
    yield


def letters_for_the_whole_batch_each_time(step, operation):
    answered = ANSWER(step, operation)
    pieces = operation.item.get("of", 1)
    return replace(answered, size_bytes=answered.size_bytes * pieces) if answered is not None else None


def as_much_crosses_wherever_it_is_cut(step, operation):
    answered = ANSWER(step, operation)
    return replace(answered, size_bytes=8e4) if operation.part in ("forward", "backward") else answered


@pytest.mark.parametrize("name", ["MP-2", "MP-3"])
def test_the_pattern_holds_as_the_model_is(name, missed):
    assert missed(name) == []


def test_without_waiting_for_activations_there_is_no_bubble_to_shrink(missed, monkeypatch):
    monkeypatch.setattr(pipeline, "_receive", waits_for_nobody)
    assert SHRINKS in missed("MP-2")


def test_micro_batches_whose_letters_are_those_of_the_batch_do_not_pay(missed, monkeypatch):
    monkeypatch.setattr(layered, "answer", letters_for_the_whole_batch_each_time)
    assert {SHRINKS, SHRINKS_MORE} <= set(missed("MP-2"))


def test_if_as_much_crossed_wherever_it_is_cut_a_bad_cut_would_be_no_slower(missed, monkeypatch):
    monkeypatch.setattr(layered, "answer", as_much_crosses_wherever_it_is_cut)
    assert missed("MP-3") == [MATTERS]


def test_a_cut_that_is_ignored_is_no_slower(missed, monkeypatch):
    monkeypatch.setattr(pipeline, "accumulate", lambda cut: range(sum(cut) // len(cut), sum(cut) + 1, 3))
    assert missed("MP-3") == [MATTERS]


def test_real_members_that_are_cut_badly_both_times_are_equally_slow(missed_for_real):
    assert missed_for_real("MP-3", "[3, 3]", "[1, 5]") == [MATTERS]
