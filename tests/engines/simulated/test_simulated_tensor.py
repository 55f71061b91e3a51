"""What Megatron says of tensor, pipeline and data parallelism in closed form, the program must take in virtual time."""

import pytest

from workbench.architectures.grid import Grid, equal_parts
from workbench.architectures.operations import Perform
from workbench.architectures.tensor import TensorParallel
from workbench.catalogues.accelerators import ACCELERATORS, Accelerator, Kernels
from workbench.catalogues.models import MODELS, LanguageModel
from workbench.document.text import read
from workbench.engines.simulated.islands import Islands
from workbench.engines.simulated.network import CONTROL_BYTES, Network
from workbench.engines.simulated.work import Work
from workbench.runs.events import OperationStarted, StepsFinished, WorkerFailed
from workbench.stages.language_model import step_cost
from workbench.studies.score.bubble import ROWS, EqualLayers
from workbench.studies.score.laboratory import cohort_step_ends_s, step_ends_s
from workbench.studies.score.language import StepWork

SMALL = LanguageModel(4, 512, 8, 256, 1000, "made up")
PROCESSOR = Accelerator(1e12, 0.5, 1e12, 1e11, 0.0, "made up", kernels=Kernels(0.5, 4.0, 0.0, "made up"))
B, L = 1e9, 3e-6  # bytes/s and latency of the network

SCENARIO = """
format: 1
name: Grid
pipeline:
  stages:
    - {id: train, use: language-model, with: {model: gpt-1.7b, batch_size: 8, steps: 6}}
cluster:
  workers:
    - {id: w, count: 8, accelerator: a100-sxm4-80gb}
  network: {bandwidth: 100 GB/s}
architectures:
  - id: grid
    training:
      use: tensor-parallel
      with: {tensor: 2, stages: 2, replicas: 2, micro_batches: 2, checkpoint_every: 2}
"""


def step_s(carry_out=step_ends_s, model=SMALL, batch=8, network=None, work=None, **parameters):
    architecture = TensorParallel.model_validate(parameters)
    team = tuple(f"w{number}" for number in range(architecture.members))
    work = work or StepWork(step_cost(model, batch), PROCESSOR)
    return carry_out(architecture, team, network or Network(B, L), work)[-1]


def compute_s(model, sequences, tensor, forwards):
    """`forwards` passes through all layers, three through the head."""
    layer_bytes = model.whole_bytes(sequences) + model.split_bytes(sequences) / tensor
    layer_s = model.layer_operations(sequences) / tensor / 5e11 + 4 * layer_bytes / 1e11
    head_s = (model.head_operations(sequences) / 5e11 + 4 * model.logits_bytes(sequences) / 1e11) / tensor
    return forwards * model.layers * layer_s + 3 * head_s


def all_reduce_s(size, members):
    return 2 * (members - 1) / members * size / B + 2 * (members - 1) * L


def apply_s(model, tensor):
    return 8 * 4 * model.parameters / tensor / 1e11


@pytest.mark.parametrize("tensor", [1, 2, 4])
@pytest.mark.parametrize("recompute", [False, True])
def test_split_layers_pay_two_all_reduces_of_bsh_for_each_layer_and_pass(tensor, recompute):
    passes = 4 if recompute else 3
    sums_s = 2 * (passes - 1) * SMALL.layers * all_reduce_s(SMALL.handed_on_bytes(8), tensor)
    if tensor == 1:
        sums_s = 0
    expected_s = compute_s(SMALL, 8, tensor, passes) + sums_s + apply_s(SMALL, tensor)
    assert step_s(tensor=tensor, recompute=recompute) == pytest.approx(expected_s, rel=1e-6)


@pytest.mark.parametrize("replicas", [2, 4])
def test_replicas_share_the_batch_and_add_up_gradients_of_two_bytes_a_parameter(replicas):
    gradient_s = all_reduce_s(2 * SMALL.parameters, replicas)
    expected_s = compute_s(SMALL, 8 / replicas, 1, 3) + gradient_s + apply_s(SMALL, 1)
    assert step_s(tensor=1, replicas=replicas) == pytest.approx(expected_s, rel=1e-6)


@pytest.mark.parametrize("tensor", [1, 2])
def test_gradients_added_up_beside_the_backward_pass_cost_only_what_it_does_not_hide(tensor):
    parameters = {"tensor": tensor, "replicas": 2}
    team = tuple(f"w{number}" for number in range(2 * tensor))
    alone_s = step_s(tensor=tensor, batch=4, network=Islands(team[:tensor], tensor, 1e12, 1e12))
    after_s, beside_s = (
        step_s(network=Islands(team, tensor, 1e12, 1e12), overlap=overlap, **parameters) for overlap in (False, True)
    )
    unit = SMALL.parameters if tensor == 1 else SMALL.layer_parameters + SMALL.embedding_parameters
    assert after_s - alone_s == pytest.approx(2 * SMALL.parameters / tensor / 1e12, rel=1e-6)
    assert beside_s - alone_s == pytest.approx(2 * unit / tensor / 1e12, rel=1e-6)


@pytest.mark.parametrize("replicas", [2, 4])
def test_a_shared_out_optimiser_moves_as_many_bytes_and_applies_a_share(replicas):
    whole_s = step_s(tensor=1, replicas=replicas)
    shared_s = step_s(tensor=1, replicas=replicas, share_optimiser=True)
    assert whole_s - shared_s == pytest.approx(apply_s(SMALL, 1) * (1 - 1 / replicas), rel=1e-6)


def test_teams_that_split_layers_add_up_a_share_of_the_gradients_each():
    split_s = step_s(tensor=2, replicas=2)
    alone_s = step_s(tensor=2, batch=4)
    assert split_s - alone_s == pytest.approx(all_reduce_s(SMALL.parameters, 2), rel=1e-6)


@pytest.mark.parametrize(("schedule", "p", "m", "v"), [row for row in ROWS if row[1] < 64])
def test_equal_stages_without_communication_idle_for_the_published_share(schedule, p, m, v):
    parameters = {"tensor": 1, "stages": p, "micro_batches": m, "virtual": v, "schedule": schedule}
    took_s = step_s(network=Network(float("inf"), 0.0), work=EqualLayers(p * v), **parameters)
    assert took_s == (m * v + p - 1) * (1.0 + 2.0)


def test_a_single_micro_batch_hands_bsh_over_at_each_boundary_forwards_and_back():
    model = LanguageModel(2, 512, 8, 256, 1000, "made up")
    hand_over_s = L + (model.handed_on_bytes(8) + CONTROL_BYTES) / B
    first_apply_s = 8 * 4 * (model.layer_parameters + model.embedding_parameters) / 1e11
    expected_s = compute_s(model, 8, 1, 3) + 2 * hand_over_s + first_apply_s
    assert step_s(model=model, tensor=1, stages=2) == pytest.approx(expected_s, rel=1e-6)


@pytest.mark.parametrize(
    "parameters",
    [
        {"tensor": 4},
        {"tensor": 2, "stages": 2, "micro_batches": 2},
        {"tensor": 2, "stages": 2, "replicas": 2, "micro_batches": 4, "recompute": True},
        {"tensor": 1, "stages": 2, "replicas": 2, "micro_batches": 2, "schedule": "gpipe"},
        {"tensor": 2, "stages": 2, "micro_batches": 2, "virtual": 2, "schedule": "interleaved"},
        {"tensor": 2, "stages": 2, "replicas": 2, "micro_batches": 2, "overlap": True, "share_optimiser": True},
    ],
)
def test_one_member_of_each_stage_stands_for_all_that_hold_its_layers(parameters):
    team = tuple(f"w{number}" for number in range(TensorParallel.model_validate(parameters).members))
    one, all_ = (Islands(team, 2, 1e9, 5e8, inside_latency_s=L, latency_s=2 * L) for _ in range(2))
    one_s, all_s = step_s(cohort_step_ends_s, network=one, **parameters), step_s(network=all_, **parameters)
    assert one_s == pytest.approx(all_s, rel=1e-9)


def test_neighbours_in_the_team_split_layers_and_stages_lie_farthest_apart():
    team = tuple(f"w{number}" for number in range(12))
    grid = Grid(team, tensor=2, stages=3, replicas=2)
    assert [grid.at(tensor, 0, 0) for tensor in range(2)] == ["w0", "w1"]
    assert [grid.at(0, 0, replica) for replica in range(2)] == ["w0", "w2"]
    assert [grid.at(0, stage, 0) for stage in range(3)] == ["w0", "w4", "w8"]
    assert all(
        grid.at(tensor, stage, replica) == member for member in team for tensor, stage, replica in [grid.place(member)]
    )


def test_parts_are_as_equal_as_can_be_and_the_head_goes_with_the_last():
    assert equal_parts((2, 2, 2, 2, 2, 0), 2) == [(0, 3), (3, 6)]
    assert equal_parts((2, 2, 2, 2, 0), 4) == [(0, 1), (1, 2), (2, 3), (3, 5)]


# --- the catalogue's models --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "billion"),
    [
        ("gpt-3.6b", 3.6),
        ("gpt-18.4b", 18.4),
        ("gpt-39.1b", 39.1),
        ("gpt-145.6b", 145.6),
        ("gpt-1t", 1008.0),
        ("gpt3-175b", 175.0),
        ("llama-7b", 6.7),
        ("llama-65b", 65.2),
    ],
)
def test_models_have_as_many_parameters_as_their_publication_says(name, billion):
    assert MODELS[name].parameters / 1e9 == pytest.approx(billion, rel=0.02)


@pytest.mark.parametrize("name", list(MODELS))
def test_a_step_with_recomputation_costs_what_megatron_says(name):
    m, batch = MODELS[name], 64
    s, h, layers, vocabulary = m.sequence, m.hidden, m.layers, m.vocabulary
    published = 96 * batch * s * layers * h**2 * (1 + s / (6 * h) + vocabulary / (16 * layers * h))
    assert m.step_operations(batch) == pytest.approx(published, rel=1e-12)


@pytest.mark.parametrize("name", list(MODELS))
def test_layers_together_hold_the_parameters_and_cost_the_operations_of_the_model(name):
    model, step = MODELS[name], step_cost(MODELS[name], 16)
    assert sum(layer.parameters for layer in step.layers) == model.parameters
    assert 3 * sum(layer.operations for layer in step.layers) == pytest.approx(step.operations, rel=1e-12)


def test_clients_of_a_federated_training_have_sequences_to_learn_from(runner):
    use = "use: federated\n      with: {rounds: 2, fraction: 1.0}"
    text = SCENARIO[: SCENARIO.index("use: tensor-parallel")] + use + "\n"
    events = runner("simulated", "grid", text)
    assert runner.outcome == "finished"
    assert sum(event.samples for event in events if isinstance(event, StepsFinished)) >= 8


# --- runs --------------------------------------------------------------------------------------------------------


def steps_of(events):
    return [event.last for event in events if isinstance(event, StepsFinished)]


@pytest.mark.parametrize("part", ["forward", "backward", "gradients", "apply", "shard"])
@pytest.mark.parametrize("share", [1.0, 0.125])
def test_the_score_times_work_as_a_run_does(part, share, tmp_path):
    network = Network(B, L)
    run = Work(read(SCENARIO).scenario, tmp_path, 0, 0, network)
    score = StepWork(step_cost(MODELS["gpt-1.7b"], 8, 6), ACCELERATORS["a100-sxm4-80gb"])
    operation = Perform("train", part, {"layers": (1, 4), "of": 4}, share=share)
    assert score.seconds("w0", operation, 0.0) == run.seconds("w0", operation, 0.0)
    assert score.answer("w0", operation) == run.answer("w0", operation)
    opened = Perform("train", "open", {})
    told = run.answer("w0", opened)
    assert {name: told[name] for name in score.answer("w0", opened)} == score.answer("w0", opened)


def test_layers_of_a_transformer_are_calibrated_in_the_sizes_that_were_measured(runner):
    few = runner("simulated", "grid", SCENARIO)[-1].grounds
    (kernels,) = [ground for ground in few if ground.name == "a100-sxm4-80gb, layers of a transformer"]
    assert kernels.label == "calibrated"
    text = SCENARIO.replace("batch_size: 8", "batch_size: 64").replace("batches: 2", "batches: 1, recompute: true")
    many = runner("simulated", "grid", text)[-1].grounds
    (kernels,) = [ground for ground in many if ground.name == "a100-sxm4-80gb, layers of a transformer"]
    assert kernels.label == "extrapolated"


def test_a_run_trains_every_step_once(runner):
    events = runner("simulated", "grid", SCENARIO)
    assert runner.outcome == "finished" and steps_of(events) == list(range(6))


@pytest.mark.parametrize("worker", ["w0", "w3", "w7"])
def test_a_lost_member_sends_all_back_to_the_last_checkpoint(runner, worker):
    text = SCENARIO + f"faults:\n  - {{kind: crash, worker: {worker}, at_step: 3, lasts: 1 s}}\n"
    events = runner("simulated", "grid", text)
    assert any(isinstance(event, WorkerFailed) for event in events)
    steps = steps_of(events)
    again = next(i for i in range(1, len(steps)) if steps[i] <= steps[i - 1])
    assert runner.outcome == "finished" and steps[again:] == list(range(2, 6))


def test_members_for_whom_there_is_no_whole_replica_stay_idle_while_the_others_train(runner):
    text = SCENARIO + "faults:\n  - {kind: crash, worker: w2, at_step: 3}\n"
    events = runner("simulated", "grid", text)
    assert runner.outcome == "finished" and steps_of(events)[-1] == 5
    lost_s = next(event.t_s for event in events if isinstance(event, WorkerFailed))
    busy = {e.who for e in events if isinstance(e, OperationStarted) and e.t_s > lost_s and "backward" in e.label}
    assert busy == {"w0", "w1", "w3", "w4"}


def test_too_few_members_for_one_replica_end_the_run_with_the_reason(runner):
    text = SCENARIO.replace("stages: 2, replicas: 2", "stages: 4, replicas: 1").replace(
        "micro_batches: 2", "micro_batches: 4"
    )
    events = runner("simulated", "grid", text + "faults:\n  - {kind: crash, worker: w2, at_step: 3}\n")
    assert runner.outcome == "failed" and "7 members are too few for 4 stages of 2" in events[-1].reason


def test_the_same_run_is_told_in_the_same_events(runner):
    text = SCENARIO + "faults:\n  - {kind: crash, worker: w1, at_step: 3, lasts: 1 s}\n"
    assert runner("simulated", "grid", text) == runner("simulated", "grid", text)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ("{tensor: 1, stages: 8, micro_batches: 9}", "too few samples"),
        (
            "{tensor: 1, stages: 8, virtual: 4, micro_batches: 8, schedule: interleaved}",
            "24 layers, too few for 32 parts",
        ),
    ],
)
def test_what_does_not_fit_ends_the_run_with_the_reason(runner, parameters, words):
    text = SCENARIO.replace("{tensor: 2, stages: 2, replicas: 2, micro_batches: 2, checkpoint_every: 2}", parameters)
    events = runner("simulated", "grid", text)
    assert runner.outcome == "failed" and words in events[-1].reason


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"virtual": 2}, "interleaved"),
        ({"overlap": True}, "replicas"),
        ({"share_optimiser": True}, "replicas"),
        ({"stages": 4, "schedule": "interleaved", "virtual": 2, "micro_batches": 6}, "groups of 4"),
    ],
)
def test_parameters_that_contradict_each_other_are_refused(parameters, words):
    with pytest.raises(ValueError, match=words):
        TensorParallel.model_validate(parameters)


def test_a_narrow_layer_takes_at_least_as_long_as_its_kernels_take_to_start():
    processor = ACCELERATORS["a100-sxm4-80gb"]
    assert processor.kernels.forward_s(processor, 1.0, 1.0) == processor.kernels.layer_s
