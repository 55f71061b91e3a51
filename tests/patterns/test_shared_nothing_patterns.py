"""The scenarios on shared-nothing orchestration hold because of the model: break it, and expectations are missed."""

import pytest
from samples import SCENARIOS

from workbench.architectures import owner
from workbench.architectures.operations import Lease, Record, Wait
from workbench.architectures.owner import Owner
from workbench.architectures.partitions import quota
from workbench.engines.simulated.faults import Faults
from workbench.engines.simulated.store import Store
from workbench.engines.simulated.world import World
from workbench.runs.numbers import numbers
from workbench.runs.state import fold


@pytest.mark.parametrize("name", ["SN-1", "SN-1-many", "SN-2"])
def test_the_pattern_holds_as_the_model_is(name, missed):
    assert missed(name) == []


# --- SN-1: throughput grows with workers -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("SN-1", {"simulated.four.instances_per_second > 3.9 * simulated.one.instances_per_second"}),
        (
            "SN-1-many",
            {
                "simulated.sixteen.instances_per_second > 1.9 * simulated.eight.instances_per_second",
                "simulated.sixty_four.instances_per_second > 20 * simulated.leader.instances_per_second",
            },
        ),
    ],
)
def test_if_one_worker_owned_every_partition_more_workers_would_not_help(missed, monkeypatch, name, expected):
    monkeypatch.setattr(
        owner, "quota", lambda worker, present, partitions: (partitions if worker == present[0] else 0, 0)
    )
    assert expected <= set(missed(name))


def test_if_decisions_took_no_time_a_leader_would_not_be_short(missed, monkeypatch):
    wait = World._wait
    monkeypatch.setattr(
        World, "_wait", lambda world, member, operation: wait(world, member, Wait(operation.seconds * 1e-3))
    )
    assert "simulated.leader.instances_per_second < 26" in missed("SN-1-many")


def test_if_leases_excluded_nobody_work_would_be_done_and_recorded_more_than_once(missed, monkeypatch):
    def overlapping(worker, present, partitions):
        share, first = quota(worker, present, partitions)
        return 2 * share, first

    def granted(store, member, asked):
        shared = asked.name.startswith("partition/")
        return Lease(asked.name, member.name, 1, asked.for_s) if shared else claim(store, member, asked)

    claim, record = Store.claim, Store.record
    monkeypatch.setattr(owner, "quota", overlapping)
    monkeypatch.setattr(Store, "claim", granted)
    monkeypatch.setattr(Store, "renew", lambda store, member, asked: asked.leases)
    monkeypatch.setattr(Store, "_holds", lambda store, lease: True)
    monkeypatch.setattr(Store, "record", lambda store, member, asked: record(store, member, Record(asked.entries)))
    assert {"sixty_four.disagreements == 0", "sixty_four.repeated_items == 0"} <= set(missed("SN-1-many"))


# --- SN-2: a lost owner ----------------------------------------------------------------------------------------------


def test_if_leases_never_ended_what_a_lost_owner_had_would_never_be_done(missed, monkeypatch):
    monkeypatch.setattr(Store, "_holds", lambda store, lease: store.leases[lease.name][0].token == lease.token)
    assert {"long_lease.instances == 80", "short_lease.instances == 80"} <= set(missed("SN-2"))


def test_without_a_loss_no_partition_stands_still(missed, monkeypatch):
    monkeypatch.setattr(Faults, "strike", lambda faults, strike: None)
    found = missed("SN-2")
    assert {"long_lease.failures == 1", "simulated.long_lease.scheduling_delay_p99_s > 2"} <= set(found)


def test_if_every_owner_stood_still_until_the_leases_have_ended_the_run_would_recover_late(missed, monkeypatch):
    take_in = Owner._take_in

    def stunned(self, letter):
        if 0.85 < 0.04 * letter.what.get("submitted", 0) < 0.95:
            yield Wait(6.0)
        yield from take_in(self, letter)

    monkeypatch.setattr(Owner, "_take_in", stunned)
    hear = Owner._hear

    def deaf(self, timeout_s):
        yield from hear(self, timeout_s)
        if max((n for p in self.owned.values() for n in p.arrived), default=0) >= 22 and not hasattr(self, "slept"):
            self.slept = True
            yield Wait(4.0)

    monkeypatch.setattr(Owner, "_hear", deaf)
    assert {"simulated.long_lease.recovery_s < 0.2", "simulated.long_lease.availability > 0.95"} <= set(missed("SN-2"))


def test_if_a_successor_did_not_recall_it_would_lose_what_was_submitted_to_the_lost_one(missed, monkeypatch):
    recall = Store.recall

    def forgetful(store, member, operation):
        return {} if operation.prefix.startswith("p") else recall(store, member, operation)

    monkeypatch.setattr(Store, "recall", forgetful)
    assert "long_lease.instances == 80" in missed("SN-2")


def test_if_the_short_lease_were_as_long_work_would_wait_as_long(missed, monkeypatch):
    made = Owner.__init__

    def long(self, me, work, partitions, lease_s, decision_s, poll_s):
        made(self, me, work, partitions, 4.0, decision_s, poll_s)

    monkeypatch.setattr(Owner, "__init__", long)
    assert missed("SN-2") == [
        "simulated.short_lease.scheduling_delay_p99_s < 0.4 * simulated.long_lease.scheduling_delay_p99_s"
    ]


# --- EV-1: owners look for tasks, or are told ------------------------------------------------------------------------


def test_if_owners_did_not_wait_for_their_next_look_polling_would_delay_nothing(missed, monkeypatch):
    monkeypatch.setattr(owner, "wait_for_the_next_look", lambda began_s, poll_s: iter(()))
    assert missed("EV-1") == ["simulated.owners_poll.scheduling_delay_s > 0.15"]


def test_if_owners_polled_where_they_should_act_on_events_they_would_be_late(missed, monkeypatch):
    made = Owner.__init__
    monkeypatch.setattr(Owner, "__init__", lambda self, *knobs: made(self, *knobs[:-1], 0.5))
    assert missed("EV-1") == ["simulated.owners.scheduling_delay_s < 0.02"]


# --- for real --------------------------------------------------------------------------------------------------------


def figures(runner, name, combination, broken):
    """What a real run of a pattern comes to whose members are broken."""
    text = (SCENARIOS / "patterns" / f"{name}.yaml").read_text(encoding="utf-8")

    def break_members(run):
        run.supervisor.factory = f"broken_owners:{broken}"

    return numbers(fold(runner("real", combination, text, prepare=break_members)))


def test_if_one_process_owned_every_partition_more_of_them_would_not_help(runner):
    found = figures(runner, "SN-1", "four", "greedy")
    assert found["instances"] == 16
    assert found["instances_per_second"] < 1.5 * 1 / (2 * 0.1), "one owner decides twice for each instance"


def test_if_processes_kept_their_leases_for_longer_work_would_wait_for_as_long(runner):
    found = figures(runner, "SN-2", "short_lease", "patient")
    assert found["instances"] == 80
    assert found["scheduling_delay_p99_s"] > 0.7 * 3.0, "as with the long lease"
