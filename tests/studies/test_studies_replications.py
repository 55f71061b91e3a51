"""Replications: determinate, different from each other, and common to all combinations of a scenario."""

from itertools import combinations
from statistics import variance

import pytest
from small_study import SMALL

from workbench.document.text import read
from workbench.engines.control import Control
from workbench.runs.folder import read_run, runs_in
from workbench.runs.report import build
from workbench.runs.state import RunState, fold
from workbench.studies.compare import Comparison, carry_out

REPLICATIONS = 16
QUEUE = SMALL + "workload: {instances: 12, arrivals: poisson, rate: 80 /s}\n"


def carried_out(out, seed=3, replications=REPLICATIONS, chosen=("ring", "server")):
    text = QUEUE + f"run: {{seed: {seed}, replications: {replications}}}\n"
    document = read(text)
    assert not document.refused
    outcomes = carry_out(Comparison(text, document.scenario, out, out, ("simulated",), chosen), Control())
    assert outcomes == ["finished"] * replications * len(chosen)
    return out


@pytest.fixture(scope="module")
def queue(tmp_path_factory):
    """Two combinations that train for instances which arrive at random, on workers whose speed varies."""
    return carried_out(tmp_path_factory.mktemp("queue") / "study")


def events_of(out):
    return {path.name: (path / "events.jsonl").read_bytes() for path in runs_in(out)}


def arrivals(path):
    state = RunState()
    fold(read_run(path), state)
    return state.submitted


def test_the_same_seed_gives_the_same_bytes_and_more_replications_change_none(queue, tmp_path):
    again = events_of(carried_out(tmp_path / "again", replications=2))
    first = events_of(queue)
    assert len(again) == 4
    assert again == {name: first[name] for name in again}


def test_no_two_replications_are_alike(queue):
    for name in ("ring", "server"):
        own = [path for path in runs_in(queue) if path.name.startswith(f"simulated-{name}")]
        assert len(own) == REPLICATIONS
        for one, other in combinations([arrivals(path) for path in own], 2):
            assert one.keys() == other.keys() and len(one) == 12
            assert not set(one.values()) & set(other.values())


def test_another_seed_gives_other_arrivals(queue, tmp_path):
    other = carried_out(tmp_path / "other", seed=4, replications=1, chosen=("ring",))
    theirs = set(arrivals(other / "simulated-ring").values())
    for path in runs_in(queue):
        assert not theirs & set(arrivals(path).values()), "seed 4 is no replication of seed 3"


def test_combinations_see_the_same_arrivals_in_the_same_replication(queue):
    for replication in ("", "-r1", f"-r{REPLICATIONS - 1}"):
        assert arrivals(queue / f"simulated-ring{replication}") == arrivals(queue / f"simulated-server{replication}")


@pytest.mark.parametrize("metric", ["instances_per_second", "duration_s"])
def test_common_random_numbers_make_the_variance_of_a_difference_smaller_by_more_than_three_times(queue, metric):
    rows = build(queue).rows
    ring, server = (
        [run.numbers[metric] for run in sorted(row.simulated.runs, key=lambda run: run.replication)] for row in rows
    )
    paired = variance([one - other for one, other in zip(ring, server, strict=True)])
    unpaired = variance(ring) + variance(server)
    assert unpaired / paired > 3
    mispaired = variance([one - other for one, other in zip(ring, server[1:] + server[:1], strict=True)])
    assert mispaired / paired > 3, "it is the replications that they have in common, and not their number"


def test_with_a_seed_for_each_side_a_difference_varies_more_than_three_times_as_much(queue, tmp_path):
    elsewhere = carried_out(tmp_path / "elsewhere", seed=1_000_003, chosen=("server",))
    metric = "instances_per_second"
    ring, server = (in_order(row, metric) for row in build(queue).rows)
    (other,) = (in_order(row, metric) for row in build(elsewhere).rows)
    common = variance([one - same for one, same in zip(ring, server, strict=True)])
    apart = variance([one - its_own for one, its_own in zip(ring, other, strict=True)])
    assert apart / common > 3


def in_order(row, metric):
    return [run.numbers[metric] for run in sorted(row.simulated.runs, key=lambda run: run.replication)]


def test_the_verdict_of_a_report_uses_what_replications_have_in_common(queue):
    report = build(queue)
    (pair,) = report.pairs
    apart = [row.simulated.figures[pair.metric] for row in report.rows]
    assert pair.winner == "ring"
    assert pair.difference.half_width < min(figure.half_width for figure in apart)
