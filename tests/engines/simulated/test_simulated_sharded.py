"""Fully sharded training against its closed forms, and what happens when a share is lost."""

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.architectures.fully_sharded import FullySharded
from workbench.architectures.ring import RingAllReduce
from workbench.engines.simulated.network import Blob, Network
from workbench.runs.events import OperationStarted, StepsFinished, WorkerFailed
from workbench.studies.score.laboratory import GivenWork, cohort_step_ends_s, step_ends_s

BANDWIDTH = 1e9


@dataclass(frozen=True)
class EqualUnits:
    """A model of equal layers: seconds of a pass through one, and the bytes of its weights."""

    units: int
    forward_s: float
    unit_bytes: float
    steps: int = 1

    def seconds(self, member, operation, now_s):
        return {"forward": self.forward_s, "backward": 2 * self.forward_s}.get(operation.part, 0.0)

    def answer(self, member, operation):
        if operation.part == "open":
            return {"steps": self.steps, "samples_per_step": 4096, "layers": self.units}
        return Blob(self.unit_bytes * operation.share)

    def inputs(self, member, operation):
        return []


def step_s(work, members, latency_s=0.0, cohort=False, **parameters):
    carry_out = cohort_step_ends_s if cohort else step_ends_s
    team = tuple(f"w{rank}" for rank in range(members))
    return carry_out(FullySharded.model_validate(parameters), team, Network(BANDWIDTH, latency_s), work)[-1]


@given(members=st.integers(2, 9), units=st.integers(1, 6), prefetch=st.integers(0, 4))
@settings(deadline=None, max_examples=40)
def test_without_computing_a_step_takes_two_gathers_and_a_scatter_of_all_weights(members, units, prefetch):
    size = 1e6
    took_s = step_s(EqualUnits(units, 0.0, size), members, prefetch=prefetch)
    assert took_s == pytest.approx(3 * (members - 1) / members * units * size / BANDWIDTH)


def test_weights_that_stay_after_the_forward_pass_cost_what_an_all_reduce_does():
    units, size, members = 4, 1e6, 8
    took_s = step_s(EqualUnits(units, 0.0, size), members, sharding="grad-op")
    team = tuple(f"w{rank}" for rank in range(members))
    (ring_s,) = step_ends_s(RingAllReduce(), team, Network(BANDWIDTH, 0.0), GivenWork(units * size))
    assert took_s == pytest.approx(ring_s)


@pytest.mark.parametrize("prefetch", [1, 2, 5])
def test_communication_that_hides_behind_computing_shows_only_in_the_first_gather_and_the_last_scatter(prefetch):
    units, size, members, forward_s = 32, 1e7, 8, 0.05
    one_way_s = (members - 1) / members * size / BANDWIDTH
    took_s = step_s(EqualUnits(units, forward_s, size), members, prefetch=prefetch)
    assert took_s == pytest.approx(3 * units * forward_s + 2 * one_way_s)


@pytest.mark.parametrize("steps", [1, 3])
def test_without_prefetch_every_gather_is_waited_for(steps):
    units, size, members, forward_s = 8, 1e7, 4, 0.05
    one_way_s = (members - 1) / members * size / BANDWIDTH
    took_s = step_s(EqualUnits(units, forward_s, size, steps), members, prefetch=0)
    # a layer's scatter and the next one's gather share the links, so that the latter waits for both; the last is alone
    waits_s = 3 * units * one_way_s
    assert took_s == pytest.approx(steps * (3 * units * forward_s + waits_s))


def test_recomputing_costs_one_more_forward_pass():
    work = EqualUnits(6, 0.05, 0.0)
    assert step_s(work, 4, recompute=True) - step_s(work, 4) == pytest.approx(6 * 0.05)


def test_every_micro_batch_gathers_anew():
    work = EqualUnits(6, 0.0, 1e6)
    assert step_s(work, 4, micro_batches=3) == pytest.approx(3 * step_s(work, 4))


@given(
    members=st.sampled_from([2, 4, 6, 8]),
    sharding=st.sampled_from(["full", "grad-op", "hybrid"]),
    prefetch=st.integers(0, 3),
    forward_s=st.sampled_from([0.0, 1e-4, 1e-2]),
    latency_s=st.sampled_from([0.0, 1e-5]),
)
@settings(deadline=None, max_examples=40)
def test_one_member_stands_for_a_team_of_equals(members, sharding, prefetch, forward_s, latency_s):
    knobs = {"sharding": sharding, "prefetch": prefetch} | ({"group": 2} if sharding == "hybrid" else {})
    work = EqualUnits(5, forward_s, 1e6, steps=2)
    one_s = step_s(work, members, latency_s, cohort=True, **knobs)
    assert one_s == pytest.approx(step_s(work, members, latency_s, **knobs), rel=1e-12)


def test_sharing_out_within_groups_gathers_less_and_adds_up_between_them():
    units, size = 4, 1e6
    took_s = step_s(EqualUnits(units, 0.0, size), 8, sharding="hybrid", group=4)
    within_s, between_s = 3 * 3 / 4 * size / BANDWIDTH, 2 * 1 / 2 * size / 4 / BANDWIDTH
    assert took_s == pytest.approx(units * (within_s + between_s))


SCENARIO = """format: 1
name: Shares
pipeline:
  stages:
    - {id: blobs, use: synthetic, with: {rows: 2000, features: 256, classes: 4}}
    - {id: prepare, use: prepare}
    - {id: train, use: train, with: {hidden: [256, 256, 256], epochs: 4, batch_size: 256}}
  links:
    - blobs.table -> prepare.table
    - prepare.dataset -> train.dataset
cluster:
  workers:
    - {id: w, count: 5}
architectures:
  - {id: shards, training: {use: fully-sharded, with: {workers: 4, checkpoint_every: 5}}}
"""
CRASH = "faults:\n  - {kind: crash, worker: w1, at_step: 12}\n"


def events_of(runner, faults=""):
    return runner("simulated", "shards", SCENARIO + faults)


def test_a_lost_share_means_the_last_checkpoint_of_which_every_share_was_recorded(runner):
    events = events_of(runner, CRASH)
    assert any(isinstance(event, WorkerFailed) for event in events)
    steps = [event.first for event in events if isinstance(event, StepsFinished) and event.who == "w0"]
    again = next(i for i in range(1, len(steps)) if steps[i] <= steps[i - 1])
    assert steps[again - 1] in (11, 12) and steps[again] == 10
    assert steps[again:] == list(range(10, steps[-1] + 1))


def test_members_gather_beside_computing(runner):
    lanes = {event.lane for event in events_of(runner) if isinstance(event, OperationStarted) and event.who == "w0"}
    assert {"0.", "1.", "2."} <= lanes


@pytest.mark.parametrize(
    ("knobs", "said"),
    [
        ({"group": 2}, "only sharding 'hybrid' has groups"),
        ({"sharding": "hybrid"}, "needs a group"),
        ({"sharding": "hybrid", "group": 3, "workers": 4}, "4 workers cannot be cut into groups of 3"),
    ],
)
def test_groups_that_make_no_sense_are_refused(knobs, said):
    with pytest.raises(ValueError, match=said):
        FullySharded.model_validate(knobs)
