"""Real runs of the patterns of orchestration, conditions and items hold because of what members do: break them, and
expectations are missed."""

import json

import pytest
from conftest import PATTERNS

from workbench import cli
from workbench.engines.real import run
from workbench.engines.real.faults import Faults


@pytest.fixture
def missed_by(tmp_path, capsys, monkeypatch):
    """The expectations that some combinations of a pattern miss for real when their members are broken in a way."""

    def carry_out(name, broken, *combinations):
        if broken:
            monkeypatch.setattr(run, "FROM_SCENARIO", f"broken_members:{broken}")
        chosen = [word for combination in combinations for word in ("-c", combination)]
        arguments = ["run", str(PATTERNS / f"{name}.yaml"), "--real", "--json", *chosen, "--out", str(tmp_path / "out")]
        cli.main(arguments)
        told = json.loads(capsys.readouterr().out)["expectations"]
        return {one["text"] for one in told if one["outcome"] not in ("held", "not-asked")}

    return carry_out


SIDE_BY_SIDE = (
    "leader.duration_s < leader.seconds_of_blobs + leader.seconds_of_prepare + 0.8 * (leader.seconds_of_first + "
    "leader.seconds_of_second + leader.seconds_of_third + leader.seconds_of_longest)"
)
BREAKS = [
    ("FE-1", "forgets_the_last_item", "four", "four.items == 40"),
    ("FE-2", "holds_all_items", "eight", "eight.items_share < 1"),
    ("FE-3", "lets_items_leave_as_they_come", "in_order", "in_order.items_out_of_order == 0"),
    ("DAG-1", "begins_before_its_inputs_are_there", "leader", "leader.instances == 1"),
    ("DAG-2", "does_one_stage_at_a_time", "leader", SIDE_BY_SIDE),
    ("DAG-5-measured", "asks_no_condition", "leader", "leader.left_out == 1"),
    ("DAG-5-anew", "heeds_no_event", "leader", "leader.instances > 3"),
    ("SL-1", "forgets_a_result", "leader", "leader.instances == 40"),
    ("SL-2", "does_all_again_after_a_loss", "leader", "leader.repeated_items <= 2"),
    ("SL-3", "recalls_nothing_but_its_term", "leader", "leader.disagreements == 0"),
]


@pytest.mark.parametrize(("name", "broken", "combination", "expected"), BREAKS, ids=[f"{b[0]} {b[1]}" for b in BREAKS])
def test_broken_members_miss_what_is_expected_of_real_runs(name, broken, combination, expected, missed_by):
    assert expected in missed_by(name, broken, combination)


def test_a_leader_that_is_back_at_once_leaves_no_long_gap(missed_by, monkeypatch):
    monkeypatch.setattr(Faults, "_comes_back", lambda faults, worker: 0.0)
    assert {"slow.recovery_s > 1.9", "slow.availability < 0.75"} <= missed_by("SL-6", "", "slow")
