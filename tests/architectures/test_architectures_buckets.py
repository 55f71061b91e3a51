"""A gradient that is summed in buckets beside the backward pass."""

from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.architectures.buckets import cut
from workbench.architectures.ring import RingAllReduce
from workbench.engines.simulated.network import Blob, Network
from workbench.runs.events import OperationFinished, StepsFinished, WorkerFailed
from workbench.studies.score.laboratory import cohort_step_ends_s, step_ends_s

SIZES = st.lists(st.floats(0, 1e8), min_size=1, max_size=40)


@given(SIZES, st.floats(1, 1e8))
def test_buckets_cover_all_layers_once_from_the_last_to_the_first(sizes, most):
    ranges = cut(sizes, most)
    layers = [layer for first, end in ranges for layer in reversed(range(first, end))]
    assert layers == list(reversed(range(len(sizes))))


@given(SIZES, st.floats(1, 1e8))
def test_a_bucket_is_bigger_than_allowed_only_where_one_layer_is(sizes, most):
    for first, end in cut(sizes, most):
        held = [size for size in sizes[first:end] if size]
        assert sum(held) <= most * (1 + 1e-9) or len(held) == 1


@given(SIZES, st.floats(1, 1e8))
def test_no_two_neighbours_would_have_fitted_into_one_bucket(sizes, most):
    ranges = cut(sizes, most)
    for (first, end), (_, before) in pairwise(ranges):
        assert before == first
        assert sum(sizes[first:end]) + sizes[first - 1] > most


@dataclass(frozen=True)
class Layers:
    """A model by its layers: seconds of each forward pass, and bytes of weights."""

    forward_s: tuple[float, ...]
    weights_bytes: tuple[float, ...]
    steps: int = 1

    def seconds(self, member, operation, now_s):
        if operation.part == "gradient":
            return 3 * sum(self.forward_s)
        first, end = operation.item["layers"] if operation.part in ("forward", "backward") else (0, 0)
        return {"forward": 1.0, "backward": 2.0}.get(operation.part, 0.0) * sum(self.forward_s[first:end])

    def answer(self, member, operation):
        if operation.part == "open":
            return {"steps": self.steps, "samples_per_step": 64, "layer_bytes": list(self.weights_bytes)}
        if operation.part == "gradients":
            first, end = operation.item["layers"]
            return Blob(sum(self.weights_bytes[first:end]))
        return Blob(sum(self.weights_bytes))

    def inputs(self, member, operation):
        return []


BANDWIDTH = 1e9


def step_s(work, members, bucket_mb, carry_out=step_ends_s, latency_s=0.0):
    team = tuple(f"w{rank}" for rank in range(members))
    return carry_out(RingAllReduce(bucket_mb=bucket_mb), team, Network(BANDWIDTH, latency_s), work)[-1]


def test_small_buckets_hide_all_but_the_last_sum_behind_the_backward_pass():
    work, members = Layers((0.01,) * 8, (4e6,) * 8), 4
    one_s = 2 * (members - 1) / members * 4e6 / BANDWIDTH
    assert step_s(work, members, 4.0) == pytest.approx(24 * 0.01 + one_s)
    assert step_s(work, members, 0.0) == pytest.approx(24 * 0.01 + 8 * one_s)
    assert step_s(work, members, 32.0) == pytest.approx(24 * 0.01 + 8 * one_s)


def test_big_layers_at_the_end_of_the_model_hide_better_than_at_its_beginning():
    last, first = (Layers((0.01,) * 4, sizes) for sizes in ((1e6, 1e6, 1e6, 40e6), (40e6, 1e6, 1e6, 1e6)))
    assert step_s(last, 4, 8.0) < step_s(first, 4, 8.0) - 0.03


def test_every_bucket_pays_the_latency_again():
    work = Layers((0.0,) * 8, (1e6,) * 8)
    assert step_s(work, 4, 1.0, latency_s=1e-3) - step_s(work, 4, 8.0, latency_s=1e-3) == pytest.approx(7 * 6 * 1e-3)


def test_one_member_stands_for_a_ring_with_buckets():
    work = Layers((0.001, 0.002, 0.003), (1e6, 5e6, 2e6), steps=3)
    one_s = step_s(work, 6, 2.0, cohort_step_ends_s, 1e-5)
    assert one_s == pytest.approx(step_s(work, 6, 2.0, latency_s=1e-5), rel=1e-12)


SCENARIO = """format: 1
name: Buckets
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
    - {id: w, count: 4}
architectures:
  - {id: ring, training: {use: ring-all-reduce, with: {bucket_mb: 0.3}}}
faults:
  - {kind: crash, worker: w1, at_step: 12}
"""


def test_survivors_of_a_loss_go_on_and_take_no_bucket_of_the_broken_step_for_one_of_the_next(runner):
    events = runner("simulated", "ring", SCENARIO)
    assert runner.outcome == "finished"
    assert any(isinstance(event, WorkerFailed) for event in events)
    own = [event for event in events if event.who == "w0"]
    steps = [event.first for event in own if isinstance(event, StepsFinished)]
    assert steps == list(range(steps[-1] + 1)) and steps[-1] > 20
    label = "all-reduce over w0 w2 w3"
    whole = [event for event in own if isinstance(event, OperationFinished) and event.label == label]
    broken_at = next(event.t_s for event in events if isinstance(event, WorkerFailed))
    after = sum(isinstance(event, StepsFinished) and event.t_s > broken_at + 0.02 for event in own)
    assert len(whole) == 3 * after
