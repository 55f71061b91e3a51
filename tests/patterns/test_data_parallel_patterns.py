"""The scenarios on shared batches hold because of the model: break it, and their expectations are missed."""

import pytest

from workbench.architectures import server_clocks, server_rounds
from workbench.architectures.federated import Federated
from workbench.architectures.operations import Perform
from workbench.architectures.server_team import ServerTeam
from workbench.architectures.training import TrainingJob
from workbench.engines.simulated.collectives import Ring
from workbench.engines.simulated.gatherings import Gatherings
from workbench.engines.simulated.network import Blob, Hop, Network
from workbench.engines.simulated.work import Work

DEMAND = Work._demand


@pytest.mark.parametrize("name", ["DP-2", "DP-3", "PS-3", "RA-2", "SY-1", "FL-1"])
def test_the_pattern_holds_as_the_model_is(name, missed):
    assert missed(name) == []


# --- ways to break the model -----------------------------------------------------------------------------------------


def never_waits_for_a_link(network, now_s, source, target, size):
    return now_s + size / network.bytes_per_s + network.latency_s


def passes_on_the_whole(network, team, size, passes=2):
    return Hop(passes / 2 * size / network.bytes_per_s, network.latency_s)


def passes_on_for_nothing(network, team, size, passes=2):
    return Hop(0.0, 0.0)


def whole_batch_each(work, operation):
    if operation.part == "gradient":
        return DEMAND(work, Perform(operation.stage, "gradient", [operation.item[0], 0, 1], operation.of))
    return DEMAND(work, operation)


# --- more workers ----------------------------------------------------------------------------------------------------


def test_if_everybody_computes_the_whole_batch_more_workers_save_no_time(missed, monkeypatch):
    monkeypatch.setattr(Work, "_demand", whole_batch_each)
    assert missed("DP-2") == [
        "simulated.two.training_s < 0.6 * simulated.one.training_s",
        "simulated.four.training_s < 0.6 * simulated.two.training_s",
        "simulated.eight.training_s < 0.7 * simulated.four.training_s",
    ]


def test_if_adding_up_costs_nothing_it_never_comes_to_dominate(missed, monkeypatch):
    monkeypatch.setattr(Network, "hop_s", passes_on_for_nothing)
    found = missed("DP-3")
    assert "simulated.eight.communication_share > 0.7" in found
    assert "two.communication_share > 0.05 and simulated.two.communication_share < 0.6" in found


# --- servers ---------------------------------------------------------------------------------------------------------


def test_if_letters_never_wait_for_a_link_the_server_s_is_no_bottleneck(missed, monkeypatch):
    monkeypatch.setattr(Network, "transfer", never_waits_for_a_link)
    assert "six.samples_per_second < 0.6 * two.samples_per_second" in missed("PS-3")


def test_if_every_server_holds_all_weights_more_of_them_move_no_bottleneck(missed, monkeypatch):
    monkeypatch.setattr(ServerTeam, "share", 1.0)
    monkeypatch.setattr(ServerTeam, "piece", 1.0)
    assert missed("PS-3") == [
        "sharded.samples_per_second > 1.5 * six.samples_per_second",
        "simulated.sharded.samples_per_second > 0.9 * simulated.two.samples_per_second",
    ]


# --- rings -----------------------------------------------------------------------------------------------------------


def test_if_the_whole_gradient_went_around_a_ring_would_not_scale(missed, monkeypatch):
    monkeypatch.setattr(Network, "hop_s", passes_on_the_whole)
    found = missed("RA-2")
    assert "simulated.ring_of_eight.steps_per_second > 0.6 * simulated.ring_of_four.steps_per_second" in found


def test_chunks_as_big_as_the_gradient_would_show_in_what_a_worker_sends(missed, monkeypatch):
    monkeypatch.setattr(Ring, "chunk_bytes", property(lambda ring: 1e6, lambda ring, bytes: None), raising=False)
    assert "ring_of_eight.worker_bytes < 1.3 * ring_of_four.worker_bytes" in missed("RA-2")


def test_a_server_whose_letters_never_wait_would_scale_as_a_ring_does(missed, monkeypatch):
    monkeypatch.setattr(Network, "transfer", never_waits_for_a_link)
    found = missed("RA-2")
    assert "server_and_eight.steps_per_second < 0.7 * server_and_four.steps_per_second" in found


# --- everybody waits for everybody -----------------------------------------------------------------------------------


def test_a_ring_in_which_nobody_waits_for_the_others_gradients_is_not_synchronous(missed, monkeypatch):
    monkeypatch.setattr(Gatherings, "enter", lambda gatherings, member, operation: operation.what)
    assert missed("SY-1") == [
        "simulated.ring.replicas_apart == 0 and simulated.servers.replicas_apart == 0",
        "simulated.ring.steps_ahead == 1",
    ]


def test_servers_that_wait_for_one_gradient_only_are_not_synchronous(missed, monkeypatch):
    monkeypatch.setattr(server_rounds, "_awaited", lambda team, backup: 1)
    assert missed("SY-1") == ["simulated.servers.steps_ahead == 1"]


def test_a_bound_that_binds_nobody_lets_workers_run_away(missed, monkeypatch):
    monkeypatch.setattr(server_clocks.Clocks, "__init__", without_bound)
    assert missed("SY-1") == ["simulated.bounded.steps_ahead > 1 and simulated.bounded.steps_ahead <= 3"]


def test_servers_that_bind_everybody_give_everybody_the_same_weights(missed, monkeypatch):
    monkeypatch.setattr(server_clocks.Clocks, "__init__", bound_to_all)
    found = missed("SY-1")
    assert "simulated.asynchronous.replicas_apart > 0.001" in found
    assert "simulated.asynchronous.steps_ahead > 10" in found


def bound_to_all(clocks, team, step, staleness, begin=server_clocks.Clocks.__init__):
    begin(clocks, team, step, 0)


def without_bound(clocks, team, step, staleness, begin=server_clocks.Clocks.__init__):
    begin(clocks, team, step, None)


# --- data that stays -------------------------------------------------------------------------------------------------


def test_clients_that_open_their_stage_with_the_data_of_others_would_move_it(missed, monkeypatch):
    monkeypatch.setattr(TrainingJob, "perform", opens_with_inputs)
    assert missed("FL-1") == ["simulated.federated.data_bytes == 0 and simulated.some.data_bytes == 0"]


def opens_with_inputs(job, part, item=None, share=1.0):
    return Perform(job.stage, part, job.inputs if part == "open" else item, job.of, share)


def test_clients_that_send_their_rows_too_would_be_seen_by_their_bytes(missed, monkeypatch):
    monkeypatch.setattr(Work, "answer", with_rows)
    assert "simulated.federated.worker_bytes < 100000" in missed("FL-1")


def with_rows(work, member, operation, answer=Work.answer):
    found = answer(work, member, operation)
    return Blob(found.size_bytes + 1600 * 64 * 4) if operation.part == "local" else found


def test_clients_of_whom_all_are_asked_and_answer_are_no_fraction(missed, monkeypatch):
    monkeypatch.setattr(Federated, "_choose", lambda federated, job, clients, number: list(clients.left))
    found = missed("FL-1")
    assert "simulated.some.samples < 0.6 * simulated.federated.samples" in found
