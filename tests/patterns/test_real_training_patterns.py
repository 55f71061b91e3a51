"""Expectations of real trainings that are missed once members do something else: proven in their own processes."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from workbench.document.expectations import parse
from workbench.document.text import read
from workbench.runs.judgement import MISSED, judge
from workbench.runs.numbers import numbers
from workbench.runs.state import fold

PATTERNS = Path(__file__).parent.parent.parent / "scenarios" / "patterns"


@pytest.fixture
def missed_by(runner):
    """The expectations about some combinations that a pattern misses for real with members that are broken so."""

    def carry_out(name, broken, *combinations, replaced=("", "")):
        text = (PATTERNS / f"{name}.yaml").read_text(encoding="utf-8").replace(*replaced)
        runs = []
        for combination in combinations:
            events = runner("real", combination, text, beside=PATTERNS, prepare=lambda run: factory(run, broken))
            assert runner.outcome == "finished"
            run = SimpleNamespace(engine="real", combination=combination, replication=0, outcome="finished")
            run.is_whole, run.numbers = True, numbers(fold(events))
            runs.append(run)
        asked = [text for text in read(text).scenario.expect if is_about(text, combinations)]
        return [text for text in asked if judge(text, runs).outcome == MISSED]

    return carry_out


def factory(run, broken):
    run.supervisor.factory = f"broken_trainers:{broken}"


def is_about(text, combinations):
    return all(name.engine == "real" and name.combination in combinations for name in parse(text).names)


def test_real_replicas_part_where_everybody_goes_on_with_their_own_gradient(missed_by):
    assert "real.ring.replicas_apart == 0" in missed_by("DP-1", "alone", "ring")


def test_a_real_worker_that_never_takes_the_latest_weights_computes_on_others(missed_by):
    found = missed_by("PS-1", "deaf", "server", "two_servers")
    assert found == ["real.server.replicas_apart == 0 and real.two_servers.replicas_apart == 0"]


def test_real_servers_that_wait_for_all_give_all_the_same(missed_by):
    assert missed_by("PS-1", "bound", "asynchronous") == ["real.asynchronous.replicas_apart > 0.001"]


def test_a_server_whose_loss_costs_no_more_than_a_worker_s_stops_nothing(missed_by):
    found = missed_by("PS-2", "whole", "server_lost", "worker_lost", replaced=("worker: w0", "worker: w2"))
    assert "real.server_lost.recovery_s > 2 * real.worker_lost.recovery_s" in found


def test_if_a_real_worker_s_gradient_counted_as_its_share_updates_would_not_vary_more(missed_by):
    found = missed_by("SY-2", "hasty", "synchronous", "asynchronous")
    assert "real.asynchronous.update_variance > 4 * real.synchronous.update_variance" in found


def test_real_clients_with_all_classes_spoil_no_model(missed_by):
    assert missed_by("FL-2", "even", "uneven", "even") == ["real.uneven.accuracy < real.even.accuracy - 0.02"]
