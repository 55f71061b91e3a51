"""What the literature says of pipelines in closed form, the program of the architecture must take in virtual time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.architectures.operations import Perform
from workbench.architectures.pipeline import PipelineParallel
from workbench.architectures.pipeline_order import even_cut, interleaved
from workbench.document.text import read
from workbench.engines.simulated.network import CONTROL_BYTES, Network
from workbench.engines.simulated.work import Work
from workbench.runs.events import OperationFinished, OperationStarted, StepsFinished, WorkerFailed
from workbench.studies.score.bubble import ROWS, EqualLayers
from workbench.studies.score.laboratory import step_ends_s

SCENARIO = """
format: 1
name: Pipeline
pipeline:
  stages:
    - {id: blobs, use: synthetic, with: {rows: 2000, features: 256, classes: 4}}
    - {id: prepare, use: prepare}
    - {id: train, use: train, with: {hidden: [256, 256, 256, 256, 256], epochs: 4, batch_size: 256}}
  links:
    - blobs.table -> prepare.table
    - prepare.dataset -> train.dataset
cluster:
  workers:
    - {id: w, count: 4}
architectures:
  - {id: pipe, training: {use: pipeline-parallel, with: {stages: 3, micro_batches: 6, checkpoint_every: 4}}}
"""


def makespan_s(work, members, network=None, **parameters):
    team = tuple(f"w{rank}" for rank in range(members))
    architecture = PipelineParallel.model_validate(parameters)
    return step_ends_s(architecture, team, network or Network(float("inf"), 0.0), work)[-1]


@pytest.mark.parametrize(("schedule", "p", "m", "v"), [row for row in ROWS if row[1] < 64] + [("1f1b", 64, 128, 1)])
def test_equal_stages_without_communication_take_exactly_the_published_time(schedule, p, m, v):
    took_s = makespan_s(EqualLayers(p * v, 1.0, 2.0), p, schedule=schedule, micro_batches=m, virtual=v)
    assert took_s == (m * v + p - 1) * (1.0 + 2.0)


@given(p=st.integers(1, 7), groups=st.integers(1, 4), v=st.integers(1, 4), f=st.integers(1, 9), b=st.integers(1, 9))
def test_any_pipeline_of_equal_stages_idles_for_the_published_share(p, groups, v, f, b):
    work, m = EqualLayers(p * v, f, b), p * groups
    assert makespan_s(work, p, schedule="interleaved", micro_batches=m, virtual=v) == (m * v + p - 1) * (f + b)
    deep = EqualLayers(p, f, b)
    for schedule in ("gpipe", "1f1b"):
        assert makespan_s(deep, p, schedule=schedule, micro_batches=m + 1) == (m + p) * (f + b)


def test_steps_follow_each_other_without_overlap():
    work = EqualLayers(4, steps=5)
    assert makespan_s(work, 4, micro_batches=8) == 5 * (8 + 4 - 1) * 3.0


def test_a_single_micro_batch_pays_every_hand_over_once_forwards_and_once_back():
    work, latency_s, bytes_per_s = EqualLayers(4, letter_bytes=1e6), 0.25, 1e6
    took_s = makespan_s(work, 4, Network(bytes_per_s, latency_s), micro_batches=1)
    hand_over_s = latency_s + (1e6 + CONTROL_BYTES) / bytes_per_s
    assert took_s == pytest.approx(4 * 3.0 + 2 * 3 * hand_over_s)


def test_gpipe_hides_latency_behind_other_micro_batches():
    took_s = makespan_s(EqualLayers(4), 4, Network(float("inf"), 0.25), schedule="gpipe", micro_batches=8)
    assert took_s == pytest.approx((8 + 4 - 1) * 3.0 + 2 * 3 * 0.25)


def test_a_bad_cut_is_slower_than_the_even_one_by_its_dearest_part():
    work = EqualLayers(8)
    even_s = makespan_s(work, 4, schedule="gpipe", micro_batches=16)
    bad_s = makespan_s(work, 4, schedule="gpipe", micro_batches=16, cut=[1, 1, 1, 5])
    assert even_s == (16 + 4 - 1) * 2 * 3.0
    assert bad_s == 16 * 5 * 3.0 + 3 * 3.0


@given(st.lists(st.integers(1, 50), min_size=1, max_size=9), st.data())
def test_the_even_cut_leaves_no_part_empty_and_none_dearer_than_it_must_be(costs, data):
    parts = data.draw(st.integers(1, len(costs)))
    cut = even_cut(costs, parts)

    def cuts(left, count):
        if count == 1:
            yield (left,)
            return
        for first in range(1, left - count + 2):
            yield from ((first, *rest) for rest in cuts(left - first, count - 1))

    def dearest(counts):
        begins = [sum(counts[:i]) for i in range(len(counts))]
        return max(sum(costs[begin : begin + count]) for begin, count in zip(begins, counts, strict=True))

    assert len(cut) == parts and min(cut) > 0 and sum(cut) == len(costs)
    assert dearest(cut) == min(dearest(other) for other in cuts(len(costs), parts))


@pytest.mark.parametrize("rank", range(4))
def test_one_forward_one_backward_keeps_at_most_as_many_micro_batches_as_members_behind(rank):
    held, most = 0, 0
    for turn in interleaved(rank, 4, 16, 1):
        held += 1 if turn.part == "forward" else -1
        most = max(most, held)
    assert (held, most) == (0, 4 - rank)


# --- the scenario's own costs ------------------------------------------------------------------------------------


def test_layers_together_cost_what_the_whole_step_costs(tmp_path):
    work = Work(read(SCENARIO).scenario, tmp_path, 0, 0, Network(1e9, 0.0))
    step = work.step_costs["train"]
    opened = work.answer("w0", Perform("train", "open", {}))
    assert opened["layers"] == len(opened["layer_operations"]) == 6
    assert 3 * sum(opened["layer_operations"]) == step.operations
    assert 4 * sum(layer.parameters for layer in step.layers) == step.gradient_bytes
    item = {"layers": (1, 3), "of": 4, "micro": 0}
    rows, width = step.samples_per_step / 4, 256
    assert work.answer("w0", Perform("train", "forward", item)).size_bytes == rows * width * 4
    assert work.answer("w0", Perform("train", "backward", item)).size_bytes == rows * width * 4
    first = {"layers": (0, 1), "of": 4, "micro": 0}
    assert work.answer("w0", Perform("train", "backward", first)).size_bytes == 0


def test_a_run_trains_every_step_once_and_makes_one_model(runner):
    events = runner("simulated", "pipe", SCENARIO)
    steps = [event.last for event in events if isinstance(event, StepsFinished)]
    assert runner.outcome == "finished"
    assert steps == list(range(steps[0], steps[-1] + 1)) and len(steps) == steps[-1] + 1 == events_steps(events)
    finishes = [e for e in events if isinstance(e, OperationStarted) and e.label == "perform train.finish"]
    assert len(finishes) == 1


def events_steps(events):
    return next(event.of for event in events if isinstance(event, StepsFinished))


@pytest.mark.parametrize("worker", ["w0", "w1", "w2"])
@pytest.mark.parametrize("lasts", ["", ", lasts: 50 ms"])
def test_a_lost_member_sends_the_whole_pipeline_back_to_its_last_checkpoint(runner, worker, lasts):
    text = SCENARIO + f"faults:\n  - {{kind: crash, worker: {worker}, at_step: 6{lasts}}}\n"
    events = runner("simulated", "pipe", text)
    assert runner.outcome == "finished"
    assert any(isinstance(event, WorkerFailed) for event in events)
    steps = [event.last for event in events if isinstance(event, StepsFinished)]
    again = next(i for i in range(1, len(steps)) if steps[i] <= steps[i - 1])
    assert steps[again - 1] >= 5 and steps[again] == 4
    assert steps[again:] == list(range(4, events_steps(events)))


def test_a_member_far_from_the_lost_one_is_told_too(runner):
    text = SCENARIO + "faults:\n  - {kind: crash, worker: w2, at_step: 6}\n"
    events = runner("simulated", "pipe", text)
    told = [e.who for e in events if isinstance(e, OperationFinished) and e.choice == "WorkerLost w2"]
    assert {"w0", "w1"} <= set(told)


def test_the_same_run_is_told_in_the_same_events(runner):
    text = SCENARIO + "faults:\n  - {kind: crash, worker: w1, at_step: 6}\n"
    assert runner("simulated", "pipe", text) == runner("simulated", "pipe", text)


# --- what is refused, by name ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"schedule": "1f1b", "virtual": 2}, "interleaved"),
        ({"stages": 4, "schedule": "interleaved", "virtual": 2, "micro_batches": 6}, "groups of 4"),
        ({"stages": 2, "cut": [1, 2, 3]}, "3 parts"),
    ],
)
def test_parameters_that_contradict_each_other_are_refused(parameters, words):
    with pytest.raises(ValueError, match=words):
        PipelineParallel.model_validate(parameters)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ("{stages: 4, schedule: interleaved, virtual: 2}", "6 layers, too few for 8 parts"),
        ("{stages: 2, cut: [3, 4]}", "7 layers, but the model has 6"),
        ("{micro_batches: 300}", "too few samples"),
        ("{micro_batches: 6, schedule: interleaved, virtual: 2}", "groups of 4"),
        ("{cut: [3, 3]}", "the cut has 2 parts"),
    ],
)
def test_a_model_that_does_not_fit_its_pipeline_ends_the_run_with_the_reason(runner, parameters, words):
    text = SCENARIO.replace("{stages: 3, micro_batches: 6, checkpoint_every: 4}", parameters)
    events = runner("simulated", "pipe", text)
    assert runner.outcome == "failed" and words in events[-1].reason
