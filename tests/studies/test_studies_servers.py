"""Parameter servers against published figures: what the cases rest on can be broken, and then they are missed."""

from dataclasses import replace

import pytest

from workbench.architectures.server_team import ServerTeam
from workbench.studies.score import servers, spare_machines
from workbench.studies.score.case import score


def test_between_members_of_one_machine_nothing_crosses_a_link():
    network = servers.SharedMachines(1e6, 0.5, {"s": "m0", "w": "m0", "v": "m1"})
    assert network.transfer(1.0, "s", "w", 1e6) == 1.0
    assert network.transfer(1.0, "s", "v", 1e6) == pytest.approx(2.5)


def test_members_of_one_machine_share_its_link():
    network = servers.SharedMachines(1e6, 0.0, {"s": "m0", "w": "m0", "v": "m1", "u": "m2"})
    assert [network.transfer(0.0, "s", "v", 1e6), network.transfer(0.0, "w", "u", 1e6)] == pytest.approx([1.0, 2.0])


def test_fewer_servers_make_training_less_efficient():
    found = [servers.efficiency(replace(servers.ROWS[0], servers=count)) for count in (2, 4, 8)]
    assert found == sorted(found) and found[2] > found[0] + 0.05


def test_if_every_server_held_all_weights_the_case_of_shared_machines_would_be_missed(monkeypatch):
    monkeypatch.setattr(ServerTeam, "piece", 1.0 / servers.PIECES)
    assert not score(servers.CASE).passed


def test_places_count_from_the_greatest_gain_and_tell_where_there_is_none():
    assert spare_machines.places([2.0, 0.9, 1.5]) == [1, 4, 2, 3]


def test_spare_machines_double_the_speed_at_most_where_nothing_but_the_link_counts():
    bound = replace(spare_machines.SETTINGS[0], compute_s=0.0)
    assert 1.4 < spare_machines.gain(bound) < 2 * 7 / 8


def test_if_every_server_held_all_weights_spare_machines_would_gain_nothing(monkeypatch):
    monkeypatch.setattr(ServerTeam, "piece", 1.0 / spare_machines.PIECES)
    assert spare_machines.gain(spare_machines.SETTINGS[0]) < 1
