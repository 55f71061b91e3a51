"""The scenario on a model that is too large for one device holds because of the model: break it, and it does not."""

import json
from pathlib import Path

import pytest

from workbench import cli
from workbench.architectures import tensor
from workbench.architectures.memory import replica
from workbench.engines.simulated import memory
from workbench.engines.simulated.network import Hop, Network

SCENARIO = Path(__file__).parent.parent.parent / "scenarios" / "patterns" / "MP-1.yaml"
TOO_LARGE = {"simulated.whole.memory_share > 15", "simulated.copies.memory_share > 15"}
FITS = {f"simulated.{name}.memory_share < 1 and simulated.{name}.steps == 1" for name in ("layers", "within", "both")}
SLOWER = "simulated.within.duration_s > 1.3 * simulated.both.duration_s"


@pytest.fixture
def missed(tmp_path, capsys):
    """The expectations that do not hold when the scenario is simulated."""

    def carry_out():
        code = cli.main(["run", str(SCENARIO), "--simulated", "--json", "--out", str(tmp_path / "out")])
        told = json.loads(capsys.readouterr().out)["expectations"]
        found = {one["text"] for one in told if one["outcome"] != "held"}
        assert (code == cli.HELD) == (not found)
        return found

    return carry_out


def test_the_pattern_holds_as_the_model_is(missed):
    assert missed() == set()


def test_if_members_held_all_layers_the_model_would_fit_nowhere(missed, monkeypatch):
    monkeypatch.setattr(tensor, "some_layers", lambda step, *more: replica(step, 1))
    assert missed() >= FITS


def test_with_memory_without_end_the_model_would_fit_anywhere(missed, monkeypatch):
    monkeypatch.setattr(memory, "room_bytes", lambda pool: 1e15)
    assert missed() == TOO_LARGE


def test_if_sums_cost_nothing_splitting_layers_among_all_would_not_be_slower(missed, monkeypatch):
    monkeypatch.setattr(Network, "hop_s", lambda network, team, size, passes=2: Hop(0.0, 0.0))
    assert missed() == {SLOWER}
