"""Killed at drawn moments, a pipeline of many items leads to what it leads to undisturbed. `make chaos` draws more."""

import shutil

import pytest
from crash_matrix import VICTIMS, Matrix, Moment, moments

from workbench.engines.real.store import Store

SEED, COUNT = 2026, 6


@pytest.fixture(scope="module")
def matrix(tmp_path_factory):
    return Matrix(tmp_path_factory.mktemp("matrix"), items=6)


@pytest.fixture(scope="module")
def owners(tmp_path_factory):
    return Matrix(tmp_path_factory.mktemp("owners"), 4, "shared-nothing")


@pytest.mark.parametrize("moment", moments(SEED, COUNT), ids=str)
def test_after_a_kill_every_item_is_as_in_the_undisturbed_run(matrix, moment):
    assert matrix.differences(matrix.strike(moment)) == []


def test_the_moments_are_drawn_from_the_seed_alone_and_a_fifth_of_them_lies_inside_a_write():
    drawn = moments(SEED, 50)
    assert drawn == moments(SEED, 50) != moments(SEED + 1, 50)
    assert sum(bool(moment.write) for moment in drawn) >= 10
    assert {moment.victim for moment in drawn if moment.write} == set(VICTIMS)
    assert min(m.share for m in drawn) < 0.15 and max(m.share for m in drawn) > 0.85


def test_the_comparison_sees_an_item_that_is_lost_damaged_or_told_twice(matrix, tmp_path):
    run = shutil.copytree(matrix.strike(Moment("run", 0.5)), tmp_path / "run")
    assert matrix.differences(run) == []
    store = Store(run)
    model = store.recall("done/0/train")["done/0/train"]["model"]
    (run / "artifacts" / model).write_bytes(b"half")
    store._connection.execute("DELETE FROM record WHERE key = 'done/1/prepare[2]'")
    lines = (run / "events.jsonl").read_bytes().splitlines(keepends=True)
    told = next(line for line in lines if b'"done"' in line and b'"save#1"' in line)
    (run / "events.jsonl").write_bytes(b"".join([*lines[:-1], told, lines[-1]]))
    found = matrix.differences(run)
    assert "done/0/train.model differs" in found and "done/1/prepare[2] is lost" in found
    assert "save#1 is told 2 times" in found


@pytest.mark.parametrize("moment", [Moment("run", 0.4, "commit"), Moment("trainer", 0.5)], ids=str)
def test_after_a_kill_what_owners_share_is_as_in_the_undisturbed_run(owners, moment):
    assert owners.differences(owners.strike(moment)) == []
