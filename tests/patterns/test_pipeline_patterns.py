"""The scenarios on pipelines of layers hold because of the model: break it, and their expectations are missed."""

import pytest

from workbench.architectures import pipeline
from workbench.architectures.pipeline_order import even_cut
from workbench.engines.simulated import layered

DEMAND = layered.demand


def waits_for_nobody(place, number, name):
    return None
    yield


def whole_batch_each_time(step, operation):
    operations, memory_bytes = DEMAND(step, operation)
    pieces = operation.item.get("of", 1)
    return operations * pieces, memory_bytes * pieces


def same_work_wherever_it_is_cut(step, operation):
    operations, memory_bytes = DEMAND(step, operation)
    first, end = operation.item["layers"]
    return 2 * operations / (end - first), 2 * memory_bytes / (end - first)


@pytest.mark.parametrize("name", ["MP-2", "MP-3"])
def test_the_pattern_holds_as_the_model_is(name, missed):
    assert missed(name) == []


def test_without_waiting_for_activations_there_is_no_bubble_to_shrink(missed, monkeypatch):
    monkeypatch.setattr(pipeline, "_receive", waits_for_nobody)
    assert "simulated.few.samples_per_second > 1.8 * simulated.one.samples_per_second" in missed("MP-2")


def test_micro_batches_that_cost_as_much_as_the_batch_do_not_pay(missed, monkeypatch):
    monkeypatch.setattr(layered, "demand", whole_batch_each_time)
    assert "simulated.many.samples_per_second > 1.2 * simulated.few.samples_per_second" in missed("MP-2")


def test_if_layers_cost_nothing_of_their_own_a_bad_cut_is_no_slower(missed, monkeypatch):
    monkeypatch.setattr(layered, "demand", same_work_wherever_it_is_cut)
    assert missed("MP-3") == ["simulated.even.samples_per_second > 1.6 * simulated.bad.samples_per_second"]


def test_a_cut_that_is_ignored_is_no_slower(missed, monkeypatch):
    monkeypatch.setattr(pipeline, "accumulate", lambda cut: pipeline_ends(even_cut([1.0] * sum(cut), len(cut))))
    assert missed("MP-3") == ["simulated.even.samples_per_second > 1.6 * simulated.bad.samples_per_second"]


def pipeline_ends(counts):
    return [sum(counts[: place + 1]) for place in range(len(counts))]
