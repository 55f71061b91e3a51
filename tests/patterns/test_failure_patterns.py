"""Scenarios on what one failed, slow or cut-off member does to all others: broken models miss their expectations."""

import pytest

from workbench.architectures.training import TrainingArchitecture
from workbench.engines.simulated.cuts import Cuts
from workbench.engines.simulated.network import Network
from workbench.engines.simulated.work import Work
from workbench.engines.simulated.world import World


@pytest.mark.parametrize("name", ["PS-2", "SY-3", "RA-3"])
def test_the_pattern_holds_as_the_model_is(name, missed):
    assert missed(name) == []


def test_if_a_failed_server_were_only_slow_to_answer_its_failure_would_stop_nobody_for_long(missed, monkeypatch):
    kill = World.kill

    def pauses(world, name):
        if name == "w0":
            world.freeze(name)
            world.clock.call_in(1e-3, world.thaw, name)
        else:
            kill(world, name)

    monkeypatch.setattr(World, "kill", pauses)
    assert "simulated.server_lost.recovery_s > 2 * simulated.worker_lost.recovery_s" in missed("PS-2")


def test_if_nothing_needed_to_be_saved_checkpoints_would_not_matter(missed, monkeypatch):
    monkeypatch.setattr(TrainingArchitecture, "is_checkpoint", lambda server, step: (step + 1) % 50 == 0)
    assert missed("PS-2") == ["simulated.nothing_saved.training_s > 1.2 * simulated.server_lost.training_s"]


def test_if_all_workers_were_equally_fast_nobody_would_wait_for_a_slow_one(missed, monkeypatch):
    seconds = Work.seconds

    def at_full_speed(work, member, operation, now_s):
        work.speeds[member] = (work.speeds[member][0], 1.0)
        return seconds(work, member, operation, now_s)

    monkeypatch.setattr(Work, "seconds", at_full_speed)
    assert len(missed("SY-3")) == 3


def test_if_links_did_not_know_their_own_rates_a_slow_one_would_hold_up_nobody(missed, monkeypatch):
    made = Network.__init__

    def alike(network, *arguments):
        made(network, *arguments)
        network.own = {}

    monkeypatch.setattr(Network, "__init__", alike)
    assert missed("RA-3") == ["slow_link.samples_per_second < 0.4 * whole.samples_per_second"]


def test_if_a_member_behind_a_cut_were_reached_all_the_same_the_ring_would_go_on(missed, monkeypatch):
    monkeypatch.setattr(Cuts, "begin", lambda cuts, members: None)
    assert missed("RA-3") == ["dead_link.training_s > whole.training_s + 1"]
