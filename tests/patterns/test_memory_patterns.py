"""The scenario on a model that is too large for one device holds because of the model: break it, and it does not."""

import pytest

from workbench.architectures import pipeline, tensor
from workbench.architectures.memory import replica
from workbench.engines.simulated import memory
from workbench.engines.simulated.network import Hop, Network

TOO_LARGE = {"simulated.whole.memory_share > 15", "simulated.copies.memory_share > 15"}
FITS = {f"simulated.{name}.memory_share < 1 and simulated.{name}.steps == 1" for name in ("layers", "within", "both")}
SLOWER = "simulated.within.duration_s > 1.3 * simulated.both.duration_s"


@pytest.mark.parametrize("name", ["MP-1", "MP-1-members"])
def test_the_pattern_holds_as_the_model_is(name, missed):
    assert set(missed(name)) == set()


def test_if_members_held_all_layers_the_model_would_fit_nowhere(missed, monkeypatch):
    monkeypatch.setattr(tensor, "some_layers", lambda step, *more: replica(step, 1))
    assert set(missed("MP-1")) >= FITS


def test_with_memory_without_end_the_model_would_fit_anywhere(missed, monkeypatch):
    monkeypatch.setattr(memory, "room_bytes", lambda pool: 1e15)
    assert set(missed("MP-1")) == TOO_LARGE


def test_if_sums_cost_nothing_splitting_layers_among_all_would_not_be_slower(missed, monkeypatch):
    monkeypatch.setattr(Network, "hop_s", lambda network, team, size, passes=2: Hop(0.0, 0.0))
    assert set(missed("MP-1")) == {SLOWER}


def test_if_members_held_all_layers_the_network_would_fit_nowhere(missed, monkeypatch):
    for module in (pipeline, tensor):
        monkeypatch.setattr(module, "some_layers", lambda step, *more: replica(step, 1))
    assert {
        f"simulated.{name}.memory_share < 1 and simulated.{name}.steps == 2" for name in ("layers", "within")
    } <= set(missed("MP-1-members"))


def test_real_members_with_a_copy_each_take_as_much_whatever_they_are_called(missed_for_real):
    whole = "{use: tensor-parallel, with: {tensor: 4}}", "{use: ring-all-reduce}"
    told = missed_for_real("MP-1-members", *whole)
    assert "real.copies.memory_bytes > 2 * real.within.memory_bytes and real.within.steps == 2" in told
