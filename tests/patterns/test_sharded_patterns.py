"""The scenario on shared-out weights holds because of the model: break it, and its expectations are missed."""

from dataclasses import replace

import pytest

from workbench.architectures.fully_sharded import FullySharded
from workbench.architectures.memory import Held
from workbench.architectures.ring import RingAllReduce
from workbench.architectures.training import TrainingArchitecture
from workbench.engines.simulated.gatherings import KINDS, AllGather
from workbench.engines.simulated.network import Hop, Network
from workbench.engines.simulated.work import Work
from workbench.engines.simulated.world import World

OVERLAPS = "simulated.overlaps.samples_per_second > 1.3 * simulated.waits.samples_per_second"
MORE = "simulated.overlaps.worker_bytes > 1.4 * simulated.keeps.worker_bytes"
NOT_MUCH_MORE = "simulated.overlaps.worker_bytes < 1.6 * simulated.keeps.worker_bytes"
TOO_LARGE = "simulated.ring.memory_share > 1"
FITS = "simulated.overlaps.memory_share < 0.8"
KEEPS_MORE = "simulated.keeps.memory_bytes > 1.1 * simulated.overlaps.memory_bytes"
STRETCHES = "simulated.offloads.memory_bytes < 0.8 * simulated.overlaps.memory_bytes"
COPIES = "simulated.offloads.samples_per_second < simulated.overlaps.samples_per_second"


@pytest.mark.parametrize("name", ["DP-5", "DP-5-members"])
def test_the_pattern_holds_as_the_model_is(name, missed):
    assert missed(name) == []


def test_if_communication_cost_nothing_there_would_be_nothing_to_hide(missed, monkeypatch):
    monkeypatch.setattr(Network, "hop_s", lambda network, team, size, passes=2: Hop(0.0, 0.0))
    assert OVERLAPS in missed("DP-5")


def test_if_weights_were_never_gathered_again_no_more_would_be_sent_than_by_a_ring(missed, monkeypatch):
    monkeypatch.setattr(FullySharded, "as_grad_op", FullySharded(sharding="grad-op"), raising=False)
    program = FullySharded.program
    monkeypatch.setattr(FullySharded, "program", lambda sharded, me, job: program(sharded.as_grad_op, me, job))
    assert MORE in missed("DP-5")


def test_if_every_member_sent_all_weights_it_would_be_much_more(missed, monkeypatch):
    whole = KINDS[AllGather]
    monkeypatch.setitem(KINDS, AllGather, type(whole)(whole.combine, lambda what, team: what.size_bytes * team**2, 1))
    assert NOT_MUCH_MORE in missed("DP-5")


def test_letters_from_lane_to_lane_are_not_sent_over_a_link(missed, monkeypatch):
    send = World._send

    def over_a_link(world, member, operation):
        world.sent_bytes[member.name] += getattr(operation.what, "size_bytes", 0.0)
        return send(world, member, operation)

    monkeypatch.setattr(World, "_send", over_a_link)
    assert MORE in missed("DP-5")


def test_if_a_ring_needed_no_memory_for_its_optimiser_the_model_would_fit(missed, monkeypatch):
    held = RingAllReduce.held
    monkeypatch.setattr(RingAllReduce, "held", lambda ring, *of: replace(held(ring, *of), optimiser=0.0))
    assert TOO_LARGE in missed("DP-5")


def test_if_a_share_were_the_whole_sharing_out_would_not_make_it_fit(missed, monkeypatch):
    monkeypatch.setattr(FullySharded, "held", TrainingArchitecture.held)
    assert {FITS, KEEPS_MORE, STRETCHES} <= set(missed("DP-5"))


def test_if_copies_to_the_host_were_free_offloading_would_cost_nothing(missed, monkeypatch):
    copies = Work.seconds

    def free(work, member, operation, now_s):
        return 0.0 if operation.part in ("from-host", "to-host") else copies(work, member, operation, now_s)

    monkeypatch.setattr(Work, "seconds", free)
    assert missed("DP-5") == [COPIES]


@pytest.mark.parametrize(
    ("held", "missed_then"),
    [
        (TrainingArchitecture.held, {"simulated.shared.memory_share < 1"}),
        (lambda *of: Held(), {"simulated.keeps.memory_bytes > 1.1 * simulated.shared.memory_bytes"}),
    ],
    ids=["a share were the whole", "nothing were held"],
)
def test_members_that_share_weights_out_would_not_hold_less_if(held, missed_then, missed, monkeypatch):
    monkeypatch.setattr(FullySharded, "held", held)
    assert missed_then <= set(missed("DP-5-members"))


def test_real_members_with_a_copy_each_grow_as_much_whatever_they_are_called(missed_for_real):
    told = missed_for_real("DP-5-members", "{use: fully-sharded}", "{use: ring-all-reduce}")
    assert "real.ring.memory_bytes > 1.6 * real.shared.memory_bytes" in told
