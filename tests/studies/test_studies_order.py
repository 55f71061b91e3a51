"""The wait for the first k of n: simulated as drawn, free of bias, and sensitive to who is waited for."""

import pytest

from workbench.architectures import server_rounds
from workbench.studies.score.order import Row, extra_wait, waits_s


def test_a_step_takes_as_long_as_the_last_worker_that_it_waits_for():
    draws = [[1.0, 2.0, 5.0], [4.0, 0.5, 3.0]]
    assert waits_s(Row(3, 2, 0), draws) == pytest.approx([2.0, 3.0])
    assert waits_s(Row(3, 3, 0), draws) == pytest.approx([5.0, 4.0])


def test_the_mean_is_the_one_of_the_closed_form_whatever_the_seed():
    truth = 1 / 2 + 1 / 3 + 1 / 4 + 1 / 5
    found = [extra_wait(Row(5, 4, truth), 0.02, seed) for seed in range(8)]
    assert all(abs(one - truth) < 4 * 0.02 * truth for one in found)
    assert abs(sum(found) / len(found) - truth) < 3 * 0.02 * truth / len(found) ** 0.5


def test_waiting_for_one_worker_more_is_seen(monkeypatch):
    awaited = server_rounds._awaited
    monkeypatch.setattr(server_rounds, "_awaited", lambda team, backup: awaited(team, backup) + 1)
    truth = 1 / 2 + 1 / 3 + 1 / 4 + 1 / 5
    assert extra_wait(Row(5, 4, truth), 0.02) == pytest.approx(truth + 1, rel=0.1)
