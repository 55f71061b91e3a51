"""What a member of a training team holds, by the published arithmetic."""

import pytest

from workbench.architectures.fully_sharded import FullySharded
from workbench.architectures.memory import Held, amount, micro_batches_in_flight
from workbench.architectures.parameter_server import ParameterServer
from workbench.architectures.pipeline import PipelineParallel
from workbench.architectures.ring import RingAllReduce
from workbench.architectures.tensor import TensorParallel
from workbench.catalogues.models import MODELS
from workbench.stages.language_model import step_cost

GPT3 = MODELS["gpt3-175b"]
STEP = step_cost(GPT3, 64)


def test_data_parallel_members_hold_sixteen_bytes_a_parameter():
    held = RingAllReduce().held(0, 8, STEP)
    assert held.total - held.activations == pytest.approx(16 * GPT3.parameters)  # ZeRO, SC 2020, section 3.1


def test_sharing_everything_out_divides_them_by_the_members():
    alone, members = FullySharded(prefetch=0), 64
    held = alone.held(0, members, STEP)
    borrowed = STEP.gradient_bytes / len(STEP.layers)
    assert held.weights - borrowed == pytest.approx(2 * GPT3.parameters / members)
    assert held.optimiser == pytest.approx(12 * GPT3.parameters / members)


def test_every_layer_that_is_gathered_ahead_takes_its_place():
    one, four = (FullySharded(prefetch=ahead).held(0, 64, STEP) for ahead in (0, 3))
    assert four.weights - one.weights == pytest.approx(3 * STEP.gradient_bytes / len(STEP.layers))


def test_what_is_offloaded_waits_in_the_host_and_only_there():
    here, there = (FullySharded(offload=offload).held(0, 64, STEP) for offload in (False, True))
    assert there.host == pytest.approx(16 * GPT3.parameters / 64)
    assert here.total - there.total == pytest.approx(there.host) and here.host == 0


@pytest.mark.parametrize("tensor", [1, 2, 8])
@pytest.mark.parametrize("stages", [1, 4, 8])
def test_splitting_layers_and_splitting_the_model_by_layers_share_out_all_of_it(tensor, stages):
    grid = TensorParallel(tensor=tensor, stages=stages, micro_batches=8)
    members = tensor * stages
    held = [grid.held(rank, members, STEP) for rank in range(members)]
    assert sum(one.total - one.activations for one in held) == pytest.approx(16 * GPT3.parameters)


def test_recomputation_keeps_what_layers_hand_on_and_one_layer_s_activations():
    keeps, again = (TensorParallel(tensor=8, recompute=recompute).held(0, 8, STEP) for recompute in (False, True))
    layer = STEP.layers[1]
    one = layer.whole_bytes + layer.split_bytes / 8
    assert again.activations == pytest.approx(GPT3.layers * layer.activation_bytes + one)
    assert keeps.activations > 10 * again.activations


def test_one_layer_of_one_micro_batch_is_computed_again_at_a_time_however_many_wait():
    pipe = TensorParallel(tensor=1, stages=8, micro_batches=16, recompute=True)
    kept = 12 * STEP.layers[1].activation_bytes * 8 / 16  # the first of eight stages, eight of sixteen on their way
    one = (STEP.layers[1].whole_bytes + STEP.layers[1].split_bytes) / 16
    assert pipe.held(0, 8, STEP).activations == pytest.approx(kept + one)


def test_one_forward_one_backward_keeps_fewer_micro_batches_than_all_forward_first():
    assert [micro_batches_in_flight("gpipe", rank, 4, 32) for rank in range(4)] == [32] * 4
    assert [micro_batches_in_flight("1f1b", rank, 4, 32) for rank in range(4)] == [4, 3, 2, 1]
    assert micro_batches_in_flight("interleaved", 0, 4, 32, 2) == pytest.approx((6 + 4 + 1) / 2)


def test_a_pipeline_s_members_share_out_the_layers():
    pipe = PipelineParallel(stages=4, micro_batches=4)
    held = [pipe.held(rank, 4, STEP) for rank in range(4)]
    assert sum(one.weights for one in held) == pytest.approx(STEP.gradient_bytes)


def test_workers_of_a_server_hold_no_optimiser():
    server = ParameterServer(workers=4, servers=2)
    assert server.held(3, 6, STEP).optimiser == 0
    assert server.held(0, 6, STEP).optimiser == pytest.approx(6 * GPT3.parameters)


def test_a_member_says_what_makes_it_too_full():
    text = Held(weights=350e9, activations=2.5e12).text(80e9)
    assert text == "weights 350 GB + activations 2.5 TB = 2.85 TB, and there are 80 GB"
    assert [amount(size) for size in (5e3, 7e6)] == ["5 kB", "7 MB"]


SCENARIO = """format: 1
name: Too large
pipeline:
  stages:
    - {id: train, use: language-model, with: {model: gpt3-175b, batch_size: 64, steps: 2}}
cluster:
  workers:
    - {id: w, count: 8, accelerator: h100-sxm5-80gb}
architectures:
  - {id: ring, training: {use: ring-all-reduce}}
  - {id: split, training: {use: tensor-parallel, with: {tensor: 8, recompute: true, micro_batches: 64}}}
"""


def test_a_run_whose_model_does_not_fit_fails_and_says_why(runner):
    runner("simulated", "ring", SCENARIO)
    assert runner.outcome == "failed"
    runner("simulated", "split", SCENARIO)
    assert runner.outcome == "failed"  # 16 bytes of 175 billion parameters on 8 times 80 GB
    runner("simulated", "split", SCENARIO.replace("count: 8", "count: 64").replace("tensor: 8", "tensor: 8, stages: 8"))
    assert runner.outcome == "finished"
