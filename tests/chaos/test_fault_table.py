"""A part of the table of faults against architectures: whatever breaks, a run ends, and loses nothing.

The whole table is `python -m tests.benchmarks.bench_fault_table`.
"""

import importlib.util
import sys
from pathlib import Path

import pytest

FILE = Path(__file__).parent.parent / "benchmarks" / "bench_fault_table.py"


@pytest.fixture(scope="module")
def table():
    spec = importlib.util.spec_from_file_location("bench_fault_table", FILE)
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("architecture", "kind"),
    [
        ("single leader", "freeze 1 s"),
        ("shared-nothing", "storage-full 1 s"),
        ("ring, shrinks", "two crash"),
        ("servers, asynchronous", "crash, back after 1 s"),
        ("federated", "slow-down 4x, 1 s"),
        ("pipeline parallel", "crash"),
    ],
)
def test_whatever_breaks_a_run_ends_and_loses_nothing(table, tmp_path, architecture, kind):
    cell = table.carry_out(architecture, kind, tmp_path, limit_s=200.0)
    assert (cell.outcome, cell.lost_items) == ("finished", 0), cell.reason
    assert cell.struck and cell.standstill_s < 100.0


def test_what_does_not_end_within_the_limit_is_told_to_hang(table, tmp_path):
    assert str(table.carry_out("single leader", "slow-down 4x, 1 s", tmp_path, limit_s=0.0)) == table.HANG


def test_what_an_architecture_cannot_suffer_is_refused(table, tmp_path):
    cell = table.carry_out("shared-nothing", "leader-crash", tmp_path)
    assert (str(cell), "has no leader" in cell.reason) == (table.REFUSED, True)
