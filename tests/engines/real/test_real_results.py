"""The store of results: whole files only, nothing damaged is taken, and what nobody uses goes first."""

import os
import time

import pytest

from workbench.engines.real.results import Results
from workbench.runs.folder import RunWriter, artifact_path, store_bytes


@pytest.fixture
def run(tmp_path):
    with RunWriter(tmp_path / "run", "format: 1\n") as writer:
        return writer.path


@pytest.fixture
def results(tmp_path):
    return Results(tmp_path / "results")


def kept(results, run, key, data):
    digest = store_bytes(run, data)
    entry = {"outputs": {"table": digest, "items of parts": 3}, "measured": {"rows": [3.0, ""]}, "study": "s"}
    results.keep(key, entry, run)
    return digest


def other_run(tmp_path):
    with RunWriter(tmp_path / "other", "format: 1\n") as writer:
        return writer.path


def test_a_result_is_laid_into_another_run_with_all_that_belongs_to_it(results, run, tmp_path):
    digest = kept(results, run, "a", b"of a")
    entry, other = results.find("a"), other_run(tmp_path)
    assert entry["outputs"] == {"table": digest, "items of parts": 3}
    assert results.take("a", entry, other)
    assert artifact_path(other, digest).read_bytes() == b"of a"
    assert not list((other / "artifacts").glob(".*")) and results.find("b") is None


def test_a_damaged_or_missing_artifact_is_not_taken(results, run, tmp_path):
    digest, other = kept(results, run, "a", b"of a"), other_run(tmp_path)
    artifact = results.folder / "artifacts" / digest
    artifact.unlink()
    artifact.write_bytes(b"of ")
    assert not results.take("a", results.find("a"), other)
    artifact.unlink()
    assert not results.take("a", results.find("a"), other)
    assert not artifact_path(other, digest).exists()


def test_an_entry_that_is_torn_is_none(results, run):
    kept(results, run, "a", b"of a")
    (results.folder / "index" / "a.json").write_text('{"outputs": {')
    assert results.find("a") is None


def test_what_nobody_has_used_for_longest_goes_first_and_runs_keep_their_own(results, run):
    digests = {key: kept(results, run, key, key.encode() * 1000) for key in "abc"}
    for age, key in enumerate("bca"):
        used = time.time() - 7200 - 100 * (3 - age)
        os.utime(results.folder / "index" / f"{key}.json", (used, used))
        os.utime(results.folder / "artifacts" / digests[key], (used, used))
    results.prune(most_bytes=2500)
    assert [key for key in "abc" if results.find(key)] == ["a", "c"]
    assert {path.name for path in (results.folder / "artifacts").iterdir()} == {digests["a"], digests["c"]}
    assert artifact_path(run, digests["b"]).exists()
    results.prune(most_bytes=2500)
    assert results.find("a") and results.find("c")
